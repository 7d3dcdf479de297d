"""Pinned sizes on the real collections: a change here changes every archive of relatives."""

from pathlib import Path

import numpy as np
import pytest

from seqcoder.pangenome import PanGenome, read_walk

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "dev" / "collections"
CODE = np.full(256, 4, dtype=np.uint8)
for value, letter in enumerate(b"ACGT"):
    CODE[letter] = CODE[letter + 32] = value


def bases(fasta: bytes) -> np.ndarray:
    lines = [line for line in fasta.split(b"\n") if not line.startswith(b">")]
    codes = CODE[np.frombuffer(b"".join(lines), dtype=np.uint8)]
    return codes[codes < 4]


def genomes(collection: str, wanted: str) -> list[np.ndarray]:
    archive = DATA / f"{collection}.tar.zst"
    if not archive.exists():
        pytest.skip(f"the collection {archive} is not here")
    import io
    import tarfile

    import zstandard

    with archive.open("rb") as file:
        tar = zstandard.ZstdDecompressor().stream_reader(file).read()
    with tarfile.open(fileobj=io.BytesIO(tar)) as members:
        files = {m.name: members.extractfile(m) for m in members if wanted in m.name and m.isfile()}
        return [bases(file.read()) for _, file in sorted(files.items()) if file]


@pytest.mark.real
@pytest.mark.parametrize(
    ("collection", "wanted", "novel", "walks"),
    [
        ("Listeria_monocytogenes", "_Lm18", 3445549, 146750),
        ("Staphylococcus_aureus", "JKD6159", 2764124, 5624),
    ],
)
def test_pinned_totals(collection: str, wanted: str, novel: int, walks: int) -> None:
    pan = PanGenome()
    family = genomes(collection, wanted)
    added = [pan.add(genome) for genome in family]
    assert (pan.n_bases, sum(len(one.data) for one in added)) == (novel, walks)
    data, sizes = [one.data for one in added], [len(genome) for genome in family]
    last = read_walk(2, data.__getitem__, sizes.__getitem__, pan.n_bases)
    assert np.array_equal(last.apply(pan.fetch), family[2])
