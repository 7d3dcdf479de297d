"""The model of a cluster: laws it has to keep, and the way from measurements to the page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("ray")
pytest.importorskip("pyarrow")

from seqcoder import fasta
from seqcoder.settings import Settings
from seqcoder_cluster.options import Window
from seqcoder_jobs.bench import load, measured, predict, rates, run
from seqcoder_jobs.bench.predict import Check, check, in_containers
from seqcoder_jobs.bench.rates import Rates
from seqcoder_jobs.bench.scaling_page import scaling_html, scaling_markdown
from seqcoder_jobs.bench.simulation import Cluster, simulate, simulate_shared

RATES = Rates(
    code_per_base=1e-6,
    code_spread=0.1,
    model_per_base=1e-7,
    genome=1e-3,
    byte=1e-8,
    batch=1e-3,
    container=5e-3,
    row=1e-4,
    question=5e-4,
    plan=1e-5,
    start=3.0,
    network=1e9,
    storage=1e9,
    coded_share=0.25,
)
FREE = replace(
    RATES,
    code_spread=0.0,
    model_per_base=0,
    genome=0,
    byte=0,
    batch=0,
    container=0,
    row=0,
    question=0,
)
COST = measured.Cost(1e-6, 0.0)
ENDLESS = Cluster(1, 0, 1, Window(1, 2, 4), 1e15, 1e15)


def test_one_coder_takes_the_sum() -> None:
    outcome = simulate([[(1_000_000, 2_000_000)], [(500_000,)]], FREE, ENDLESS)
    assert outcome.seconds == pytest.approx(3.5, rel=1e-6)
    assert outcome.done[-1][1] == 3_500_000
    assert outcome.busy["coders"] == pytest.approx(3.5, rel=1e-6)


def test_a_narrow_window_leaves_coders_idle() -> None:
    containers = [[(1_000_000,)] * 12]
    wide = Cluster(4, 0, 1, Window(1, 8, 16), 1e15, 1e15)
    assert simulate(containers, FREE, wide).seconds == pytest.approx(3.0, rel=1e-6)
    narrow = replace(wide, window=Window(1, 1, 2))
    assert simulate(containers, FREE, narrow).seconds == pytest.approx(12.0, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ({"byte": 5e-6}, 5.0),
        ({"model_per_base": 3e-6}, 3.0),
        ({"row": 0.4}, 4.0),
    ],
)
def test_the_slowest_part_decides(change: dict[str, float], seconds: float) -> None:
    containers = [[(100_000,)] for _ in range(10)]
    cluster = Cluster(8, 1, 1, Window(1, 16, 32), 1e15, 1e15)
    outcome = simulate(containers, replace(FREE, **change), cluster)
    assert seconds <= outcome.seconds < seconds * 1.5


def test_slow_storage_decides() -> None:
    cluster = replace(ENDLESS, coders=8, storage=1e5)
    outcome = simulate([[(100_000,)] for _ in range(10)], FREE, cluster)
    assert outcome.seconds > 10.0


@settings(max_examples=40, deadline=None)
@given(
    containers=st.lists(
        st.lists(
            st.lists(st.integers(1, 3_000_000), max_size=3).map(tuple), min_size=1, max_size=4
        ),
        min_size=1,
        max_size=5,
    ),
    coders=st.integers(1, 9),
    actors=st.integers(0, 2),
    window=st.builds(Window, st.integers(1, 3), st.integers(1, 4), st.integers(4, 8)),
)
def test_all_bases_come_out_and_no_part_works_more_than_the_time(
    containers: list[list[tuple[int, ...]]], coders: int, actors: int, window: Window
) -> None:
    cluster = Cluster(coders, actors, 2, window, 1e9, 1e9)
    outcome = simulate(containers, RATES, cluster)
    again = simulate(containers, RATES, cluster)
    total = sum(bases for container in containers for genome in container for bases in genome)
    assert (outcome.done[-1][1] if outcome.done else 0) == total
    assert outcome.seconds == again.seconds
    assert outcome.busy["coders"] <= outcome.seconds * 1.0001
    assert outcome.busy["model actors"] <= outcome.seconds * 1.0001
    assert outcome.seconds >= 0.2 * total * RATES.code_per_base / coders


def test_shared_cores_slow_everything() -> None:
    containers = [[(1_000_000,)] * 8]
    cluster = Cluster(4, 0, 1, Window(1, 8, 16), 1e15, 1e15)
    assert simulate_shared(containers, FREE, cluster, 4).seconds == pytest.approx(2.0, rel=0.05)
    assert simulate_shared(containers, FREE, cluster, 2).seconds == pytest.approx(4.0, rel=0.05)


def test_what_others_use_of_the_machine_is_not_to_be_had() -> None:
    containers = [[(1_000_000,)] * 8]
    one = Cluster(1, 0, 1, Window(1, 8, 16), 1e15, 1e15)
    two = replace(one, coders=2)
    # Others use one of the two cores: two coders share what is left.
    assert simulate_shared(containers, FREE, two, 2, foreign=0.5).seconds == pytest.approx(8.0)
    assert simulate_shared(containers, FREE, one, 2, foreign=0.5).seconds == pytest.approx(8.0)


def test_predictions_are_for_cores_that_all_work() -> None:
    crowded = predict.crowded(replace(RATES, contention=1.5))
    assert (crowded.code_per_base, crowded.model_per_base) == pytest.approx((1.5e-6, 1.5e-7))
    assert predict.crowded(crowded) == crowded


def test_the_least_disturbed_runs_count() -> None:
    runs = [measured.Run(wall, foreign, [], COST) for wall, foreign in
            ((9.0, 0.4), (5.0, 0.01), (5.2, 0.02), (5.4, 0.03), (3.0, 0.2))]  # fmt: skip
    assert [run.wall for run in measured.undisturbed(runs)] == [5.0, 5.2, 5.4]


def test_what_others_use_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_LOOK_SECONDS", 0.02)
    busy = "import time\nwhile time.process_time() < 0.6: pass"
    with load.Meter() as meter:
        # Not waited for, as Ray does with its own: it has to be seen while it lives.
        child = subprocess.Popen([sys.executable, "-c", busy])
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    child.wait()
    if meter.machine == 0.0:
        pytest.skip("no /proc on this system")
    assert 0.5 < meter.own < 3.0
    assert meter.machine > meter.own - 0.1
    meter.wall, meter.own, meter.machine = 10.0, 5.0, 15.0
    assert meter.foreign(2) == 0.5
    meter.own = 16.0
    assert meter.foreign(2) == 0.0


def point(kind: str, workers: int, wall: float) -> measured.Point:
    containers = tuple(((250_000,),) for _ in range(8))
    own = (1e-6, 0.1, 0, 1e-8, 0.25)
    return measured.Point(kind, workers, wall, 1.0, 2_000_000, containers, *own, COST)


def test_check_against_measured_points() -> None:
    one, two = check([point("strong", 1, 3.1), point("strong", 2, 2.1)], RATES, 2, 1e9)
    assert one.model == pytest.approx(3.05, abs=0.2)
    assert two.model == pytest.approx(2.05, abs=0.2)
    assert abs(one.error) < 0.1
    assert abs(two.error_own) < 0.15
    slow = replace(point("strong", 1, 3.1), cost=measured.Cost(2e-6, 0.0))
    assert check([slow], RATES, 2, 1e9)[0].model == pytest.approx(5.05, abs=0.2)


def test_more_cores_are_faster_until_something_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "_MOST_BATCHES", 4000)
    few = predict.predict(10, RATES, 5 << 20, 1e10, 1.25e9)
    many = predict.predict(100, RATES, 5 << 20, 1e10, 1.25e9)
    assert 8 < few.seconds / many.seconds < 12
    assert 0.7 < many.efficiency <= 1.01
    assert (many.coders, many.actors) == (100, 34)
    assert many.busy["cores"] == pytest.approx(many.efficiency, rel=0.1)
    assert many.overhead < 0.02
    full = predict.predict(100, RATES, 5 << 20, 1e6, 1.25e9)
    assert full.busy["storage"] == pytest.approx(1.0, abs=0.1)
    assert full.efficiency < 0.1
    ceilings = predict.ceilings(RATES, 5 << 20, 1e6)
    assert ceilings[0][0] == "shared storage"


def test_containers_fill_in_order() -> None:
    genomes = predict.corpus(200, 5 << 20)
    containers = in_containers(genomes)
    assert [genome for container in containers for genome in container] == genomes
    assert all(sum(map(sum, container)) <= 256 << 20 for container in containers)
    assert 3.5e6 < sum(map(sum, genomes)) / 200 < 4.5e6


def test_page_and_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "_MOST_BATCHES", 2000)
    points = [point(kind, n, 3.0 / n + 1) for kind in ("strong", "weak") for n in (1, 2)]
    checks = [Check(p, p.wall * 1.1, p.wall * 0.9) for p in points]
    found = run.Scaling(
        run.ScalingSettings(),
        Settings(model=None),
        2,
        RATES,
        checks,
        [predict.predict(n, RATES, 5 << 20, 1e10, 1.25e9) for n in (10, 1000)],
        predict.ceilings(RATES, 5 << 20, 1e10),
    )
    html = scaling_html(found)
    assert "10.0 %" in html
    assert "is full first" in html
    text = scaling_markdown(found, "seqcoder-ray bench")
    assert "driver, a genome 0.11 ms" in text
    assert "takes 4.40 s with all cores at work, 0 % more" in text
    assert json.loads(json.dumps(found.to_dict()))["points"][0]["model_error"] == pytest.approx(0.1)


def test_costs_are_measured(tmp_path: Path) -> None:
    genome = measured.invented_genome(3, 50_000)
    parsed = fasta.parse(genome)
    assert not isinstance(parsed, fasta.NotFasta)
    assert len(parsed.bases) == 50_000
    assert genome == measured.invented_genome(3, 50_000) != measured.invented_genome(4, 50_000)
    per_genome, per_byte, report = rates.coordinator_costs(tmp_path, genome)
    assert 1e-5 < per_genome < 1.0
    assert per_byte >= 0
    container, row, plan = rates.driver_costs(tmp_path, report)
    assert 1e-4 < container < 10
    assert 0 <= row < 0.1
    assert 1e-7 < plan < 0.01


@pytest.mark.ray
def test_measured_on_ray(
    ray_cluster: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = measured.write_genomes(tmp_path, 2, 3000)
    monkeypatch.setattr(measured, "_GATHER_SECONDS", 0.1)
    bench = measured.Bench(Settings(level=1, model=None), tmp_path, 1, lambda line: None)
    strong, weak = bench.points(files, (1,))
    assert (strong.kind, weak.kind) == ("strong", "weak")
    assert strong.bases == 6000
    assert strong.wall > 0 < strong.start
    assert 0 <= strong.cost.model < strong.cost.code
    assert sum(len(genomes) for genomes in strong.containers) == 2
    assert 1e-9 < bench.costs[1].code < 1e-2
    assert 0 <= strong.foreign <= 1
    batch, question, network = rates.ray_costs(10_000)
    assert batch > 0 < question
    assert network > 1e6
