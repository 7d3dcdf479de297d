"""The record table and side streams of docs/side-streams.md, read a second time.

Part of tests/independent_reader.py: written from the documents, imports nothing of seqcoder.
"""

import re

import numpy as np

Record = tuple[str, int]
"""Name and residues."""


class RefusedError(Exception):
    """The container does not hold what it says."""


def need(condition: object, message: str) -> None:
    if not condition:
        raise RefusedError(message)


class Cursor:
    """Reads the integers, texts and columns of the specification off a byte string."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, n: int) -> bytes:
        need(0 <= n <= len(self.data) - self.at, f"{n} bytes wanted, fewer are left")
        self.at += n
        return self.data[self.at - n : self.at]

    def u8(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        value = 0
        for group in range(9):
            byte = self.u8()
            value |= (byte & 127) << 7 * group
            if byte < 128:
                return value
        raise RefusedError("a varint of more than nine bytes")

    def text(self) -> bytes:
        return self.take(self.varint())

    def column(self, n: int) -> list[int]:
        planes = self.u8()
        need(planes <= 6, "a column of more than 6 planes")
        total = np.zeros(n if planes else min(n, 1 << 28), np.int64)
        for j in range(planes):
            total |= np.frombuffer(self.take(n), np.uint8).astype(np.int64) << 8 * j
        return total.tolist()

    def toggles(self) -> list[int]:
        n = self.varint()
        need(n <= len(self.data) - self.at, "more toggles than bytes")
        steps = self.column(n)
        need(all(steps[1:]), "toggles that do not increase")
        return np.cumsum(steps).tolist()

    def end(self) -> None:
        need(self.at == len(self.data), "bytes behind the end")


def string_list(c: Cursor, lengths: list[int]) -> list[bytes]:
    operations, steps, fresh = Cursor(c.text()), Cursor(c.text()), c.text()
    need(not fresh or fresh.endswith(b"\n"), "a new field without LF")
    new, strings, last = iter(fresh.split(b"\n")[:-1]), [], []
    for length in lengths:
        fields: list[bytes] = []
        while (operation := operations.u8()) not in (0, 5):
            if operation in (1, 2):
                need(len(fields) < len(last), "a field the string before has not")
                field = last[len(fields)]
            if operation == 2:
                need(field.isdigit() and len(field) <= 18, "a step from something not a number")
                step = steps.u8()
                need(step, "a step of 0")
                field = b"%d" % (int(field) + step)
                field = field.zfill(len(last[len(fields)]))
            elif operation == 3:
                field = b"%d" % length
            elif operation == 4:
                field = next(new, b"")
                need(field, "an empty or missing new field")
            need(operation <= 4, "an unknown operation")
            fields.append(field)
        if operation == 5:
            need(len(fields) < len(last), "no rest")
            fields += last[len(fields) :]
        strings.append(b"".join(fields))
        last = fields
    operations.end()
    steps.end()
    need(next(new, None) is None, "new fields left over")
    return strings


def record_table(table: bytes) -> tuple[list[int], list[bytes]]:
    c = Cursor(table)
    n = c.varint()
    need(n <= len(table), "more records than bytes")
    lengths = c.column(n)
    names = string_list(c, lengths)
    c.end()
    return lengths, names


def fasta(row: dict, side: bytes, bases: np.ndarray) -> tuple[bytes, list[tuple]]:
    """The file, and (name, length) of every record of it."""
    outer = Cursor(side)
    table = outer.text()
    lengths, names = record_table(table)
    n, size = len(lengths), row["size"]
    need(n == row["records"], "another number of records")
    need(row.get("table", table) == table, "another record table in the index")
    c = Cursor(side[outer.at :])
    flags, width = c.varint(), c.varint()
    need(flags < 8192, "a flag of a later format")
    need(not flags & 2 or (n == 1 and not flags & 8), "a headerless file of several records")
    preamble = c.text() if flags & 8 else b""
    rests = string_list(c, lengths) if flags & 16 else [b""] * n
    leads = c.column(n) if flags & 32 else [0] * n
    widths = c.column(n) if flags & 64 else [width] * n
    blanks = c.column(n) if flags & 128 else [0] * n
    runs = c.column(n) if flags & 256 else [0] * n
    need(sum(runs) <= len(side) and sum(blanks) <= size, "more lines than bytes")
    shape = [c.column(sum(runs)), c.column(sum(runs))] if flags & 256 else [[], []]
    need(all(shape[1]) and sum(shape[1]) <= size, "line counts")
    line_toggles = c.toggles() if flags & 512 else []
    case_toggles = c.toggles() if flags & 1024 else []
    n_runs = c.varint() if flags & 2048 else 0
    values = c.take(n_runs)
    gaps, extents = (c.column(n_runs), c.column(n_runs)) if flags & 2048 else ([], [])
    n_marks = c.varint() if flags & 4096 else 0
    need(3 * n_marks <= size, "more marks than bytes")
    marks = np.cumsum(c.column(n_marks)).tolist() if flags & 4096 else []
    c.end()
    need(width == row["width"], "another line width in the row")

    # Residues.
    total = sum(lengths)
    need(total <= size and total == row["bases"] + row["exceptions"], "another number of residues")
    residues = np.zeros(total, np.uint8)
    is_base, at = np.ones(total, bool), 0
    for value, gap, extent in zip(values, gaps, extents, strict=True):
        start, at = at + gap, at + gap + extent + 1
        need(at <= total, "exceptions outside the residues")
        residues[start:at], is_base[start:at] = value, False
    need(np.count_nonzero(is_base) == len(bases), "another number of bases")
    residues[is_base] = np.frombuffer(b"ACGU" if flags & 1 else b"ACGT", np.uint8)[bases]
    upper = residues.tobytes()
    need(len(case_toggles) == 0 or case_toggles[-1] <= total, "a toggle outside the residues")
    for start, stop in zip(case_toggles[::2], [*case_toggles[1::2], total], strict=False):
        residues[start:stop] = np.frombuffer(upper[start:stop].lower(), np.uint8)
    if row["flags"] & 2:
        need(not flags & 1 and not n_runs and not case_toggles, "a plain file that is not plain")

    # Headers and lines.
    out, text, at, pair = [preamble], residues.tobytes(), 0, 0
    records = []
    for r in range(n):
        need(leads[r] <= len(rests[r]), "a lead longer than its header")
        if not flags & 2:
            header = rests[r][: leads[r]] + names[r] + rests[r][leads[r] :]
            tokens = filter(None, re.split(rb"[ \t\v\f\r]", header))
            need(names[r] == next(tokens, b""), "a name that is not the first token")
            out.append(b">" + header + b"\n")
        stop = at + lengths[r]
        if runs[r]:
            for p in range(pair, pair + runs[r]):
                for _ in range(shape[1][p]):
                    out.append(text[at : at + shape[0][p]] + b"\n")
                    at += shape[0][p]
            pair += runs[r]
        elif at < stop:
            step = widths[r] or lengths[r]
            out += [text[i : min(i + step, stop)] + b"\n" for i in range(at, stop, step)]
            at = stop
        need(at == stop, "lines that do not add up to their record")
        out.append(b"\n" * blanks[r])
        records.append((names[r].decode("latin-1"), lengths[r]))
    file = b"".join(out)
    if flags & 4:
        need(file.endswith(b"\n"), "no last line end to take off")
        file = file[:-1]
    lines = file.split(b"\n")
    need(not line_toggles or line_toggles[-1] < len(lines), "a toggle outside the lines")
    for start, stop in zip(line_toggles[::2], [*line_toggles[1::2], len(lines) - 1], strict=False):
        lines[start:stop] = [line + b"\r" for line in lines[start:stop]]
    need(not marks or marks[-1] < len(lines), "a mark outside the lines")
    for line in marks:
        lines[line] = b"\xef\xbb\xbf" + lines[line]
    return b"\n".join(lines), records
