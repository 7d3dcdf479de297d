"""A second reader of seqcoder containers, written from docs/format.md, docs/side-streams.md and
docs/pangenome.md alone; it imports nothing of seqcoder and shares no line with it.

It is slow, keeps everything in memory and trusts nothing. What it cannot know, the entropy coded
residuals (chunk codings other than 0) and the models behind latents, a callback of the caller's
decodes: `decode_residual(payload, n, coding, model, latents) -> uint8 array of n bases`.
"""

import hashlib
import re
import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import zstandard

from independent_fasta import Cursor, Record, fasta, need, record_table
from independent_walk import Walks

Decode = Callable[[bytes, int, int, int, bytes], np.ndarray]
HEADER, CHUNK, GENOME, INDEX, FOOTER = range(0x184D2A58, 0x184D2A5D)


def digest8(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:8]


def zframe(frame: bytes) -> bytes:
    """Contents of one zstd frame that fills `frame` and carries its size, and a checksum."""
    parameters = zstandard.get_frame_parameters(frame)
    need(parameters.has_checksum, "a frame without checksum")
    need(parameters.content_size < 1 << 32, "a frame without content size, or of an absurd one")
    unpack = zstandard.ZstdDecompressor().decompressobj()
    contents = unpack.decompress(frame)
    need(unpack.eof and not unpack.unused_data, "a frame shorter or longer than its section says")
    need(len(contents) == parameters.content_size, "a frame of another size than it declares")
    return contents


def skippable(data: bytes, at: int) -> tuple[int, bytes, int]:
    """(magic, contents, place behind it) of the skippable frame at `at`."""
    need(at + 8 <= len(data), "a frame head past the end")
    magic, length = struct.unpack_from("<II", data, at)
    need(at + 8 + length <= len(data), "a frame past the end")
    return magic, data[at + 8 : at + 8 + length], at + 8 + length


def check_name(name: str) -> str:
    need(all(part not in ("", ".", "..") for part in name.split("/")), f"name {name!r}")
    need(not re.search("[\\x00-\\x1f\\x7f-\\x9f\\\\\u2028\u2029]", name), f"name {name!r}")
    return name


def check_header(contents: bytes) -> list[bytes]:
    """Digests of the models of a header."""
    c = Cursor(contents[:-4])
    need(c.take(8) == b"SQC\r\n\x1a\n\0", "no seqcoder container")
    need(c.u8() == 1, "a major version other than 1")
    c.u8()
    need(c.u8() == 0, "an unknown feature")
    models = [c.take(32) for _ in range(c.varint())]
    c.end()
    need(struct.pack("<I", zlib.crc32(contents[:-4])) == contents[-4:], "CRC of the header")
    return models


def chunk_row(c: Cursor) -> dict:
    row = {"bases": c.varint(), "coding": c.u8(), "model": c.u8()}
    row |= {"frames": [c.varint(), c.varint()]}
    need(row["bases"] >= 1, "a chunk without bases")
    return row


def genome_row(c: Cursor, digest_bytes: int) -> dict:
    row: dict = {"name": check_name(c.text().decode()), "kind": c.u8(), "flags": c.u8()}
    for field in ("size", "records", "exceptions", "bases", "width", "walk"):
        row[field] = c.varint()
    row |= {"frames": [c.varint(), c.varint(), c.varint()], "sha": c.take(digest_bytes)}
    need(row["kind"] <= 1, "an unknown kind of genome")
    return row


def head(data: bytes, at: int, ordinal: int, first_base: int | None) -> tuple[dict, list[bytes]]:
    """The row of the chunk (`first_base` not None) or genome head at `at`, and its frames."""
    magic, contents, behind = skippable(data, at)
    need(magic == (GENOME if first_base is None else CHUNK), "another section than expected")
    c = Cursor(contents[:-4])
    need(c.varint() == ordinal, "an ordinal out of order")
    need(first_base is None or c.varint() == first_base, "another first base")
    row = genome_row(c, 4) if first_base is None else chunk_row(c)
    if first_base is not None:
        row["digest"] = c.take(8)
    c.end()
    frames, start = [], behind
    for length in row["frames"]:
        need(behind + length <= len(data), "a frame past the end")
        frames.append(data[behind : behind + length])
        behind += length
    crc = zlib.crc32(contents[:-4] + data[start:behind])
    need(struct.pack("<I", crc) == contents[-4:], f"CRC of the section at {at}")
    return row | {"end": behind}, [zframe(frame) if frame else b"" for frame in frames]


