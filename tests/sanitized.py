"""Run tests on a build of the native core with the address and undefined-behaviour sanitizers.

    python tests/sanitized.py                     # the tests of what the core computes
    python tests/sanitized.py tests/test_cli.py   # others

The wheel is built with ``SEQCODER_SANITIZE`` and installed in a temporary folder; the environment
that this runs in stays as it is. Needs g++ with its sanitizers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = [
    *("tests/coder", "tests/latent", "tests/pangenome", "tests/fasta"),
    # Trains with torch, for which a quarter of an hour is not enough here.
    "--deselect=tests/latent/test_latent_training.py::test_a_model_comes_out",
]


def main(tests: list[str]) -> int:
    """Build, install, run; returns pytest's exit code, or that of what could not be built."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = os.environ | {"PATH": path}
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory(prefix="seqcoder-sanitized-") as folder:
        options = ["--no-deps", "--no-build-isolation", "-w", folder]
        define = ["-C", "cmake.define.SEQCODER_SANITIZE=ON", "-C", f"build-dir={folder}/build"]
        subprocess.run([*pip, "wheel", *options, *define, str(ROOT)], env=env, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        site = f"{folder}/site"
        subprocess.run([*pip, "install", "--no-deps", "--target", site, str(wheel)], check=True)
        # libstdc++ too: the sanitizer looks for what throws exceptions as it is loaded.
        runtime = [
            subprocess.run(
                ["g++", f"-print-file-name={name}"], capture_output=True, text=True, check=True
            ).stdout.strip()
            for name in ("libasan.so", "libstdc++.so")
        ]
        packages = [entry for entry in sys.path if entry.endswith("site-packages")]
        env |= {
            "LD_PRELOAD": " ".join(runtime),
            "ASAN_OPTIONS": "detect_leaks=0",  # of Python itself
            "PYTHONPATH": os.pathsep.join([site, *packages]),
        }
        # -S: without the editable install that this environment may have of the source tree; -P:
        # without that tree itself, which has no core.
        command = [sys.executable, "-S", "-P", "-m", "pytest", "-q", *(tests or TESTS)]
        return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
