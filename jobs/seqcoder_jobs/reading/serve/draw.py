"""Pictures of a genome as SVG: along a line for a record, as a ring for all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise
from math import cos, floor, isnan, log10, pi, sin

import numpy as np
from numpy.typing import NDArray

from seqcoder_jobs.reading.serve.view import View

Floats = NDArray[np.float64]

INK, SOFT, GRID = "#1c2430", "#5b6675", "#e3e7ed"
OWN, SHARED, COPIED = "#1f6feb", "#2da6a0", "#d5dae1"
FORWARD, REVERSE, GC, SKEW = "#57ab5a", "#e8833a", "#6e5fc4", "#b9567f"
STORED = "#b9d2f8"
_WIDTH, _LEFT, _RIGHT = 1080.0, 76.0, 1068.0
_FONT = 'font-family="system-ui, Segoe UI, DejaVu Sans, Arial, sans-serif"'
_MOST_BITS = 2.2
_ZOOM_COLUMNS = 60

Link = Callable[[int, int], str]
"""``link(start, stop)`` gives the address of a view of these residues (0-based, half-open)."""


def line(view: View, name: str, link: Link | None = None) -> str:
    """Draw a stretch: bits per base, where the bases are stored, reading frames, GC and skew."""
    out = [_ruler(view, 22.0)]
    out += _bits_panel(view, 34.0, 130.0)
    out += _origin_panel(view, 176.0, 16.0)
    out += _lanes(view, 210.0) if view.genes else _strands(view, 210.0, 84.0)
    out += _composition(view, 318.0, 80.0)
    if link is not None:
        out += _zooms(view, link, 22.0, 398.0)
    return _svg(_WIDTH, 410.0, name, out)


def _svg(width: float, height: float, title: str, parts: Sequence[str], font: int = 11) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'role="img" aria-label="{escape(title, quote=True)}" {_FONT} font-size="{font}" '
        f'fill="{INK}">' + "".join(parts) + "</svg>"
    )


def _x(view: View, place: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * (place - view.start) / max(view.stop - view.start, 1)


def _text(x: float, y: float, text: str, anchor: str = "end", color: str = SOFT) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(text)}</text>'
    )


def _hline(y: float, color: str = GRID, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="M{_LEFT} {y:.1f}H{_RIGHT}" stroke="{color}" fill="none"{dashed}/>'


def _ruler(view: View, y: float) -> str:
    length = view.stop - view.start
    step = _nice(length / 8)
    parts = [f'<path d="M{_LEFT} {y}H{_RIGHT}" stroke="{SOFT}"/>']
    for tick in range(-(-(view.start + 1) // step) * step, view.stop + 1, step):
        x = _x(view, tick - 0.5)
        parts.append(f'<path d="M{x:.1f} {y - 4}V{y}" stroke="{SOFT}"/>')
        parts.append(_text(x, y - 7, place_text(tick, step), "middle"))
    return "".join(parts)


def _nice(step: float) -> int:
    power = 10 ** floor(log10(max(step, 1)))
    return int(next(m * power for m in (1, 2, 5, 10) if m * power >= step))


def place_text(place: int, step: int) -> str:
    """Return a place along a record, as exact as steps of ``step`` need."""
    for unit, name in ((1_000_000, "Mb"), (1000, "kb")):
        if step >= unit / 100 and place >= unit:
            digits = max(0, -floor(log10(step / unit)))
            return f"{place / unit:,.{digits}f} {name}"
    return f"{place:,}"


def _steps(view: View, values: Floats, to_y: Callable[[float], float], floor_y: float) -> str:
    """Return the path of an area of steps, with gaps where a value is not known."""
    path, inside = [], False
    for i, value in enumerate(values.tolist()):
        left, right = _x(view, view.edges[i]), _x(view, view.edges[i + 1])
        if isnan(value):
            if inside:
                path.append(f"V{floor_y:.1f}Z")
            inside = False
            continue
        if not inside:
            path.append(f"M{left:.1f} {floor_y:.1f}")
            inside = True
        path.append(f"V{to_y(value):.1f}H{right:.1f}")
    return "".join(path) + (f"V{floor_y:.1f}Z" if inside else "")


def _area(path: str, color: str) -> str:
    return f'<path d="{path}" fill="{color}"/>' if path else ""


def _curve(view: View, values: Floats, to_y: Callable[[float], float], color: str) -> str:
    path, inside = [], False
    for i, value in enumerate(values.tolist()):
        if isnan(value):
            inside = False
            continue
        x = _x(view, (view.edges[i] + view.edges[i + 1]) / 2)
        path.append(f"{'L' if inside else 'M'}{x:.1f} {to_y(value):.1f}")
        inside = True
    return f'<path d="{"".join(path)}" fill="none" stroke="{color}" stroke-width="1.2"/>'


def _bits_panel(view: View, top: float, height: float) -> list[str]:
    bottom = top + height

    def to_y(bits: float) -> float:
        return bottom - height * min(bits, _MOST_BITS) / _MOST_BITS

    out = []
    for bits in (0.5, 1.0, 1.5):
        out += [_hline(to_y(bits)), _text(_LEFT - 6, to_y(bits) + 4, f"{bits:g}")]
    out.append(_text(_LEFT - 6, to_y(2.0) + 4, "2 bits"))
    out.append(_text(_LEFT - 6, bottom + 4, "a base"))
    out.append(_area(_steps(view, view.bits, to_y, bottom), STORED))
    out.append(_area(_steps(view, view.added, to_y, bottom), OWN))
    out += [_hline(to_y(2.0), SOFT, "2 3"), _hline(bottom, SOFT)]
    return out


def _origin_panel(view: View, top: float, height: float) -> list[str]:
    bottom = top + height
    out = [_text(_LEFT - 6, top + 12, "stored")]
    for values, color in (
        (np.where(np.isnan(view.own), np.nan, 1.0), COPIED),
        (view.own, SHARED),
        (view.own - view.shared, OWN),
    ):
        out.append(_area(_steps(view, values, lambda v: bottom - height * v, bottom), color))
    return out


def _strands(view: View, top: float, height: float) -> list[str]:
    middle, half = top + height / 2, height / 2
    up = _steps(view, view.forward, lambda v: middle - half * v, middle)
    down = _steps(view, view.reverse, lambda v: middle + half * v, middle)
    return [
        _text(_LEFT - 6, top + 16, "genes →"),
        _text(_LEFT - 6, top + height - 8, "← genes"),
        _area(up, FORWARD),
        _area(down, REVERSE),
        _hline(middle, SOFT),
    ]


def _lanes(view: View, top: float) -> list[str]:
    out = []
    for lane in range(6):
        y = top + 14 * lane + (4 if lane > 2 else 0)
        out.append(_hline(y + 12))
        out.append(_text(_LEFT - 6, y + 10, f"frame {'+' if lane < 3 else '−'}{lane % 3 + 1}"))
    for start, stop, frame in view.genes:
        lane = frame - 1
        y = top + 14 * lane + (4 if lane > 2 else 0)
        left, right = _x(view, start), _x(view, stop)
        tip = min(4.0, (right - left) / 2)
        if lane < 3:
            path = (
                f"M{left:.1f} {y}H{right - tip:.1f}L{right:.1f} {y + 6}L{right - tip:.1f} {y + 12}"
            )
            path += f"H{left:.1f}Z"
        else:
            path = f"M{right:.1f} {y}H{left + tip:.1f}L{left:.1f} {y + 6}L{left + tip:.1f} {y + 12}"
            path += f"H{right:.1f}Z"
        out.append(f'<path d="{path}" fill="{FORWARD if lane < 3 else REVERSE}"/>')
    return out


def _composition(view: View, top: float, height: float) -> list[str]:
    bottom = top + height

    def to_y(share: float) -> float:
        return bottom - height * min(max((share - 0.15) / 0.7, 0.0), 1.0)

    out = []
    for share in (0.25, 0.5, 0.75):
        out += [_hline(to_y(share)), _text(_LEFT - 6, to_y(share) + 4, f"{100 * share:.0f} %")]
    out.append(_text(_LEFT - 6, top + 4, "GC, skew"))
    out.append(_curve(view, view.skew / 2 + 0.5, to_y, SKEW))
    out.append(_curve(view, view.gc, to_y, GC))
    return out


def describe(view: View, i: int, j: int) -> str:
    """Return bins ``i`` to ``j`` in words."""
    part = View(view.edges[i : j + 1], *(getattr(view, n)[i:j] for n in _ARRAYS))
    words = [f"{part.start + 1:,} to {part.stop:,}"]
    if part.bases.sum():
        words += [
            f"{part.mean('bits'):.3f} bits per base where it is stored",
            f"{100 * part.mean('own'):.0f} % own",
            f"{100 * (part.mean('forward') + part.mean('reverse')):.0f} % in genes",
            f"GC {100 * part.mean('gc'):.1f} %",
        ]
    return "; ".join(words)


_ARRAYS = ("bases", "bits", "added", "own", "shared", "forward", "reverse", "gc", "skew")


def _zooms(view: View, link: Link, top: float, bottom: float) -> list[str]:
    bins = len(view.bases)
    cuts = np.unique(np.linspace(0, bins, min(_ZOOM_COLUMNS, bins) + 1).astype(int)).tolist()
    length = view.stop - view.start
    zoomed = max(length // 5, min(length, 300))
    out = []
    for i, j in pairwise(cuts):
        left, right = _x(view, view.edges[i]), _x(view, view.edges[j])
        middle = int(view.edges[i] + view.edges[j]) // 2
        start = min(max(middle - zoomed // 2, view.start), view.stop - zoomed)
        out.append(
            f'<a href="{escape(link(start, start + zoomed), quote=True)}"><rect class="zoom" '
            f'x="{left:.1f}" y="{top}" width="{right - left:.1f}" height="{bottom - top}" '
            f'fill="#000" fill-opacity="0"><title>{escape(describe(view, i, j))}</title></rect></a>'
        )
    return out


def ring(view: View, title: str, lines: Sequence[str]) -> str:
    """Draw a whole genome as rings, from outside: bits per base, storage, strands, GC skew."""
    size, centre = 640.0, 320.0
    turn = 2 * pi / max(view.stop - view.start, 1)

    def at(radius: float, place: float) -> str:
        angle = (place - view.start) * turn - pi / 2
        return f"{centre + radius * cos(angle):.1f} {centre + radius * sin(angle):.1f}"

    def band(values: Floats, inner: float, outer: float, color: str) -> str:
        """Fill from ``inner`` towards ``outer`` by values of 0 to 1."""
        path = []
        for i, value in enumerate(np.nan_to_num(values).tolist()):
            radius = inner + (outer - inner) * min(max(value, 0.0), 1.0)
            if abs(radius - inner) < 0.05:
                continue
            a, b = view.edges[i], view.edges[i + 1]
            path.append(f"M{at(inner, a)}L{at(radius, a)}L{at(radius, b)}L{at(inner, b)}Z")
        return f'<path d="{"".join(path)}" fill="{color}" stroke="{color}" stroke-width=".3"/>'

    def circle(radius: float, dash: str = "", color: str = GRID) -> str:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        return (
            f'<circle cx="{centre}" cy="{centre}" r="{radius}" fill="none" '
            f'stroke="{color}"{dashed}/>'
        )

    ones = np.ones(len(view.bases))
    out = [
        band(view.bits / _MOST_BITS, 210, 285, STORED),
        band(view.added / _MOST_BITS, 210, 285, OWN),
        circle(210 + 75 / _MOST_BITS, color="#ffffff55"),
        circle(210 + 150 / _MOST_BITS, "2 3", SOFT),
        circle(210, color=SOFT),
        band(ones, 194, 206, COPIED),
        band(view.own, 194, 206, SHARED),
        band(view.own - view.shared, 194, 206, OWN),
        band(view.forward, 168, 188, FORWARD),
        band(view.reverse, 168, 148, REVERSE),
        circle(168, color=SOFT),
        band(np.maximum(view.skew, 0) * 4, 122, 140, SKEW),
        band(np.maximum(-view.skew, 0) * 4, 122, 104, GC),
        circle(122, color=SOFT),
    ]
    step = _nice((view.stop - view.start) / 10)
    for tick in range(0, view.stop - step // 2, step):
        x, y = at(304, tick).split()
        out.append(f'<path d="M{at(287, tick)}L{at(292, tick)}" stroke="{SOFT}"/>')
        out.append(_text(float(x), float(y) + 4, place_text(tick, step), "middle"))
    first = centre - 10 * (len(lines) - 1)
    for number, words in enumerate(lines):
        color = INK if number == 0 else SOFT
        out.append(_text(centre, first + 20 * number + 4, words, "middle", color))
    return _svg(size, size, title, out, 14)
