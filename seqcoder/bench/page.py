"""HTML pages that stand alone: one file, no network, readable on screen and in print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
:root { --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --fill: #f5f7f9; --mark: #1f6feb; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", Arial, sans-serif;
  color: var(--ink); background: #fff; margin: 0 auto; padding: 2rem 1.5rem 4rem;
  max-width: 72rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; padding-top: .75rem;
  border-top: 2px solid var(--ink); break-after: avoid; }
p { max-width: 46rem; margin: .5rem 0; }
.lead, figcaption, .note { color: var(--soft); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem;
  margin: 1.5rem 0; }
.facts div { background: var(--fill); border-radius: .5rem; padding: .75rem 1rem; }
.facts b { display: block; font-size: 1.5rem; line-height: 1.25; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
.facts span { color: var(--soft); font-size: .85rem; }
.wide { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .55rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
th { border-bottom: 1.5px solid var(--ink); font-weight: 600; vertical-align: bottom; }
td:first-child, th:first-child { padding-left: 0; }
td.n, th.n { text-align: right; white-space: nowrap; }
td.t { overflow-wrap: anywhere; min-width: 6rem; }
td.t:first-child { min-width: 11rem; }
tr.ours td { font-weight: 600; background: #eef4fe; }
tr { break-inside: avoid; }
figure { margin: 1rem 0 1.5rem; break-inside: avoid; }
figure svg { max-width: 100%; height: auto; }
figcaption { font-size: .875rem; max-width: 46rem; }
pre { background: var(--fill); padding: .75rem 1rem; border-radius: .5rem; overflow-x: auto;
  font-size: .85rem; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, monospace; }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: .2rem .75rem;
  align-items: center; font-size: .875rem; max-width: 46rem;
  font-variant-numeric: tabular-nums; }
.bars i { display: block; height: .8rem; background: var(--mark); border-radius: .15rem;
  min-width: 1px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.bars span:nth-child(3n) { text-align: right; color: var(--soft); }
.good, .bad { border-left: .3rem solid; padding: .5rem 1rem; max-width: 46rem; }
.good { border-color: #1a7f4b; background: #eefaf3; }
.bad { border-color: #b3261e; background: #fdf1f0; }
@media print { body { padding: 0; max-width: none; font-size: 9.5pt; }
  .wide { overflow: visible; } table { font-size: 7.5pt; } th, td { padding: .2rem .35rem; }
  td.t:first-child { min-width: 7rem; } h2 { margin-top: 1.25rem; }
  .facts { grid-template-columns: repeat(auto-fit, minmax(6rem, 1fr)); }
  .facts b { font-size: 1.15rem; } .facts div { padding: .5rem .6rem; } }
@page { margin: 15mm; }
"""


def page(title: str, lead: str, body: Iterable[str]) -> str:
    """Return a whole HTML document; ``body`` is HTML, ``title`` and ``lead`` are text."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style></head>\n<body>\n"
        f'<h1>{escape(title)}</h1>\n<p class="lead">{escape(lead)}</p>\n'
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def section(title: str, *parts: str) -> str:
    """Return a section of HTML parts under a heading."""
    return f"<section><h2>{escape(title)}</h2>\n" + "\n".join(parts) + "</section>"


def text(content: str, kind: str = "") -> str:
    """Return a paragraph; ``kind`` is a class: note, good, bad."""
    start = f'<p class="{kind}">' if kind else "<p>"
    return f"{start}{escape(content)}</p>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the figures that matter, large: (what it is, value)."""
    return (
        '<div class="facts">'
        + "".join(f"<div><b>{escape(v)}</b><span>{escape(k)}</span></div>" for k, v in pairs)
        + "</div>"
    )


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], marked: Iterable[int] = (), texts: int = 1
) -> str:
    """Return a table; ``header`` may be empty.

    The first ``texts`` columns are text, the others numbers, flush right; ``marked`` are the
    numbers of rows that stand out.
    """
    chosen = set(marked)

    def cells(tag: str, row: Sequence[str]) -> str:
        kinds = ["t" if i < texts else "n" for i in range(len(row))]
        return "".join(
            f'<{tag} class="{k}">{escape(c)}</{tag}>' for k, c in zip(kinds, row, strict=True)
        )

    body = "".join(
        ('<tr class="ours">' if i in chosen else "<tr>") + cells("td", row) + "</tr>\n"
        for i, row in enumerate(rows)
    )
    head = f"<thead><tr>{cells('th', header)}</tr></thead>\n" if header else ""
    return f'<div class="wide"><table>{head}<tbody>{body}</tbody></table></div>'


def bars(rows: Iterable[tuple[str, float, str]]) -> str:
    """Return horizontal bars: (label, length, what stands behind it)."""
    rows = list(rows)
    longest = max((length for _, length, _ in rows), default=0.0) or 1.0
    return (
        '<div class="bars">'
        + "".join(
            f'<span>{escape(label)}</span><i style="width:{100 * length / longest:.2f}%"></i>'
            f"<span>{escape(behind)}</span>"
            for label, length, behind in rows
        )
        + "</div>"
    )


def figure(svg: str, caption: str) -> str:
    """Return an inline SVG with its caption."""
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def commands(lines: Sequence[str]) -> str:
    """Return commands to type, one a line."""
    return f"<pre><code>{escape(chr(10).join(lines))}</code></pre>"


def size_text(count: float) -> str:
    """Return bytes as a person reads them (powers of 1000), exact below ten thousand."""
    if count < 1e4:
        return f"{int(count):,} B"
    for unit in ("kB", "MB", "GB", "TB"):
        count /= 1000
        if count < 1000 or unit == "TB":
            break
    return f"{count:.3g} {unit}" if count < 1000 else f"{count:,.0f} {unit}"


def time_text(seconds: float) -> str:
    """Return a time as a person reads it."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes / 60
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:,.1f} days"
