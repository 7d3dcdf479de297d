"""The bases of a FASTA file alone, for what looks at nothing else of it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcoder.errors import InputError
from seqcoder.fasta.decompression import open_bytes
from seqcoder.fasta.model import NotFasta
from seqcoder.fasta.parsing import parse


def read_bases(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Return all A, C, G and T (of an RNA file U) of a file as (n,) uint8, 0..3, records in a row.

    The file may be compressed. Raises InputError if it cannot be read or is no nucleotide FASTA.
    """
    parsed = parse(open_bytes(Path(path)))
    if isinstance(parsed, NotFasta):
        raise InputError(f"{path}: {parsed.reason}; give nucleotide FASTA")
    return parsed.bases
