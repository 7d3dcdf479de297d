"""The house rules a machine can check: format, lint, types, layering, module size."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Collection
from graphlib import CycleError, TopologicalSorter
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
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["codespell_lib", "."]],
    ids=" ".join,
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


def modules() -> dict[str, Path]:
    """All modules of the three packages by their dotted names."""
    found = {}
    for package, folder in LAYERS.items():
        for path in folder.rglob("*.py"):
            parts = [package, *path.relative_to(folder).with_suffix("").parts]
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports(path: Path, known: Collection[str]) -> set[str]:
    """What a module imports, wherever in it, also for type checking: our modules, others' tops."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in known else node.module for name in inner]
        else:
            continue
        found |= {name if name in known else name.split(".")[0] for name in names}
    return found


def floors() -> dict[str, int]:
    """The floor of each room, as the table in the architecture page has it."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    table = page.split("<!-- floors", 1)[1].split("<!-- end -->", 1)[0]
    rows = re.findall(r"^\| (\d+) \| `([\w/]+)` \|", table, re.MULTILINE)
    return {room.replace("/", "."): int(floor) for floor, room in rows}


def room_of(module: str, rooms: Collection[str]) -> str:
    top = ".".join(module.split(".")[:2])
    return top if top in rooms else module.split(".")[0]


def test_nobody_imports_upwards() -> None:
    known, floor = modules(), floors()
    for module, path in known.items():
        mine = room_of(module, floor)
        for other in imports(path, known) - {module}:
            if other not in known:
                low = floor[mine] < floor["seqcoder_cluster"]
                assert not (low and other in ("ray", "pyarrow")), f"{module} imports {other}"
            elif (theirs := room_of(other, floor)) != mine:
                assert floor[theirs] < floor[mine], f"{module} imports {other}"


def test_every_room_has_its_floor() -> None:
    tops = {".".join(module.split(".")[:2]) for module in modules() if "." in module}
    rooms = {top for top in tops if not top.startswith("seqcoder_cluster.")} | set(LAYERS)
    assert rooms == set(floors())
    face = list(LAYERS["seqcoder"].glob("*.py"))
    assert len(face) <= 10, face


def test_what_the_architecture_page_points_to_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = re.findall(
        r"`((?:seqcoder|cluster|jobs)/[\w/.]+)`", page.split("## Where is what", 1)[1]
    )
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_there_are_no_circles() -> None:
    known = modules()
    graph = {m: (imports(path, known) & known.keys()) - {m} for m, path in known.items()}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_nothing_is_dead() -> None:
    """Functions, classes and methods of the packages that nothing calls, not even a test."""
    done = subprocess.run(
        [sys.executable, "-m", "vulture"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 3), done.stderr
    dead = re.compile(r"(?!tests/).*unused (function|class|method|property|import) ")
    assert [line for line in done.stdout.splitlines() if dead.match(line)] == []


def test_modules_stay_small() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in LAYERS.values()
        for path in folder.rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 330
    }
    assert long == {}
