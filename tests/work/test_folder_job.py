"""What tasks say that they wrote is looked for before it is committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from augment.core.errors import BadInput
from augment.core.types import Json
from augment.work.executors.inline import Inline
from augment.work.folder_job import committed
from augment.work.store import Attempt, Store
from augment.work.task import Task


def written(folder: Path, name: str) -> Json:
    """A task that writes a file, and a list beside it."""
    for each in (name, f"{name}.list"):
        (folder / each).write_text("x")
    return {"lines": [{"file": name, "list": f"{name}.list", "number": 1}]}


@pytest.mark.parametrize("missing", ["a", "a.list"])
def test_a_file_that_only_another_machine_sees_is_refused(missing: str, tmp_path: Path) -> None:
    store, elsewhere = Store(tmp_path / "out"), tmp_path / "elsewhere"
    store.begin(Attempt("key", 1))
    elsewhere.mkdir()
    tasks = [Task("a", written, ("a",))]
    assert [task.key for task, _ in committed(store, store.partial, tasks, store.partial, Inline())]
    assert store.done() == {"a"}
    (store.partial / missing).unlink()
    assert not store.done()
    with pytest.raises(BadInput, match="storage that all machines"):
        list(committed(store, store.partial, tasks, elsewhere, Inline()))
    assert not store.done()
