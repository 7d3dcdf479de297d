"""The folder of an archive: where things are, the saved plan, the lock (docs/archive.md)."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqcoder.circumstances import system_reason
from seqcoder.errors import InputError, IntegrityError, UsageError
from seqcoder.storage.atomic import atomic_file, sync_folder, write_atomically
from seqcoder.storage.checksum import file_sha256
from seqcoder.storage.output_lock import remove_stale_locks
from seqcoder.storage.url import is_url
from seqcoder.writing.plan import Plan, parse_json
from seqcoder_jobs.archive.lock import hold, is_held
from seqcoder_jobs.archive.success import NAME as SUCCESS
from seqcoder_jobs.archive.success import success_bytes

LAYOUT = 1
TABLES = ("genomes", "records", "chunks", "containers")


@dataclass(frozen=True)
class SavedPlan:
    """The plan of an archive, the container size it was made with, the next free number."""

    plan: Plan
    container_bytes: int
    next_container: int
    inputs: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By genome name: its place among all inputs, as they were listed, and its group."""

    def json_lines(self) -> Iterator[str]:
        """Yield the contents of ``plan.json``: a plan, readable as one, and a few facts more.

        One line a genome, and one a container for the inputs' numbers.
        """
        inputs = self.inputs or _in_order(self.plan)
        numbers = (
            f"{json.dumps(c.key)}: {json.dumps([inputs[genome.name] for genome in c.genomes])}"
            for c in self.plan.containers
        )
        yield from self.plan.json_lines(
            {
                "layout": json.dumps(LAYOUT),
                "digest": json.dumps(self.plan.digest),
                "container_bytes": json.dumps(self.container_bytes),
                "next_container": json.dumps(self.next_container),
                "inputs": "{\n" + ",\n".join(numbers) + "\n}",
            }
        )

    @classmethod
    def from_json(cls, text: str, what: str) -> SavedPlan:
        """Read a plan; raises InputError where it is not one or does not match its digest."""
        data = parse_json(text, what)
        plan = Plan.from_dict(data, what)
        if data.get("layout") != LAYOUT:
            raise InputError(
                f"{what}: archive layout {data.get('layout')}, this seqcoder has {LAYOUT}"
            )
        try:
            if data.get("digest") != plan.digest:
                raise InputError(f"{what}: does not match its digest; it was edited or damaged")
            if "inputs" not in data:  # plans made before there were groups have none
                inputs = _in_order(plan)
            else:
                inputs = {
                    genome.name: (int(place), int(group))
                    for c in plan.containers
                    for genome, (place, group) in zip(
                        c.genomes, data["inputs"].pop(c.key), strict=True
                    )
                }
            return cls(plan, int(data["container_bytes"]), int(data["next_container"]), inputs)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"{what}: not the plan of an archive ({error})") from None


def _in_order(plan: Plan) -> dict[str, tuple[int, int]]:
    """Return place and group of inputs that were never grouped."""
    names = [genome.name for container in plan.containers for genome in container.genomes]
    return {name: (number, number) for number, name in enumerate(names)}


