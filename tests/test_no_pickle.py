"""Nothing that is read from a file is executed: no pickle, no eval, weights and plans are data."""

from __future__ import annotations

import ast

import pytest

from test_code import LAYERS, ROOT

MODULES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
CALLS = {"eval", "exec", "compile", "__import__"}
METHODS = {
    ("yaml", "load"),
    ("yaml", "unsafe_load"),
    ("yaml", "full_load"),
    ("pd", "read_pickle"),
    ("pandas", "read_pickle"),
    ("os", "system"),
    ("os", "popen"),
}


# Measures what it costs to send a report as Ray does; what it loads it has dumped itself.
IN_MEMORY = {"jobs/seqcoder_jobs/bench/rates.py": "pickle.loads(pickle.dumps(part))"}


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def problems(source: str) -> list[str]:
    """What a module does that could run what a file holds; one text each, with its line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            modules = names if isinstance(node, ast.Import) else [node.module or ""]
            roots = {module.split(".")[0] for module in modules}
            found += [f"{node.lineno}: import {root}" for root in sorted(roots & MODULES)]
            if isinstance(node, ast.ImportFrom) and "cloudpickle" in names:
                found.append(f"{node.lineno}: import cloudpickle")
        if not isinstance(node, ast.Call):
            continue
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if _is_true(keywords.get("shell")):
            found.append(f"{node.lineno}: shell=True")
        if _is_true(keywords.get("allow_pickle")):
            found.append(f"{node.lineno}: allow_pickle")
        if isinstance(node.func, ast.Name) and node.func.id in CALLS:
            found.append(f"{node.lineno}: {node.func.id}()")
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            call = node.func.value.id, node.func.attr
            if call in METHODS:
                found.append(f"{node.lineno}: {'.'.join(call)}()")
            if call == ("torch", "load") and not _is_true(keywords.get("weights_only")):
                found.append(f"{node.lineno}: torch.load() without weights_only")
            if call == ("yaml", "load_all"):
                found.append(f"{node.lineno}: yaml.load_all()")
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_nothing_read_is_run(layer: str) -> None:
    paths = sorted(LAYERS[layer].rglob("*.py"))
    assert paths
    found = {path.relative_to(ROOT).as_posix(): problems(path.read_text()) for path in paths}
    for path, line in IN_MEMORY.items():
        if found.pop(path, None):
            assert (ROOT / path).read_text().count("pickle") == 1 + line.count("pickle")
            assert line in (ROOT / path).read_text()
    assert not {path: lines for path, lines in found.items() if lines}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import os, marshal",
        "from ray import cloudpickle",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text)",
        "eval(text)",
        "subprocess.run(line, shell=True)",
    ],
)
def test_what_would_be_found(source: str) -> None:
    assert len(problems(source)) == 1


def test_what_is_fine() -> None:
    fine = (
        "import json\ntorch.load(p, weights_only=True)\nnp.load(p)\nre.compile(x)\nmodel.eval()\n"
    )
    assert problems(fine) == []
