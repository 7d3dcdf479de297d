"""What is fuzzed: functions of arbitrary bytes that may raise SeqcoderError and nothing else.

Checksums and zstd stand between a mutated byte and the code that reads it, so ``container``,
``side`` and ``walk`` take them out of the way: CRC-32 and digests are not compared, and a frame is
its own contents. What is left to hold a wrong file back is the SHA-256 of the file, which is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np

import seqcoder
from genomes import letters, random_bases
from seqcoder import fasta
from seqcoder.container import frames, index, reader, scan, sections
from seqcoder.container.rows import ChunkRow
from seqcoder.errors import IntegrityError, SeqcoderError
from seqcoder.pangenome.plain_walk import read_plain, write_plain
from seqcoder.pangenome.walk_reading import read_walk
from seqcoder.reading.chunk import decode_chunk
from seqcoder.settings import Settings
from seqcoder.storage.range_source import RangeSource
from seqcoder.storage.varint import ByteReader

MOST = 1 << 20
"""Bases and bytes that a target goes on with; what claims more is left alone."""


@contextmanager
def without_checksums() -> Iterator[None]:
    """Frames are their contents, and no checksum is compared."""

    def contents(frame: bytes, most: int, what: str, dictionary: object = None) -> bytes:
        if len(frame) > most:
            raise IntegrityError(f"{what}: frame of {len(frame)} bytes where {most} belong")
        return frame

    with (
        mock.patch.object(frames, "decompress", contents),
        mock.patch.object(frames, "checked_size", lambda frame, most, what: len(frame)),
        mock.patch.object(frames, "compress", lambda data, level, dictionary=None: bytes(data)),
        mock.patch.object(reader, "check_crc"),
        mock.patch.object(reader, "crc_problem", return_value=""),
        mock.patch.object(scan, "check_crc"),
        mock.patch.object(frames, "digest8", return_value=bytes(8)),
        mock.patch.object(index, "_most_body", return_value=1 << 24),
    ):
        yield


def _names(error: SeqcoderError, what: str) -> None:
    """Check that an error is one line that says what is damaged."""
    if what not in str(error) or "\n" in str(error):
        raise AssertionError(f"not a line that names {what}: {error}")


def fasta_file(data: bytes) -> None:
    """Any bytes come back from parser and renderer, or are refused with a reason."""
    parsed = fasta.parse(data)
    if isinstance(parsed, fasta.NotFasta):
        assert parsed.reason
        return
    assert fasta.render(parsed) == data
    table = fasta.unpack_record_table(fasta.pack_record_table(parsed.table), len(data))
    side = fasta.unpack_side(fasta.pack_side(parsed), table, len(data))
    assert fasta.render(fasta.ParsedFasta(table, side, parsed.bases)) == data


def compressed(data: bytes) -> None:
    """Input decompression: the data or an InputError."""
    try:
        fasta.decompress(data, "x", MOST)
    except SeqcoderError as error:
        _names(error, "x: ")


def side(data: bytes) -> None:
    """Record table and side streams: what can be read can be rendered, written and read again."""
    try:
        reader = ByteReader(data, "fuzz")
        size = reader.varint(MOST)
        table = fasta.unpack_record_table(reader.take(reader.varint(len(reader))), size)
        streams = fasta.unpack_side(reader.take(len(reader)), table, size)
        bases = int(table.lengths.sum()) - int(streams.exceptions.lengths.sum())
        fasta.render(fasta.ParsedFasta(table, streams, np.zeros(max(bases, 0), np.uint8)))
    except SeqcoderError:
        pass


def chunk(data: bytes) -> None:
    """A chunk of a coding, with or without latents: so many bases of 0 to 3, or an error."""
    if len(data) < 4:
        return
    n, coding, more = 1 + data[0] + (data[1] & 15) * 256, data[1] >> 6, data[2]
    model = _model() if more & 128 else None
    cut = min(data[3], len(data) - 4) if model else 0
    latents, payload = data[4 : 4 + cut], data[4 + cut :]
    stop = 1 + (more & 63) * 16 if more & 64 else None
    row = ChunkRow(n, coding, b"12345678" if model else b"", 0, 0)
    try:
        bases = decode_chunk(row, latents, payload, model, stop)
    except SeqcoderError:
        return
    # A whole chunk never gets here: its digest does not match.
    assert stop is not None
    assert stop < n
    assert len(bases) >= stop
    assert int(bases.max(initial=0)) <= 3


def walk(data: bytes) -> None:
    """A chain of serialised walks, each (length, walk): a walk of the length said, or an error."""
    reader = ByteReader(data, "fuzz")
    try:
        walks: list[tuple[int, bytes]] = []
        space = reader.varint(MOST)
        while len(reader) and len(walks) < 12:
            n_bases = reader.varint(MOST)
            walks.append((n_bases, reader.take(reader.varint(len(reader)))))
        for place, (n_bases, _) in enumerate(walks):
            found = read_walk(place, lambda at: walks[at][1], lambda at: walks[at][0], space)
            found.check(n_bases, space)
            assert len(found.apply(lambda a, b: np.zeros(b - a, np.uint8))) == n_bases
            assert read_plain(write_plain(found), n_bases, space).n_bases == n_bases
    except SeqcoderError:
        pass


def container(data: bytes) -> None:
    """A container: every file given out is the one that its section has the SHA-256 of.

    As it is, and with an index made anew, which no mutation would find.
    """
    with without_checksums():
        for given in (data, _ended(data)):
            try:
                opened = seqcoder.open(given, threads=1)
            except SeqcoderError as error:
                _names(error, "container in memory")
                continue
            if opened.reader.index.n_bases > MOST:
                continue
            for genome in opened.values():
                try:
                    _genome(genome)
                except SeqcoderError as error:
                    _names(error, "container in memory")


def _ended(data: bytes) -> bytes:
    """Return the sections that lie before the first end, and an end with their index."""
    source, body, offset = RangeSource(data), b"", len(index.SIGNATURE)
    while offset < len(data):
        try:
            found = sections.entry_at(source, offset, len(data))
        except SeqcoderError:
            break
        if found.kind == sections.END:
            break
        body += found.entry + b"\0" * (found.kind == sections.GENOME)
        offset = found.end
    place = offset.to_bytes(index.PLACE_BYTES, "little")
    return data[:offset] + sections.section(sections.END, b"", body + place)


def _genome(genome: seqcoder.reading.genome.Genome) -> None:
    if genome.row.size > MOST:
        return
    file = genome.read()
    assert hashlib.sha256(file).hexdigest() == genome.sha256
    for record in list(genome)[:5]:
        assert len(record.fetch(0, len(record))) == len(record)
        assert isinstance(record.header, str)


_loaded: list[seqcoder.latent.LatentModel] = []


def _model() -> seqcoder.latent.LatentModel:
    if not _loaded:
        from seqcoder.latent import load_model
        from seqcoder.settings import DEFAULT_MODEL

        _loaded.append(load_model(DEFAULT_MODEL))
    return _loaded[0]


TARGETS: dict[str, Callable[[bytes], None]] = {
    "fasta_file": fasta_file,
    "compressed": compressed,
    "side": side,
    "chunk": chunk,
    "walk": walk,
    "container": container,
}


CORPUS = Path(__file__).resolve().parent / "corpus"


def any_of_all(data: bytes) -> None:
    """Give what is behind the first byte to the target that it names."""
    if data:
        list(TARGETS.values())[data[0] % len(TARGETS)](data[1:])


def seeds_of_all() -> Iterator[bytes]:
    """Yield the kept corpora of all targets as inputs of ``any_of_all``."""
    for number, name in enumerate(TARGETS):
        for path in sorted((CORPUS / name).iterdir()):
            yield bytes((number,)) + path.read_bytes()


def warm_up() -> None:
    """Compile or load all kernels, outside of what is timed."""
    bases = random_bases(2000, seed=1)
    files = {name: b">x\n" + letters(bases) + b"\n" for name in "ab"}
    packed = seqcoder.compress_bytes(files, settings=Settings(level=1))
    with seqcoder.open(packed, threads=1) as opened:
        assert [genome.read() for genome in opened.values()] == list(files.values())
    chunk(bytes((50, 128, 128 + 64, 3)) + b"\0\0\0\0" * 40)
