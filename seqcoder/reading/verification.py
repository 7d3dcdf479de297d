"""Is a container what it was? Quick: all checksums. Full: decode everything and compare digests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from operator import itemgetter

from seqcoder.container.check import Finding, damaged_frames
from seqcoder.container.index import ChunkEntry
from seqcoder.errors import MemoryLimitError, ModelError, SeqcoderError
from seqcoder.reading.genome import Genome
from seqcoder.reading.opening import open
from seqcoder.reading.reader import Container
from seqcoder.settings import thread_count
from seqcoder.wording import count_of, listed


@dataclass(frozen=True)
class Verification:
    """What a verification found; ``intact`` when nothing was."""

    path: str
    full: bool
    genomes: int
    chunks: int
    bases: int
    findings: tuple[Finding, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing is damaged."""
        return not self.findings

    @property
    def damaged_genomes(self) -> list[str]:
        """Names of the genomes that something damaged belongs to."""
        return list(dict.fromkeys(name for f in self.findings for name in f.genomes))


def verify(
    container: Container | str | os.PathLike[str],
    *,
    full: bool = False,
    threads: int = 0,
    progress: Callable[[int], None] = lambda bases: None,
) -> Verification:
    """Check a container, open or by its path or URL; damage is reported, not raised.

    Quick: every frame's checksum, every head against the index. Full: also every chunk against
    the digest of its bases and every file against its SHA-256. ``progress`` is called with the
    bases of each chunk decoded.

    Raises:
        InputError: the path cannot be read, or leads to no container.
        IntegrityError: the index of the container is damaged, so that it cannot be opened.
    """
    if not isinstance(container, Container):
        with open(container, threads=threads) as opened:
            return verify(opened, full=full, threads=threads, progress=progress)
    reader = container.reader
    findings = _of_reference(container) if reader.index.extends else []
    for finding in damaged_frames(reader):
        if finding.chunk is None:
            findings.append(finding)
        else:
            findings.append(_blame(container, finding))
    if full:
        bad = {finding.chunk for finding in findings}
        findings += _decode_all(container, bad, thread_count(threads), progress)
    return Verification(
        container.path,
        full,
        len(container),
        len(reader.index.chunks),
        reader.index.n_bases - reader.index.first_base,
        tuple(findings),
    )


def _of_reference(container: Container) -> list[Finding]:
    """Return what is damaged of the reference and needed here, with the genomes that need it."""
    findings = []
    reference = container.reference
    for finding in damaged_frames(reference.reader):
        hit = tuple(container)  # a walk may lean on any genome of the reference
        if finding.chunk is not None:
            entry = reference.reader.index.chunks[finding.chunk]
            led = [*reference.reader.index.led_by(entry), *container.reader.index.led_by(entry)]
            hit = tuple(
                genome.name
                for genome in container.values()
                if any(_touches(genome, chunk) for chunk in (entry, *led))
            )
        if hit:
            names = f"needed by {count_of(len(hit), 'genome')}: {listed(hit, 3)}"
            findings.append(Finding(f"{finding.message} ({names})", None, hit))
    return findings


def _blame(container: Container, finding: Finding) -> Finding:
    """Name the genomes that need a damaged chunk; the first few in the message, too."""
    assert finding.chunk is not None
    entry = container.reader.index.chunks[finding.chunk]
    lost = [entry, *container.reader.index.led_by(entry)]
    hit = tuple(
        genome.name
        for genome in container.values()
        if any(_touches(genome, chunk) for chunk in lost)
    )
    names = listed(hit, 3) or "nothing"
    many = f"{len(hit)} genomes: " if len(hit) > 1 else ""
    return Finding(f"{finding.message} (in {many}{names})", finding.chunk, hit)


def _touches(genome: Genome, entry: ChunkEntry) -> bool:
    start = genome.row.base_start
    if start is not None:
        return start < entry.stop_base and entry.first_base < start + genome.row.n_bases
    try:
        spans = genome.walk.spans()
    except MemoryLimitError:
        raise
    except SeqcoderError:
        return False  # its walk frame is damaged and has a finding of its own
    return bool(((spans[:, 0] < entry.stop_base) & (entry.first_base < spans[:, 1])).any())


def _decode_all(
    container: Container, bad: set[int | None], threads: int, progress: Callable[[int], None]
) -> Iterator[Finding]:
    def decode(entry: ChunkEntry) -> Finding | None:
        try:
            container.decoder.chunk(entry)
        except (ModelError, MemoryLimitError):
            raise  # nothing is known to be damaged
        except SeqcoderError as error:
            return Finding(str(error), chunk=entry.ordinal)
        finally:
            progress(entry.row.n_bases)
        return None

    container.expect()
    # Chunk after chunk, each genome as soon as its last chunk is there and still in the cache.
    needs = [(_last_base(genome), genome) for genome in container.values()]
    needs.sort(key=itemgetter(0))
    restored = 0
    index = container.reader.index
    broken = [entry for entry in index.chunks if entry.ordinal in bad]
    broken += [led for entry in broken[:] for led in index.led_by(entry)]
    lost = {entry.ordinal for entry in broken}
    entries = [entry for entry in index.chunks if entry.ordinal not in lost]
    with ThreadPoolExecutor(threads) as pool:
        for at in range(0, len(entries), threads):
            batch = entries[at : at + threads]
            for entry, finding in zip(batch, pool.map(decode, batch), strict=True):
                if finding and entry.ordinal not in lost:  # what it costs is told with its leader
                    found = [entry, *index.led_by(entry)]
                    broken += found
                    lost |= {each.ordinal for each in found}
                    yield _blame(container, finding)
            while restored < len(needs) and needs[restored][0] <= batch[-1].stop_base:
                yield from _restore(needs[restored][1], broken)
                restored += 1
    for _, genome in needs[restored:]:
        yield from _restore(genome, broken)


def _last_base(genome: Genome) -> int:
    """Return the end of the base space a genome needs."""
    if genome.row.base_start is not None:
        return genome.row.base_start + genome.row.n_bases
    try:
        spans = genome.walk.spans()
    except MemoryLimitError:
        raise
    except SeqcoderError:
        return 0
    return int(spans[:, 1].max()) if len(spans) else 0


def _restore(genome: Genome, broken: list[ChunkEntry]) -> Iterator[Finding]:
    if any(_touches(genome, entry) for entry in broken):
        return
    try:
        genome.read()
    except (ModelError, MemoryLimitError):
        raise
    except SeqcoderError as error:
        yield Finding(str(error), genomes=(genome.name,))
