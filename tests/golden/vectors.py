"""Makes the golden vectors of ``seqcoder doctor``. Run once a format version.

python tests/golden/vectors.py
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import seqcoder
from genomes import coding_genome
from seqcoder.doctor import VECTORS, encodings


def main() -> None:
    """Write a container with latents, and the digests of its chunk's residual at every level."""
    data = coding_genome(20_000)
    VECTORS.mkdir(exist_ok=True)
    path = VECTORS / "golden.sqc"
    path.write_bytes(seqcoder.compress_bytes({"golden.fa": data}))
    with seqcoder.open(path) as container:
        residuals = {name: digest for name, digest, _ in encodings(container)}
    expected = {"file": sha256(data).hexdigest(), "residuals": residuals}
    (VECTORS / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
