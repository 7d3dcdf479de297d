"""Makes the golden containers. Run once a format version; never to make a failing test pass.

python tests/golden/make.py
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

import zstandard

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

import seqcoder  # noqa: E402
from genomes import coding_genome, fasta_bytes, letters, random_bases, small_genome  # noqa: E402

FILES = {
    "contigs.fa": small_genome(6_000, seed=11, records=3),
    "folder/coding.fna": coding_genome(30_000, seed=12),
    "random.fa": fasta_bytes(("random", letters(random_bases(2_000, 13))), width=70),
    "crlf.fa": small_genome(1_500, seed=14, records=1).replace(b"\n", b"\r\n"),
    "odd.fa": b"\n>empty\n>x two words\nacgtNNNNRYK-*\nAC\n\nACGTACGT",
    "marked.fa": b"\xef\xbb\xbf>x\nACGTACGTAC\nACGT\n\xef\xbb\xbf>y\nGATTACA\n",
    "protein.faa": b">p\nMKVLITGAGSGIGLELVRQFLELGHRVVATDRDPERLAELAEELGDRVEVLRLDVTD\n",
}
SETTINGS = {
    "level1": seqcoder.Settings(level=1, model=None),
    "level2": seqcoder.Settings(level=2, model=None, chunk_bases=8192),
    "level3": seqcoder.Settings(level=3, model=None),
    "latents2": seqcoder.Settings(level=2),
    "latents3": seqcoder.Settings(level=3),
}


def main() -> None:
    """Write one container for each of SETTINGS, and what is expected of it."""
    expected: dict[str, object] = {
        "zstd": list(zstandard.ZSTD_VERSION),
        "files": {name: sha256(data).hexdigest() for name, data in FILES.items()},
    }
    for name, settings in SETTINGS.items():
        packed = seqcoder.compress_bytes(FILES, settings=settings)
        (FOLDER / f"{name}.sqc").write_bytes(packed)
        expected[name] = sha256(packed).hexdigest()
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
