"""A second reader of seqcoder containers, written from docs/format.md, docs/side-streams.md and
docs/pangenome.md alone; it imports nothing of seqcoder and shares no line with it.

It is slow, keeps everything in memory and trusts nothing. What it cannot know, the entropy coded
residuals (chunk codings other than 0) and the models behind latents, a callback of the caller's
decodes: `decode_residual(payload, n, coding, model, latents) -> uint8 array of n bases`, with the
first bytes of the model's SHA-256.
"""

import hashlib
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import zstandard

from independent_fasta import Cursor, Record, RefusedError, fasta, need, record_table
from independent_walk import Walks

Leader = tuple[int, np.ndarray, bytes]
"""Uses, bases and latents of a chunk that another one is coded after."""
Decode = Callable[[bytes, int, int, bytes, bytes, Leader | None], np.ndarray]
SIGNATURE = b"SQC\x02"


def digest8(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:8]


WORDS = Path(__file__).resolve().parents[1] / "seqcoder" / "container" / "side.zdict"


def unframe(frame: bytes, dictionary: bytes = b"") -> bytes:
    """The byte string of a frame."""
    need(frame, "an empty frame")
    if frame[0] == 0:
        return frame[1:]
    frame = b"\x28\xb5\x2f\xfd" + frame
    parameters = zstandard.get_frame_parameters(frame)
    need(not parameters.has_checksum and not parameters.dict_id, "a frame with what it has not")
    need(parameters.content_size < 1 << 32, "a frame without content size, or of an absurd one")
    words = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    unpack = zstandard.ZstdDecompressor(dict_data=words).decompressobj()
    contents = unpack.decompress(frame)
    need(unpack.eof and not unpack.unused_data, "a frame shorter or longer than its section says")
    need(len(contents) == parameters.content_size, "a frame of another size than it declares")
    return contents


def entry(c: Cursor) -> tuple[str, bytes, int]:
    """Kind, head and length of the payload."""
    kind = chr(c.u8())
    need(kind.isascii() and kind.isalpha(), f"a section of kind {kind!r}")
    need(kind in "XCGE" or kind.islower(), f"a section of a later version: {kind}")
    return kind, c.text(), c.varint()


def section(c: Cursor) -> tuple[bytes, bytes]:
    """The entry of the section at the cursor and its payload; its CRC is checked."""
    start = c.at
    length = entry(c)[2]
    behind = c.at
    payload = c.take(length)
    crc = struct.pack("<I", zlib.crc32(c.data[start : c.at]))
    need(c.take(4) == crc, f"CRC of the section at {start}")
    return c.data[start:behind], payload


def check_name(name: str) -> str:
    need(all(part not in ("", ".", "..") for part in name.split("/")), f"name {name!r}")
    need(not re.search("[\\x00-\\x1f\\x7f-\\x9f\\\\\u2028\u2029]", name), f"name {name!r}")
    return name


def extras(c: Cursor) -> dict[str, bytes]:
    """What stands behind the fields of a head."""
    found: dict[str, bytes] = {}
    while c.at < len(c.data):
        tag = chr(c.u8())
        need(tag.isascii() and tag.isalpha() and tag > max(found, default=""), f"an extra {tag!r}")
        found[tag] = c.text()
    return found


def chunk_head(head: bytes, payload: int) -> dict:
    c = Cursor(head)
    row = {"first": c.varint(), "bases": c.varint(), "coding": c.u8(), "latents": c.varint()}
    more = extras(c)
    row["model"] = more.pop("M", b"")
    row["uses"], row["leader"] = 0, None
    if "L" in more:
        led = Cursor(more.pop("L"))
        row["uses"], row["leader"] = led.u8(), led.varint()
        led.end()
        need(row["uses"] in (1, 2, 3) and row["leader"] < row["first"], "an impossible leader")
        need(row["uses"] == 1 or row["model"], "genes without a model")
    need(all(tag.islower() for tag in more), "an extra of a later version")
    need(row["bases"] >= 1, "a chunk without bases")
    need(row["latents"] + 8 <= payload, "latents longer than their section")
    need(bool(row["latents"]) <= (8 <= len(row["model"]) <= 32), "latents of no model")
    return row


