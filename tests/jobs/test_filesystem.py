"""``sqc://``: containers and archives read by fsspec and what reads through it."""

from __future__ import annotations

import io
import random
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seqcoder
from fasta_strategies import fasta_files
from genomes import letters, random_bases, small_genome
from seqcoder.reading.file_range import FileRanges

fsspec = pytest.importorskip("fsspec", reason="fsspec is an extra")

FASTA = small_genome(20_000, seed=5)
ONE_LINE = b">a long line\n" + letters(random_bases(9_000, 3)) + b"\n\n>b\nACGTN\n>empty\n"
RAGGED = b">r\nACGT\nAC\nACGTAC\n" * 9
FILES = {
    "contigs.fa": FASTA,
    "in/one_line.fa": ONE_LINE,
    "in/crlf.fa": FASTA.replace(b"\n", b"\r\n"),
    "in/ragged.fa": RAGGED,
    "no_end.fa": FASTA[:-1],
    "p.faa": b">p\nMKLVWQERTY\n",
}


@pytest.fixture(autouse=True)
def registered() -> None:
    # As the entry point does; that of an editable installation may be older than this.
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    where = project["entry-points"]["fsspec.specs"]["sqc"].replace(":", ".")
    fsspec.register_implementation("sqc", where, clobber=True)


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqc") / "all.sqc"
    path.write_bytes(seqcoder.compress_bytes(FILES, settings=seqcoder.Settings(level=1)))
    return path


@settings(deadline=None)
@given(fasta_files(), st.integers(0, 300), st.integers(0, 300))
def test_any_range_of_any_file(data: bytes, start: int, length: int) -> None:
    packed = seqcoder.compress_bytes({"x": data}, settings=seqcoder.Settings(level=1))
    with seqcoder.open(packed) as genomes:
        ranges = FileRanges(genomes["x"])
        for at in (start, max(len(data) - start, 0)):
            assert ranges.read(at, at + length) == data[at : at + length]


@pytest.mark.parametrize("name", FILES)
def test_ranges_and_wholes(container: Path, name: str) -> None:
    data = FILES[name]
    with fsspec.open(f"sqc://{name}::{container}") as file:
        assert file.read() == data
        for start in random.Random(1).sample(range(len(data)), min(60, len(data))):
            file.seek(start)
            assert file.read(130) == data[start : start + 130]
    fs = fsspec.filesystem("sqc", fo=container)
    assert fs.cat_file(name, 3, -3) == data[3:-3]
    assert fs.size(name) == len(data)
    assert fs.read_text(name, newline="") == data.decode()


def test_it_is_a_folder(container: Path, tmp_path: Path) -> None:
    fs = fsspec.filesystem("sqc", fo=container)
    assert sorted(fs.find("")) == sorted(FILES)
    assert sorted(fs.ls("", detail=False)) == ["contigs.fa", "in", "no_end.fa", "p.faa"]
    assert sorted(fs.glob("in/*.fa")) == ["in/crlf.fa", "in/one_line.fa", "in/ragged.fa"]
    assert fs.isdir("in")
    assert not fs.exists("in/none.fa")
    with pytest.raises(FileNotFoundError):
        fs.open("in/none.fa")
    with pytest.raises(IsADirectoryError):
        fs.open("in")
    with pytest.raises(OSError, match="read only"):
        fs.open("contigs.fa", "wb")
    fs.get("in", f"{tmp_path}/in", recursive=True)
    assert (tmp_path / "in/crlf.fa").read_bytes() == FILES["in/crlf.fa"]
    fs.close()


def test_a_target_of_another_filesystem(container: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/all.sqc", container.read_bytes())
    with fsspec.open("sqc://in/one_line.fa::memory://bucket/all.sqc") as file:
        assert file.read(300) == ONE_LINE[:300]


def test_a_range_decodes_its_part_only(container: Path) -> None:
    with seqcoder.open(container) as genomes:
        one = FileRanges(genomes["in/one_line.fa"])
        asked = []
        region = one.genome.region
        one.genome.region = lambda *a: (asked.append(a), region(*a))[1]  # type: ignore[method-assign]
        assert one.read(5_000, 5_060) == ONE_LINE[5_000:5_060]
        assert [stop - start for _, start, stop in asked] == [60]


def test_pandas_reads_it(container: Path) -> None:
    pd = pytest.importorskip("pandas")
    lines = pd.read_csv(f"sqc://contigs.fa::{container}", header=None, comment=">")[0]
    with seqcoder.open(container) as genomes:
        assert "".join(lines) == "".join(record.seq for record in genomes["contigs.fa"])


def test_pyfaidx_reads_it_by_its_index(container: Path) -> None:
    pyfaidx = pytest.importorskip("pyfaidx", reason="pyfaidx is for tests only")
    fasta = pyfaidx.Fasta(fsspec.open(f"sqc://contigs.fa::{container}"))
    with seqcoder.open(container) as genomes:
        for record in genomes["contigs.fa"]:
            theirs = fasta[record.name]
            assert len(theirs) == len(record)
            assert theirs[905:1100].seq == record[905:1100]
            assert str(-theirs[:50]) == (-record)[-50:]
            assert str(theirs[:].complement) == record.complement
            assert str(theirs[:].reverse) == record.reverse
            assert theirs[-20::3].seq == record[-20::3]
    fs = fsspec.filesystem("sqc", fo=container)
    assert not fs.exists("in/ragged.fa.fai")
    assert fs.cat_file("in/one_line.fa.fai").split(b"\n")[0] == b"a\t9000\t13\t9000\t9001"


def test_biopython_reads_it_and_gets_records(container: Path) -> None:
    seqio = pytest.importorskip("Bio.SeqIO", reason="Biopython is for tests only")
    with fsspec.open(f"sqc://contigs.fa::{container}", "rt") as file:
        theirs = list(seqio.parse(file, "fasta"))
    with seqcoder.open(container) as genomes:
        ours = [record.to_biopython() for record in genomes["contigs.fa"]]
    expected = list(seqio.parse(io.StringIO(FASTA.decode()), "fasta"))
    assert len(theirs) == 2
    for one in (theirs, ours):
        assert [r.format("fasta") for r in one] == [r.format("fasta") for r in expected]


def test_scikit_bio_gets_records(container: Path) -> None:
    skbio = pytest.importorskip("skbio", reason="scikit-bio is large, and not in the dev extra")
    with seqcoder.open(container) as genomes:
        record = genomes["contigs.fa"][0]
        dna = record.to_skbio()
        assert isinstance(dna, skbio.DNA)
        assert str(dna) == record.seq.upper()
        assert dna.metadata == {"id": "contig1", "description": "generated 5"}
        lower = np.array([letter.islower() for letter in record.seq])
        assert np.array_equal(dna.positional_metadata["lowercase"], lower)


def test_an_archive_is_a_folder_too(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("ray")
    from local_runner import submit_here

    from seqcoder_jobs.writing.planning import GivenParameters

    corpus = tmp_path / "corpus"
    for name, data in FILES.items():
        (corpus / name).parent.mkdir(parents=True, exist_ok=True)
        (corpus / name).write_bytes(data)
    submit_here([corpus], tmp_path / "archive", given=GivenParameters(level=1, latents=False))
    fs = fsspec.filesystem("sqc", fo=tmp_path / "archive")
    assert fs.du("") == sum(map(len, FILES.values()))
    assert sorted(fs.find("")) == sorted(FILES)
    fs.close()
    with fsspec.open(f"sqc://in/one_line.fa::{tmp_path}/archive") as file:
        file.seek(4_000)
        assert file.read(50) == ONE_LINE[4_000:4_050]
