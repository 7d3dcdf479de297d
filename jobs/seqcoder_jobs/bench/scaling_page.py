"""The scaling benchmark as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seqcoder.bench import page, plots
from seqcoder.bench.page import time_text
from seqcoder.bench.plots import INK, OURS, PARTS
from seqcoder.version import __version__
from seqcoder_jobs.bench.predict import GENOMES, Check, Prediction
from seqcoder_jobs.bench.run import Scaling

_BUSY = ("cores", "coordinators", "driver", "network", "storage")
_BUSY_MACHINE = 0.05


def scaling_html(found: Scaling) -> str:
    """Return the page; without matplotlib it has tables only."""
    drawn = plots.has_matplotlib()
    worst = max(abs(c.error) for c in found.checks)
    last = found.predictions[-1]
    thousand = next(p for p in found.predictions if p.cores == 1000)
    first, at = found.ceilings[0]
    body = [
        page.facts(
            [
                ("largest error of the model, measured points", f"{100 * worst:.1f} %"),
                (f"{GENOMES / 1e6:.1f} M genomes on 1,000 cores", time_text(thousand.seconds)),
                (f"the same on {last.cores:,} cores", time_text(last.seconds)),
                ("driver and coordinators, of the work", f"{100 * thousand.overhead:.2f} %"),
                (f"cores at which the {first} is full", _round(at)),
            ]
        ),
        _measured(found, drawn),
        _predicted(found, drawn),
        _saturates(found),
        _costs(found),
    ]
    lead = (
        f"seqcoder {__version__} on Ray: measured on {found.cores} cores of this machine, "
        "predicted for clusters by a discrete-event model with the costs measured in the same run."
    )
    return page.page("Scaling of seqcoder-ray", lead, body)


def scaling_markdown(found: Scaling, command: str) -> str:
    """Return measured points and predictions as Markdown tables."""
    lines = [
        "| measured | workers | million bases | seconds | model | error | model, the run's own "
        "times | error | spread of runs | used by others |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {c.point.kind} scaling | {c.point.workers} | {c.point.bases / 1e6:.1f} | "
        f"{c.point.wall:.2f} | {c.model:.2f} | {100 * c.error:+.1f} % | "
        f"{c.own:.2f} | {100 * c.error_own:+.1f} % | "
        f"{100 * c.point.spread:.1f} % | {100 * c.point.foreign:.1f} % |"
        for c in _distinct(found.checks)
    ]
    lines += [
        "",
        "| predicted: cores | million bases/s | 2.4 million genomes | efficiency | driver busy | "
        "driver and coordinators, of the work |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {p.cores:,} | {p.rate / 1e6:,.1f} | {time_text(p.seconds)} | "
        f"{100 * p.efficiency:.1f} % | {100 * p.busy['driver']:.1f} % | {100 * p.overhead:.2f} % |"
        for p in found.predictions
    ]
    r, mean = found.rates, 4e6
    work = (r.code_per_base + r.model_per_base) * r.contention * mean
    light = [
        ("driver, a genome", r.row + r.plan),
        ("driver, a container", r.container),
        ("coordinator, a genome of 4 Mb", 2 * r.genome + r.byte * mean),
        ("coordinator, a chunk", r.batch),
    ]
    lines += [
        "",
        "CPU time beside the coding: "
        + "; ".join(f"{what} {1e3 * seconds:.2f} ms" for what, seconds in light)
        + f". Coding and verifying a genome of 4 Mb takes {work:.2f} s with all cores at work, "
        f"{100 * (r.contention - 1):.0f} % more than alone on the machine.",
    ]
    full = "; ".join(f"{what} at {_round(cores)} cores" for what, cores in found.ceilings)
    lines += ["", f"Full: {full}.", "", f"Made by `{command}`, seqcoder {__version__}."]
    return "\n".join(lines)


def _distinct(checks: Sequence[Check]) -> list[Check]:
    """Leave out the weak point that is the strong one."""
    seen: list[Check] = []
    for c in checks:
        same = [
            s for s in seen if (s.point.workers, s.point.wall) == (c.point.workers, c.point.wall)
        ]
        if not same:
            seen.append(c)
    return seen


def _measured(found: Scaling, drawn: bool) -> str:
    parts = []
    if drawn:
        parts.append(
            page.figure(
                _measured_plot(found.checks),
                "Points are measured, crosses are the model. The "
                "dotted line is ideal: starting up takes its time, and the work is shared.",
            )
        )
    header = ["scaling", "workers", "million bases", "measured", "of it start", "model", "error"]
    header += ["own times", "error", "spread of runs", "used by others"]
    rows = [
        [
            c.point.kind,
            str(c.point.workers),
            f"{c.point.bases / 1e6:.2f}",
            f"{c.point.wall:.2f} s",
            f"{c.point.start:.2f} s",
            f"{c.model:.2f} s",
            f"{100 * c.error:+.1f} %",
            f"{c.own:.2f} s",
            f"{100 * c.error_own:+.1f} %",
            f"{100 * c.point.spread:.1f} %",
            f"{100 * c.point.foreign:.1f} %",
        ]
        for c in _distinct(found.checks)
    ]
    parts.append(page.table(header, rows))
    worst = max(c.point.foreign for c in found.checks)
    parts.append(
        page.text(
            "“measured” is the middle of the runs that other processes disturbed least. “model” "
            "knows CPU seconds for each base, measured on as many workers just before and after "
            "the run; “own times” has the times of the very run by the clock, and checks the "
            "pipeline alone (windows, order, waiting, overheads).",
            "note",
        )
    )
    if worst > _BUSY_MACHINE:
        parts.append(
            page.text(
                f"Others used up to {100 * worst:.0f} % of this machine meanwhile; the figures "
                "are better taken on a quiet one.",
                "bad",
            )
        )
    return page.section("Measured here", *parts)


def _measured_plot(checks: list[Check]) -> str:
    def fill(axes: Any) -> None:
        for ax, kind in zip(axes, ("strong", "weak"), strict=True):
            mine = [c for c in checks if c.point.kind == kind]
            n = [c.point.workers for c in mine]
            first = mine[0].point
            part = [first.workers / k if kind == "strong" else 1.0 for k in n]
            work = max(first.wall - first.start, 0.0)
            ax.plot(n, [first.start + work * share for share in part], ":", color=INK, lw=1)
            ax.plot(n, [c.point.wall for c in mine], "o", color=OURS, ms=8)
            ax.plot(n, [c.model for c in mine], "x", color=PARTS[1], ms=9, mew=2)
            ax.set_xticks(n)
            ax.set_xlim(0, max(n) + 0.5)
            ax.set_ylim(0, 1.15 * max(max(c.point.wall, c.model) for c in mine))
            ax.set_xlabel("workers")
            same = "the same corpus" if kind == "strong" else "a corpus that grows with them"
            ax.set_title(f"{kind.capitalize()} scaling: {same}")
        axes[0].set_ylabel("seconds")

    return plots.draw(9, 3.4, 2, fill)


def _predicted(found: Scaling, drawn: bool) -> str:
    parts = []
    if drawn:
        parts.append(
            page.figure(
                _predicted_plot(found.predictions),
                "Left: time for the corpus; the dotted line is every core coding all the time. "
                "Right: utilisation of each part in the middle of the run.",
            )
        )
    header = ["cores", "coders", "actors", "containers at once", "Gbases/s", "time", "efficiency"]
    rows = [
        [
            f"{p.cores:,}",
            f"{p.coders:,}",
            f"{p.actors:,}",
            f"{p.containers:,}",
            f"{p.rate / 1e9:.4f}",
            time_text(p.seconds),
            f"{100 * p.efficiency:.1f} %",
            *(f"{100 * p.busy[name]:.1f} %" for name in _BUSY),
            f"{100 * p.overhead:.2f} %",
        ]
        for p in found.predictions
    ]
    parts.append(page.table([*header, *_BUSY, "overhead"], rows, texts=0))
    settings = found.settings
    parts.append(
        page.text(
            f"Corpus: {GENOMES:,} genomes of 4 Mb on average (standard deviation 1.5 Mb), each by "
            "itself as if none had relatives (no groups: the most there is to code), level "
            f"{settings.level}, chunks of up to {settings.chunk_bases:,} bases, containers of 256 "
            f"MiB, 64 cores a node, {found.wanted.network / 1e9:.2f} GB/s of network a node and "
            f"{found.wanted.storage / 1e9:.0f} GB/s of shared storage for all (assumptions: "
            "--network, --storage). “overhead” is the CPU time of driver and coordinators "
            "relative to that of coders and model actors.",
            "note",
        )
    )
    return page.section("Predicted", *parts)


def _predicted_plot(predictions: list[Prediction]) -> str:
    def fill(axes: Any) -> None:
        cores = [p.cores for p in predictions]
        left, right = axes
        left.plot(
            cores, [p.seconds * p.efficiency / 3600 for p in predictions], ":", color=INK, lw=1
        )
        left.plot(cores, [p.seconds / 3600 for p in predictions], "o-", color=OURS)
        left.set_xscale("log")
        left.set_yscale("log")
        left.set_xlabel("cores")
        left.set_ylabel("hours")
        left.set_title("Time for 2.4 million genomes")
        for name, color in zip(_BUSY, (*PARTS, INK), strict=False):
            right.plot(cores, [100 * p.busy[name] for p in predictions], "o-", ms=4, color=color)
            right.plot([], [], "o-", ms=4, color=color, label=name)
        right.set_xscale("log")
        right.set_ylim(0, 105)
        right.set_xlabel("cores")
        right.set_ylabel("% busy")
        right.set_title("How busy each part is")
        right.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))

    return plots.draw(10, 3.8, 2, fill)


def _saturates(found: Scaling) -> str:
    rows = [[what, _round(cores)] for what, cores in found.ceilings]
    first, cores = found.ceilings[0]
    return page.section(
        "What saturates first",
        page.text(
            f"Of what does not grow with the cluster, the {first} is full first, at "
            f"{_round(cores)} cores (shared storage of {found.wanted.storage / 1e9:.0f} GB/s is an "
            "assumption, the driver's costs are measured). There are as many coordinators (one "
            "for each 8 coders) and model actors as the cluster needs; the table says how many "
            "cores one of them serves."
        ),
        page.table(["part", "full at cores"], rows),
    )


def _round(cores: float) -> str:
    digits = len(str(int(cores))) - 2
    return f"{round(cores, -digits) if digits > 0 else cores:,.0f}"


def _costs(found: Scaling) -> str:
    r = found.rates
    rows = [
        ["coder, stage 2 and verification", f"{1e6 * r.code_per_base:.3f} s", "a million bases"],
        ["the same while all cores work", f"{r.contention:.3f}", "times as long"],
        ["model actor, stage 1", f"{1e6 * r.model_per_base:.3f} s", "a million bases"],
        ["coordinator: read, parse, hash", f"{1e6 * r.byte:.4f} s", "a million bytes"],
        ["coordinator: a file", f"{1e3 * r.genome:.2f} ms", "a genome"],
        ["coordinator: hand out, take back", f"{1e3 * r.batch:.2f} ms", "a batch of 250 kb"],
        ["driver: report and manifest part", f"{1e3 * r.container:.2f} ms", "a container"],
        ["driver: rows of the manifest", f"{1e3 * r.row:.3f} ms", "a genome"],
        ["driver: plan", f"{1e3 * r.plan:.4f} ms", "a genome, before the start"],
        ["driver: how far is it?", f"{1e3 * r.question:.2f} ms", "a coordinator asked"],
        ["start of workers", f"{r.start:.1f} s", "once"],
        ["object store between processes", f"{r.network / 1e9:.2f} GB/s", "here"],
        ["disk, with fsync", f"{r.storage / 1e9:.2f} GB/s", "here"],
        ["bytes written", f"{r.coded_share:.3f}", "a byte read"],
    ]
    return page.section(
        "Costs measured in this run",
        page.table(["step", "cost", "for"], rows, texts=3),
        page.text(
            "CPU seconds of one core: coders and actors the middle of all runs, one alone on the "
            "machine; others the least of three. Start and rates by the clock.",
            "note",
        ),
    )
