from __future__ import annotations

import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from seqcoder.errors import InputError, UsageError
from seqcoder.storage.opening import open_store
from seqcoder.writing.genome_source import GenomeSource
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.corpus import ncbi
from seqcoder_jobs.corpus.listing import Listing, _Lister, list_corpora
from seqcoder_jobs.corpus.locations import open_binary
from seqcoder_jobs.corpus.opener import open_source
from seqcoder_jobs.corpus.patterns import matches

FILES = {
    "b.fa": b">b\nACGT\n",
    "a/y.fna": b">y\nAC\n",
    "a/x.fna.gz": gzip.compress(b">x\nGG\n", mtime=0),
    "a-b/z.fa": b">z\nTT\n",
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    for name, data in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def names(listing: Listing) -> list[str]:
    return [source.name for source in listing.sources]


def errors(listing: Listing) -> str:
    return "\n".join(f"{problem.source}: {problem.error}" for problem in listing.problems)


def test_folder_is_listed_in_order_of_its_parts(corpus: Path) -> None:
    (corpus / ".hidden.fa").write_bytes(b">h\nA\n")
    (corpus / "md5sum.txt").write_text("x")
    listing = list_corpora([str(corpus)])
    assert names(listing) == ["a/x.fna", "a/y.fna", "a-b/z.fa", "b.fa"]
    assert not listing.problems
    assert listing.passed_over == 1
    for source in listing.sources:
        original = (corpus / source.path).read_bytes()
        assert open_source(source) == original
        assert source.size == len(original)


def test_all_files_takes_those_without_suffix(corpus: Path) -> None:
    (corpus / "md5sum.txt").write_text("x")
    assert "md5sum.txt" in names(list_corpora([str(corpus)], all_files=True))


def test_named_files_need_no_suffix_and_are_taken_once(corpus: Path) -> None:
    odd = corpus / "genome"
    odd.write_bytes(b">g\nA\n")
    listing = list_corpora([str(odd), str(corpus / "b.fa"), str(corpus)])
    assert names(listing) == ["genome", "b.fa", "a/x.fna", "a/y.fna", "a-b/z.fa"]
    again = list_corpora([str(corpus), str(corpus / "b.fa")])
    assert not again.problems


def test_problems_are_told_and_the_rest_is_listed(corpus: Path, tmp_path: Path) -> None:
    (corpus / "broken.fa").symlink_to(corpus / "nowhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    listing = list_corpora([str(corpus), str(empty), str(tmp_path / "missing.fa")])
    assert len(listing.sources) == 4
    text = errors(listing)
    assert "broken.fa: No such file" in text
    assert f"{empty}: no FASTA files found there" in text
    assert "missing.fa: No such file" in text


def test_what_was_named_before_is_no_problem_and_a_like_name_is(corpus: Path) -> None:
    (corpus / "a" / "empty").mkdir()
    (corpus / "emp").mkdir()
    (corpus / "empty.fa").write_bytes(b">e\nA\n")
    (corpus / "t.tar").write_bytes(tar_bytes(MEMBERS))
    again = [corpus / "empty.fa", corpus / "t.tar", corpus / "a", corpus / "*.fa"]
    listing = list_corpora([str(corpus), *map(str, again), f"file://{corpus}/a/"])
    assert not listing.problems
    empty = [corpus / "emp", corpus / "a" / "empty"]
    listing = list_corpora([str(corpus), *map(str, empty)])
    assert [problem.source for problem in listing.problems] == list(map(str, empty))


def test_many_folders_of_a_package_are_listed_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each without a look at what all others hold, and the package's sums read once."""
    data = tmp_path / "ncbi_dataset" / "data"
    folders = [data / f"GCF_{i:06d}.1" for i in range(300)]
    sums = []
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "x.fna").write_bytes(b">x\nA\n")
        sums += [f"{'0' * 32}  ncbi_dataset/data/{folder.name}/{n}.fna" for n in "xy"]
    (tmp_path / "md5sum.txt").write_text("\n".join(sums))
    looked = []
    strip = ncbi.strip_compression
    monkeypatch.setattr(ncbi, "strip_compression", lambda path: looked.append(path) or strip(path))
    opened = []
    monkeypatch.setattr(ncbi, "open_binary", lambda path: opened.append(path) or open_binary(path))
    split = ncbi.split_package
    monkeypatch.setattr(ncbi, "split_package", lambda path: looked.append(path) or split(path))
    listing = list_corpora(map(str, folders))
    assert (len(listing.sources), len(listing.problems)) == (300, 300)
    assert f"{folders[7]}/y.fna: md5sum.txt lists it and it is not there" in errors(listing)
    assert len(opened) == 1
    assert len(looked) <= 5 * 300


def test_found_files_are_not_searched_for_every_folder(corpus: Path) -> None:
    class Counted(dict):  # type: ignore[type-arg]
        looks = 0

        def __iter__(self) -> Iterator[Any]:
            self.looks += 1
            return super().__iter__()

    lister = _Lister(False, "")
    lister.found = Counted()
    for _ in range(50):
        lister.add(str(corpus / "a"))
        lister.add(str(corpus / "a-b"))
    assert (len(lister.found), lister.found.looks, lister.problems) == (3, 0, [])


def test_circular_links_end(corpus: Path) -> None:
    (corpus / "a" / "round").symlink_to(corpus, target_is_directory=True)
    assert len(list_corpora([str(corpus)]).sources) == 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_folder_without_permission_is_told(corpus: Path) -> None:
    (corpus / "a").chmod(0)
    try:
        listing = list_corpora([str(corpus)])
    finally:
        (corpus / "a").chmod(0o755)
    assert "Permission denied" in errors(listing)
    assert names(listing) == ["a-b/z.fa", "b.fa"]


def test_glob_names_are_relative_to_what_is_fixed(corpus: Path) -> None:
    listing = list_corpora([str(corpus / "*" / "*.fna*"), str(corpus / "no*match")])
    assert names(listing) == ["a/x.fna", "a/y.fna"]
    assert "matches nothing" in errors(listing)


def test_known_inputs_keep_their_names(corpus: Path, tmp_path: Path) -> None:
    known = [GenomeSource("kept", str(corpus / "b.fa")), GenomeSource("a/y.fna", "/elsewhere")]
    listing = list_corpora([str(corpus)], known=known)
    assert names(listing) == ["a/x.fna", "corpus/a/y.fna", "a-b/z.fa", "kept"]


PACK = {
    "b.tar": lambda data: data,
    "b.tar.gz": lambda data: gzip.compress(data, mtime=0),
    "b.tar.zst": lambda data: zstandard.compress(data[:700]) + zstandard.compress(data[700:]),
    "b.tar.xz": lzma.compress,
}


def tar_bytes(members: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


MEMBERS = [("d/z.fa", b">z\nAC\n"), ("d/a.fa", b">a\nGT\n" * 500), ("d/readme.txt", b"-")]


@pytest.mark.parametrize("name", PACK)
def test_tar_members_are_read_in_any_order(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(PACK[name](tar_bytes(MEMBERS)))
    listing = list_corpora([str(path)])
    assert names(listing) == ["d/z.fa", "d/a.fa"]  # the tar's own order
    assert (listing.passed_over, listing.problems) == (1, [])
    contents = dict(MEMBERS)
    for source in [*listing.sources, *reversed(listing.sources), listing.sources[0]]:
        assert open_source(source) == contents[source.member]
    assert listing.sources[0].label == f"{path}::d/z.fa"


def test_tar_in_a_folder_gives_its_name_to_the_members(tmp_path: Path) -> None:
    (tmp_path / "batch1.tar").write_bytes(tar_bytes(MEMBERS))
    assert names(list_corpora([str(tmp_path)])) == ["batch1/d/z.fa", "batch1/d/a.fa"]


def test_damaged_tars_are_told(tmp_path: Path) -> None:
    whole = tar_bytes([*MEMBERS, MEMBERS[0], ("late.fa", b">l\nA\n")])
    (tmp_path / "double.tar").write_bytes(whole)
    large = tar_bytes([MEMBERS[0], ("big.fa", b">r\n" + os.urandom(200_000).hex().encode())])
    (tmp_path / "short.tar.gz").write_bytes(gzip.compress(large)[:150_000])
    (tmp_path / "cut.tar").write_bytes(large[:300_000])
    (tmp_path / "none.tar").write_bytes(tar_bytes(MEMBERS[2:]))
    (tmp_path / "text.tar").write_bytes(b"no tar at all" * 100)
    listing = list_corpora([str(tmp_path)])
    text = errors(listing)
    assert {"double/d/z.fa", "double/late.fa", "short/d/z.fa"} <= set(names(listing))
    assert "double.tar::d/z.fa: a second member of this name" in text
    assert "short.tar.gz: the tar file is cut short or damaged" in text
    assert "cut.tar: the tar file is cut short or damaged" in text
    assert "none.tar: no FASTA files in this tar" in text
    assert "text.tar: not a readable tar file" in text


def test_changed_tar_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.tar"
    path.write_bytes(tar_bytes(MEMBERS))
    source = list_corpora([str(path)]).sources[0]
    os.utime(path, ns=(1, 1))
    with pytest.raises(InputError, match="changed since"):
        open_source(source)


def test_file_uri(corpus: Path) -> None:
    odd = corpus / "with space#.fa"
    odd.write_bytes(b">s\nA\n")
    listing = list_corpora([f"file://{corpus}", f"file://{corpus}/a/*.fna"])
    assert names(listing) == ["a/x.fna", "a/y.fna", "a-b/z.fa", "b.fa", "with space#.fa"]
    for source in listing.sources:
        assert open_source(source) == Path(source.path.removeprefix("file://")).read_bytes()
    odd.write_bytes(b">s\nAC\n")
    with pytest.raises(InputError, match="changed since"):
        open_source(listing.sources[-1])


@pytest.mark.parametrize(
    ("pattern", "taken", "left"),
    [
        (
            "b/**/genome.fa",
            ["b/genome.fa", "b/x/genome.fa", "b/x/y/genome.fa"],
            ["b/x/mygenome.fa"],
        ),
        ("b/*/**/*.fa", ["b/x/y.fa", "b/x/y/z.fa"], ["b/y.fa", "b/x/y.fna", "c/x/y.fa"]),
        ("b/**", ["b/x", "b/x/y.fa"], ["c/x", "ab/x"]),
        ("**/c/**/d.fa", ["c/d.fa", "a/c/d.fa", "a/c/b/d.fa", "c/c/c/d.fa"], ["d.fa", "c/d.fa/e"]),
        ("b/*.fa", ["b/x.fa"], ["b/x/y.fa"]),
        ("b/x**.fa", ["b/xy.fa"], ["b/x/y.fa"]),
    ],
)
def test_a_star_stays_in_its_folder(pattern: str, taken: list[str], left: list[str]) -> None:
    assert [path for path in (*taken, *left) if matches(path, pattern)] == taken


def test_a_corpus_in_a_bucket(bucket: str) -> None:
    store = open_store(bucket)
    for name, data in FILES.items():
        store.put(f"c/{name}", data)
    store.put("c/.hidden/x.fa", b">x\n")
    for argument in (f"{bucket}/c/", f"{bucket}/c"):
        listing = list_corpora([argument])
        assert names(listing) == ["a-b/z.fa", "a/x.fna", "a/y.fna", "b.fa"]
        assert [open_source(source) for source in listing.sources] == [
            FILES[name] for name in ("a-b/z.fa", "a/x.fna.gz", "a/y.fna", "b.fa")
        ]
    store.put("t.tar", tar_bytes(MEMBERS))
    listing = list_corpora([f"{bucket}/c?region=us-east-1", f"{bucket}/t.tar", f"{bucket}/x/*.fa"])
    assert listing.sources[0].path == f"{bucket}/c/a-b/z.fa?region=us-east-1"
    assert names(listing)[4:] == ["d/z.fa", "d/a.fa"]
    assert open_source(listing.sources[5]) == MEMBERS[1][1]
    assert f"{bucket}/x/*.fa: no FASTA files found" in errors(listing)
    assert names(list_corpora([f"{bucket}/c/*/*.f*a"])) == ["a-b/z.fa", "a/y.fna"]
    (one,) = list_corpora([f"{bucket}/c/b.fa"]).sources
    store.put("c/b.fa", b">b\nACGTACGT\n")
    with pytest.raises(InputError, match="changed since it was listed"):
        open_source(one)
    store.delete(["c/b.fa"])
    with pytest.raises(InputError, match="no such object"):
        open_source(one)
    assert "no such file or folder" in errors(list_corpora([f"{bucket}/never"]))
    assert "no such bucket" in errors(list_corpora(["s3://nosuchbucket/x"]))


def test_unknown_scheme_is_one_clear_line() -> None:
    listing = list_corpora(["zzz://bucket/x.fa"])
    assert "zzz://bucket" in errors(listing)
    assert "\n" not in listing.problems[0].error


def test_a_slash_too_few_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And makes no folder called ``s3:``."""
    monkeypatch.chdir(tmp_path)
    (problem,) = list_corpora(["s3:/bucket/fasta"]).problems
    assert problem.error == "a URL has two slashes: s3://bucket/fasta"
    with pytest.raises(UsageError, match="two slashes: gs://bucket/archive"):
        Archive("gs:/bucket/archive")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "s3:").mkdir()  # whoever has one may use it
    (tmp_path / "s3:" / "x.fa").write_bytes(b">x\nACGT\n")
    assert [source.name for source in list_corpora(["s3:/x.fa"]).sources] == ["x.fa"]


def test_one_odd_input_does_not_end_the_others(tmp_path: Path) -> None:
    """Each that cannot be taken is named; the rest of the folder, glob, tar and zip is there."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "good.fa").write_bytes(b">x\nACGT\n")
    (folder / os.fsdecode(b"\xd7#?%\n.fa")).write_bytes(b">x\nACGT\n")
    (folder / "dangling.fa").symlink_to("nowhere")
    (folder / "circle.fa").symlink_to("circle.fa")
    os.mkfifo(folder / "pipe.fa")
    (folder / "empty.tar.gz").write_bytes(b"")
    (folder / "empty.zip").write_bytes(b"")
    with tarfile.open(folder / "t.tar", "w") as tar:
        tar.add(folder / "good.fa", "a.fa")
        for kind, name in ((tarfile.LNKTYPE, "hard.fa"), (tarfile.SYMTYPE, "soft.fa")):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "a.fa"
            tar.addfile(member)
        member = tarfile.TarInfo("device.fa")
        member.type = tarfile.CHRTYPE
        tar.addfile(member)
        tar.add(folder / "good.fa", "z.fa")
    with zipfile.ZipFile(folder / "z.zip", "w") as packed:
        link = zipfile.ZipInfo("link.fa")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "a.fa")
        packed.writestr("a.fa", ">x\nACGT\n")
    good = ["%D7#?%%0A.fa", "good.fa", "t/a.fa", "t/z.fa", "z/a.fa"]
    for argument in (str(folder), str(folder / "*"), f"file://{folder}", f"file://{folder}/*"):
        listing = list_corpora([argument])
        assert sorted(names(listing)) == good
        told = {problem.source.removeprefix(f"{folder}/") for problem in listing.problems}
        assert told == {
            *("dangling.fa", "circle.fa", "pipe.fa", "empty.tar.gz", "empty.zip"),
            *("t.tar::hard.fa", "t.tar::soft.fa", "t.tar::device.fa", "z.zip::link.fa"),
        }
        for source in listing.sources:
            assert open_source(source) == b">x\nACGT\n"
