"""A budget keeps its end on its way to another process, and to a machine whose clock differs."""

from __future__ import annotations

import pickle
import time

import pytest

from augment.core.budget import UNLIMITED, Budget


def test_it_ends_at_the_same_time_where_the_clock_began_earlier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert pickle.loads(pickle.dumps(UNLIMITED)).left() == float("inf")
    sent = pickle.dumps(Budget(100.0, start=time.monotonic() - 30))
    here, day = time.monotonic(), time.time()
    monkeypatch.setattr(time, "monotonic", lambda: here - 1e6)
    monkeypatch.setattr(time, "time", lambda: day + 20)  # so long it was on its way
    assert pickle.loads(sent).left() == pytest.approx(50, abs=1)
