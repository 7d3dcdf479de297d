"""``seqcoder-ray copy``, ``clean``, ``remove`` and ``rename``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from seqcoder.cli.common import say
from seqcoder.cli.signals import stands
from seqcoder.errors import UsageError
from seqcoder.storage.lists import read_pairs
from seqcoder.wording import count_of, listed
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.copying import Part, copy_archive
from seqcoder_jobs.archive.orphans import list_orphans, retire
from seqcoder_jobs.cli.console import count_bar, note, size_text
from seqcoder_jobs.reading.report import write_report
from seqcoder_jobs.writing.removing import remove, restore
from seqcoder_jobs.writing.replacing import rename

_TOLD = 10
"""Names of genomes that a command was given by others."""


def run_copy(source: str, target: str, quiet: bool) -> None:
    """Copy an archive; raises SeqcoderError where it cannot be."""
    with ExitStack() as stack:

        def begin(parts: list[Part]) -> Callable[[], None]:
            return stack.enter_context(count_bar(len(parts), "copying", quiet))

        stack.enter_context(stands("the same command goes on where this one stopped"))
        copied = copy_archive(Archive(source), Archive(target), begin)
    rest = copied.containers - copied.copied
    note(
        f"{target}: {count_of(copied.copied, 'container')} ({size_text(copied.size)}) copied and "
        f"compared, {rest} there already",
        quiet,
    )


def run_clean(name: str, dry_run: bool, quiet: bool) -> None:
    """Remove what runs left in an archive; prints what that is."""
    archive = Archive(name)
    archive.require()
    with archive.lock():
        orphans = list_orphans(archive, archive.load())
        if not dry_run:
            retire(archive, orphans)
    for stored in orphans:
        say(f"{archive.store.locate(stored.name)}\t{stored.size}")
    total = size_text(sum(stored.size for stored in orphans))
    done = "would be removed" if dry_run else "removed"
    note(f"{count_of(len(orphans), 'file')}, {total}, {done}", quiet)


def run_remove(
    name: str,
    names: Sequence[str],
    reason: str,
    purge: bool,
    quiet: bool,
    submit: Callable[[], None],
) -> None:
    """Take genomes out of an archive; ``submit`` writes what is then planned."""
    if not names and not purge:
        raise UsageError("nothing named; name genomes, or give --purge for those removed before")
    archive = Archive(name)
    removed, containers = remove(archive, names, reason, purge)
    note(f"{count_of(len(removed), 'genome')} removed from {archive}{_named(removed)}", quiet)
    if not purge:
        write_report(archive)
        return
    note(f"{count_of(containers, 'container')} to be written", quiet)
    submit()


def run_restore(name: str, names: Sequence[str], reason: str, purge: bool, quiet: bool) -> None:
    """Take back in what was removed from an archive."""
    if purge or not names:
        raise UsageError("--undo takes back in the genomes named; name some, and no --purge")
    archive = Archive(name)
    back, inputs = restore(archive, names, reason)
    note(f"{count_of(len(back), 'genome')} taken back into {archive}{_named(back)}", quiet)
    if inputs:
        note(
            f"{count_of(len(inputs), 'genome')} purged: {listed(list(inputs), _TOLD)}; submit "
            f"takes the inputs again: {listed(list(inputs.values()), _TOLD)}",
            quiet,
        )
    write_report(archive)


def _named(names: Sequence[str]) -> str:
    """Return names in full, to be told behind their number: one may have stood for others."""
    return f": {listed(names, _TOLD)}" if names else ""


def run_rename(
    name: str,
    names: Sequence[str],
    from_file: str | None,
    reason: str,
    quiet: bool,
    submit: Callable[[], None],
) -> None:
    """Give genomes other names; ``submit`` writes them under these."""
    if len(names) not in (0, 2) or bool(names) == (from_file is not None):
        raise UsageError("name a genome and what it is to be called: OLD NEW, or --from-file LIST")
    pairs = {names[0]: names[1]} if names else read_pairs(from_file or "", "OLD", "NEW")
    archive = Archive(name)
    renamed = rename(archive, pairs, reason)
    changes = [f"{old} -> {new}" for old, new in renamed.items()]
    note(f"{count_of(len(renamed), 'genome')} to be renamed in {archive}{_named(changes)}", quiet)
    if renamed or not archive.is_marked:
        submit()
