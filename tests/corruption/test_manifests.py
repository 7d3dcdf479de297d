"""Damage to the files of an archive other than containers: told by verify, never listed as true."""

from __future__ import annotations

import io
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="manifests are Parquet files (seqcoder[ray])")
sys.path.append(str(Path(__file__).resolve().parents[1] / "jobs"))

from damage import AT_PLACES, Mutation
from local_runner import submit_here

from genomes import small_genome
from seqcoder.errors import InputError, IntegrityError, SeqcoderError, UsageError
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.lookup import archived_genomes
from seqcoder_jobs.cli import show, verify

FILES = ("genomes", "records", "chunks", "containers", "plan.json", "_SUCCESS")
COUNT = 90  # of each file


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("archive")
    corpus = folder / "corpus"
    corpus.mkdir()
    for i in range(4):
        (corpus / f"g{i}.fa").write_bytes(small_genome(1500, seed=i))
    (corpus / "p.faa").write_bytes(b">p\nMKVLITGAGSGIGLELVRQFLELGHRVVATD\n")
    assert submit_here([corpus], folder / "a").error is None
    return Archive(folder / "a")


def path_of(archive: Archive, name: str) -> Path:
    table = archive.folder / "manifest" / name / "all.parquet"
    return table if table.exists() else archive.folder / name


def mutations(data: bytes, seed: int, other: bytes) -> Iterator[Mutation]:
    """Damage at chance archived, at both ends and at the last bytes, where Parquet's footer is."""
    rng = np.random.default_rng(seed)
    names = list(AT_PLACES)
    for number in range(COUNT - 4):
        low = len(data) - min(len(data), 600) if number % 3 else 0
        at, name = int(rng.integers(low, len(data))), names[rng.integers(len(names))]
        changed = bytearray(data)
        AT_PLACES[name](changed, at, rng)
        yield Mutation(f"{name} at {at}", bytes(changed))
    half = len(data) // 2
    yield Mutation("empty", b"")
    yield Mutation("halves exchanged", data[half:] + data[:half])
    yield Mutation("twice", data + data)
    yield Mutation("another file", other)


def listing(archive: Archive) -> list[str]:
    """What ``list`` says of genomes and records, as a set of lines."""
    out = io.StringIO()
    with redirect_stdout(out):
        show.run_list(show.ListOptions(str(archive)))
        show.run_list(show.ListOptions(str(archive), records=True))
    archived = [str(found) for found in archived_genomes(archive)]
    return sorted(out.getvalue().splitlines() + archived)


def check_listing(archive: Archive, expected: list[str]) -> None:
    assert listing(archive) == expected


def told(call: Callable[[], object]) -> SeqcoderError | None:
    """The error of ours that a call ends with, one line; any other goes on its way."""
    found = None
    try:
        with redirect_stdout(io.StringIO()):
            call()
    except SeqcoderError as error:
        found = error
    assert "\n" not in str(found)
    return found


def verified(archive: Archive) -> SeqcoderError | None:
    return told(lambda: verify.run(verify.VerifyOptions(str(archive))))


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_of_an_archive(
    name: str, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    path, expected = path_of(archive, name), listing(archive)
    whole = path.read_bytes()
    other = path_of(archive, FILES[FILES.index(name) - 1]).read_bytes()
    outcomes: Counter[str] = Counter()
    try:
        for mutation in mutations(whole, FILES.index(name), other):
            if mutation.data == whole:
                continue
            path.write_bytes(mutation.data)
            found = verified(archive)
            said = capsys.readouterr().err
            assert isinstance(found, IntegrityError), f"{mutation.name}: {found!r}"
            assert path.name in str(found) + said, f"{mutation.name}: {found}"
            refused = told(lambda: check_listing(archive, expected))
            if refused is None:
                assert name not in ("genomes", "records"), f"{mutation.name}: listed all the same"
            else:
                assert isinstance(refused, IntegrityError | InputError)
                assert str(archive.folder) in str(refused)
            outcomes["refused" if refused else "listed right"] += 1
    finally:
        path.write_bytes(whole)
    assert outcomes.total() > COUNT * 0.9
    assert verified(archive) is None


def test_lost_files(archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in FILES:
        copy = Archive(tmp_path / name)
        shutil.copytree(archive.folder, copy.folder)
        path_of(copy, name).unlink()
        found = verified(copy)
        if name == "_SUCCESS":
            assert found is None  # an archive that is not finished has none
        elif name == "plan.json":
            assert isinstance(found, UsageError)
            assert "no archive" in str(found)
        else:
            assert isinstance(found, IntegrityError)
            assert "missing" in capsys.readouterr().err
