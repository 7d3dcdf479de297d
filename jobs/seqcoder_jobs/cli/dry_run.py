"""``seqcoder-ray submit --dry-run``: what a submit would do, and what that would take."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from functools import partial
from typing import Any

from seqcoder.cli.common import say
from seqcoder.errors import InputError
from seqcoder.settings import thread_count
from seqcoder.storage.url import is_url
from seqcoder.wording import count_of, listed
from seqcoder_jobs.cli.console import (
    amount_text,
    list_failures,
    note,
    size_text,
    table,
    time_text,
)
from seqcoder_jobs.writing.choose_container import Held
from seqcoder_jobs.writing.estimate import estimate, transfers
from seqcoder_jobs.writing.group_inputs import Grouped, Sources, alone, map_here
from seqcoder_jobs.writing.submit import Request, Todo, look_through, request_grouping

_DRY_RUN_BYTES = 16 << 30
"""A dry run reads no more than this to find relatives."""


def dry_run(
    request: Request, workers: int | None, core_hour: float | None, json: bool, quiet: bool
) -> None:
    """Print what a submit would do; raises InputError where inputs cannot be taken."""
    grouping = request_grouping(request, partial(map_here, threads=workers or 0))
    grouped = True

    def grouping_if_small(sources: Sources, container_bytes: int, held: Held) -> Grouped:
        nonlocal grouped
        grouped = bool(request.groups) or sum(s.size for s in sources) <= _DRY_RUN_BYTES
        return (grouping if grouped else alone)(sources, container_bytes, held)

    todo = look_through(request, grouping_if_small)
    facts = plan_facts(request.archive, todo, workers) | {
        name: number if grouped else None
        for name, number in zip(("groups", "without_relatives"), todo.n_groups, strict=True)
    }
    if core_hour is not None:
        facts["cost"] = float(amount_text(facts["cpu_hours"] * core_hour))
    cost = [("cost (estimate)", amount_text(facts["cost"], ","))] if "cost" in facts else []
    if json:
        facts["plan"] = todo.saved.plan.to_dict()
        say(json_module.dumps(facts, indent=1))
    else:
        table(
            f"{request.archive}: what would be done",
            [
                ("genomes", f"{facts['genomes']:,}"),
                ("input files", size_text(facts["source_bytes"])),
                ("bases (estimate)", f"{facts['bases']:,}"),
                ("chunks (estimate)", f"{facts['chunks']:,}"),
                ("groups of relatives", f"{facts['groups']:,}" if grouped else "not looked for"),
                *([("without relatives", f"{facts['without_relatives']:,}")] if grouped else ()),
                ("containers", f"{facts['containers']:,}"),
                ("  of them references", f"{facts['references']:,}"),
                ("archive grows by (estimate)", size_text(facts["bytes"])),
                (
                    "time (estimate)",
                    f"{time_text(facts['seconds'])} on {facts['cores']} cores, "
                    f"{amount_text(facts['cpu_hours'])} CPU hours",
                ),
                *cost,
                ("memory (estimate)", size_text(facts["memory"])),
                (
                    "read and written (estimate)",
                    f"{size_text(facts['read_bytes'])}, {size_text(facts['written_bytes'])}",
                ),
                ("requests to object stores (estimate)", f"{facts['requests']:,}"),
                ("plan digest", todo.saved.plan.digest),
            ],
        )
    remark(todo, request, quiet)
    if not grouped:
        note(
            "relatives are not looked for in a dry run on so much; the plan of the run will differ",
            quiet,
        )
    list_failures(todo.problems)
    if todo.problems:
        raise InputError(f"{count_of(len(todo.problems), 'input')} cannot be taken (listed above)")


def plan_facts(archive: str, todo: Todo, workers: int | None) -> dict[str, Any]:
    """Return the numbers of a plan: what is left to do, and what it will come to."""
    groups = {name: group for name, (_, group) in todo.saved.inputs.items()}
    settings = todo.saved.plan.settings
    guess = estimate(todo.pending, settings, workers or thread_count(0), groups)
    moved = transfers(todo.pending, guess, settings, in_store=is_url(archive))
    return {
        "genomes": todo.n_genomes,
        "source_bytes": todo.source_bytes,
        "containers": len(todo.pending),
        "references": sum(container.is_reference for container in todo.pending),
        **asdict(guess),
        **asdict(moved),
        "plan_digest": todo.saved.plan.digest,
    }


def remark(todo: Todo, request: Request, quiet: bool) -> None:
    """Tell what of the inputs will not be as one might expect."""
    if todo.listing.passed_over:
        note(
            f"{count_of(todo.listing.passed_over, 'file')} without a FASTA suffix passed over "
            "(--all-files takes them)",
            quiet,
        )
    if todo.removed:
        note(
            f"{count_of(len(todo.removed), 'input')} left out: removed from the archive before "
            f"({listed(todo.removed, 3)}); 'seqcoder-ray remove {request.archive} NAME --undo' "
            "takes them back in",
            quiet,
        )
    if todo.replaced:
        note(f"{count_of(len(todo.replaced), 'genome')} to be replaced", quiet)
    if request.replace and todo.listing.other_names:
        _other_inputs(todo, request.archive, quiet)


def _other_inputs(todo: Todo, archive: str, quiet: bool) -> None:
    """Tell of inputs that have the names of others: the same input is one of the same path."""
    names = todo.listing.other_names
    labels = {g.name: g.label for c in todo.saved.plan.containers for g in c.genomes}
    new, old = next(iter(names.items()))
    note(
        f"--replace takes the place of no genome for {count_of(len(names), 'input')}: {old} is "
        f"from {labels[old]}, and {labels[new]} is another input, called {new}. To have it there: "
        f"'seqcoder-ray remove {archive} {old}', then 'seqcoder-ray rename {archive} {new} {old}'",
        quiet,
    )
