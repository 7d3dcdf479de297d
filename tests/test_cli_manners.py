"""What both command lines do alike: help with examples, completion, colours, JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

import seqcoder
from genomes import small_genome
from seqcoder.cli.app import app
from seqcoder_jobs.cli import reading  # noqa: F401 - adds its commands
from seqcoder_jobs.cli.app import app as ray_app
from test_cli import Cli, cli  # noqa: F401

CALL = "import sys; sys.argv[0] = {0!r}\nfrom {1}.cli import main\nmain()"
APPS = {"seqcoder": "seqcoder", "seqcoder-ray": "seqcoder_jobs"}


def call(name: str, *arguments: str, **environment: str) -> str:
    code = CALL.format(name, APPS[name])
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={k: v for k, v in os.environ.items() if k != "NO_COLOR"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize("top", [app, ray_app], ids=list(APPS))
def test_every_command_s_help_has_an_example(top: typer.Typer) -> None:
    def without(command: Any) -> list[str]:
        children = getattr(command, "commands", {})
        own = [] if children or "Example" in (command.help or "") else [command.name]
        return own + [name for child in children.values() for name in without(child)]

    assert without(typer.main.get_command(top)) == []


@pytest.mark.parametrize(
    ("name", "typed", "offered"),
    [("seqcoder", "ver", "verify"), ("seqcoder-ray", "extract --form", "--format")],
)
def test_completion(name: str, typed: str, offered: str) -> None:
    variable = f"_{name.upper().replace('-', '_')}_COMPLETE"
    words = f"{name} {typed}"
    out = call(
        name,
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split()) - 1),
        **{variable: "complete_bash"},
    )
    assert out.split() == [offered]


@pytest.mark.parametrize("name", APPS)
def test_no_color_and_the_bare_version(name: str) -> None:
    plain = call(name, "--help", NO_COLOR="1", FORCE_COLOR="1", TERM="xterm-256color")
    assert "Exit codes" in plain
    assert not re.search(r"\x1b\[[\d;]*3[0-7]m", plain)
    assert call(name, "--version") == seqcoder.__version__ + "\n"


def test_json_of_restoring_and_repairing(cli: Cli) -> None:  # noqa: F811
    assert cli("compress", "-1", "-q", "two.fa") == 0
    assert cli("decompress", "two.fa.sqc", "-o", "back/", "--json", "-q") == 0
    assert json.loads(cli.out) == [
        {"container": "two.fa.sqc", "files": [str(Path.cwd() / "back/two.fa")]}
    ]
    assert cli("decompress", "two.fa.sqc", "-o", "one.fa", "--json", "-q") == 0
    assert json.loads(cli.out)[0]["files"] == ["one.fa"]
    assert Path("one.fa").read_bytes() == small_genome(20_000, seed=2)
    assert cli("decompress", "-c", "--json", "two.fa.sqc") == 2
    assert cli("repair", "two.fa.sqc", "-o", "mended.sqc", "--json") == 0
    facts = json.loads(cli.out)
    assert (facts["recovered"], facts["lost"]) == (["two.fa"], [])
    assert cli("repair", "two.fa.sqc", "-o", "again.sqc", "-q") == 0
    assert (cli.out, cli.err) == (b"", b"")
    assert cli("model", "info", "--json") == 0
    assert json.loads(cli.out)["name"] == "prokaryote-1"
