"""An archive: a folder, or a prefix of an object store (docs/archive.md).

What lies in it is reached through its ``store``, by the names below. A container of a folder is
called as the plan has it and grows there. One of an object store is an object for each of its
states, whose name tells that state's SHA-256 (``container_name``): objects never change.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqcoder.circumstances import system_reason
from seqcoder.errors import InputError, IntegrityError, MissingError, UsageError
from seqcoder.storage.atomic import atomic_file, sync_folder
from seqcoder.storage.container_name import object_name
from seqcoder.storage.opening import open_store
from seqcoder.storage.output_lock import remove_stale_locks
from seqcoder.storage.url import is_url, split_url, url_meant
from seqcoder_jobs.archive.layout import (
    CLAIM,
    CONTAINERS,
    LAYOUT,
    LEFT,
    LOCK,
    MANIFEST,
    PLAN,
    TABLES,
    is_ours,
)
from seqcoder_jobs.archive.lock import hold, is_held
from seqcoder_jobs.archive.success import NAME as SUCCESS
from seqcoder_jobs.archive.success import success_bytes

if TYPE_CHECKING:
    from seqcoder.writing.workplace import Workplace
    from seqcoder_jobs.archive.claim import Claim, Holder
    from seqcoder_jobs.archive.saved_plan import SavedPlan


class Archive:
    """An archive by its folder or URL."""

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """``location`` need not exist yet."""
        text = os.fspath(location)
        self.folder: Path | None = None
        """The folder, None for an archive in an object store."""
        if is_url(text) and split_url(text).scheme != "file":
            self.store = open_store(text)
            self.name = self.store.url
        else:
            if is_url(text):
                text = "/" + split_url(text).path.lstrip("/")
            self.folder = Path(os.path.abspath(text))  # noqa: PTH100 - keep links as they are
            if (meant := url_meant(text)) and not self.folder.exists():
                raise UsageError(f"{text}: a URL has two slashes: {meant}")
            if self.folder.is_file():
                raise UsageError(
                    f"{text}: is a file, and an archive is a folder; for containers there is "
                    "'seqcoder'"
                )
            self.store = open_store(self.folder)
            self.name = str(self.folder)
        self._plan_identity = ""
        self._digests: dict[str, str] | None = None
        self._claim: Claim | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """The last part of its name."""
        return self.folder.name if self.folder else split_url(self.name).path.rpartition("/")[2]

    @property
    def exists(self) -> bool:
        """Whether there is a plan; raises StorageError where there is not even a bucket.

        A byte of it is read: that there is no bucket is told by what comes with the refusal.
        """
        try:
            self.store.get_range(PLAN, 0, 1)
        except MissingError:
            return False
        return True

    def has(self, name: str) -> bool:
        """Whether there is a file or object called so."""
        try:
            self.store.find(name)
        except MissingError:
            return False
        return True

    def require(self) -> None:
        """Raise UsageError where there is no archive."""
        if not self.exists:
            raise self._none()

    def check_place(self) -> None:
        """Raise UsageError where nothing can be written."""
        if self.folder is None and split_url(self.name).scheme in ("http", "https"):
            raise UsageError(
                f"{self}: nothing is written to a web server; name a folder or a bucket (s3://, "
                "gs://, az://)"
            )

    def _none(self) -> UsageError:
        if self.name.endswith(".sqc"):
            return UsageError(f"{self}: is called as a container is; 'seqcoder' reads those")
        return UsageError(f"{self}: no archive (no {PLAN} there); 'seqcoder-ray submit' makes one")

    def load(self) -> SavedPlan:
        """Return the saved plan.

        Raises UsageError where there is no archive, IntegrityError where its plan is damaged.
        """
        from seqcoder_jobs.archive.saved_plan import SavedPlan

        where = self.store.locate(PLAN)
        try:
            data, stored = self.store.get(PLAN)
            text = data.decode()
        except MissingError:
            raise self._none() from None
        except UnicodeDecodeError as error:
            raise IntegrityError(f"{where}: damaged ({error})") from None
        self._plan_identity = stored.identity
        try:
            return SavedPlan.from_json(text, where)
        except (InputError, UsageError) as error:  # whatever it asks for, it was saved right
            told = str(error) if where in str(error) else f"{where}: {error}"
            raise IntegrityError(f"{told}; restore it from a good copy") from None

    def save(self, saved: SavedPlan) -> None:
        """Save the plan over the one that was loaded, whole or not at all.

        Raises UsageError where another run has saved one meanwhile.
        """
        self.make()
        lines = (line.encode() for line in saved.json_lines())
        if self.folder is not None:  # whose writers the lock keeps apart
            with atomic_file(self.folder / PLAN) as out:
                out.writelines(lines)
            return
        data = b"".join(lines)
        if self._plan_identity:
            self._plan_identity = self.store.replace(PLAN, data, self._plan_identity)
            if not self._plan_identity:
                raise UsageError(f"{self}: another run changed its plan; repeat the command")
        elif not self.store.put_new(PLAN, data):
            raise UsageError(f"{self}: another run has made this archive; repeat the command")
        else:
            self._plan_identity = self.store.find(PLAN).identity

    def make(self) -> None:
        """Make the folders; raises UsageError where something else is in the way."""
        if self.folder is None:
            if not self.exists:
                names = {stored.name.partition("/")[0] for stored in self.store.files()}
                self._refuse_foreign(sorted(name for name in names if not is_ours(name)))
            return
        if self.folder.is_dir() and not self.exists:
            there = sorted(path.name for path in self.folder.iterdir())
            self._refuse_foreign([name for name in there if not is_ours(name)])
        manifest = self.folder / MANIFEST
        try:
            for folder in (self.folder / CONTAINERS, *(manifest / table for table in TABLES)):
                folder.mkdir(parents=True, exist_ok=True)
            for folder in (manifest, self.folder, self.folder.parent):
                sync_folder(folder)  # so that what is durable in them can be found
        except FileExistsError:
            raise UsageError(f"{self}: a file is in the way; choose another") from None
        except OSError as error:
            raise InputError(f"{self}: {system_reason(error, 'choose another folder')}") from None

    def _refuse_foreign(self, foreign: list[str]) -> None:
        if foreign:
            raise UsageError(
                f"{self}: is no archive and not empty ({foreign[0]}); choose another folder"
            )

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the archive against a second writer; raises UsageError if there is one."""
        self.check_place()
        self.make()
        if self.folder is None:
            from seqcoder_jobs.archive.claim import Claim

            with Claim(self.store, CLAIM).held() as self._claim:
                yield
            return
        with hold(self.folder / LOCK):
            # What a killed writer left: only one who holds the lock writes these.
            for pattern in LEFT:
                for left in self.folder.glob(pattern):
                    left.unlink(missing_ok=True)
            remove_stale_locks(self.folder / CONTAINERS)
            yield

    def check_held(self) -> None:
        """Raise UsageError where another run has taken the archive over, before a commit."""
        if self._claim is not None:
            self._claim.check()

    @property
    def is_locked(self) -> bool:
        """Whether a run is writing the archive now."""
        if self.folder is None:
            from seqcoder_jobs.archive.claim import is_claimed

            return is_claimed(self.store, CLAIM)
        return is_held(self.folder / LOCK)

    def find_holder(self) -> Holder | None:
        """Return who claims an archive in an object store; None if nobody does, or elsewhere.

        Takes up to 15 s where that is another machine.
        """
        if self.folder is not None:
            return None
        from seqcoder_jobs.archive.claim import find_holder

        return find_holder(self.store, CLAIM)

    def workplace(self) -> Workplace:
        """Return where this process has its containers as files."""
        from seqcoder.writing.workplace import open_workplace

        return open_workplace(self.store.locate(CONTAINERS))

    def container(self, name: str) -> str:
        """Return the path or URL of a container, as it is by the manifest.

        Raises IntegrityError where the manifest does not know it and it has to.
        """
        if self.folder is not None:
            return str(self.folder / CONTAINERS / name)
        return self.store.locate(f"{CONTAINERS}/{self.container_name(name)}")

    def container_name(self, name: str) -> str:
        """Return what a container is called in ``containers/``, as it is by the manifest."""
        if self.folder is not None:
            return name
        if self._digests is None or name not in self._digests:
            self._digests = self.container_digests()
        if name not in self._digests:
            raise IntegrityError(f"{self}: its manifest knows no container {name}")
        return object_name(name, self._digests[name])

    def container_digests(self) -> dict[str, str]:
        """Return the SHA-256 (hex) of each container, by its name, as the manifest has them."""
        from seqcoder_jobs.archive.manifest.files import read_table

        table = read_table(self.store, "containers", ["container", "sha256"])
        return dict(zip(table["container"].to_pylist(), table["sha256"].to_pylist(), strict=True))

    def refresh(self) -> None:
        """Have the manifest read anew: a run may have written other states of containers."""
        self._digests = None

    def mark_incomplete(self) -> None:
        """Take the success mark away before anything changes."""
        self.check_held()
        self.store.delete([SUCCESS])

    @property
    def is_marked(self) -> bool:
        """Whether the success mark is there."""
        return self.has(SUCCESS)

    def mark_success(self, saved: SavedPlan, containers: list[dict[str, Any]]) -> None:
        """Write the success mark: what a finished archive is made of, with digests."""
        self.check_held()
        tables = [s.name for s in self.store.files(MANIFEST) if s.name.endswith(".parquet")]
        facts = {
            "layout": LAYOUT,
            "plan_digest": saved.plan.digest,
            "plan_sha256": self.store.sha256(PLAN),
            "containers": containers,
            "manifest": {name: self.store.sha256(name) for name in tables},
        }
        self.store.put(SUCCESS, success_bytes(facts))
