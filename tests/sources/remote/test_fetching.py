"""What lies elsewhere is fetched once by a command that reads it twice, and is gone at its end."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from augment.core.errors import BadInput
from augment.core.files import sha256
from augment.evaluation.comparison import Comparison
from augment.kinds.tables.metrics import counting
from augment.sources.remote.fetching import fetched, fetched_once, keep
from tests.cli.in_process import augment
from tests.places import ROOT

fsspec = pytest.importorskip("fsspec", reason="the extra [cloud] is not installed")
CLINIC = ROOT / "samples" / "clinic.csv"
ASKED = ("--fit-rows", "150", "--seed", "1", "--workers", "1", "--gate", "none", "-q")


@pytest.fixture
def memory() -> Iterator[object]:
    """An object store with two tables."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    lines = CLINIC.read_bytes().splitlines(keepends=True)
    half = len(lines) // 2
    system.pipe("/b/real.csv", b"".join(lines[:half]))
    system.pipe("/b/made.csv", b"".join([lines[0], *lines[half:]]))
    yield system
    system.store.clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return tmp_path / "temporary"


@pytest.fixture
def asked(memory: object, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were fetched."""
    found: list[str] = []
    get = type(memory).get_file

    def counted(self: object, path: str, *more: object, **options: object) -> object:
        found.append(path)
        return get(self, path, *more, **options)

    monkeypatch.setattr(type(memory), "get_file", counted)
    return found


def test_large_tables_are_fetched_once_and_counted_whole(
    memory: object, folder: Path, asked: list[str], few_trees: None
) -> None:
    done = augment("evaluate", "memory://b/real.csv", "memory://b/made.csv", "--json", *ASKED)
    assert done.returncode == 0, done.stderr
    rows = {name: memory.cat(f"/b/{name}.csv").count(b"\n") - 1 for name in ("real", "made")}
    counted = json.loads(done.stdout)["report"]["all_rows"]
    assert counted == {"real": rows["real"], "synthetic": rows["made"]}
    assert asked == ["/b/real.csv", "/b/made.csv"]
    assert list(folder.iterdir()) == []


@pytest.mark.slow  # scores two runs
def test_a_run_is_reproduced_from_where_its_source_lies(
    memory: object, few_trees: None, tmp_path: Path
) -> None:
    memory.pipe("/b/few.csv", b"".join(memory.cat("/b/real.csv").splitlines(keepends=True)[:61]))
    run = ("run", "memory://b/few.csv", "-e", "independent", "--gate", "none", "--seed", "1")
    assert augment(*run, "-o", tmp_path / "out").returncode == 0
    assert augment("reproduce", tmp_path / "out").returncode == 0
    memory.rm("/b/few.csv")
    done = augment("reproduce", tmp_path / "out")
    assert done.returncode == 4 and b"memory://b/few.csv" in done.stderr


@pytest.mark.parametrize("error", [BadInput("wrong"), KeyboardInterrupt()])
def test_copies_are_gone_where_the_command_fails(
    memory: object,
    folder: Path,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    there: list[list[Path]] = []

    def failing(rows: Comparison, axes: object) -> None:
        there.append(list(folder.rglob("*.csv")))
        raise error

    monkeypatch.setattr(counting, "counted", failing)
    done = augment("evaluate", "memory://b/real.csv", "memory://b/made.csv", *ASKED)
    assert done.returncode in (4, 130) and [len(each) for each in there] == [2]
    assert list(folder.iterdir()) == []


def test_only_what_is_read_again_is_kept(memory: object, folder: Path, asked: list[str]) -> None:
    with fetched_once():
        for _ in range(2):
            for name in ("real", "made"):
                with fetched(f"memory://b/{name}.csv") as found:
                    assert sha256(Path(found.local))
                    assert found.shown(found.local) == f"memory://b/{name}.csv"
                    if name == "made":
                        keep("memory://b/made.csv")
        assert [path.name for path in folder.rglob("*.csv")] == ["made.csv"]
        with pytest.raises(BadInput) as refused, fetched("memory://b/made.csv") as found:
            raise BadInput("bad.", where=found.local)
        assert refused.value.where == "memory://b/made.csv"
    assert asked == ["/b/real.csv", "/b/made.csv", "/b/real.csv"]
    assert list(folder.iterdir()) == []
    keep("memory://b/made.csv")  # nobody says when it could go
    with fetched("memory://b/made.csv"):
        pass
    assert list(folder.iterdir()) == []
