"""What collections come as: AllTheBacteria's tar batches, packages of NCBI's ``datasets``."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
from hashlib import md5
from pathlib import Path
from random import Random

import pytest
import zstandard
from local_runner import SMALL, submit_here

from genomes import small_genome
from seqcoder.errors import InputError, UsageError
from seqcoder.storage.opening import open_store
from seqcoder.writing.genome_source import GenomeSource
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.lookup import archived_genomes, find_genomes
from seqcoder_jobs.corpus import tar
from seqcoder_jobs.corpus.listing import list_corpora
from seqcoder_jobs.corpus.opener import ArchiveOpener, open_source
from seqcoder_jobs.reading.archive_reader import open_archive
from seqcoder_jobs.writing.planning import GivenParameters

BATCH = {f"batch.1/SAMEA{number}.fa": small_genome(600, number, 1) for number in range(8)}
PACK = {
    "b.tar.gz": lambda data: gzip.compress(data, mtime=0),
    "b.tar.zst": zstandard.compress,
    "b.tar.xz": lzma.compress,
}


def write_tar(path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        for name, data in BATCH.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    path.write_bytes(PACK[path.name](buffer.getvalue()))


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count how often a tar is read from its front."""
    begun: list[str] = []
    real = tar.TarStream.__init__

    def counted(self: tar.TarStream, location: str) -> None:
        begun.append(location)
        real(self, location)

    monkeypatch.setattr(tar.TarStream, "__init__", counted)
    return begun


@pytest.mark.parametrize("name", PACK)
def test_a_batch_goes_in_and_comes_out(tmp_path: Path, name: str) -> None:
    write_tar(tmp_path / name)
    outcome = submit_here([tmp_path / name], tmp_path / "archive")
    assert (outcome.failures, outcome.done) == ((), 8)
    with open_archive(tmp_path / "archive") as opened:
        assert {name: genome.read() for name, genome in opened.items()} == BATCH


def test_members_announced_are_read_in_one_pass(tmp_path: Path, passes: list[str]) -> None:
    """Relatives are written in another order than the tar's: that must not cost a pass each."""
    write_tar(tmp_path / "b.tar.xz")
    sources = list_corpora([str(tmp_path / "b.tar.xz")]).sources
    Random(3).shuffle(sources)
    opener = ArchiveOpener()
    passes.clear()
    opener.expect(sources)
    for source in sources:
        assert opener(source) == BATCH[source.member]
    assert len(passes) == 1
    again = [opener(source) for source in sources]  # not announced: right, if slow
    assert again == [BATCH[source.member] for source in sources]
    assert len(passes) > 2


def test_a_container_of_relatives_reads_its_tar_once(tmp_path: Path, passes: list[str]) -> None:
    write_tar(tmp_path / "b.tar.gz")
    (tmp_path / "groups").write_text("".join(f"{name}\tone\n" for name in BATCH))
    given = GivenParameters(level=1, group=True)
    submit_here([tmp_path / "b.tar.gz"], tmp_path / "archive", given=given)
    assert len(passes) <= 3  # listed, sketched, written


ACCESSIONS = {
    f"ncbi_dataset/data/GCF_00000{n}.1/{name}": small_genome(700, n + len(name), 1)
    for n in (1, 2)
    for name in (f"GCF_00000{n}.1_ASM{n}v1_genomic.fna", "cds_from_genomic.fna")
}
NAMES = [path.removeprefix("ncbi_dataset/data/") for path in ACCESSIONS]


def sums(files: dict[str, bytes]) -> bytes:
    return "".join(f"{md5(data).hexdigest()}  {path}\n" for path, data in files.items()).encode()


def package(files: dict[str, bytes] = ACCESSIONS, listed: dict[str, bytes] = ACCESSIONS) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("README.md", "# NCBI Datasets")
        out.writestr("ncbi_dataset/data/assembly_data_report.jsonl", "{}")
        for path, data in files.items():
            out.writestr(path, data)
        out.writestr("md5sum.txt", sums(listed))
    return buffer.getvalue()


def unpacked(folder: Path, data: bytes) -> Path:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    return folder


def test_a_package_is_named_by_accessions(tmp_path: Path) -> None:
    path = tmp_path / "ncbi_dataset.zip"
    path.write_bytes(package())
    listing = list_corpora([str(path)])
    assert ([s.name for s in listing.sources], listing.problems) == (NAMES, [])
    folder = unpacked(tmp_path / "unpacked", package())
    for root in (folder, folder / "ncbi_dataset", folder / "ncbi_dataset" / "data"):
        found = list_corpora([str(root)])
        assert {s.name.removeprefix("data/") for s in found.sources} == set(NAMES)
        assert not found.problems
    for source in [*listing.sources, *found.sources]:
        assert open_source(source) in ACCESSIONS.values()
    outcome = submit_here([path], tmp_path / "archive")
    assert (outcome.done, outcome.failures) == (4, ())