def decode_chunk(row: dict, frames: list[bytes], models: int, decode: Decode) -> np.ndarray:
    (latents, payload), n = frames, row["bases"]
    need(row["model"] <= models and bool(latents) <= bool(row["model"]), "a model not there")
    if row["coding"] == 0:
        need(len(payload) == (n + 3) // 4, "a 2-bit residual of another length")
        packed = np.frombuffer(payload, np.uint8)
        bases = ((packed[:, None] >> np.array([6, 4, 2, 0], np.uint8)) & 3).reshape(-1)
        need(not bases[n:].any(), "bits behind the last base")
        bases = bases[:n]
    else:
        bases = decode(payload, n, row["coding"], row["model"], latents)
    need(bases.dtype == np.uint8 and bases.shape == (n,), "a chunk of another length")
    need(digest8(bases.tobytes()) == row["digest"], "digest of a chunk's bases")
    return bases


def follow_walk(walk: bytes, length: int, space: np.ndarray) -> np.ndarray:
    """The `length` bases a serialised walk that needs no other finds in base space."""
    return Walks([(length, 0, walk)], len(space)).of(0).bases(space)


def genome_file(
    row: dict, frames: list[bytes], walks: Walks, ordinal: int, space: np.ndarray
) -> tuple[bytes, list[Record]]:
    """The file of a genome and its records (none if it is stored)."""
    side, walk, stored = frames
    if row["kind"] == 1:
        file, records = stored, []
        need(not side and not walk, "a stored genome with a walk")
    else:
        need(not stored, "a FASTA genome with a stored frame")
        file, records = fasta(row, side, walks.of(ordinal).bases(space))
    need(len(file) == row["size"], "a file of another size")
    need(hashlib.sha256(file).digest().startswith(row["sha"]), f"SHA-256 of {row['name']}")
    return file, records


Section = tuple[dict, list[bytes]]


def footers(data: bytes) -> Iterator[bytes]:
    """Contents of the index sections of all valid footers, the last one first."""
    at = len(data) + 1
    while (at := data.rfind(struct.pack("<II", FOOTER, 20), 0, at + 7)) >= 0:
        offset, digest, end = struct.unpack_from("<Q8s4s", data[at + 8 : at + 28].ljust(20))
        section = data[offset:at]
        if end == b"SQC1" and digest8(section) == digest:
            magic, contents, behind = skippable(section, 0)
            need(magic == INDEX and behind == len(section), "a footer that points to no index")
            yield contents


def indexed(data: bytes) -> tuple[list[bytes], list[Section], list[Section]]:
    """(models, chunks, genomes) by way of the footer and the index."""
    models = check_header(skippable(data, 0)[1])
    contents = next(footers(data), None)
    need(contents is not None, "no valid footer")
    need(contents[0] <= 1, "an unknown packing of the index")
    c = Cursor(zframe(contents[1:]) if contents[0] else contents[1:])
    need(len(c.data) <= max(1 << 24, 64 * len(contents)), "an index that shrinks too much")
    need([c.take(8) for _ in range(c.varint())] == [m[:8] for m in models], "other models")
    sections: tuple[list[Section], list[Section]] = ([], [])
    end = first_base = 0
    for kind in (0, 1):
        for ordinal in range(c.varint()):
            at = end + c.varint()
            row = genome_row(c, 32) if kind else chunk_row(c)
            if kind and row["flags"] & 2:
                row["table"] = c.text()
            seen, frames = head(data, at, ordinal, None if kind else first_base)
            for field in row.keys() - {"sha", "table"}:
                need(row[field] == seen[field], f"another {field} in the head than in the index")
            row = seen | row
            need(not kind or row["sha"].startswith(seen["sha"]), "another SHA-256 in the head")
            sections[kind].append((row, frames))
            first_base += 0 if kind else row["bases"]
            end = seen["end"]
        end = 0
    c.end()
    return models, *sections


def rebuilt(data: bytes) -> tuple[list[bytes], list[Section], list[Section]]:
    """(models, chunks, genomes) from the frames alone, from the front; index and footer unread."""
    models: list[bytes] = []
    sections: tuple[list[Section], list[Section]] = ([], [])
    at = first_base = 0
    while at < len(data):
        magic, contents, behind = skippable(data, at)
        if magic in (CHUNK, GENOME):
            kind = int(magic == GENOME)
            section = head(data, at, len(sections[kind]), None if kind else first_base)
            sections[kind].append(section)
            first_base += 0 if kind else section[0]["bases"]
            behind = section[0]["end"]
        elif magic == HEADER:
            models = check_header(contents)
        else:
            need(magic in (INDEX, FOOTER), "an unknown section")
        at = behind
    return models, *sections


def unpack(
    found: tuple[list[bytes], list[Section], list[Section]], decode: Decode
) -> dict[str, tuple[bytes, list[Record]]]:
    models, chunks, genomes = found
    parts = [decode_chunk(row, frames, len(models), decode) for row, frames in chunks]
    space = np.concatenate([np.zeros(0, np.uint8), *parts])
    walks = Walks([(row["bases"], row["walk"], frames[1]) for row, frames in genomes], len(space))
    files = {
        row["name"]: genome_file(row, frames, walks, ordinal, space)
        for ordinal, (row, frames) in enumerate(genomes)
    }
    need(len(files) == len(genomes), "two genomes of one name")
    return files


def read_container(data: bytes, decode_residual: Decode) -> dict[str, bytes]:
    """Genome name -> bytes of its file, everything verified."""
    return {name: file for name, (file, _) in unpack(indexed(data), decode_residual).items()}


def read_without_index(data: bytes, decode_residual: Decode) -> dict[str, bytes]:
    """As `read_container`, without a look at index and footer."""
    return {name: file for name, (file, _) in unpack(rebuilt(data), decode_residual).items()}


def list_records(data: bytes) -> list[tuple[str, str, int]]:
    """(genome, record, residues) of every record, in order; nothing is decoded."""
    found = []
    for row, (side, _, _) in indexed(data)[2]:
        if row["kind"] == 0:
            lengths, names = record_table(Cursor(side).text())
            found += [
                (row["name"], name.decode("latin-1"), length)
                for name, length in zip(names, lengths, strict=True)
            ]
    return found
