"""Figures as inline SVG, by matplotlib: the benchmark's and, with ``draw``, anyone's."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from math import log10
from typing import Any

from seqcoder.bench.rows import Row, Total
from seqcoder.bench.tools import FASTA, size_name
from seqcoder.errors import UsageError

OURS, OTHERS, INK = "#1f6feb", "#8a94a3", "#1c2430"
PARTS = ("#1f6feb", "#f0883e", "#57ab5a", "#8a94a3", "#b083f0")
_RC = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#5b6675",
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e9ee",
    "xtick.color": "#5b6675",
    "ytick.color": INK,
    "text.color": INK,
    "legend.frameon": False,
}


def draw(
    width: float, height: float, columns: int, fill: Callable[[Any], None], rows: int = 1
) -> str:
    """Return an SVG element; ``fill`` gets the array of axes, shape ``(rows * columns,)``.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        matplotlib: Any = import_module("matplotlib")
    except ImportError:
        raise UsageError("plots need matplotlib; pip install 'seqcoder[model]'") from None
    figure_module: Any = import_module("matplotlib.figure")
    # Element names within an SVG come from this salt: they must differ on one page.
    salt = {"svg.hashsalt": f"{fill.__qualname__}{width}{height}"}
    with matplotlib.rc_context(_RC | salt):
        figure = figure_module.Figure(figsize=(width, height), layout="constrained")
        fill(figure.subplots(rows, columns, squeeze=False).ravel())
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    svg = out.getvalue()
    return svg[svg.index("<svg") :]


def has_matplotlib() -> bool:
    """Whether figures can be drawn."""
    try:
        import_module("matplotlib")
    except ImportError:
        return False
    return True