class Archive:
    """An archive folder."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """``folder`` need not exist yet."""
        text = os.fspath(folder)
        if is_url(text):
            raise UsageError(
                f"{text}: archives lie on a (shared) file system, so that every worker can write "
                "them; copy a finished one, _SUCCESS last (docs/howto/object-stores.md): "
                "aws s3 sync archive s3://bucket/archive --exclude _SUCCESS "
                "&& aws s3 cp archive/_SUCCESS s3://bucket/archive/"
            )
        self.folder = Path(os.path.abspath(text))  # noqa: PTH100 - keep links as they are
        if self.folder.is_file():
            raise UsageError(
                f"{text}: is a file, and an archive is a folder; for containers there is 'seqcoder'"
            )
        self.plan_file = self.folder / "plan.json"
        self.containers = self.folder / "containers"
        self.manifest = self.folder / "manifest"
        self.sketches = self.folder / "sketches"
        self.success = self.folder / SUCCESS
        self.job_file = self.folder / "job.json"

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def exists(self) -> bool:
        """Whether there is a plan."""
        return self.plan_file.is_file()

    def require(self) -> None:
        """Raise UsageError where there is no archive."""
        if not self.exists:
            raise UsageError(
                f"{self.folder}: no archive (no plan.json there); 'seqcoder-ray submit' makes one"
            )

    def load(self) -> SavedPlan:
        """Return the saved plan.

        Raises UsageError where there is no archive, IntegrityError where its plan is damaged.
        """
        self.require()
        try:
            text = self.plan_file.read_text(encoding="utf-8")
        except OSError as error:
            raise InputError(f"{self.plan_file}: {system_reason(error)}") from None
        except UnicodeDecodeError as error:
            raise IntegrityError(f"{self.plan_file}: damaged ({error})") from None
        try:
            return SavedPlan.from_json(text, str(self.plan_file))
        except InputError as error:
            raise IntegrityError(f"{error}; restore it from a good copy") from None

    def save(self, saved: SavedPlan) -> None:
        """Save the plan, whole or not at all."""
        self.make()
        with atomic_file(self.plan_file) as out:
            out.writelines(line.encode() for line in saved.json_lines())

    def make(self) -> None:
        """Make the folders; raises UsageError where something else is in the way."""
        if self.folder.is_dir() and not self.exists:
            foreign = [path.name for path in self.folder.iterdir() if not _is_ours(path.name)]
            if foreign:
                raise UsageError(
                    f"{self.folder}: is no archive and not empty ({sorted(foreign)[0]}); choose "
                    "another folder"
                )
        try:
            for folder in (self.containers, *(self.manifest / table for table in TABLES)):
                folder.mkdir(parents=True, exist_ok=True)
            for folder in (self.manifest, self.folder, self.folder.parent):
                sync_folder(folder)  # so that what is durable in them can be found
        except FileExistsError:
            raise UsageError(f"{self.folder}: a file is in the way; choose another") from None
        except OSError as error:
            raise InputError(
                f"{self.folder}: {system_reason(error, 'choose another folder')}"
            ) from None

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the archive against a second writer; raises UsageError if there is one."""
        self.make()
        with hold(self.folder / ".lock"):
            # What a killed writer left: only one who holds the lock writes these.
            for pattern in _LEFT:
                for left in self.folder.glob(pattern):
                    left.unlink(missing_ok=True)
            remove_stale_locks(self.folder / "containers")
            yield

    @property
    def is_locked(self) -> bool:
        """Whether a run is writing the archive now."""
        return is_held(self.folder / ".lock")

    def mark_incomplete(self) -> None:
        """Take the success mark away before anything changes."""
        if self.success.exists():
            self.success.unlink()
            sync_folder(self.folder)

    def mark_success(self, saved: SavedPlan, containers: list[dict[str, Any]]) -> None:
        """Write the success mark: what a finished archive is made of, with digests."""
        tables = {
            path.relative_to(self.folder).as_posix(): file_sha256(path)
            for path in sorted(self.manifest.glob("*/*.parquet"))
        }
        facts = {
            "layout": LAYOUT,
            "plan_digest": saved.plan.digest,
            "plan_sha256": file_sha256(self.plan_file),
            "containers": containers,
            "manifest": tables,
        }
        write_atomically(self.success, success_bytes(facts))


_LEFT = (
    ".*.partial",
    "sketches/.*.partial",
    "containers/.seqcoder-run",  # by which nodes see that their folder is the driver's
    "containers/..seqcoder-run.*.partial",
)
_OUR_NAMES = {
    ".lock",
    "containers",
    "manifest",
    "job.json",
    "inputs.txt",
    "plan.json",
    "report.html",
    "sketches",
    "seqcoder_mqc.json",
}


def _is_ours(name: str) -> bool:
    """Tell whether a file of this name is of an archive, or was left by one killed at its start."""
    return name in _OUR_NAMES or (name.startswith(".") and name.endswith(".partial"))
