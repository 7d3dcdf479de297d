"""What both command lines do alike: help with examples, completion, colours, JSON."""

from __future__ import annotations

import gzip
import inspect
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
from seqcoder.cli.app_checking import app
from seqcoder.storage.atomic import commit, is_special
from seqcoder_jobs.cli.app_keeping import app as ray_app
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
def test_every_command_s_help_has_examples_that_fit_a_terminal(top: typer.Typer) -> None:
    def wrong(command: Any) -> list[str]:
        children = getattr(command, "commands", {})
        # Lines of the first paragraph are joined; others stay as they are.
        _, _, text = inspect.cleandoc(command.help or "").partition("\n\n")
        own = [] if children else [line for line in text.split("\n") if len(line) > 79]
        if not children and not re.search(r"^Examples?:\n\n    .*seqcoder", text, re.M):
            own.append(f"{command.name}: no example")
        return own + [name for child in children.values() for name in wrong(child)]

    assert wrong(typer.main.get_command(top)) == []


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
    assert json.loads(cli.out)["name"] == "prokaryote-2"


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
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert (cli("compress", "-o", "pipe", "g.fa"), pipe.is_fifo()) == (0, True)
    assert os.read(reader, 999) == (tmp_path / "g.sqc").read_bytes()
    os.close(reader)
    assert cli("compress", "-o", "/dev/stdout", "g.fa") == 0
    assert cli.out == (tmp_path / "g.sqc").read_bytes()
    for command in (["compress", "g.fa"], ["extract", "g.sqc", "g"], ["decompress", "g.sqc"]):
        assert cli(*command, "-o", "/dev/null") == 0, cli.err
        assert Path("/dev/null").is_char_device()
    with pytest.raises(seqcoder.UsageError, match="pipe: is a device or pipe; name a file"):
        seqcoder.compress(tmp_path / "g.fa", pipe, force=True)
    with pytest.raises(OSError, match="device or pipe"):
        commit(tmp_path / "g.fa", pipe)
    (tmp_path / "fd").symlink_to("/dev/fd", target_is_directory=True)
    assert is_special(Path("/dev/zero"))
    assert is_special(Path("/dev/stdout"))
    assert is_special(Path("/dev/fd/1"))
    assert is_special(tmp_path / "fd" / "1")
    assert not is_special(tmp_path)
    assert not is_special(tmp_path / "g.fa")
    assert not is_special(tmp_path / "none")
    (tmp_path / "link").symlink_to("g.fa")
    assert not is_special(tmp_path / "link")


def test_no_output_is_its_own_input(tmp_path: Path, cli: Cli) -> None:  # noqa: F811
    (tmp_path / "g.fa").write_bytes(b">g\nACGTACGT\n")
    assert cli("compress", "-o", "g.sqc", "g.fa") == 0
    (tmp_path / "link").symlink_to("g.sqc")
    whole = {name: (tmp_path / name).read_bytes() for name in ("g.fa", "g.sqc")}
    for command in (
        ["compress", "-f", "g.fa", "-o", "g.fa"],
        ["extract", "-f", "g.sqc", "g", "-o", "g.sqc"],
        ["extract", "-f", "link", "-g", "g.fa", "-o", "g.sqc"],
        ["decompress", "-f", "g.sqc", "-o", "link"],
        ["repair", "-f", "g.sqc", "-o", "g.sqc"],
    ):
        assert cli(*command) == 2, command
        assert b"name another output" in cli.err, command
    assert whole == {name: (tmp_path / name).read_bytes() for name in whole}


def test_two_inputs_do_not_meet_in_one_output(tmp_path: Path, cli: Cli) -> None:  # noqa: F811
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.fa").write_bytes(b">g\nACGTACGT\n")
    (tmp_path / "a" / "x.fa.gz").write_bytes(gzip.compress(b">g\nACGTACGT\n"))
    assert cli("compress", "a/x.fa", "a/x.fa.gz") == 2
    assert b"a/x.fa and a/x.fa.gz would both become a/x.fa.sqc" in cli.err
    assert not (tmp_path / "a" / "x.fa.sqc").exists()
    assert cli("compress", "a/x.fa", "b/x.fa", "-o", "both.sqc") == 2
    assert b"a/x.fa and b/x.fa would both be called 'x.fa'" in cli.err


def test_what_an_append_added_is_told(tmp_path: Path, cli: Cli) -> None:  # noqa: F811
    (tmp_path / "g.fa").write_bytes(small_genome(3, 30_000))
    (tmp_path / "h.fa").write_bytes(b">h\nACGTACGT\n")
    assert cli("compress", "-o", "all.sqc", "g.fa") == 0
    before = (tmp_path / "all.sqc").stat().st_size
    assert cli("compress", "--append", "-o", "all.sqc", "h.fa") == 0
    after = (tmp_path / "all.sqc").stat().st_size
    assert f"12 -> {after - before} bytes".encode() in cli.out
    assert f"now {after} bytes".encode() in cli.out


def test_regions_from_standard_input_and_packed_names(tmp_path: Path, cli: Cli) -> None:  # noqa: F811
    (tmp_path / "g.fa").write_bytes(b">g\nACGTACGT\n")
    assert cli("compress", "-o", "g.sqc", "g.fa") == 0
    assert cli("extract", "g.sqc", "--regions", "-", stdin=b"g:2-3\ng\t4\t6\n") == 0
    assert cli.out == b">g:2-3\nCG\n>g:5-6\nAC\n"
    assert cli("extract", "g.sqc", "--regions", "none") == 2
    assert b"none: No such file or directory; name a list" in cli.err
    assert cli("decompress", "g.sqc", "-o", "g.fa.gz") == 2
    assert b"'seqcoder extract -g g.fa -o g.fa.gz' packs them" in cli.err


@pytest.mark.parametrize(
    ("name", "typed", "meant"),
    [
        ("seqcoder", "submit", "seqcoder-ray submit"),
        ("seqcoder-ray", "info", "seqcoder-ray status"),
    ],
)
def test_a_command_of_the_other_program_is_named(name: str, typed: str, meant: str) -> None:
    code = CALL.format(name, APPS[name])
    done = subprocess.run([sys.executable, "-c", code, typed, "x"], capture_output=True, text=True)
    assert done.returncode == 2
    assert f"error: no command '{typed}' here; '{meant}' does it" in done.stderr
