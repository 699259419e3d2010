"""No line of the package runs what a file says: no pickles, no unsafe YAML, no code out of text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import ROOT

MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
CALLS = {
    "eval", "exec", "compile", "__import__",
    "torch.load", "torch.hub.load", "yaml.load", "yaml.unsafe_load", "yaml.full_load",
    "joblib.load", "pickle.load", "pickle.loads", "np.load", "numpy.load",
    "pd.read_pickle", "pandas.read_pickle", "os.system", "os.popen",
}  # fmt: skip
ALLOWED = {
    # between processes of one command, never to or from a file
    "augment/work/shared_pages.py": {"pickle", "pickle.loads"},
    "augment/work/executors/ray.py": {"pickle", "pickle.loads"},
    "augment/nets/ray_ranks.py": {"pickle", "pickle.loads"},
    # its settings of parallel work, nothing is loaded
    "augment/kinds/tables/engines/sdv/training.py": {"joblib"},
}


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def unsafe(tree: ast.AST) -> Iterator[str]:
    """What a module uses that could run code out of a file, or a shell."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module.partition(".")[0] in MODULES:
                yield node.module
        elif isinstance(node, ast.Call):
            name = name_of(node.func)
            if name in CALLS:
                yield name
            for word in node.keywords:
                value = word.value.value if isinstance(word.value, ast.Constant) else None
                if (word.arg, value) in {("shell", True), ("allow_pickle", True)}:
                    yield f"{word.arg}=True"


@pytest.mark.parametrize(
    "line",
    ["import pickle", "from joblib import load", "torch.load(p)", "yaml.load(t)", "eval(t)",
     "np.load(p, allow_pickle=True)", "subprocess.run(w, shell=True)", "x.y(allow_pickle=True)"],
)  # fmt: skip
def test_what_is_unsafe_is_found(line: str) -> None:
    assert list(unsafe(ast.parse(line)))


def test_no_module_runs_what_a_file_says() -> None:
    found = {}
    for path in sorted((ROOT / "augment").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        rest = set(unsafe(ast.parse(path.read_text()))) - ALLOWED.get(name, set())
        if rest:
            found[name] = sorted(rest)
    assert not found


def test_what_is_allowed_is_still_used() -> None:
    for name, allowed in ALLOWED.items():
        assert allowed <= set(unsafe(ast.parse(Path(ROOT / name).read_text()))), name
