"""Lists of record names and descriptions, each string told by its difference to the last.

Names of one assembly count upwards (``contig_1``, ``contig_2``, ...) and descriptions repeat
each other, as do the read names for which CRAM 3.1 and fqzcomp have their tokenisers; the
same idea in its simplest form: a string is a list of fields, runs of digits and runs of
anything else, and each field is the same as the field at that place in the previous string,
a small step up from it, the record's length (SPAdes writes it into the name), or new.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from seqcoder.fasta.columns import damaged
from seqcoder.storage.varint import ByteReader, put_bytes

END = 0  # the string ends here
SAME = 1  # the field is the previous string's field at this place
ADD = 2  # that field plus the next byte of the steps, padded with zeros to at least its width
LENGTH = 3  # the record's length in decimal
NEW = 4  # the next new field, up to its line feed
REST = 5  # this and all later fields are the previous string's; the string ends

_FIELD = re.compile(rb"[0-9]{1,18}|[^0-9]+")
MAX_DIGITS = 18  # a field of more digits cannot take part in ADD: 10**18 < 2**63


def put_strings(out: bytearray, strings: Sequence[bytes], lengths: Sequence[int]) -> None:
    r"""Append ``strings`` (none holds ``\n``), one for each record length in ``lengths``.

    Written as three byte strings with their lengths: operations, steps, new fields.
    """
    ops = bytearray()
    steps = bytearray()
    new: list[bytes] = []
    last: list[bytes] = []
    for string, length in zip(strings, lengths, strict=True):
        # Fields are for the strings that follow; one alone is cheapest whole.
        fields = _FIELD.findall(string) if len(strings) > 1 else [string][: len(string)]
        decimal = b"%d" % length
        shared = _shared_tail(fields, last)
        for place, field in enumerate(fields[: len(fields) - shared]):
            before = last[place] if place < len(last) else b""
            if field == before:
                ops.append(SAME)
            elif (step := _step(before, field)) is not None:
                ops.append(ADD)
                steps.append(step)
            elif field == decimal:
                ops.append(LENGTH)
            else:
                ops.append(NEW)
                new.append(field + b"\n")
        ops.append(REST if shared else END)
        last = fields
    put_bytes(out, bytes(ops))
    put_bytes(out, bytes(steps))
    put_bytes(out, b"".join(new))


def _shared_tail(fields: list[bytes], last: list[bytes]) -> int:
    """Count the fields at the end of ``fields`` that ``last`` has at the same places."""
    if len(fields) != len(last):
        return 0
    shared = 0
    while shared < len(fields) and fields[-1 - shared] == last[-1 - shared]:
        shared += 1
    return shared


def _step(before: bytes, field: bytes) -> int | None:
    """Return the step (1..255) that leads from ``before`` to ``field``, if there is one."""
    if not (before.isdigit() and field.isdigit() and len(before) <= len(field)):
        return None
    step = int(field) - int(before)
    if 1 <= step <= 255 and str(int(field)).zfill(len(before)).encode() == field:
        return step
    return None


def get_strings(reader: ByteReader, lengths: Sequence[int], limit: int) -> list[bytes]:
    """Read one string for each record length; together they may have ``limit`` bytes.

    Raises
    ------
    IntegrityError
        When the bytes were not written by :func:`put_strings` for as many records.
    """
    ops = reader.take(reader.varint(len(reader)))
    steps = iter(reader.take(reader.varint(len(reader))))
    new = iter(reader.take(reader.varint(len(reader))).split(b"\n")[:-1])
    strings: list[bytes] = []
    last: list[bytes] = []
    string = b""
    at = 0
    for length in lengths:
        fields: list[bytes] = []
        while True:
            if at == len(ops):
                raise damaged(reader, "string operations end early")
            op = ops[at]
            at += 1
            place = len(fields)
            if op == END:
                break
            if op == NEW:
                field = next(new, None)
                if not field:
                    raise damaged(reader, "a new string field is missing or empty")
                fields.append(field)
            elif op == LENGTH:
                fields.append(b"%d" % length)
            elif place >= len(last):
                raise damaged(reader, f"string operation {op} without a field before")
            elif op == SAME:
                fields.append(last[place])
            elif op == REST:
                fields += last[place:]
                break
            elif op == ADD:
                fields.append(_added(last[place], next(steps, 0), reader))
            else:
                raise damaged(reader, f"unknown string operation {op}")
        if fields != last or not strings:
            string = b"".join(fields)
        limit -= len(string)
        if limit < 0:
            raise damaged(reader, "strings longer than the file they are from")
        strings.append(string)
        last = fields
    if at != len(ops) or next(steps, None) is not None or next(new, None) is not None:
        raise damaged(reader, "string data left over")
    return strings


def _added(before: bytes, step: int, reader: ByteReader) -> bytes:
    if not (step and before.isdigit() and len(before) <= MAX_DIGITS):
        raise damaged(reader, "bad string step")
    return str(int(before) + step).zfill(len(before)).encode()
