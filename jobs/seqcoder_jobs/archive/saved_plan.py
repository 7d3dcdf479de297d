"""The plan of an archive as it is saved: ``plan.json`` (docs/archive.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from seqcoder.errors import InputError
from seqcoder.writing.plan import Plan, parse_json
from seqcoder_jobs.archive.layout import LAYOUT


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
