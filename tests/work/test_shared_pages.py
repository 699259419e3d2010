"""What processes are given at once is what was packed, and no process changes it for another."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pyarrow as pa
import pytest

from augment.work.pool import pool
from augment.work.shared_pages import packed
from augment.work.task import Task

SHARED = {
    "weights": np.arange(10_000, dtype=np.float32).reshape(100, 100),
    "columns": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "part": np.arange(40)[::2],
    "none": np.empty((0, 3)),
    "table": pa.table({"x": [1, None, 3], "t": ["a", "b", None]}),
    "word": "as it is",
}


def changed(shared: dict[str, np.ndarray], by: float) -> tuple[float, int]:
    """The sum as it was given, after which it is spoilt."""
    found = float(shared["weights"].sum())
    shared["weights"] += by
    return found, os.getpid()


@pytest.mark.parametrize("linux", [True, False])
def test_it_is_what_was_packed(linux: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not linux:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    with packed(SHARED) as sent:
        assert len(sent.pickled) < 10_000 or not sent.path
        found, again = (pickle.loads(pickle.dumps(sent)).content() for _ in range(2))
    assert found["table"].equals(SHARED["table"]) and found["word"] == "as it is"
    for name in ("weights", "columns", "part", "none"):
        np.testing.assert_array_equal(found[name], SHARED[name])
        assert found[name].dtype == SHARED[name].dtype
    found["weights"] += 1
    np.testing.assert_array_equal(again["weights"], SHARED["weights"])


def test_nothing_large_is_sent_as_ever() -> None:
    with packed(("words", 3)) as sent:
        assert not sent.path and sent.content() == ("words", 3)


def test_a_process_does_not_see_what_another_does() -> None:
    expected = float(SHARED["weights"].sum())
    for _ in range(2):
        with pool(1, SHARED) as one:
            total, process = one.submit(Task("spoil", changed, (5.0,))).result()
        assert total == expected and process != os.getpid()
    assert float(SHARED["weights"].sum()) == expected
