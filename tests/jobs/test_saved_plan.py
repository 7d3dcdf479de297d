"""``plan.json``: its digest, its text, what a million inputs cost."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcoder.errors import IntegrityError
from seqcoder.settings import Settings
from seqcoder.writing.genome_source import GenomeSource
from seqcoder.writing.plan import ContainerPlan, Plan
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.saved_plan import SavedPlan

odd = st.text(st.characters() | st.sampled_from('"\\\n\udcff[]{}: '), min_size=1)
sources = st.builds(
    GenomeSource, odd, odd, st.just("") | odd, st.integers(0, 1 << 50), st.integers(0, 1 << 62)
)
containers = st.lists(
    st.builds(
        ContainerPlan,
        odd,
        st.lists(sources, min_size=1, max_size=4, unique_by=lambda s: s.name).map(tuple),
        st.integers(0, 2),
        st.lists(odd | st.just('"genomes": []'), max_size=2).map(tuple),
        odd | st.just(""),
        st.booleans(),
    ),
    max_size=4,
    unique_by=lambda c: c.key,
)


def plain(plan: Plan) -> dict[str, Any]:
    """Return plain data, from which the digest is taken; what a container has not has no key."""
    data: dict[str, Any] = {
        "schema": 1,
        "settings": plan.settings.to_dict(),
        "model_digest": plan.model_digest,
        "containers": [asdict(container) for container in plan.containers],
    }
    for container in data["containers"]:
        container["genomes"] = list(container["genomes"])
        container["relatives"] = list(container["relatives"])
        if not container["relatives"] and not container["part"]:
            del container["relatives"]
        for key in ("part", "reference", "is_reference"):
            if not container[key]:
                del container[key]
    return data


def in_order(plan: Plan) -> dict[str, tuple[int, int]]:
    names = [genome.name for container in plan.containers for genome in container.genomes]
    return {name: (number, number // 2) for number, name in enumerate(names)}


@given(containers, st.booleans())
def test_digest_and_meaning(found: list[ContainerPlan], solid: bool) -> None:
    plan = Plan(Settings(level=1, solid=solid), "ab" * 32, tuple(found))
    assert plan.to_dict() == plain(plan)
    whole = json.dumps(plain(plan), sort_keys=True).encode()
    assert plan.digest == sha256(whole).hexdigest()
    saved = SavedPlan(plan, 1000, 7, in_order(plan))
    text = "".join(saved.json_lines())
    assert {key: json.loads(text)[key] for key in plain(plan)} == plain(plan)
    assert json.loads(text)["inputs"].keys() == {c.key for c in found}
    assert SavedPlan.from_json(text, "x") == saved


def many(n: int) -> SavedPlan:
    genomes = [GenomeSource(f"g/{i}.fa", f"/data/g/{i}.fa.gz", "", 100, i) for i in range(n)]
    parts = [ContainerPlan(f"{i:06d}.sqc", tuple(genomes[i : i + 50])) for i in range(0, n, 50)]
    plan = Plan(Settings(level=1), "", tuple(parts))
    return SavedPlan(plan, 1000, 7, in_order(plan))


def test_a_line_a_genome(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "a")
    archive.save(many(120))
    lines = (archive.folder / "plan.json").read_text().splitlines()
    for i in range(120):
        (line,) = (line for line in lines if f'"/data/g/{i}.fa.gz"' in line)
        assert line.count("fa.gz") == 1
    assert archive.load() == many(120)


def test_a_plan_is_saved_and_loaded_without_copies_of_it(tmp_path: Path) -> None:
    n = 20_000
    archive, saved = Archive(tmp_path / "a"), many(n)
    archive.make()
    tracemalloc.start()
    try:
        archive.save(saved)
        assert tracemalloc.get_traced_memory()[1] < 200 * n  # it was 2,000 bytes per genome
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        loaded = archive.load()
        assert tracemalloc.get_traced_memory()[1] - before < 1300 * n  # it was 1,900
    finally:
        tracemalloc.stop()
    assert loaded == saved


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"g/1.fa"', "17"),
        ('"g/1.fa"', "null"),
        ('"size": 100', '"size": "100"'),
        ('"size": 100', '"size": true'),
        ('"size": 100', '"size": 100.0'),
        ('"inputs": {', '"inputs": [], "others": {'),
        ("[0, 0]", "[0]"),
        ('{"schema"', '[{"schema"'),
    ],
)
def test_what_was_edited_is_refused_in_one_line(tmp_path: Path, old: str, new: str) -> None:
    archive = Archive(tmp_path / "a")
    archive.save(many(3))
    text = (archive.folder / "plan.json").read_text()
    assert old in text
    (archive.folder / "plan.json").write_text(text.replace(old, new, 1))
    with pytest.raises(IntegrityError, match=r"plan\.json: .*restore it from a good copy$"):
        archive.load()
