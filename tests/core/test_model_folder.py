"""Models on disk: whole, checked, upgraded, never run."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pytest

from augment.core import model_folder as store
from augment.core.errors import BadInput, Locked, OutOfResources, UsageError
from augment.core.types import State

STATE = State(
    {"layers": [1, 2], "name": "é"}, {"w": np.arange(6.0).reshape(2, 3), "s": np.array(7)}
)
STORED = store.Stored("table", "independent", STATE, {"notes": []})


def test_loading_undoes_saving(tmp_path: Path) -> None:
    store.save(tmp_path, STORED)
    back = store.load(tmp_path)
    assert (back.kind, back.engine, back.facts) == ("table", "independent", {"notes": []})
    assert back.state.config == STATE.config
    for name, tensor in STATE.tensors.items():
        assert back.state.tensors[name].shape == tensor.shape
        assert (back.state.tensors[name] == tensor).all()


def test_the_same_model_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        store.save(tmp_path / name, STORED)
    for name in ("model.json", "weights.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_an_old_format_goes_through_every_upgrade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FORMAT", 1)
    store.save(tmp_path, STORED)
    monkeypatch.setattr(store, "FORMAT", 3)
    steps = {1: lambda d: d | {"kind": "old"}, 2: lambda d: d | {"kind": d["kind"] + "er"}}
    monkeypatch.setattr(store, "UPGRADES", steps)
    assert store.load(tmp_path).kind == "older"
    monkeypatch.setattr(store, "UPGRADES", {2: steps[2]})
    with pytest.raises(BadInput, match="format 1 is unknown"):
        store.load(tmp_path)


@pytest.mark.parametrize(
    ("format", "says"),
    [
        (store.FORMAT + 1, "Upgrade augment"),
        (0, "unknown"),
        (-1, "unknown"),
        (True, "no format"),
        ("1", "no fo"),
    ],
)
def test_other_formats_are_refused(tmp_path: Path, format: object, says: str) -> None:
    store.save(tmp_path, STORED)
    document = json.loads((tmp_path / "model.json").read_text()) | {"format": format}
    (tmp_path / "model.json").write_text(json.dumps(document))
    with pytest.raises(BadInput, match=says):
        store.load(tmp_path)


class Unheard(Exception):
    """A library's own."""


ANY = [KeyError("width"), TypeError(), IndexError(), OverflowError(), AssertionError(), Unheard()]
LACK = [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")]


@pytest.mark.parametrize("error", [*ANY, OSError(), UsageError()])
def test_what_a_state_trips_over_is_told_with_the_engine(error: Exception) -> None:
    with pytest.raises(BadInput, match="engine 'flow'"), store.restoring("flow"):
        raise error


@pytest.mark.parametrize("error", [*ANY, OSError("no file's error")])
def test_what_a_restored_model_trips_over_is_told_with_the_engine(error: Exception) -> None:
    with pytest.raises(BadInput, match="engine 'flow'"), store.using("flow"):
        raise error


def test_what_a_library_says_of_a_state_may_cite_it_and_is_not_told() -> None:
    with pytest.raises(BadInput) as caught, store.restoring("flow"):
        float("a cell of the table")
    assert "a cell" not in str(caught.value)


@pytest.mark.parametrize("error", [Locked(), OutOfResources(), *LACK])
def test_what_no_state_can_cause_is_not_caught(error: Exception) -> None:
    with pytest.raises(type(error)), store.restoring("flow"):
        raise error


@pytest.mark.parametrize("error", [UsageError(), OSError(errno.ENOSPC, "full"), *LACK])
def test_what_is_no_fault_of_a_model_is_not_caught(error: Exception) -> None:
    with pytest.raises(type(error)), store.using("flow"):
        raise error


def test_a_model_of_before_has_no_days_that_begin_at_other_times() -> None:
    config = {"relations": {}, "engine": {"weights": 1}}
    old = {"format": 7, "engine": "anyorder", "config": config}
    assert store.upgraded(old, Path("m"))["config"] == {
        "relations": {"comparisons": [], "exclusions": []},
        "engine": {"offset_days": [], "weights": 1},
    }
    other = {"format": 7, "engine": "tvae", "config": config}
    assert "offset_days" not in store.upgraded(other, Path("m"))["config"]["engine"]
