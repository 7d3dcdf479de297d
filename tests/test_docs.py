"""What the documentation shows is what happens: commands, examples, links, names."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import fsspec
import pytest

from doc_runner import Command, blocks, environment, matches, run

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder the tutorial's commands run in; what they leave is there for other pages."""
    return tmp_path_factory.mktemp("docs")


@pytest.fixture(scope="module")
def joined(ray_cluster: Any) -> dict[str, str]:
    """An environment in which commands join the suite's Ray: each need not start its own."""
    return environment(RAY_ADDRESS=ray_cluster.address)


def check(page: Path, folder: Path, env: dict[str, str]) -> int:
    wrong = []
    found = [command for _, commands in blocks(page.read_text()) for command in commands]
    for command in found:
        printed = run(command, folder, env)
        if not matches(command, printed):
            wrong.append(f"$ {command.text}\n{command.shown}\n--- but now:\n{printed}")
    assert not wrong, "\n\n".join(wrong)
    return len(found)


@pytest.mark.ray
@pytest.mark.timeout(600)
def test_the_tutorial_s_commands(place: Path, joined: dict[str, str]) -> None:
    assert check(DOCS / "tutorial.md", place, joined) > 20


@pytest.mark.ray
@pytest.mark.timeout(600)
def test_the_readme_s_commands(
    tmp_path: Path,
    joined: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert check(ROOT / "README.md", tmp_path, joined) >= 10
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.S)
    exec(example, {})
    assert re.fullmatch("[ACGTN]{60}\n", capsys.readouterr().out)


def test_python_examples(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the tutorial, whose archive they read."""
    if not (place / "archive").exists():
        pytest.skip("reads the archive that test_the_tutorial_s_commands makes; run that too")
    monkeypatch.chdir(place)
    # As an installation's entry point does; that of an editable one may be older than this.
    fsspec.register_implementation("sqc", "seqcoder_jobs.filesystem.SqcFileSystem", clobber=True)
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL | doctest.NORMALIZE_WHITESPACE
    text = re.sub(r"^```.*$", "", (DOCS / "python.md").read_text(), flags=re.M)
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=flags)
    runner.run(parser.get_doctest(text, {}, "python.md", "python.md", 0))
    results = runner.summarize(verbose=False)
    assert (results.failed, results.attempted > 40) == (0, True)


def test_docstrings_examples() -> None:
    examples = 0
    for path in sorted((ROOT / "seqcoder").rglob("*.py")):
        if ">>> " in path.read_text():
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            results = doctest.testmod(importlib.import_module(name))
            examples += results.attempted
            assert results.failed == 0, name
    assert examples >= 4


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """Pages missing, links and anchors that lead nowhere, files not found: all are errors."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pages = {str(path.parent.relative_to(tmp_path)) for path in tmp_path.rglob("index.html")}
    assert {str(p.relative_to(DOCS).with_suffix("")) for p in DOCS.rglob("*.md")} <= pages
    commands = (tmp_path / "reference" / "cli" / "index.html").read_text()
    for name in ("seqcoder compress", "seqcoder model info", "seqcoder-ray submit"):
        assert f">{name}<" in re.sub(r'<a class="headerlink".*?</a>', "<", commands)
    for page, word in {"slurm": "scontrol", "snakemake": "seqcoder_verify"}.items():
        assert word in (tmp_path / "howto" / page / "index.html").read_text()
    for built in tmp_path.rglob("*.html"):  # an include that was not taken for one
        assert not re.search("--8 ?(&lt;|<)", built.read_text()), built.relative_to(tmp_path)


def test_links_lead_somewhere_in_the_repository() -> None:
    """As they are read on a code host, without the site."""
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_pages_begin_with_whom_they_are_for() -> None:
    pages = sorted(DOCS.rglob("*.md"))
    wrong = [
        str(page.relative_to(DOCS))
        for page in pages
        if not re.match(r"# \S[^\n]*\n\nFor [a-zA-Z]", page.read_text())
    ]
    assert len(pages) > 30
    assert not wrong, f"the first sentence after the title begins with 'For ': {wrong}"


# Not English, or not the field's: what is written instead stands behind each.
_ODD = {
    r"\bbits? a base\b": "bits per base",
    r"\b(bases|bytes|MB|files|genomes) a second\b": "... per second",
    r"\bthe dear side\b": "too high",
    r"\btold as\b": "reported as",
    r"\ban end behind\b": "an end beyond",
}


def test_words_are_the_field_s() -> None:
    found = [
        f"{page.relative_to(ROOT)}: '{match[0]}'; write '{better}'"
        for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
        for odd, better in _ODD.items()
        for match in re.finditer(odd, page.read_text())
    ]
    assert not found, "\n".join(found)


def test_the_runner_notices_differences() -> None:
    def says(shown: str, printed: str, tolerance: float = 0.0) -> bool:
        return matches(Command("x", shown, tolerance), printed)

    assert says("a ... c\n...\nend", "a b c\nany\nthing\nend")
    assert says("...\nend", "end")
    assert says("1,000 bytes", "1,020 bytes", 0.03)
    assert not says("1,000 bytes", "1,050 bytes", 0.03)
    assert not says("1,000 bytes", "1,001 bytes")
    assert not says("a\nb", "a\nb\nc")
    assert not says("a ... c", "a b d")
    assert not says("7 of 7", "7 of 6", 0.03)
    assert says("1 s ... 5 bytes", "9 s and 5 bytes", 0.03)
