"""What an installed wheel must do, with nothing of the source tree on the path.

Run by cibuildwheel for each wheel, and by ``test_packaging.py``: both builds of the core compute
the same, the command line makes a container and restores it.
"""

from __future__ import annotations

import importlib.resources
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FASTA = b">one a record\n" + b"ACGTTGCAAACCGTGNNNNACGT" * 40 + b"\n>two\nacgtRYKM\n"
TWICE = "import sys; sys.argv[0] = 'seqcoder'; from seqcoder.cli import main; main()"


def run(folder: str, variant: str, *arguments: str) -> None:
    """Run the command line in ``folder`` on one build of the core."""
    subprocess.run(
        [sys.executable, "-c", TWICE, *arguments],
        cwd=folder,
        env=os.environ | {"SEQCODER_CPU": variant},
        check=True,
    )


def main() -> None:
    """Check the seqcoder that is installed; raises AssertionError or CalledProcessError."""
    from seqcoder import core

    variants = ["portable", "v3"] if core.supports_v3() else ["portable"]
    assert variants[-1] == core.VARIANT
    assert not list(importlib.resources.files("seqcoder.core").glob("src"))  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "x.fa").write_bytes(FASTA)
        for variant in variants:
            run(folder, variant, "compress", "-q", "x.fa", "-o", f"{variant}.sqc")
            run(folder, variant, "decompress", "-q", f"{variant}.sqc", "-o", f"{variant}/")
            assert Path(folder, variant, "x.fa").read_bytes() == FASTA
        assert len({Path(folder, f"{variant}.sqc").read_bytes() for variant in variants}) == 1
    print(f"seqcoder {core.__name__}: {', '.join(variants)}: good")


if __name__ == "__main__":
    main()
