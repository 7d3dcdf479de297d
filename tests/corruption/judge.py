"""What may come of a damaged container: the right bytes, or an error that names the place."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import seqcoder
from seqcoder.container.index import BARE_END, SIGNATURE
from seqcoder.errors import FormatError, InputError, IntegrityError, SeqcoderError
from seqcoder.reading.repair import repair

SLOW = 5.0
"""CPU seconds after which a mutation counts as a hang."""


class WrongError(AssertionError):
    """Something that must not happen has happened."""


def judge(
    data: bytes, wholes: Sequence[bytes], files: dict[str, bytes], *, spliced: bool = False
) -> Counter[str]:
    """Open, read and verify ``data``; returns what came of it. ``files``: all that may come out.

    ``spliced``: a section is a whole one of another container. In a container without an index
    nothing but the file's SHA-256 ties sections together: the quick verification need not find it
    there, and where a file comes out right, the container is a right one.

    ``wholes`` are containers that are intact, and so may those be that they begin with: a container
    cut off just behind an old footer is what it was before the append.

    Raises WrongError for a wrong base, an unknown file, damage that goes unseen, an error that is
    none of ours or names no place, or too much time.
    """
    began = time.process_time()
    try:
        found = _judge(data, wholes, files, spliced)
    except WrongError:
        raise
    except Exception as error:
        raise WrongError(f"{type(error).__name__}: {error}") from error
    if time.process_time() - began > SLOW:
        raise WrongError(f"took {time.process_time() - began:.1f} s")
    return found


def _judge(
    data: bytes, wholes: Sequence[bytes], files: dict[str, bytes], spliced: bool
) -> Counter[str]:
    found: Counter[str] = Counter()
    try:
        container = seqcoder.open(data, threads=1)
    except FormatError as error:
        _named(error)
        return Counter({"not recognised": 1})
    except InputError as error:
        if "not a seqcoder container" not in str(error):
            raise WrongError(f"not told as damage: {error}") from None
        return Counter({"not recognised": 1})
    except IntegrityError as error:
        _named(error)
        return Counter({"refused": 1})
    damaged: set[str] = set()
    for name, genome in container.items():
        if name not in files:
            raise WrongError(f"a genome called {name!r}")
        try:
            file = genome.read()
            if file != files[name]:
                raise WrongError(f"{name}: other bytes than went in")
            for record in genome:
                record.fetch(0, len(record))
        except IntegrityError as error:
            _named(error)
            damaged.add(name)
    full = seqcoder.verify(container, full=True, threads=1)
    for finding in full.findings:
        _named(finding.message)
    if not damaged <= set(full.damaged_genomes):
        raise WrongError(f"verify --full does not name {damaged - set(full.damaged_genomes)}")
    last = container.reader.index.others[-1]
    untied = spliced and last.end - last.offset == BARE_END
    if damaged and not untied and seqcoder.verify(container, full=False, threads=1).intact:
        raise WrongError("damaged, and the quick verification says intact")
    if full.intact and not untied and not any(whole.startswith(data) for whole in wholes):
        raise WrongError("other bytes than were written, and verify says intact")
    found["damage found" if not full.intact else "harmless"] += 1
    found["genomes right"] += len(container) - len(damaged)
    found["genomes refused"] += len(damaged)
    return found


def _named(error: object) -> None:
    text = str(error)
    if "container in memory" not in text or "\n" in text:
        raise WrongError(f"names no place: {text!r}")


def judge_repair(data: bytes, files: dict[str, bytes], folder: Path) -> Counter[str]:
    """Repair ``data``; what is recovered must be right and the new container intact."""
    damaged, out = folder / "damaged.sqc", folder / "out.sqc"
    damaged.write_bytes(data)
    try:
        result = repair(damaged, out, force=True, threads=1)
    except IntegrityError as error:
        if joined := re.search(r"another container begins at byte (\d+)", str(error)):
            if not data[int(joined[1]) :].startswith(SIGNATURE):
                raise WrongError(f"repair: no container begins there: {error}") from None
            return Counter({"to be parted": 1})
        if "nothing to recover" not in str(error):
            raise WrongError(f"repair: {error}") from None
        return Counter({"nothing to repair": 1})
    except FormatError:
        return Counter({"nothing to repair": 1})
    except SeqcoderError as error:
        raise WrongError(f"repair: {error}") from error
    with seqcoder.open(out, threads=1) as container:
        if not seqcoder.verify(container, full=True, threads=1).intact:
            raise WrongError("what repair wrote is not intact")
        for name, genome in container.items():
            if genome.read() != files[name]:
                raise WrongError(f"repair: {name}: other bytes than went in")
        recovered = len(container)
    return Counter(
        {"repaired": 1, "genomes recovered": recovered, "genomes lost": len(result.lost)}
    )