def genome_head(head: bytes, payload: int) -> dict:
    c = Cursor(head)
    row: dict = {"ordinal": c.varint(), "name": check_name(c.text().decode()), "flags": c.u8()}
    row["size"] = c.varint()
    stored = row["flags"] & 1
    need(row["flags"] == 1 if stored else row["flags"] < 4, "flags")
    for field in ("records", "exceptions", "bases", "width", "walk", "side"):
        row[field] = 0 if stored else c.varint()
    need(all(tag.islower() for tag in extras(c)), "an extra of a later version")
    need(row["side"] + 32 <= payload, "a side frame longer than its section")
    return row


def reference_head(head: bytes, payload: bytes) -> dict:
    c = Cursor(head)
    row: dict = {"sha256": c.take(32), "size": c.varint(), "bases": c.varint()}
    row |= {"genomes": c.varint(), "chunks": c.varint(), "name": check_name(c.text().decode())}
    c.end()
    need(len(payload) == 8 * row["chunks"], "another number of digests than chunks")
    row["digests"] = [payload[at : at + 8] for at in range(0, len(payload), 8)]
    return row


def decode_all(chunks: list[tuple[dict, bytes]], decode: Decode) -> list[np.ndarray]:
    """The bases of every chunk; those of a leader are there when they are needed."""
    parts: list[np.ndarray] = []
    alone: dict[int, tuple[np.ndarray, bytes]] = {}
    for row, payload in chunks:
        leader = None
        if row["leader"] is not None:
            need(row["leader"] in alone, "no chunk that leads there")
            leader = (row["uses"], *alone[row["leader"]])
        parts.append(decode_chunk(row, payload, decode, leader))
        if leader is None:
            latents = payload[8 : 8 + row["latents"]]
            alone[row["first"]] = parts[-1], unframe(latents) if latents else b""
    return parts


