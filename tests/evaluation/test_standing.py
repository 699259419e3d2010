"""Where made rows stand between rows without structure and fresh real ones."""

from __future__ import annotations

from typing import Any

import pytest

from augment.evaluation.scoring import OUT_OF_TIME
from augment.evaluation.standing import standing


def report(*scores: dict[str, Any]) -> dict[str, Any]:
    """A report of fidelity scores, all of them judged."""
    known = {"group": "fidelity", "where": "", "interval": None, "note": ""}
    found = [{**known, **score, "metric": str(n)} for n, score in enumerate(scores)]
    return {"measures": [{"name": s["metric"], "judged": True} for s in found], "scores": found}


def score(value: float | None, better: str = "lower", floor: float | None = 0.9) -> dict[str, Any]:
    return {"value": value, "ceiling": 0.5, "floor": floor, "better": better}


@pytest.mark.parametrize(
    ("value", "place"), [(0.9, 0.0), (0.5, 1.0), (0.7, 0.5), (0.4, 1.0), (1.0, -0.25), (9.0, -1.0)]
)
def test_the_floor_is_0_and_the_ceiling_1(value: float, place: float) -> None:
    found = standing(report(score(value)), "fidelity")
    assert found is not None and found.value == found.low == found.high == pytest.approx(place)
    mirrored = standing(report(score(1 - value, "higher", 0.1)), "fidelity")
    assert mirrored is not None and mirrored.value == pytest.approx(place)


def test_it_falls_as_rows_get_worse_with_a_floor_and_without_one() -> None:
    for floor in (0.9, 0.51, None):
        found = [standing(report(score(v, floor=floor)), "fidelity") for v in (0.5, 0.55, 0.59)]
        values = [each.value for each in found if each is not None]
        assert values == sorted(values, reverse=True) and len(set(values)) == 3


def test_the_interval_holds_the_value_and_follows_the_scores() -> None:
    noisy = {**score(0.7), "interval": {"low": 0.66, "high": 0.74}}
    found = standing(report(noisy, score(0.5)), "fidelity")
    assert found is not None
    assert (found.low, found.value, found.high) == pytest.approx((0.7, 0.75, 0.8))


def test_what_there_was_no_time_for_leaves_it_open_and_what_cannot_be_scored_does_not() -> None:
    late = {**score(None), "note": OUT_OF_TIME}
    few = {**score(None), "note": "There are too few rows."}
    assert standing(report(score(0.5), late), "fidelity") is None
    assert standing(report(few), "fidelity") is None
    assert standing(report(score(0.5)), "utility") is None
    found = standing(report(score(0.5), few), "fidelity")
    assert found is not None and found.value == 1.0
