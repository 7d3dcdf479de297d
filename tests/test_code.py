"""The house rules a machine can check: format, lint, types, layering, module size."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import clang_format
import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = {
    "seqcoder": ROOT / "seqcoder",
    "seqcoder_cluster": ROOT / "cluster" / "seqcoder_cluster",
    "seqcoder_jobs": ROOT / "jobs" / "seqcoder_jobs",
}


@pytest.mark.parametrize(
    "command", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]], ids=" ".join
)
def test_tools_are_content(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_core_is_formatted() -> None:
    sources = sorted(map(str, (ROOT / "seqcoder" / "core" / "src").glob("*pp")))
    done = subprocess.run(
        [clang_format.get_executable("clang-format"), "--dry-run", "-Werror", *sources],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert sources
    assert done.returncode == 0, done.stderr


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_nobody_imports_upwards() -> None:
    order = list(LAYERS)
    for depth, (layer, folder) in enumerate(LAYERS.items()):
        above = set(order[depth + 1 :]) | ({"ray", "pyarrow"} if layer == "seqcoder" else set())
        for path in folder.rglob("*.py"):
            assert not imports(path) & above, f"{path} imports {imports(path) & above}"


def test_nothing_is_dead() -> None:
    """Functions, classes and methods of the packages that nothing calls, not even a test."""
    done = subprocess.run(
        [sys.executable, "-m", "vulture"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 3), done.stderr
    dead = re.compile(r"(?!tests/).*unused (function|class|method|property|import) ")
    assert [line for line in done.stdout.splitlines() if dead.match(line)] == []


# One kernel is one function: numba compiles it whole, and calls would cost what it saves.
LONG = {"seqcoder/coder/kernel.py"}


def test_modules_stay_small() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in LAYERS.values()
        for path in folder.rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 330
    }
    assert set(long) == LONG, long
