"""The compressors: how each is called. Options are those their authors recommend for DNA.

A command runs in a folder that holds ``input.fa`` (the file) and ``input.seq`` (its bases alone:
A, C, G, T, nothing else), without a shell; ``>`` names the file standard output goes to, and
``{threads}`` stands for their number. Sources: the tools' own manuals as of 2026.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seqcoder.bench.measure import Usage, measure

FASTA, BASES = "full FASTA", "bases only"


@dataclass(frozen=True)
class Tool:
    """A compressor with one setting.

    ``restored`` names the files that decompression may make, the first that is there counts
    (or, for several inputs of ours, all in turn).
    """

    name: str
    setting: str
    compress: str
    decompress: str
    packed: str = "packed"
    restored: tuple[str, ...] = ("restored",)
    keeps: str = FASTA
    ours: bool = False
    level: int = 0
    chunk_bases: int = 0

    @property
    def label(self) -> str:
        """Name and setting."""
        return f"{self.name} {self.setting}".strip()

    @property
    def programs(self) -> tuple[str, ...]:
        """The programs it needs."""
        return shlex.split(self.compress)[0], shlex.split(self.decompress)[0]


PEERS: tuple[Tool, ...] = (
    Tool("gzip", "-9", "gzip -9 -c input.fa > packed", "gzip -d -c packed > restored"),
    Tool(
        "bgzip",
        "-l 9",
        "bgzip -l 9 -@ {threads} -c input.fa > packed",
        "bgzip -d -@ {threads} -c packed > restored",
    ),
    Tool("bzip2", "-9", "bzip2 -9 -c input.fa > packed", "bzip2 -d -c packed > restored"),
    Tool(
        "zstd",
        "-19 --long",
        "zstd -19 --long=27 -T{threads} -q -c input.fa > packed",
        "zstd -d --long=27 -q -c packed > restored",
    ),
    Tool("xz", "-9e", "xz -9e -T{threads} -c input.fa > packed", "xz -d -c packed > restored"),
    Tool(
        "brotli",
        "-q 11 -w 24",
        "brotli -q 11 -w 24 -c input.fa > packed",
        "brotli -d -c packed > restored",
    ),
    # Order 5 was the best of 3 to 24 on HePy: line ends break up longer contexts.
    Tool(
        "7z",
        "PPMd o=5",
        "7z a -t7z -bso0 -bsp0 -mmt={threads} -m0=PPMd:o=5:mem=512m packed.7z input.fa",
        "7z x -bso0 -bsp0 -y -oout packed.7z",
        "packed.7z",
        ("out/input.fa",),
    ),
    Tool(
        "NAF",
        "-22",
        "ennaf --level 22 --temp-dir . -o packed.naf input.fa",
        "unnaf -o restored packed.naf",
        "packed.naf",
    ),
    Tool(
        "MBGC",
        "-m 3",
        "mbgc c -m 3 -t {threads} -i input.fa packed",
        "mbgc d -t {threads} packed out",
        restored=("out/input.fa",),
    ),
    Tool(
        "AGC",
        "-a",
        "agc create -a -t {threads} -o packed input.fa",
        "agc getcol -t {threads} packed > restored",
    ),
    Tool(
        "MFCompress",
        "-3",
        "MFCompressC -3 -t {threads} -o packed input.fa",
        "MFCompressD -t {threads} -o restored packed",
    ),
    Tool("cmix", "", "cmix -c input.fa packed", "cmix -d packed restored"),
    Tool(
        "GeCo2",
        "-l 6",
        "GeCo2 -f -l 6 input.seq",
        "GeDe2 -f input.seq.co",
        "input.seq.co",
        ("input.seq.de", "input.seq.co.de"),
        BASES,
    ),
    Tool(
        "GeCo3",
        "-l 6 -lr 0.008 -hs 40",
        "GeCo3 -f -l 6 -lr 0.008 -hs 40 input.seq",
        "GeDe3 -f input.seq.co",
        "input.seq.co",
        ("input.seq.de", "input.seq.co.de"),
        BASES,
    ),
    Tool(
        "JARVIS2",
        "-l 7",
        "JARVIS2 -f -l 7 input.seq",
        "JARVIS2 -f -d input.seq.jc",
        "input.seq.jc",
        ("input.seq.jc.jd", "input.seq.jd"),
        BASES,
    ),
    Tool(
        "JARVIS3",
        "-l 33",
        "JARVIS3 -f -l 33 -o packed input.seq",
        "JARVIS3 -f -d -o restored packed",
        keeps=BASES,
    ),
)


def our_tool(
    level: int,
    latents: bool,
    names: tuple[str, ...] = ("input.fa",),
    chunk_bases: int = 0,
    model: str = "",
) -> Tool:
    """Return ourselves at a level; ``names`` are the input files, relative to the folder.

    ``model`` is the name of one that ``SEQCODER_MODELS`` finds; none: the shipped one.
    """
    setting = f"-{level}" + ("" if latents or level == 1 else " --no-latents")
    if model:
        setting += f" --model {shlex.quote(model)}"
    if chunk_bases:
        setting += f" --chunk-size {size_name(chunk_bases)}"
    files = " ".join(map(shlex.quote, names))
    return Tool(
        "seqcoder",
        setting,
        f"seqcoder compress -q --json -T {{threads}} {setting} -o packed.sqc {files} > report.json",
        "seqcoder decompress -q -T {threads} -o out/ packed.sqc",
        "packed.sqc",
        tuple(f"out/{Path(name).name}" for name in names),
        ours=True,
        level=level,
        chunk_bases=chunk_bases,
    )


def size_name(count: int) -> str:
    """Return a power-of-two size as options have it: 256K, 5M, or the number."""
    for shift, unit in ((20, "M"), (10, "K")):
        if count % (1 << shift) == 0:
            return f"{count >> shift}{unit}"
    return str(count)


def found_peers(names: Iterable[str] | None = None) -> list[Tool]:
    """Return the peers that are installed, of those named (any case), or of all."""
    wanted = None if names is None else {name.lower() for name in names}
    return [
        tool
        for tool in PEERS
        if (wanted is None or tool.name.lower() in wanted)
        and all(shutil.which(program) for program in tool.programs)
    ]


def run(command: str, folder: Path, threads: int, limit: float) -> Usage:
    """Run a command of a tool; raises RunError."""
    argv = shlex.split(command.format(threads=threads))
    target = None
    if len(argv) > 2 and argv[-2] == ">":
        target = folder / argv[-1]
        argv = argv[:-2]
    if argv[0] == "seqcoder":
        # Ourselves, whatever PATH has.
        argv = [sys.executable, "-c", "from seqcoder.cli import main; main()", *argv[1:]]
    return measure(argv, folder, target=target, limit=limit)
