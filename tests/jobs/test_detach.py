"""A detached submit is the submit that was asked for."""

from __future__ import annotations

import sys
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import pytest

import seqcoder_jobs.cli.submit as command
from seqcoder_cluster.options import ClusterOptions
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.cli import main
from seqcoder_jobs.writing.detach import _arguments
from seqcoder_jobs.writing.planning import GivenParameters
from seqcoder_jobs.writing.submit import Request

NOT_ON_THE_COMMAND_LINE = {"containers_in_flight", "object_store_bytes", "sources"}


def requests(folder: Path) -> list[Request]:
    """Two that differ from the defaults in every field between them."""
    corpora = (str(folder / "one"), str(folder / "two, of \xe9"))
    options = ClusterOptions("auto", 3, 2, 0.5, metrics=True)
    one = GivenParameters(3, 1 << 20, 77 << 20, str(folder / "model.npz"), None, True, True)
    two = GivenParameters(latents=False, group=False)
    return [
        Request(
            corpora,
            str(folder / "a"),
            one,
            True,
            str(folder / "groups.tsv"),
            options,
            str(folder / "metadata.tsv"),
            True,
        ),
        Request((), str(folder / "a"), two, options=ClusterOptions("auto", actors=0)),
    ]


def of_default(value: Any) -> set[str]:
    """Return the fields that are as they would be without being given."""
    found = set()
    for field in fields(value):
        made = field.default_factory() if field.default_factory is not MISSING else field.default
        found |= {field.name} if getattr(value, field.name) == made else set()
    return found


def asked(words: list[str], monkeypatch: pytest.MonkeyPatch) -> Request:
    """Return what the command line comes to."""
    found: list[Request] = []
    monkeypatch.setattr(command, "run_request", lambda request, choices: found.append(request))
    monkeypatch.setattr(sys, "argv", ["seqcoder-ray", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    return found[0]


def test_every_wish_reaches_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.npz").write_bytes(b"")
    both = requests(tmp_path)
    for of in (lambda r: r, lambda r: r.given, lambda r: r.options):
        # A new field is to be given in one of the two, and by _arguments.
        untold = of_default(of(both[0])) & of_default(of(both[1]))
        assert untold <= NOT_ON_THE_COMMAND_LINE
    inputs = tmp_path / "inputs.txt"
    for request in both:
        inputs.write_text("".join(f"{corpus}\n" for corpus in request.corpora))
        words = _arguments(request, Archive(request.archive), str(inputs))
        assert asked(words[words.index("submit") :], monkeypatch) == request


def test_paths_are_those_of_the_folder_it_was_asked_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.npz").write_bytes(b"")
    request = requests(tmp_path)[0]
    here = replace(request, groups="groups.tsv", given=replace(request.given, model="model.npz"))
    archive, inputs = Archive(request.archive), tmp_path / "inputs.txt"
    assert _arguments(here, archive, inputs) == _arguments(request, archive, inputs)
    named = replace(request, given=replace(request.given, model="prokaryote-2"))
    assert "prokaryote-2" in _arguments(named, archive, inputs)  # a name is no path
