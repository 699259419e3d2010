"""Shadow models: small tables are told whether models of them give their rows away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from augment.core import registry
from augment.core.budget import Budget
from augment.core.errors import BadInput, DiskFailed
from augment.core.kind import Shadow
from augment.core.types import Tick, silent
from augment.kinds.tables.metrics import membership as metric
from augment.lifecycle import shadow_models
from augment.lifecycle.fitting import prepare
from augment.lifecycle.journal import Journal
from augment.lifecycle.plan import RunRequest
from tests.cli.child import write_table
from tests.cli.in_process import augment

pytestmark = pytest.mark.usefixtures("few_trees")
RUN = ("-e", "bootstrap", "--seed", "1", "--gate", "none", "--json")
SHADOW_MODELS = metric.shadow_models  # which other tests do without


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("few") / "t.csv", 150)


def run(table: Path, out: Path, *words: str) -> dict[str, Any]:
    done = augment("run", table, "-o", out, *RUN, *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def membership(document: dict[str, Any]) -> dict[str, Any]:
    scores = document["report"]["scores"]
    return next(s for s in scores if s["metric"] == "membership.auc" and not s["where"])


def test_they_tell_what_few_unseen_rows_do_not(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = run(table, tmp_path / "few", "--shadow-models", "0")
    assert "shadow" not in few["seconds"]
    monkeypatch.setattr(metric, "shadow_models", SHADOW_MODELS)
    told = run(table, tmp_path / "told")
    score = membership(told)
    assert "By 8 shadow models, each fitted on 120 rows" in score["note"]
    assert "shadow" in told["seconds"]
    wide, narrow = (m["interval"]["high"] - m["interval"]["low"] for m in (membership(few), score))
    assert narrow < 0.7 * wide
    assert "privacy" in {
        name
        for name, group in told["report"]["verdict"]["groups"].items()
        if group["state"] == "fail"
    }


def fitted(
    table: Path, folder: Path, count: int, **more: Any
) -> tuple[list[Shadow[Any]], list[Tick]]:
    ticks: list[Tick] = []
    request = RunRequest(str(table), seed=1, **{"engine": "independent", "holdout": 0.2, **more})
    prepared = prepare(request, Journal(None, silent), None, 0.2)
    budget = Budget(more.get("max_seconds"))
    found = shadow_models.shadows(prepared, count, folder, Journal(None, ticks.append), budget, 1)
    return found, ticks


def test_each_has_its_own_rows_and_makes_as_many_as_it_learnt(table: Path, tmp_path: Path) -> None:
    found, _ = fitted(table, tmp_path, 3)
    assert {(len(s.members), len(s.outsiders), len(s.made)) for s in found} == {(120, 30, 120)}
    again, _ = fitted(table, tmp_path, 3)
    assert [s.made.digest() for s in again] == [s.made.digest() for s in found]
    assert len({s.members.digest() for s in found}) == 3
    assert len({s.made.digest() for s in found}) == 3
    for shadow in found:
        ids = [set(part.column("id").to_pylist()) for part in (shadow.members, shadow.outsiders)]
        assert not ids[0] & ids[1] and len(ids[0] | ids[1]) == 150


def test_without_time_there_are_none_and_it_is_said(table: Path, tmp_path: Path) -> None:
    found, ticks = fitted(table, tmp_path, 3, max_seconds=1e-9)
    assert not found and ticks[-1].shortened == "0 of 3 shadow models were fitted"


def test_none_is_begun_where_the_runs_own_fit_took_too_long_for_two(
    table: Path, tmp_path: Path
) -> None:
    request = RunRequest(str(table), engine="independent", seed=1)
    prepared = prepare(request, Journal(None, silent), None, 0.2)
    journal = Journal(None, silent, seconds={"fit": 40.0})
    given = (tmp_path, journal, Budget(100.0), 1)
    assert not shadow_models.shadows(prepared, 4, *given)
    assert journal.shortened == ["0 of 4 shadow models were fitted"]
    assert len(shadow_models.shadows(prepared, 2, *given[:2], Budget(10_000.0), 1)) == 2


def test_an_engine_that_fails_on_fewer_rows_leaves_the_run_alone(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(error: Exception) -> Any:
        def fit(*_: Any) -> Any:
            raise error

        return fit

    monkeypatch.setattr(shadow_models, "fit_model", failing(BadInput("too few rows.")))
    found, ticks = fitted(table, tmp_path, 3)
    assert not found and "0 of 3" in ticks[-1].shortened
    monkeypatch.setattr(shadow_models, "fit_model", failing(DiskFailed("the disk is full.")))
    with pytest.raises(DiskFailed):
        fitted(table, tmp_path, 3)


def test_images_have_no_use_for_them() -> None:
    assert "shadow_models" in registry.find("kinds", "table").evaluator.options
    assert "shadow_models" not in registry.find("kinds", "images").evaluator.options
