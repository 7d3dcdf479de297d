"""``seqcoder info``."""

from __future__ import annotations

import json as json_module
from collections import Counter

from seqcoder import coder
from seqcoder.cli.common import say
from seqcoder.cli.files import open_source
from seqcoder.container.extends import Extends
from seqcoder.container.index import ChunkEntry
from seqcoder.container.rows import LedBy
from seqcoder.errors import IntegrityError, MemoryLimitError, ReferenceMissingError
from seqcoder.reading.cost import Cost, cost
from seqcoder.reading.genome import Genome
from seqcoder.reading.reader import Container
from seqcoder.settings import thread_count


def run_info(name: str, json: bool) -> None:
    """Print what a container is made of."""
    with open_source(name) as container:
        facts = container_facts(container)
    if json:
        say(json_module.dumps(facts, indent=1))
        return
    for key, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{inner} {count}" for inner, count in value.items()) or "none"
        elif isinstance(value, list):
            value = ", ".join(value) or "none"
        say(f"{key}\t{'unknown' if value is None else value}")


def _model_name(digest: bytes) -> str:
    """Return a model's name and SHA-256; what a chunk has of that where it is not at hand."""
    from seqcoder.latent import list_models

    for model in list_models():
        if model.digest.startswith(digest.hex()):
            return f"{model.name} {model.digest}"
    return f"missing {digest.hex()}"


def _reference(extends: Extends) -> str:
    return f"{extends.name} {extends.sha256.hex()} ({extends.n_bases} bases)"


def _leader(chunk: ChunkEntry) -> LedBy | None:
    return chunk.row.leader


def _cost(container: Container, genome: Genome | None) -> Cost | None:
    """Return what reading takes; None where what it needs is damaged or not at hand."""
    try:
        return cost(container, genome, thread_count(0))
    except (IntegrityError, ReferenceMissingError, MemoryLimitError):
        return None


def container_facts(container: Container) -> dict[str, object]:
    """Return sizes and counts of a container."""
    index = container.reader.index
    names = {level.coding: f"level {number}" for number, level in coder.LEVELS.items()}
    names[coder.TWO_BIT] = "two bits"
    codings = Counter(names.get(chunk.row.coding, "unknown") for chunk in index.chunks)
    latents = sum(chunk.row.latents_length for chunk in index.chunks)
    residual = sum(chunk.row.residual_length for chunk in index.chunks)
    rows = [genome.row for genome in index.genomes]
    side = sum(row.side_length for row in rows)
    walks = sum(row.walk_length for row in rows)
    stored = sum(row.stored_length for row in rows)
    largest = max(container.values(), key=lambda genome: genome.row.size, default=None)
    one, whole = _cost(container, largest), _cost(container, None)
    size, bases = container.reader.source.size, sum(row.n_bases for row in rows)
    return {
        "container": container.path,
        "format": "2",
        "bytes": size,
        "genomes": len(rows),
        "records": sum(row.n_records for row in rows),
        "file bytes": sum(row.size for row in rows),
        "bases": bases,
        "bases stored": index.n_bases - index.first_base,
        "bits per base": round(8 * size / bases, 4) if bases else None,
        "chunks": len(index.chunks),
        "codings": dict(codings),
        "leaders": len({led.first_base for led in map(_leader, index.chunks) if led}),
        "chunks after a leader": sum(1 for led in map(_leader, index.chunks) if led),
        "reference": _reference(index.extends) if index.extends else "none",
        "models": [_model_name(digest) for digest in index.models],
        "latent bytes": latents,
        "residual bytes": residual,
        "side bytes": side,
        "walk bytes": walks,
        "stored bytes": stored,
        "framing bytes": size - latents - residual - side - walks - stored,
        "torn bytes": container.reader.torn_bytes,
        "bases decoded for the largest genome": None if one is None else one.bases,
        "memory for the largest genome": None if one is None else one.memory,
        "memory for all genomes": None if whole is None else whole.memory,
    }
