"""A user with no name, no home, and nothing writable but the folder of the output."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from genomes import small_genome

NOBODY = 4242
GENOME = small_genome(30_000, seed=11)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
def test_compress_and_restore(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        pwd.getpwuid(NOBODY)
    work = tmp_path / "work"
    work.mkdir()
    for folder in [work, *work.parents]:
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    os.chown(work, NOBODY, NOBODY)
    (work / "x.fa").write_bytes(GENOME)
    main = "import sys; sys.argv[0] = 'seqcoder'; from seqcoder.cli import main; main()"

    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [
                "env",
                "-i",
                f"PATH={os.environ['PATH']}",
                f"TMPDIR={work}",
                *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
                sys.executable,
                "-c",
                main,
                *arguments,
            ],
            cwd=work,
            capture_output=True,
            check=False,
        )

    done = run("compress", "-q", "x.fa")
    assert (done.returncode, done.stderr) == (0, b"")
    streamed = run("compress", "-c", "x.fa")
    assert streamed.returncode == 0, streamed.stderr
    assert streamed.stdout == (work / "x.fa.sqc").read_bytes()
    assert run("decompress", "-c", "x.fa.sqc").stdout == GENOME
    told = run("doctor")
    assert told.returncode == 0, told.stdout
