"""Micro-benchmarks: ``python -m seqcoder.bench coder FASTA...`` (see ``--help``)."""

from __future__ import annotations

import sys

from seqcoder.bench.coder import main

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] != "coder":
        sys.exit("usage: python -m seqcoder.bench coder [--help] FASTA...")
    sys.exit(main(sys.argv[2:]))
