"""Runs the ``console`` blocks of a page and compares what they print with what the page shows.

A line that begins with ``$ `` is a command for bash (lines that begin with ``> `` go on with it);
what follows is its output, standard output and error as a terminal shows them. In the output
``...`` stands for anything within a line, and alone on a line for any number of lines. The comment
``<!-- varies: 3% -->`` before a block lets its numbers differ by that much (the float encoder may
choose other latents on another processor); ``<!-- not run: REASON -->`` leaves a block out.

    python tests/doc_runner.py PAGE...     writes what commands print today into the pages
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(
    r"(?:<!-- (?P<mark>varies|not run): (?P<what>[^>]*) -->\n)?```console\n(?P<body>.*?)```", re.S
)
_NUMBER = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(?![\w])")


@dataclass(frozen=True)
class Command:
    """A command, the output shown for it, and by how much numbers may differ."""

    text: str
    shown: str
    tolerance: float


def blocks(page: str) -> Iterator[tuple[re.Match[str], list[Command]]]:
    for match in _BLOCK.finditer(page):
        if match["mark"] != "not run":
            share = float(match["what"].rstrip("%")) / 100 if match["mark"] else 0.0
            yield match, list(commands(match["body"], share))


def commands(body: str, tolerance: float) -> Iterator[Command]:
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        lines = part.split("\n")
        text = [lines.pop(0)]
        while lines and lines[0].startswith("> "):
            text.append(lines.pop(0)[2:])
        yield Command("\n".join(text), "\n".join(lines).rstrip("\n"), tolerance)


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | {"PATH": path, "COLUMNS": "100", "PYTHONWARNINGS": "default"} | more


def run(command: Command, folder: Path, env: dict[str, str]) -> str:
    """Return what a command prints. Our own, where no shell is needed, run in this process."""
    words = shlex.split(command.text, comments=True)
    if words[0] in ("seqcoder", "seqcoder-ray") and not set(command.text) & set("|<>;&*$"):
        printed = _run_here(words, folder)
    else:
        done = subprocess.run(
            ["bash", "-c", command.text],
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        printed = done.stdout
    return "\n".join(line.rstrip() for line in printed.rstrip("\n").split("\n"))


def _run_here(words: list[str], folder: Path) -> str:
    from seqcoder.cli import main as seqcoder_main
    from seqcoder_jobs.cli import main as ray_main

    main = ray_main if words[0] == "seqcoder-ray" else seqcoder_main
    kept = sys.argv, sys.stdout, sys.stderr, Path.cwd()
    with tempfile.TemporaryFile(buffering=0) as file:
        both = io.TextIOWrapper(file, write_through=True)
        sys.argv, sys.stdout, sys.stderr = words, both, both
        os.chdir(folder)
        try:
            main()
        except SystemExit:
            pass
        finally:
            sys.argv, sys.stdout, sys.stderr = kept[:3]
            os.chdir(kept[3])
            both.detach()
        file.seek(0)
        return file.read().decode()


def matches(command: Command, printed: str) -> bool:
    shown, given = command.shown, printed
    if command.tolerance:
        found = _NUMBER.findall(re.sub(r"\S*\.\.\.\S*", "", shown)), _NUMBER.findall(given)
        shown, given = _NUMBER.sub("0", shown), _NUMBER.sub("0", given)
        if "..." not in shown and not all(map(_near, *found, [command.tolerance] * len(found[0]))):
            return False
    lines = ["(?:.*\n)*" if line == "..." else _pattern(line) + "\n" for line in shown.split("\n")]
    return re.fullmatch("".join(lines), given + "\n") is not None


def _near(one: str, other: str, tolerance: float) -> bool:
    a, b = float(one.replace(",", "")), float(other.replace(",", ""))
    return abs(a - b) <= tolerance * max(a, b)


def _pattern(line: str) -> str:
    return r"\s*" + r"\s+".join(
        ".*".join(re.escape(part) for part in word.split("...")) for word in line.split()
    )


def update(page: Path, env: dict[str, str]) -> None:
    """Write today's output into a page, where what is shown does not match any more."""
    text = page.read_text()
    with tempfile.TemporaryDirectory() as folder:
        for match, found in list(blocks(text)):
            body = ""
            for command in found:
                printed = run(command, Path(folder), env)
                shown = command.shown if matches(command, printed) else printed
                body += "$ " + command.text.replace("\n", "\n> ") + "\n" + (shown and shown + "\n")
            text = text.replace(match["body"], body)
    page.write_text(text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        update(Path(name), environment())
