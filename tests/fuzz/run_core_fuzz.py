"""Coverage-guided fuzzing of what the native core decodes, under sanitizers (clang's libFuzzer):

    python tests/fuzz/run_core_fuzz.py TARGET [libFuzzer options]

TARGET is the name of a file in tests/fuzz/core, or ``all``; for example ``run_core_fuzz.py all
-runs=1000000 -seed=1``. Each is built for any processor and for x86-64-v3. What breaks a target is
written to ``crash-*`` in the current folder, and the exit code is not 0. Needs clang++ with its
runtime (Debian: clang, libclang-rt-*-dev).
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORE = HERE.parents[1] / "seqcoder" / "core" / "src"
FLAGS = ["-std=c++20", "-O2", "-g", "-fno-sanitize-recover=all"]
SANITIZE = "-fsanitize=fuzzer,address,undefined"
NOT_COMPUTING = ("bind_", "module.cpp")
ENTROPY_CODED = ("mixing.cpp", "library.cpp")
"""Here no byte of the input is compared with anything: to follow what is compared, which helps
elsewhere, would take most of the time."""


def builds() -> dict[str, list[str]]:
    """Compiler options of each build of the core."""
    v3 = {"v3": ["-march=x86-64-v3"]} if platform.machine() == "x86_64" else {}
    return {"portable": [], **v3}


def main(target: str, options: list[str]) -> int:
    """Build and run; returns the first exit code that is not 0."""
    sources = [p for p in sorted(CORE.glob("*.cpp")) if not p.name.startswith(NOT_COMPUTING)]
    targets = sorted(p.stem for p in (HERE / "core").glob("*.cpp"))
    if target not in ("all", *targets):
        sys.exit(f"no target {target!r}; there are: all, {', '.join(targets)}")
    with tempfile.TemporaryDirectory(prefix="seqcoder-fuzz-") as folder:
        for name, more in builds().items():
            objects = []
            for source in sources:
                objects.append(f"{folder}/{source.stem}.o")
                options_here = [SANITIZE.replace("fuzzer,", "fuzzer-no-link,"), *more]
                if source.name in ENTROPY_CODED:
                    options_here.append("-fno-sanitize-coverage=trace-cmp")
                command = ["clang++", *FLAGS, *options_here, "-c", str(source), "-o", objects[-1]]
                subprocess.run(command, check=True)
            for one in targets if target == "all" else [target]:
                program = f"{folder}/{one}"
                main_file = str(HERE / "core" / f"{one}.cpp")
                command = ["clang++", *FLAGS, SANITIZE, *more, f"-I{CORE}", main_file, *objects]
                subprocess.run([*command, "-o", program], check=True)
                print(f"{one}, {name}", flush=True)
                if code := subprocess.run([program, *options], check=False).returncode:
                    return code
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