def decode_chunk(row: dict, payload: bytes, decode: Decode, leader: Leader | None) -> np.ndarray:
    n, behind = row["bases"], 8 + row["latents"]
    latents, residual = payload[8:behind], unframe(payload[behind:])
    if row["coding"] == 0:
        need(len(residual) == (n + 3) // 4, "a 2-bit residual of another length")
        packed = np.frombuffer(residual, np.uint8)
        bases = ((packed[:, None] >> np.array([6, 4, 2, 0], np.uint8)) & 3).reshape(-1)
        need(not bases[n:].any(), "bits behind the last base")
        bases = bases[:n]
    else:
        bases = decode(
            residual, n, row["coding"], row["model"], unframe(latents) if latents else b"", leader
        )
    need(bases.dtype == np.uint8 and bases.shape == (n,), "a chunk of another length")
    need(digest8(bases.tobytes()) == payload[:8], "digest of a chunk's bases")
    return bases


def follow_walk(walk: bytes, length: int, space: np.ndarray) -> np.ndarray:
    """The `length` bases a serialised walk that needs no other finds in base space."""
    return Walks([(length, 0, walk)], len(space)).of(0).bases(space)


def genome_file(
    row: dict, payload: bytes, walks: Walks, at: int, space: np.ndarray
) -> tuple[bytes, list[Record]]:
    """The file of a genome and its records (none if it is stored)."""
    if row["flags"] & 1:
        file, records = unframe(payload[32:]), []
    else:
        side = unframe(payload[32 : 32 + row["side"]], WORDS.read_bytes())
        file, records = fasta(row, side, walks.of(at).bases(space))
    need(len(file) == row["size"], "a file of another size")
    need(hashlib.sha256(file).digest() == payload[:32], f"SHA-256 of {row['name']}")
    return file, records


def walk_of(row: dict, payload: bytes) -> bytes:
    frame = payload[32 + row["side"] :]
    return b"" if row["flags"] & 1 or not frame else unframe(frame)


class Found:
    """The chunks and genomes of a container: heads and payloads, in order."""

    def __init__(self) -> None:
        self.reference: dict | None = None
        self.chunks: list[tuple[dict, bytes]] = []
        self.genomes: list[tuple[dict, bytes]] = []
        self.n_bases = 0

    def add(self, entry_: bytes, payload: bytes) -> dict | None:
        """Take the next section; the genome's head if it is one."""
        kind, head, length = entry(Cursor(entry_))
        need(length == len(payload), "a payload of another length")
        if kind == "X":
            need(not (self.reference or self.chunks or self.genomes), "a reference named too late")
            self.reference = reference_head(head, payload)
            self.n_bases = self.reference["bases"]
        elif kind == "C":
            row = chunk_head(head, length)
            need(row["first"] == self.n_bases, "another first base")
            self.n_bases += row["bases"]
            self.chunks.append((row, payload))
        elif kind == "G":
            row = genome_head(head, length)
            need(row["ordinal"] == len(self.genomes), "an ordinal out of order")
            self.genomes.append((row, payload))
            return row
        return None


def rebuilt(data: bytes) -> Found:
    """What is in a container by its sections alone, from the front; no index is read."""
    need(data[:4] == SIGNATURE, "no seqcoder container of format 2")
    found, c = Found(), Cursor(data)
    c.take(4)
    while c.at < len(data):
        found.add(*section(c))
    return found


def ends(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Offset and index frame of every whole end section, the last one first."""
    for end in range(len(data), 16, -1):
        at = int.from_bytes(data[end - 10 : end - 4], "little")
        if not 4 <= at <= end - 13 or data[at : at + 2] != b"E\0":
            continue
        try:
            c = Cursor(data[at:end])
            payload = section(c)[1]
            c.end()
        except RefusedError:
            continue
        yield at, payload[:-6]


def indexed(data: bytes) -> Found:
    """What is in a container by way of its last whole end section."""
    need(data[:4] == SIGNATURE, "no seqcoder container of format 2")
    at, frame = next(ends(data), (0, b""))
    need(at, "no whole end section")
    last = Cursor(data[at:])
    section(last)
    need(data[at + last.at :][:4] != SIGNATURE, "another container behind this one")
    if not frame:
        need(at <= 1 << 16, "a large container without an index")
        found = rebuilt(data[:at])
        need(len(found.genomes) == 1, "several genomes without an index")
        return found
    body = unframe(frame, WORDS.read_bytes())
    need(len(body) <= max(1 << 24, 64 * len(frame)), "an index that shrinks too much")
    found, c, sections = Found(), Cursor(body), Cursor(data[:at])
    sections.take(4)
    while c.at < len(body):
        start = c.at
        entry(c)
        expected = body[start : c.at]
        seen, payload = section(sections)
        need(seen == expected, "another entry in the index than in the section")
        row = found.add(seen, payload)
        if row and (table := c.text()):
            row["table"] = table
    sections.end()
    return found


def referred(found: Found, reference: bytes) -> Found:
    """What is in the reference that a container extends."""
    row = found.reference
    need(row and hashlib.sha256(reference[: row["size"]]).digest() == row["sha256"], "a reference")
    assert row is not None
    other = indexed(reference[: row["size"]])
    need(other.reference is None, "a reference of a reference")
    need(other.n_bases == row["bases"] and len(other.genomes) == row["genomes"], "its counts")
    need([payload[:8] for _, payload in other.chunks] == row["digests"], "its chunks")
    return other


def unpack(
    found: Found, decode: Decode, reference: bytes = b""
) -> dict[str, tuple[bytes, list[Record]]]:
    before = referred(found, reference) if found.reference else Found()
    chunks, genomes = before.chunks + found.chunks, before.genomes + found.genomes
    parts = decode_all(chunks, decode)
    space = np.concatenate([np.zeros(0, np.uint8), *parts])
    walks = Walks(
        [(row["bases"], row["walk"], walk_of(row, payload)) for row, payload in genomes],
        len(space),
    )
    files = {}
    for row, payload in found.genomes:
        at = len(before.genomes) + row["ordinal"]
        files[row["name"]] = genome_file(row, payload, walks, at, space)
    need(len(files) == len(found.genomes), "two genomes of one name")
    return files


def read_container(
    data: bytes, decode_residual: Decode, reference: bytes = b""
) -> dict[str, bytes]:
    """Genome name -> bytes of its file, everything verified."""
    files = unpack(indexed(data), decode_residual, reference)
    return {name: file for name, (file, _) in files.items()}


def read_without_index(
    data: bytes, decode_residual: Decode, reference: bytes = b""
) -> dict[str, bytes]:
    """As `read_container`, without a look at the index."""
    files = unpack(rebuilt(data), decode_residual, reference)
    return {name: file for name, (file, _) in files.items()}


def list_records(data: bytes) -> list[tuple[str, str, int]]:
    """(genome, record, residues) of every record, in order; nothing is decoded."""
    found = []
    for row, payload in indexed(data).genomes:
        if not row["flags"] & 1:
            side = unframe(payload[32 : 32 + row["side"]], WORDS.read_bytes())
            lengths, names = record_table(Cursor(side).text())
            found += [
                (row["name"], name.decode("latin-1"), length)
                for name, length in zip(names, lengths, strict=True)
            ]
    return found
