"""A report against an earlier one: what is worse by more than noise, what cannot be compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from augment.core.errors import BadInput
from augment.evaluation.baseline import DECISIVE, Baseline, beside, compared, require_comparable
from augment.evaluation.noise import FALSE_FAILURES, Z95
from augment.evaluation.roc import binomial

DATA = {"kind": "table", "columns": ["a", "b"], "target": "b"}


def report(half: float | None = 0.02, **values: float | None) -> dict[str, Any]:
    """Scores with one interval each; those called `low…` are better low, and 0 is their limit."""
    scores, checks, measures = [], [], []
    for name, value in values.items():
        better = "lower" if name.startswith("low") else "higher"
        span = None
        if half is not None and value is not None:
            span = {"low": value - half, "high": value + half}
        scores.append(
            {"metric": name, "where": "", "value": value, "better": better, "interval": span}
        )
        limit = 0 if name.startswith("low") else 0.5
        checks.append({"metric": name, "title": name.capitalize(), "limit": limit})
        measures.append({"name": name, "unit": "number"})
    return {
        "data": DATA,
        "about": {},
        "verdict": {"checks": checks},
        "scores": scores,
        "measures": measures,
    }


def found(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    return compared(now, Baseline("old/", "0", before))


def test_what_is_worse_by_more_than_noise_is_a_regression_and_nothing_else() -> None:
    now = report(utility=0.70, other=0.78, low=0.1, higher=0.9)
    result = found(now, report(utility=0.8, other=0.8, low=0.0, higher=0.5))
    assert [each["metric"] for each in result["regressions"]] == ["utility", "low"]
    worst = result["regressions"][0]
    assert worst["worse_by"] == pytest.approx(0.1)
    assert (worst["value"], worst["baseline"]) == (0.70, 0.8)
    # half a 95% interval of the difference, and room for four comparisons
    assert 0.02 * 2**0.5 < worst["noise"] < 0.1
    assert result["compared"] == 4


def test_unchanged_generators_are_accused_in_one_report_of_a_hundred_at_most() -> None:
    rng, reports, scores = np.random.default_rng(5), 3_000, 10
    accused = 0
    for sides in 0.8 + 0.01 * rng.standard_normal((reports, 2, scores)):
        now, before = (
            report(0.01 * Z95, **{f"m{n}": float(v) for n, v in enumerate(side)}) for side in sides
        )
        accused += bool(found(now, before)["regressions"])
    assert binomial(accused, reports).low <= FALSE_FAILURES
    assert accused > FALSE_FAILURES / 4 * reports  # it can accuse


def test_scores_without_interval_are_compared_where_nothing_is_tolerated() -> None:
    result = found(report(None, low=1.0, free=0.1), report(None, low=0.0, free=0.9))
    assert [each["metric"] for each in result["regressions"]] == ["low"]
    assert result["not_compared"] == ["free"]
    assert result["chance"] == 0


def test_scores_of_one_report_alone_are_named() -> None:
    result = found(report(a=0.1, b=0.2, c=None), report(b=0.2, c=0.4))
    assert (result["compared"], result["not_compared"]) == (1, ["a", "c"])


def test_what_was_made_otherwise_is_told() -> None:
    plan = dict.fromkeys(DECISIVE) | {"parameters": {"epochs": 5}}
    before, now = report(a=0.2), report(a=0.2)
    before["about"] = {"plan": plan, "files": [{"sha256": "0"}]}
    now["about"] = {
        "plan": {**plan, "engine": "other", "parameters": {"epochs": 9}},
        "files": [{"sha256": "1"}],
    }
    changed = found(now, before)["changed"]
    assert changed == ["engine: None → other", "-p epochs: 5 → 9", "the data"]
    assert found(now, now)["changed"] == []


def test_gates_see_the_baseline_beside_each_score() -> None:
    joined = beside(report(a=0.1, b=0.2), Baseline("old/", "0", report(a=0.7)))
    assert [score["baseline"] for score in joined["scores"]] == [0.7, None]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "images"}, "images data, and the source is table data"),
        ({"columns": ["a", "b", "c"]}, "it alone has 'c'"),
        ({"columns": ["a"]}, "the source alone has 'b'"),
        ({"target": None}, "predicting None"),
    ],
)
def test_reports_of_other_data_are_refused(change: dict[str, Any], said: str) -> None:
    baseline = Baseline("old/", "0", {"data": {**DATA, **change}})
    with pytest.raises(BadInput, match=said):
        require_comparable(baseline, DATA)
    require_comparable(Baseline("old/", "0", {"data": DATA}), DATA)
    with pytest.raises(BadInput, match="unknown data"):
        require_comparable(Baseline("old/", "0", {}), DATA)
