"""Six small inputs, by genome name."""

from __future__ import annotations

from random import Random


def genome(seed: int, length: int, name: str = "c") -> bytes:
    bases = "".join(Random(seed).choices("ACGT", k=length))
    lines = "".join(f"{bases[at : at + 60]}\n" for at in range(0, length, 60))
    return f">{name}{seed} genome {seed}\n{lines}".encode()


CORPUS = {
    "a.fa": genome(1, 3000),
    "b.fa": genome(2, 5000) + b">plasmid\nACGTNNNNNacgt\n",
    "c/one.fna": genome(3, 4000),
    "c/two.fna": genome(4, 100),
    "d.faa": b">p\nMKVLAAGIVGLLLAQWERTYHHHEEEDDDKKK\n",
    "e.fa": genome(5, 2500),
}
