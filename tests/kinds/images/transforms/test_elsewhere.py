"""Images are transformed by machines that see the folder of the result alone."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from augment.core.errors import BadInput
from augment.core.types import Cluster, Json
from augment.lifecycle import transform as lifecycle
from augment.work.executors import Executor
from augment.work.executors.inline import Inline
from augment.work.task import Task
from tests.kinds.images import pictures
from tests.kinds.images.transforms.test_job import contents, made

fsspec = pytest.importorskip("fsspec", reason="the extra [cloud] is not installed")
COPIES = Path(".partial") / "scratch" / "copies"


@dataclass(frozen=True)
class Elsewhere(Executor):
    """Tasks run while `unseen` is away, as on another machine; `seen` lists the folder then."""

    unseen: Path
    out: Path
    seen: list[set[str]]

    def map(self, tasks: Iterable[Task[Any]], shared: Any) -> Generator[Any, None, None]:
        hidden = self.unseen.with_name("hidden")
        for task in tasks:
            there, given = pickle.loads(pickle.dumps((task, shared)))
            self.unseen.rename(hidden)
            copies = self.out / COPIES
            self.seen.append({p.name for p in copies.rglob("*") if p.is_file()})
            try:
                result = there.run(given)
            finally:
                hidden.rename(self.unseen)
            yield result


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """An executor that does not see the temporary folder."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    found = Elsewhere(tmp_path / "temporary", tmp_path / "out", [])
    choice = {True: found, False: Inline()}
    monkeypatch.setattr(lifecycle, "executor", lambda how: choice[isinstance(how, Cluster)])
    return found


@pytest.fixture
def stored() -> Iterator[str]:
    """Images in an object store."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    for number in range(20):
        pixels = pictures.noise(number)
        system.pipe(f"/b/i/{'ab'[number % 2]}/{number}.png", pictures.file_of(pixels))
    yield "memory://b/i"
    system.store.clear()


def transformed(source: str | Path, out: Path, workers: object = 1, **given: object) -> Json:
    return made(source, out, {"preset": "light", **given}, workers=workers)


@pytest.mark.parametrize("mix", [[], ["mixup"]])
def test_what_was_fetched_is_copied_to_where_they_see_it(
    elsewhere: Elsewhere,
    stored: str,
    tmp_path: Path,
    mix: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transformed(stored, tmp_path / "here", mix=mix)
    monkeypatch.chdir(tmp_path)
    transformed(stored, Path("out"), Cluster("ray"), mix=mix)
    assert contents(tmp_path / "out") == contents(tmp_path / "here")
    assert elsewhere.seen == [{f"{number}.png" for number in range(20)}] * 2
    assert list(elsewhere.unseen.iterdir()) == []
    assert not (tmp_path / "out" / ".partial").exists()


def test_copies_are_gone_where_a_task_fails_and_are_made_anew_where_it_goes_on(
    elsewhere: Elsewhere, stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Task.run

    def failing(self: Task[Any], shared: Any) -> Any:
        if self.key != "from 0":
            raise KeyboardInterrupt
        return run(self, shared)

    with monkeypatch.context() as patch:
        patch.setattr(Task, "run", failing)
        with pytest.raises(KeyboardInterrupt):
            transformed(stored, tmp_path / "out", Cluster("ray"))
    assert (tmp_path / "out" / ".partial").exists() and not (tmp_path / "out" / COPIES).exists()
    left = tmp_path / "out" / COPIES / "i"  # by a command that was killed
    left.mkdir(parents=True)
    (left / "stale.png").write_bytes(b"")
    assert transformed(stored, tmp_path / "out", Cluster("ray"))["fresh"] == 4
    assert "stale.png" not in elsewhere.seen[-1]
    transformed(stored, tmp_path / "here")
    assert contents(tmp_path / "out") == contents(tmp_path / "here")


def test_what_they_do_not_see_is_refused_and_not_left_out(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    for number in range(3):
        pictures.saved(elsewhere.unseen / "in" / f"{number}.png", number)
    with pytest.raises(BadInput, match="all machines share") as refused:
        transformed(elsewhere.unseen / "in", tmp_path / "out", Cluster("ray"), on_error="skip")
    assert refused.value.where == "0.png"
    transformed(elsewhere.unseen / "in", tmp_path / "out", on_error="skip")
    assert len(list((tmp_path / "out").glob("*__light__*.png"))) == 3
