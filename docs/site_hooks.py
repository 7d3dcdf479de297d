"""What the site has beside the pages here: the README as its front, the commands' reference.

mkdocs calls these functions (``hooks`` in mkdocs.yml).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]


def on_config(config: Any) -> Any:
    """Put pages that the navigation does not name at its end: none is lost."""
    named = set(_pages(config.nav))
    here = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    *_, (_, last) = config.nav[-1].items()
    last.extend(sorted(here - named))
    return config


def _pages(nav: Any) -> Iterator[str]:
    for item in nav if isinstance(nav, list) else nav.values() if isinstance(nav, dict) else ():
        if isinstance(item, str):
            yield item
        else:
            yield from _pages(item)


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    files.append(File.generated(config, "index.md", content=front_page()))
    files.append(File.generated(config, "reference/cli.md", content=commands_page()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links to the README lead to the site's front; name files that are not on the site."""
    markdown = re.sub(r"\[([^\]]*)\]\((?:\.\./)+deploy/[^)]*\)", r"\1", markdown)
    return markdown.replace("](../README.md", "](index.md")


def front_page() -> str:
    """Return the README, with links as seen from docs/."""
    text = (ROOT / "README.md").read_text()
    text = re.sub(r"(\]\(|src=\"|srcset=\")docs/", r"\1", text)
    return re.sub(r"\]\((?!https?:|#)([^)]*)\)", _link, text)


def _link(match: re.Match[str]) -> str:
    """Keep a link to a page; what is outside of docs/ is no page of the site."""
    target = match[1].split("#")[0]
    return match[0] if (ROOT / "docs" / target).exists() or target in _GENERATED else "](#)"


_GENERATED = ("reference/cli.md", "index.md")


def commands_page() -> str:
    """Return the reference of all commands, from what typer knows of them."""
    from seqcoder.cli.app_checking import app as local
    from seqcoder_jobs.cli.app_keeping import app as ray

    parts = ["# Commands\n\nGenerated from the programs' own help.\n"]
    for name, app in (("seqcoder", local), ("seqcoder-ray", ray)):
        parts += _command(typer.main.get_command(app), name, 2)
    return "\n".join(parts)


def _command(command: Any, name: str, depth: int) -> Iterator[str]:
    context = typer.Context(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"{'#' * depth} {name}\n\n```text\n{name} {usage}\n```\n"
    yield inspect.cleandoc(command.help or "") + "\n"
    records = [p.get_help_record(context) for p in command.params if not getattr(p, "hidden", 0)]
    rows = [record for record in records if record and record[1]]
    if rows:
        yield "| | |\n| --- | --- |"
        for names, text in rows:
            yield f"| `{names.replace('|', chr(92) + '|')}` | {_cell(text)} |"
        yield ""
    for child, inner in getattr(command, "commands", {}).items():
        yield from _command(inner, f"{name} {child}", depth + 1)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
