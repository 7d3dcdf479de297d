"""Coverage-guided fuzzing of one target with atheris (libFuzzer):

    python tests/fuzz/run_fuzz.py TARGET [libFuzzer options] [folder for new inputs]

TARGET is a name of fuzz_targets.TARGETS, or ``all``, where an input's first byte says which; for
example ``run_fuzz.py container -runs=200000 -seed=1``. The kept corpus
(tests/fuzz/corpus/TARGET) is always read; new inputs go to the folder, or nowhere. What breaks a
target is written to ``crash-*`` in the current folder, exit code 77. The native core is not
followed (run_core_fuzz.py fuzzes it by itself); everything around it, in Python, is.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

FOLLOWED = (
    "seqcoder.writing.chunk",
    "seqcoder.coder.mixing",
    "seqcoder.coder.twobit",
    "seqcoder.container",
    "seqcoder.reading.base_decoder",
    "seqcoder.fasta",
    "seqcoder.latent.model",
    "seqcoder.pangenome.plain_walk",
    "seqcoder.pangenome.relative_walk",
    "seqcoder.pangenome.walk",
    "seqcoder.reading.reader",
    "seqcoder.storage.varint",
)


def main() -> None:
    """Run a target; does not return."""
    import seqcoder.core  # noqa: F401 - what is compiled is found by that finder only

    followed = [name for name in sys.modules if name.startswith(FOLLOWED)]
    for name in followed:
        del sys.modules[name]
    # atheris passes over what the finder of an editable installation loads, but not over folders.
    sys.meta_path[:] = [f for f in sys.meta_path if "ScikitBuild" not in type(f).__name__]
    sys.path[:0] = [str(HERE.parents[1])]
    with atheris.instrument_imports(include=list(FOLLOWED), enable_loader_override=False):
        import fuzz_targets as targets

        for name in followed:  # those that are imported when first needed, too
            importlib.import_module(name)
    name = sys.argv[1]
    targets.warm_up()
    options = [argument for argument in sys.argv[2:] if argument.startswith("-")]
    folders = [argument for argument in sys.argv[2:] if not argument.startswith("-")]
    with tempfile.TemporaryDirectory() as nowhere:
        kept = HERE / "corpus" / name
        if name == "all":
            kept = Path(nowhere) / "kept"
            kept.mkdir()
            for number, seed in enumerate(targets.seeds_of_all()):
                (kept / str(number)).write_bytes(seed)
        new = Path(nowhere) / "new"
        new.mkdir()
        # Of the kernels nothing is seen: the seeds are kept, new to what is seen or not.
        defaults = ["-timeout=20", "-rss_limit_mb=3000", "-max_len=4096", "-keep_seed=1"]
        arguments = [sys.argv[0], *defaults, *options, *(folders or [str(new)]), str(kept)]
        atheris.Setup(arguments, targets.TARGETS.get(name, targets.any_of_all))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
