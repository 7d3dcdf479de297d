"""Files get their names only when they are durable, and their names are durable before the next."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from local_runner import submit_here

from seqcoder.errors import InputError
from seqcoder.storage import atomic


class Disk:
    """What was synced and renamed, in order; ``fails``: files whose sync fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fails: str = "") -> None:
        self.events: list[tuple[str, object]] = []
        fsync, replace = os.fsync, Path.replace

        def note_sync(descriptor: int) -> None:
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            if fails and fails in path.name:
                raise OSError(errno.EIO, "Input/output error")
            fsync(descriptor)
            facts = os.fstat(descriptor)
            what = path if stat.S_ISDIR(facts.st_mode) else facts.st_ino
            self.events.append(("sync", what))

        def note_rename(old: Path, new: Path) -> Path:
            self.events.append(("rename", old.stat().st_ino))
            moved = replace(old, new)
            self.events.append(("named", Path(new)))
            return moved

        monkeypatch.setattr(os, "fsync", note_sync)
        monkeypatch.setattr(Path, "replace", note_rename)

    @property
    def named(self) -> list[Path]:
        return [what for event, what in self.events if event == "named" and isinstance(what, Path)]


def test_every_file_is_synced_renamed_and_its_folder_synced(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive"
    disk = Disk(monkeypatch)
    submit_here([corpus], archive)
    for at, (event, what) in enumerate(disk.events):
        if event == "rename":
            assert disk.events[at - 1] == ("sync", what)
        if event == "named":
            assert isinstance(what, Path)
            assert disk.events[at + 1] == ("sync", what.parent)
    files = {path for path in archive.rglob("*") if path.is_file() and path.name != ".lock"}
    assert files <= set(disk.named), "a file that was not made so"


def test_the_order(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "archive"
    disk = Disk(monkeypatch)
    submit_here([corpus], archive)
    named = [str(path.relative_to(archive)) for path in disk.named]
    assert named[0].startswith("sketches/")
    assert named[1] == "plan.json"
    assert named[-1] == "_SUCCESS"
    for container in [name for name in named if name.startswith("containers/")]:
        part = f"part-{Path(container).stem}.parquet"
        parts = [named.index(f"manifest/{table}/{part}") for table in ("containers", "genomes")]
        assert named.index(container) < parts[0] < parts[1]
        assert parts[1] < named.index("manifest/genomes/all.parquet")


@pytest.mark.parametrize("where", ["000001.sqc", "genomes", "part-000000", "plan.json"])
def test_a_disk_that_fails_to_sync(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    archive = tmp_path / "archive"
    with monkeypatch.context() as patch:
        Disk(patch, fails=where)
        try:
            error: BaseException | None = submit_here([corpus], archive).error
        except (OSError, InputError) as raised:
            error = raised
        assert error is not None
    assert not (archive / "_SUCCESS").exists()
    assert submit_here([corpus], archive).error is None
    assert (archive / "_SUCCESS").exists()
    assert not list(archive.rglob(".*.partial"))


def test_a_file_system_that_cannot_sync_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(number: int) -> None:
        def sync(descriptor: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", sync)

    fail(errno.EINVAL)
    atomic.sync_folder(tmp_path)
    fail(errno.EIO)
    with pytest.raises(OSError, match="Input/output") as caught:
        atomic.sync_folder(tmp_path)
    assert caught.value.filename == str(tmp_path)


def test_what_a_killed_writer_left_goes(corpus: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    (archive / "containers").mkdir(parents=True)
    left = [
        archive / ".plan.json.4711.partial",
        archive / "containers/..seqcoder-run.1.partial",
        archive / "containers/.seqcoder-run",
    ]
    for path in left:
        path.touch()
    assert submit_here([corpus], archive).error is None
    assert not [path for path in left if path.exists()]
