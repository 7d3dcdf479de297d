"""The adapters: what they call, checked against a stand-in, and against the tools that are here."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from genomes import small_genome
from seqcoder.bench import run as runner
from seqcoder.bench.cases import LaidOut, make_cases, place
from seqcoder.bench.tools import BASES, FASTA, PEERS, Tool

# As in the manuals of the tools: arguments of the compressor, of the decompressor.
CALLS = {
    "NAF": ("ennaf --level 22 --temp-dir . -o packed.naf input.fa", "unnaf -o restored packed.naf"),
    "MBGC": ("mbgc c -m 3 -t 2 -i input.fa packed", "mbgc d -t 2 packed out"),
    "AGC": ("agc create -a -t 2 -o packed input.fa", "agc getcol -t 2 packed"),
    "MFCompress": (
        "MFCompressC -3 -t 2 -o packed input.fa",
        "MFCompressD -t 2 -o restored packed",
    ),
    "cmix": ("cmix -c input.fa packed", "cmix -d packed restored"),
    "GeCo2": ("GeCo2 -f -l 6 input.seq", "GeDe2 -f input.seq.co"),
    "GeCo3": ("GeCo3 -f -l 6 -lr 0.008 -hs 40 input.seq", "GeDe3 -f input.seq.co"),
    "JARVIS2": ("JARVIS2 -f -l 7 input.seq", "JARVIS2 -f -d input.seq.jc"),
    "JARVIS3": (
        "JARVIS3 -f -l 33 -o packed input.seq",
        "JARVIS3 -f -d -o restored packed",
    ),
}
BASES_ONLY = {"GeCo2", "GeCo3", "JARVIS2", "JARVIS3"}
# Takes down how it was called; then does what the tool would: one file from the other.
STAND_IN = """
import json, pathlib, shutil, sys
name = pathlib.Path(sys.argv[0]).name
with open("calls.jsonl", "a") as log:
    log.write(json.dumps(" ".join([name, *sys.argv[1:]])) + "\\n")
packing = not pathlib.Path({packed!r}).exists()
if packing:
    shutil.copyfile({source!r}, {packed!r})
elif {to_stdout}:
    sys.stdout.write(open({packed!r}).read())
else:
    pathlib.Path({restored!r}).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile({packed!r}, {restored!r})
"""


@pytest.fixture
def placed(tmp_path: Path) -> LaidOut:
    genome = tmp_path / "small.fa"
    genome.write_bytes(small_genome(4000))
    folder = tmp_path / "case"
    folder.mkdir()
    return place(make_cases([genome], together=False)[0], folder)


def once(tool: Tool, placed: LaidOut) -> str:
    """Compress and decompress; returns what came back: full FASTA or bases only."""
    runner.run(tool.compress, placed.folder, 2, 120.0)
    assert (placed.folder / tool.packed).stat().st_size > 0
    runner.run(tool.decompress, placed.folder, 2, 120.0)
    return runner._compare(tool, placed)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_how_tools_that_are_not_here_are_called(
    name: str, placed: LaidOut, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = next(tool for tool in PEERS if tool.name == name)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    body = STAND_IN.format(
        source="input.seq" if name in BASES_ONLY else "input.fa",
        packed=tool.packed,
        restored=tool.restored[0],
        to_stdout=tool.decompress.endswith("> restored"),
    )
    (tmp_path / "bin").mkdir()
    for program in set(tool.programs):
        path = tmp_path / "bin" / program
        path.write_text(f"#!{sys.executable} -IS\n{body}")
        path.chmod(0o755)
    assert once(tool, placed) == tool.keeps == (BASES if name in BASES_ONLY else FASTA)
    calls = (placed.folder / "calls.jsonl").read_text().splitlines()
    assert tuple(map(json.loads, calls)) == CALLS[name]


@pytest.mark.parametrize("tool", [t for t in PEERS if t.name not in CALLS], ids=lambda t: t.name)
def test_tools_that_are_here(tool: Tool, placed: LaidOut) -> None:
    missing = [program for program in tool.programs if not shutil.which(program)]
    if missing:
        pytest.skip(f"{missing[0]} is not installed")
    assert once(tool, placed) == tool.keeps == FASTA
    # What does not come back is seen.
    shown = placed.folder / tool.restored[0]
    shown.write_bytes(shown.read_bytes().replace(b"A", b"C", 1))
    with pytest.raises(runner.RunError, match="MISMATCH"):
        runner._compare(replace(tool), placed)


def test_every_peer_is_tried() -> None:
    assert set(CALLS) | {"gzip", "bgzip", "bzip2", "zstd", "xz", "brotli", "7z"} == {
        tool.name for tool in PEERS
    }
