"""Building: a wheel, installed elsewhere, and what is said where there is no compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = Path(sys.executable).parent
BUILT = ("CMakeLists.txt", "pyproject.toml", "README.md", "LICENSE", "seqcoder", "cluster", "jobs")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what a wheel is built from: no build folder, no module built before."""
    folder = tmp_path / "tree"
    folder.mkdir()
    for name in BUILT:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.so")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    return folder


def pip(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(SCRIPTS), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
        cwd=cwd,
        env=os.environ | {"PATH": path} | more,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(600)
def test_a_wheel_works_where_it_is_installed(tree: Path, tmp_path: Path) -> None:
    built = pip(
        "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), ".", cwd=tree
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    place = tmp_path / "site"
    done = pip("install", "-q", "--no-deps", "--target", str(place), str(wheel), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    # What it depends on comes from this environment, behind it on the path; -S leaves out the
    # editable install that this environment has of the source tree.
    packages = [p for p in sys.path if p.endswith("site-packages")]
    checked = subprocess.run(
        [sys.executable, "-S", str(ROOT / "tests" / "wheel_check.py")],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(place), *packages])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.endswith(": good\n")


@pytest.mark.timeout(300)
def test_without_a_compiler_the_message_names_packages(tree: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("cmake", "ninja"):
        (tools / name).symlink_to(shutil.which(name, path=str(SCRIPTS)) or "")
    done = pip(
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        ".",
        cwd=tree,
        PATH=str(tools),
        CXX="",
    )
    assert done.returncode != 0
    said = " ".join((done.stdout + done.stderr).split())
    assert "needs a C++20 compiler, and none is here" in said
    for remedy in (
        "apt-get install g++",
        "conda install -c conda-forge cxx-compiler",
        "xcode-select --install",
    ):
        assert remedy in said


def test_wheels_are_built_for_the_platforms_we_promise() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["cibuildwheel"]
    assert table["linux"]["archs"] == ["x86_64", "aarch64"]
    assert table["macos"]["archs"] == ["x86_64", "arm64"]
    assert (ROOT / table["test-command"].split("{project}/")[1]).exists()
