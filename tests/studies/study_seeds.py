"""What seeds, votes and layouts of the protein library's index cost and gain.

Builds the native core once for each variant, from a copy of its sources with a constant changed,
and codes genomes at level 2 with classes and library, one chunk each. Payload bytes; nanoseconds of
CPU time a base, the least of three times; seconds to build the index, the least of three, and its
memory. The counts that contexts begin with are those of the model, learned with what it has now.

    python tests/studies/study_seeds.py EsCo.fa HePy.fa --only "every seed"
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_HEADERS = ("library.hpp", "library_reader.hpp", "library.cpp")
VARIANTS: dict[str, tuple[tuple[str, str], ...]] = {
    "as it is: anchored, 1101101111, 6 alignments": (),
    "every seed": (("ANCHORS = 0x0AEA", "ANCHORS = 0x1FFF"),),
    "anchors without D and N": (("ANCHORS = 0x0AEA", "ANCHORS = 0x08EA"),),
    "anchors G, P, W, H": (("ANCHORS = 0x0AEA", "ANCHORS = 0x08A8"),),
    "seeds 11111111": (("SEED_MASK = 0xFF0FF0FFFF", "SEED_MASK = 0x00FFFFFFFF"),),
    "seeds 1101101110": (("SEED_MASK = 0xFF0FF0FFFF", "SEED_MASK = 0xFF0FF0FFF0"),),
    "seeds 1101111111": (("SEED_MASK = 0xFF0FF0FFFF", "SEED_MASK = 0xFF0FFFFFFF"),),
    "1 alignment": (("MOST = 6;", "MOST = 1;"),),
    "2 alignments": (("MOST = 6;", "MOST = 2;"),),
    "4 alignments": (("MOST = 6;", "MOST = 4;"),),
    "8 alignments": (("MOST = 6;", "MOST = 8;"),),
    "no tags": (
        ("0xD6E8FEB86659FD93 >> 32) >> position_bits_", "0xD6E8FEB86659FD93 >> 32) & 0"),
        ("_mm_cvtsi32_si128(static_cast<i32>(position_bits_))", "_mm_cvtsi32_si128(32)"),
    ),
    "7 entries a slot": (("MOST_ENTRIES = 15", "MOST_ENTRIES = 7"),),
    "half the slots": (("13u, 25u) - 3", "13u, 25u) - 4"),),
    "twice the slots": (("13u, 25u) - 3", "13u, 26u) - 2"),),
}


def build(changes: Sequence[tuple[str, str]], folder: Path) -> Path:
    """Build the core with constants changed; returns the extension module."""
    if not (folder / "seqcoder").exists():
        shutil.copy(ROOT / "CMakeLists.txt", folder)
        shutil.copytree(ROOT / "seqcoder" / "core", folder / "seqcoder" / "core")
    done: set[str] = set()
    for name in _HEADERS:
        text = (ROOT / "seqcoder" / "core" / "src" / name).read_text()
        for old, new in changes:
            if old in text:
                text, done = text.replace(old, new), done | {old}
        target = folder / "seqcoder" / "core" / "src" / name
        if target.read_text() != text:
            target.write_text(text)
    if done != {old for old, _ in changes}:
        raise SystemExit(f"{changes}: not in the sources any more")
    nanobind = [sys.executable, "-m", "nanobind", "--cmake_dir"]
    where = subprocess.run(nanobind, check=True, capture_output=True, text=True).stdout.strip()
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    defines = [f"-Dnanobind_DIR={where}", f"-DPython_EXECUTABLE={sys.executable}"]
    configure = ["cmake", "-G", "Ninja", "-S", str(folder), "-B", str(folder / "b"), *defines]
    for command in (configure, ["ninja", "-C", str(folder / "b"), "_v3"]):
        subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)
    return next((folder / "b").glob("_v3*.so"))


def measure(extension: str, model: str, files: Sequence[str]) -> None:
    """In a process with ``extension`` for its core: print what it costs, as JSON."""
    spec = importlib.util.spec_from_file_location("seqcoder.core._v3", extension)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["seqcoder.core._v3"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["seqcoder.core._v3"])
    from seqcoder import coder
    from seqcoder.fasta.bases import read_bases
    from seqcoder.latent import load_model
    from seqcoder.latent.library import library_over
    from seqcoder.latent.modelfile import library_text

    loaded = load_model(model)
    seconds = []
    for _ in range(3):
        text = library_text(loaded.file)
        start = time.process_time()
        library = library_over(*text)
        seconds.append(time.process_time() - start)
    payloads, spent, total = [], 0.0, 0
    for file in files:
        bases = read_bases(Path(file))
        classes = loaded.classes(loaded.encode(bases), len(bases))
        times = []
        for _ in range(3):
            start = time.process_time()
            payload = coder.encode(bases, coder.LEVELS[2].coding, classes, library)
            times.append(time.process_time() - start)
        payloads.append(len(payload))
        spent, total = spent + min(times), total + len(bases)
    found = [payloads, 1e9 * spent / total, min(seconds), library.index.memory]
    print(json.dumps(found))


def main(arguments: list[str]) -> int:
    """Run the study; prints tab-separated rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fasta", nargs="+")
    parser.add_argument("--model", default="prokaryote-2")
    parser.add_argument("--only", action="append", help="a variant; also given: the first")
    parser.add_argument("--core", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.core:
        measure(options.core, options.model, options.fasta)
        return 0
    print("variant\tbytes\t\tns/base\tindex, s\tMB", flush=True)
    first = 0
    with tempfile.TemporaryDirectory(prefix="seqcoder-seeds-") as folder:
        for name, changes in VARIANTS.items():
            if options.only and first and name not in options.only:
                continue
            core = build(changes, Path(folder))
            command = [sys.executable, __file__, "--core", str(core), "--model", options.model]
            done = subprocess.run([*command, *options.fasta], check=True, capture_output=True)
            payloads, nanoseconds, seconds, memory = json.loads(done.stdout)
            size = sum(payloads)
            first = first or size
            print(
                f"{name}\t{size:,}\t{size / first - 1:+.2%}\t{nanoseconds:.0f}\t{seconds:.3f}"
                f"\t{memory / 1e6:.1f}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