def test_two_packages_with_the_same_accession(tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        (tmp_path / name).write_bytes(package())
    names = [
        s.name for s in list_corpora([str(tmp_path / "one.zip"), str(tmp_path / "two.zip")]).sources
    ]
    assert len(set(names)) == 8
    assert {f"one/{NAMES[0]}", f"two/{NAMES[0]}"} <= set(names)
    assert f"one/{NAMES[0]}" in [s.name for s in list_corpora([str(tmp_path)]).sources]


@pytest.mark.parametrize("packed", [True, False], ids=["zip", "folder"])
def test_a_truncated_file_is_quarantined(tmp_path: Path, packed: bool) -> None:
    """Such files pass for FASTA (ncbi/datasets#331): only the sum tells."""
    bad = next(iter(ACCESSIONS))
    data = package({**ACCESSIONS, bad: ACCESSIONS[bad][:300]})
    corpus = tmp_path / "package.zip"
    if packed:
        corpus.write_bytes(data)
    else:
        corpus = unpacked(tmp_path / "package", data)
    outcome = submit_here([corpus], tmp_path / "archive", given=SMALL)
    assert outcome.done == 3
    (failure,) = outcome.failures
    assert failure.source.endswith(bad)
    assert f"md5sum.txt says {md5(ACCESSIONS[bad]).hexdigest()}" in failure.error
    assert "fetch it again" in failure.error


def test_rehydrated_with_gzip(tmp_path: Path) -> None:
    files = {path + ".gz": gzip.compress(data) for path, data in ACCESSIONS.items()}
    folder = unpacked(tmp_path / "package", package(files))
    listing = list_corpora([str(folder)])
    assert not listing.problems
    assert [open_source(source) for source in listing.sources] == [
        files["ncbi_dataset/data/" + source.name + ".gz"] for source in listing.sources
    ]
    first = Path(listing.sources[0].path)
    first.write_bytes(gzip.compress(b">x\nACGT\n"))
    with pytest.raises(InputError, match=r"md5sum.txt says"):
        open_source(GenomeSource("x", str(first)))


def test_what_is_listed_and_not_there_is_told(tmp_path: Path) -> None:
    kept = dict(list(ACCESSIONS.items())[:3])
    lost = list(ACCESSIONS)[3]
    (tmp_path / "p.zip").write_bytes(package(kept))
    folder = unpacked(tmp_path / "p", package(kept))
    for corpus in (tmp_path / "p.zip", folder, folder / "ncbi_dataset" / "data"):
        listing = list_corpora([str(corpus)])
        assert len(listing.sources) == 3
        (problem,) = listing.problems
        assert problem.source.endswith(lost)
        assert "datasets rehydrate" in problem.error
    part = list_corpora([str(folder / "ncbi_dataset" / "data" / "GCF_000001.1")])
    assert (len(part.sources), part.problems) == (2, [])
    (tmp_path / "dehydrated.zip").write_bytes(package({}))
    assert len(list_corpora([str(tmp_path / "dehydrated.zip")]).problems) == 4


def test_damaged_zips_are_told(tmp_path: Path) -> None:
    whole = package()
    (tmp_path / "text.zip").write_bytes(b"no zip at all")
    (tmp_path / "cut.zip").write_bytes(whole[:-40])
    (tmp_path / "empty.zip").write_bytes(b"PK\5\6" + bytes(18))
    text = "\n".join(f"{p.source}: {p.error}" for p in list_corpora([str(tmp_path)]).problems)
    assert "text.zip: not a readable zip file" in text
    assert "cut.zip: not a readable zip file" in text
    assert "empty.zip: no FASTA files in this zip" in text
    damaged = bytearray(whole)
    at = whole.index(b"cds_from_genomic.fna") + 60
    damaged[at] ^= 0x55
    path = tmp_path / "damaged.zip"
    path.write_bytes(damaged)
    source = next(s for s in list_corpora([str(path)]).sources if "GCF_000001.1/cds" in s.name)
    with pytest.raises(InputError, match="damaged"):
        open_source(source)
    with pytest.raises(InputError, match="no such member"):
        open_source(GenomeSource("x", str(path), "nothing.fa"))
    with pytest.raises(InputError, match="changed since"):
        open_source(GenomeSource("x", str(path), source.member, 1, 1))


def test_bundles_in_an_object_store(bucket: str, tmp_path: Path) -> None:
    store = open_store(bucket)
    store.put("p.zip", package())
    listing = list_corpora([f"{bucket}/p.zip"])
    assert [source.name for source in listing.sources] == NAMES
    assert open_source(listing.sources[0]) == next(iter(ACCESSIONS.values()))
    write_tar(tmp_path / "b.tar.xz")
    store.put("b.tar.xz", (tmp_path / "b.tar.xz").read_bytes())
    listing = list_corpora([f"{bucket}/b.tar.xz"])
    assert {source.member: open_source(source) for source in listing.sources} == BATCH


def test_an_accession_names_its_only_file(tmp_path: Path) -> None:
    files = dict(list(ACCESSIONS.items())[:3])  # both files of the first, one of the second
    (tmp_path / "p.zip").write_bytes(package(files, files))
    submit_here([tmp_path / "p.zip"], tmp_path / "archive")
    archived = archived_genomes(Archive(tmp_path / "archive"))
    assert [g.name for g in find_genomes(archived, ["GCF_000002.1"], "x")] == [NAMES[2]]
    with pytest.raises(UsageError, match="say which"):
        find_genomes(archived, ["GCF_000001.1"], "x")


def test_of_two_members_of_one_name_the_first_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("x.fa", b">first\nACGT\n")
        with pytest.warns(UserWarning, match="Duplicate name"):
            out.writestr("x.fa", b">second\nACGTACGT\n")
    listing = list_corpora([str(path)])
    assert "only the first is taken" in listing.problems[0].error
    (source,) = listing.sources
    assert (source.size, open_source(source)) == (12, b">first\nACGT\n")