def pareto(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return which points no other one beats in both coordinates (more is better), by the first."""
    order = sorted(range(len(points)), key=lambda i: points[i], reverse=True)
    front: list[int] = []
    for i in order:
        if not front or points[i][1] > points[front[-1]][1]:
            front.append(i)
    return front


def ratio_against_speed(found: Sequence[Total]) -> str:
    """Draw size against speed, compression and decompression, with the Pareto fronts."""

    def fill(axes: Any) -> None:
        for ax, name in zip(axes, ("compress", "decompress"), strict=True):
            speeds = [
                total.input_bytes / 1e6 / max(getattr(total, f"{name}_cpu"), 1e-6)
                for total in found
            ]
            bits = [total.bits_per_base for total in found]
            front = pareto(list(zip(speeds, (-b for b in bits), strict=True)))
            ax.plot(
                [speeds[i] for i in front],
                [bits[i] for i in front],
                color="#c8ced6",
                lw=1.5,
                zorder=1,
                drawstyle="steps-post",
            )
            for total, speed, bit in zip(found, speeds, bits, strict=True):
                color = OURS if total.ours else OTHERS
                face = color if total.keeps == FASTA else "white"
                ax.scatter(speed, bit, s=42, color=face, edgecolor=color, zorder=3)
            _label(ax, [total.label for total in found], speeds, bits, [t.ours for t in found])
            ax.set_xscale("log")
            ax.margins(y=0.1)
            ax.set_xlim(min(speeds) / 2, max(speeds) * 12)
            ax.set_xlabel("million bytes of FASTA a second of CPU time")
            ax.set_title(f"{name}ion".capitalize())
            ax.invert_yaxis()
        axes[0].set_ylabel("bits per base (axis turned round: higher is smaller)")

    return draw(10.5, 5.2, 2, fill)


def _label(
    ax: Any, texts: Sequence[str], x: Sequence[float], y: Sequence[float], bold: Sequence[bool]
) -> None:
    """Write names beside points, each a little above or below so that close ones stay legible."""
    span = (max(y) - min(y)) or 1.0
    taken: list[tuple[float, float]] = []
    for i in sorted(range(len(texts)), key=lambda i: y[i]):
        # Ours a little higher, clear of the front's steps and of the next level's point.
        place, at = log10(x[i]), y[i] - (0.028 * span if bold[i] else 0.0)
        while any(abs(place - p) < 1.0 and abs(at - q) < 0.035 * span for p, q in taken):
            at += 0.012 * span
        taken.append((place, at))
        ax.annotate(
            texts[i],
            (x[i], y[i]),
            (x[i] * 1.2, at),
            fontsize=8,
            va="center",
            color=OURS if bold[i] else INK,
            annotation_clip=False,
        )


def size_bars(rows: Sequence[Row], most: int = 12) -> str:
    """Draw bits per base of every tool, a panel for each case (the largest, if they are many)."""
    sizes = {row.case: row.input_bytes for row in rows}
    cases = sorted(sizes, key=lambda case: -sizes[case])[:most]
    cases = [case for case in sizes if case in cases]
    columns = min(3, len(cases))
    lines = -(-len(cases) // columns)
    longest = max(sum(row.case == case for row in rows) for case in cases)

    def fill(axes: Any) -> None:
        for ax in axes[len(cases) :]:
            ax.set_visible(False)
        for ax, case in zip(axes, cases, strict=False):
            mine = sorted((row for row in rows if row.case == case), key=lambda row: row.size)
            colors = [OURS if row.ours else "#c3cad3" for row in mine]
            bars = ax.barh(
                [row.label for row in mine], [row.bits_per_base for row in mine], color=colors
            )
            ax.bar_label(bars, [f" {row.bits_per_base:.3f}" for row in mine], fontsize=8)
            ax.invert_yaxis()
            ax.grid(axis="y", visible=False)
            ax.tick_params(axis="y", length=0, labelsize=8)
            ax.margins(x=0.15)
            ax.axvline(2.0, color=INK, lw=0.8, ls=":")
            ax.set_title(case)
        for ax in axes[len(cases) - columns : len(cases)]:
            ax.set_xlabel("bits per base")

    return draw(3.6 * columns, lines * (0.19 * longest + 0.8), columns, fill, lines)


def _stacked(
    labels: Sequence[str], parts: Sequence[tuple[str, Sequence[float]]], x_label: str
) -> str:
    def fill(axes: Any) -> None:
        ax = axes[0]
        left = [0.0] * len(labels)
        for (name, values), color in zip(parts, PARTS, strict=False):
            ax.barh(labels, values, left=left, label=name, color=color)
            left = [a + b for a, b in zip(left, values, strict=True)]
        ax.invert_yaxis()
        ax.grid(axis="y", visible=False)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(x_label)
        ax.legend(ncols=len(parts), loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)

    return draw(9, 0.3 * len(labels) + 1.2, 1, fill)


def stage_times(rows: Sequence[Row]) -> str:
    """Draw where our compression time goes, by setting, over all cases."""
    by_label = _by_label(rows)
    names = (
        ("parse_seconds", "read and parse"),
        ("model_seconds", "stage 1: latents"),
        ("code_seconds", "stage 2: residual"),
        ("verify_seconds", "decode and compare"),
    )
    bases = {label: sum(row.bases for row in mine) / 1e6 for label, mine in by_label.items()}
    parts = [
        (
            title,
            [sum(getattr(r, n) for r in mine) / bases[label] for label, mine in by_label.items()],
        )
        for n, title in names
    ]
    return _stacked(list(by_label), parts, "seconds for a million bases")


def stream_shares(rows: Sequence[Row]) -> str:
    """Draw what our containers consist of, by setting, over all cases."""
    by_label = _by_label(rows)

    def bits(name: str) -> list[float]:
        return [
            8 * sum(getattr(row, name) for row in mine) / sum(row.bases for row in mine)
            for mine in by_label.values()
        ]

    residual, latents, side = bits("residual_bytes"), bits("latent_bytes"), bits("side_bytes")
    rest = [
        whole - sum(known)
        for whole, *known in zip(bits("size"), residual, latents, side, strict=True)
    ]
    parts = [
        ("residual", residual),
        ("latents", latents),
        ("side streams and walks", side),
        ("index and framing", rest),
    ]
    return _stacked(list(by_label), parts, "bits per base")


def _by_label(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.bases:
            found.setdefault(row.label, []).append(row)
    return found


def chunk_trade_off(rows: Sequence[Row]) -> str:
    """Draw size and the time to take a region out against chunk size, over all cases."""
    sizes = sorted({row.chunk_bases for row in rows})
    groups = [[row for row in rows if row.chunk_bases == size] for size in sizes]
    bits = [8 * sum(r.size for r in g) / max(sum(r.bases for r in g), 1) for g in groups]
    walls = [[r.region_wall for r in g if r.region_wall is not None] for g in groups]

    def fill(axes: Any) -> None:
        axes[0].plot(sizes, bits, "o-", color=OURS)
        axes[0].set_ylabel("bits per base")
        axes[0].set_title("Size")
        axes[1].plot(
            sizes, [sum(w) / len(w) if w else float("nan") for w in walls], "o-", color=OURS
        )
        axes[1].set_ylabel("seconds")
        axes[1].set_ylim(bottom=0)
        axes[1].set_title("Time to take 1000 bases out of the middle")
        for ax in axes:
            ax.set_xscale("log", base=2)
            ax.set_xticks(sizes, [size_name(size) for size in sizes])
            ax.set_xlabel("most bases in a chunk")

    return draw(9, 3.4, 2, fill)


def training_curves(log: Sequence[Mapping[str, float]]) -> str:
    """Draw loss, accuracy and cost over the steps of a training run (rows of ``log.jsonl``)."""
    titles = {
        "loss": "Cross-entropy, nats per window",
        "accuracy": "Windows typed as labelled",
        "bits": "Stand-in cost, bits per base",
    }

    def fill(axes: Any) -> None:
        for ax, (key, title) in zip(axes, titles.items(), strict=True):
            ax.plot([row["step"] for row in log], [row[key] for row in log], color=OURS, lw=1.3)
            ax.set_title(title)
            ax.set_xlabel("step")

    return draw(10, 3.0, 3, fill)
