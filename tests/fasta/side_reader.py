"""A second reader of docs/side-streams.md, written from the page alone, slow and plain.

Imports nothing of seqcoder: ``rebuild`` makes a FASTA file of its record table, its side
streams (both decompressed) and its bases (0..3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Bytes:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        self.at += count
        assert self.at <= len(self.data)
        return self.data[self.at - count : self.at]

    def varint(self) -> int:
        value = shift = 0
        while (byte := self.take(1)[0]) > 127:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift

    def string(self) -> bytes:
        return self.take(self.varint())

    def column(self, count: int) -> list[int]:
        planes = [self.take(count) for _ in range(self.take(1)[0])]
        return [sum(plane[i] << 8 * j for j, plane in enumerate(planes)) for i in range(count)]

    def toggles(self) -> set[int]:
        total, places = 0, set()
        for difference in self.column(self.varint()):
            total += difference
            places.add(total)
        return places

    def string_list(self, lengths: list[int]) -> list[bytes]:
        ops, steps, news = iter(self.string()), iter(self.string()), self.string().split(b"\n")
        assert news.pop() == b""
        last: list[bytes] = []
        strings = []
        for length in lengths:
            fields: list[bytes] = []
            while (op := next(ops)) not in (0, 5):
                if op == 1:
                    fields.append(last[len(fields)])
                elif op == 2:
                    before = last[len(fields)]
                    fields.append(b"%0*d" % (len(before), int(before) + next(steps)))
                elif op == 3:
                    fields.append(b"%d" % length)
                elif op == 4:
                    fields.append(news.pop(0))
                else:
                    raise AssertionError(op)
            last = fields + (last[len(fields) :] if op == 5 else [])
            strings.append(b"".join(last))
        assert not [*ops, *steps, *news]
        return strings


def states(places: set[int], count: int) -> Iterator[int]:
    state = 0
    for i in range(count):
        state ^= i in places
        yield state


def rebuild(table_data: bytes, side_data: bytes, bases: Iterable[int]) -> bytes:
    table, side = Bytes(table_data), Bytes(side_data)
    count = table.varint()
    lengths = table.column(count)
    names = table.string_list(lengths)
    flags, width = side.varint(), side.varint()
    preamble = side.string() if flags & 8 else b""
    rests = side.string_list(lengths) if flags & 16 else [b""] * count
    leads = side.column(count) if flags & 32 else [0] * count
    widths = side.column(count) if flags & 64 else [width] * count
    blanks = side.column(count) if flags & 128 else [0] * count
    runs = side.column(count) if flags & 256 else [0] * count
    line_lengths = side.column(sum(runs)) if flags & 256 else []
    line_counts = side.column(sum(runs)) if flags & 256 else []
    pairs = iter(list(zip(line_lengths, line_counts, strict=True)))
    line_ends = side.toggles() if flags & 512 else set()
    cases = side.toggles() if flags & 1024 else set()
    residues: dict[int, int] = {}
    if flags & 2048:
        values = side.string()
        gaps, spans = side.column(len(values)), side.column(len(values))
        at = 0
        for value, gap, span in zip(values, gaps, spans, strict=True):
            at += gap
            for _ in range(span + 1):
                residues[at] = value
                at += 1
    marks: list[int] = []
    if flags & 4096:
        for difference in side.column(side.varint()):
            marks.append(difference + (marks[-1] if marks else 0))
    assert side.at == len(side_data)
    assert table.at == len(table_data)
    letters = iter(b"ACGU"[base] if flags & 1 else b"ACGT"[base] for base in bases)
    total = sum(lengths)
    upper = [residues[i] if i in residues else next(letters) for i in range(total)]
    assert next(letters, None) is None
    text = iter(
        byte + 32 if lower and 65 <= byte <= 90 else byte
        for byte, lower in zip(upper, states(cases, total), strict=True)
    )
    out = bytearray(preamble)
    for r in range(count):
        if not flags & 2:
            rest = rests[r]
            out += b">" + rest[: leads[r]] + names[r] + rest[leads[r] :] + b"\n"
        left = lengths[r]
        if runs[r]:
            lines = [
                length for _ in range(runs[r]) for length, n in [next(pairs)] for _ in range(n)
            ]
            assert sum(lines) == left
        else:
            full = widths[r] or left or 1
            lines = [min(full, left - at) for at in range(0, left, full)]
        for length in lines:
            out += bytes(next(text) for _ in range(length)) + b"\n"
        out += b"\n" * blanks[r]
    if flags & 4:
        del out[-1]
    parts = bytes(out).split(b"\n")
    kinds = states(line_ends, len(parts) - 1)
    ended = [part + (b"\r\n" if crlf else b"\n") for part, crlf in zip(parts, kinds, strict=False)]
    lines = [*ended, parts[-1]]
    for line in marks:
        lines[line] = b"\xef\xbb\xbf" + lines[line]
    return b"".join(lines)
