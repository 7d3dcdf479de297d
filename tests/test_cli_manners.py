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
from seqcoder.atomic import commit, is_special
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


def test_a_pipe_or_device_is_written_to_and_never_replaced(tmp_path: Path, cli: Cli) -> None:  # noqa: F811
    (tmp_path / "g.fa").write_bytes(b">g\nACGTACGT\n")
    assert cli("compress", "-o", "g.sqc", "g.fa") == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for command in (["extract", "g.sqc", "g:1-4"], ["decompress", "g.sqc"]):
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # so that writing does not wait
        assert cli(*command, "-o", "pipe") == 0, cli.err
        assert os.read(reader, 99) in (b">g:1-4\nACGT\n", b">g\nACGTACGT\n")
        os.close(reader)
        assert pipe.is_fifo()
    assert (cli("compress", "-f", "-o", "pipe", "g.fa"), pipe.is_fifo()) == (2, True)
    assert b"pipe: is a device or pipe; name a file" in cli.err
    with pytest.raises(OSError, match="device or pipe"):
        commit(tmp_path / "g.fa", pipe)
    (tmp_path / "fd").symlink_to("/dev/fd", target_is_directory=True)
    assert is_special(Path("/dev/null"))
    assert is_special(Path("/dev/stdout"))
    assert is_special(Path("/dev/fd/1"))
    assert is_special(tmp_path / "fd" / "1")
    assert not is_special(tmp_path)
    assert not is_special(tmp_path / "g.fa")
    assert not is_special(tmp_path / "none")
    (tmp_path / "link").symlink_to("g.fa")
    assert not is_special(tmp_path / "link")
