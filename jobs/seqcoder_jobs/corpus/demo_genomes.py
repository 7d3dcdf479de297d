"""A small corpus of invented genomes, the same bytes wherever it is made.

They are no organisms, but have what matters to a compressor in bacteria: genes of codons with a
bias of their own on both strands, repeats, relatives, several contigs, a plasmid; and what
matters to a parser: soft-masked and unknown stretches, CRLF, gzip, a protein file.
"""

from __future__ import annotations

import gzip
from itertools import pairwise, product
from pathlib import Path
from random import Random

_STOPS = ("TAA", "TAG", "TGA")
_SENSE = tuple(c for c in map("".join, product("ACGT", repeat=3)) if c not in _STOPS)
_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"


def reverse_complement(bases: str) -> str:
    """Return the opposite strand."""
    return bases.translate(_COMPLEMENT)[::-1]


class _Organism:
    """Invents sequence in one style: GC content and codon usage drawn once."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._gc = self._random.uniform(0.35, 0.65)
        self._weights = [
            self._random.gammavariate(0.8, 1.0)
            * (self._gc if codon[2] in "GC" else 1 - self._gc) ** 2
            for codon in _SENSE
        ]
        self._repeats = [self._spacer(length) for length in (1300, 760, 320)]

    def _spacer(self, length: int) -> str:
        at = (1 - self._gc) / 2 + 0.03
        weights = (at, 0.5 - at, 0.5 - at, at)
        return "".join(self._random.choices("ACGT", weights, k=length))

    def _gene(self) -> str:
        codons = self._random.choices(_SENSE, self._weights, k=self._random.randint(90, 480))
        return "ATG" + "".join(codons) + self._random.choice(_STOPS)

    def sequence(self, length: int) -> str:
        """Return ``length`` bases: genes on both strands, spacers, now and then a repeat."""
        pieces: list[str] = []
        made = 0
        while made < length:
            chance = self._random.random()
            piece = self._random.choice(self._repeats) if chance < 0.04 else self._gene()
            if self._random.random() < 0.45:
                piece = reverse_complement(piece)
            piece += self._spacer(self._random.randint(15, 220))
            pieces.append(piece)
            made += len(piece)
        return "".join(pieces)[:length]

    def relative(self, bases: str, share: float) -> str:
        """Return ``bases`` with a ``share`` of them substituted."""
        mutated = list(bases)
        for at in self._random.sample(range(len(bases)), int(share * len(bases))):
            mutated[at] = self._random.choice("ACGT".replace(mutated[at], ""))
        return "".join(mutated)

    def masked(self, bases: str, runs: int, unknown: int) -> str:
        """Return ``bases`` with ``runs`` stretches in lower case and ``unknown`` ones of N."""
        for count, change in ((runs, str.lower), (unknown, lambda part: "N" * len(part))):
            for _ in range(count):
                start = self._random.randrange(len(bases) - 400)
                stop = start + self._random.randint(20, 400)
                bases = bases[:start] + change(bases[start:stop]) + bases[stop:]
        return bases

    def protein(self) -> str:
        """Return one protein."""
        length = self._random.randint(80, 400)
        return "M" + "".join(self._random.choices(_AMINO_ACIDS, k=length))


def fasta(records: list[tuple[str, str]], width: int = 80, newline: str = "\n") -> bytes:
    """Return records (header, residues) as FASTA."""
    lines: list[str] = []
    for header, residues in records:
        lines.append(f">{header}")
        lines += [residues[at : at + width] for at in range(0, len(residues), width)]
    return (newline.join(lines) + newline).encode()


def demo_files() -> dict[str, bytes]:
    """Return the corpus: relative path to contents, about 0.9 MB in seven files."""
    one, two, three = _Organism(1), _Organism(2), _Organism(3)
    chromosome, plasmid = one.sequence(250_000), one.sequence(9_000)
    strain = one.relative(chromosome[20_000:] + chromosome[:20_000], 0.008)
    draft = two.sequence(150_000)
    cuts = [0, 41_000, 73_500, 98_200, 117_777, 131_000, 140_500, 146_001, 149_000, 150_000]
    contigs = [
        (f"contig_{i:03d} length={stop - start} depth=1.00x", draft[start:stop])
        for i, (start, stop) in enumerate(pairwise(cuts), 1)
    ]
    return {
        "complete/Demobacter_primus.fa": fasta(
            [
                ("DEMO_000001.1 Demobacter primus, complete genome", chromosome),
                ("DEMO_000002.1 Demobacter primus plasmid pDEMO", plasmid),
            ]
        ),
        "complete/Demobacter_primus_B.fa": fasta(
            [("DEMO_000003.1 Demobacter primus strain B", one.masked(strain, 25, 3))], 70
        ),
        "drafts/Demobacter_secundus.fna.gz": gzip.compress(fasta(contigs, 60), 6, mtime=0),
        "drafts/Demobacter_tertius.fasta": fasta(
            [("scaffold1", three.sequence(120_000)), ("scaffold2", three.sequence(8_000))],
            newline="\r\n",
        ),
        "markers/alleles.fas": fasta(
            [(f"locus_{i}", one.relative(plasmid[:620], 0.02)) for i in range(60)], 60
        ),
        "markers/one_line.fa": fasta([("whole", three.sequence(60_000))], 1 << 30),
        "proteins/Demobacter_primus.faa": fasta(
            [(f"protein_{i:04d} hypothetical protein", two.protein()) for i in range(60)], 60
        ),
    }


def write_demo_corpus(folder: Path) -> list[Path]:
    """Write the corpus below ``folder``; returns the paths."""
    paths = []
    for name, data in demo_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        paths.append(path)
    return paths
