"""Paired comparison of ways to train, and the advice that follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from augment.evaluation.lift import AVERAGE_PRECISION, BRIER, Arm, compared, paired_interval

ARMS = (Arm("real"), Arm("weights"), Arm("made", "--mode append", 1.0), Arm("more", "-n 3x", 2.0))


def repetitions(means: dict[str, float], noise: float, n: int = 6) -> list[list[dict[str, Any]]]:
    """AUC of each arm with a shock that a repetition's arms share, and noise of their own."""
    rng = np.random.default_rng(1)
    found = []
    for shock in rng.normal(0, 0.05, n):
        found.append(
            [
                {
                    "learner": "trees",
                    "arm": arm.name,
                    "auc": means[arm.name] + shock + rng.normal(0, noise),
                    "average_precision": 0.5 + rng.normal(0, noise),
                    "brier": 0.1,
                    "calibrated_brier": None,
                    "note": "",
                }
                for arm in ARMS
            ]
        )
    return found


def test_a_sure_gain_over_the_best_alternative_is_advised_with_its_option() -> None:
    means = {"real": 0.7, "weights": 0.8, "made": 0.85, "more": 0.7}
    (found,) = compared(repetitions(means, 0.002), ARMS, 0.4)
    assert found["augment"] and "augment with --mode append: AUC" in found["advice"]
    assert found["differences"]["auc"]["against"] == "weights"
    assert found["differences"]["auc"]["difference"] == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("made", [0.6, 0.8, 0.805])
def test_no_gain_beyond_noise_is_advised_against(made: float) -> None:
    means = {"real": 0.7, "weights": 0.8, "made": made, "more": 0.6}
    (found,) = compared(repetitions(means, 0.02), ARMS, 0.4)
    assert not found["augment"] and "do not augment" in found["advice"]


def test_what_is_missing_in_a_repetition_has_no_mean_and_is_not_the_best() -> None:
    each = repetitions({"real": 0.7, "weights": 0.9, "made": 0.6, "more": 0.6}, 0.001)
    each[2][1]["auc"] = None
    (found,) = compared(each, ARMS, 0.4)
    assert found["arms"][1]["auc"] is None and found["arms"][0]["calibrated_brier"] is None
    assert found["differences"]["auc"]["against"] == "real"


def test_notes_that_differ_are_told_with_their_number_of_repetitions() -> None:
    each = repetitions({"real": 0.7, "weights": 0.9, "made": 0.6, "more": 0.6}, 0.001)
    for number, found in enumerate(each):
        found[2]["note"], found[3]["note"] = "always", "late" if number < 2 else "early"
    arms = compared(each, ARMS, 0.4)[0]["arms"]
    assert [arm["note"] for arm in arms] == ["", "", "always", "early (4 of 6); late (2 of 6)"]


def test_a_kind_says_by_which_qualities_is_judged_and_advised() -> None:
    each = repetitions({"real": 0.7, "weights": 0.7, "made": 0.9, "more": 0.6}, 0.001)
    (found,) = compared(each, ARMS, 0.4, (AVERAGE_PRECISION, BRIER))
    assert set(found["differences"]) == {"average_precision"} and not found["augment"]
    assert "auc" not in found["arms"][0] and found["arms"][0]["brier"] == pytest.approx(0.1)


def test_intervals_grow_with_overlap_and_tries_and_cover_a_null() -> None:
    rng = np.random.default_rng(3)
    paired = rng.normal(0, 1, 8)
    plain, overlap, tries = (
        paired_interval(paired, *more) for more in ((0.0, 1), (0.5, 1), (0.5, 5))
    )
    widths = [each.high - each.low for each in (plain, overlap, tries)]
    assert widths == sorted(widths) and widths[0] < widths[2]
    covered = [
        each.low <= 0 <= each.high
        for each in (paired_interval(rng.normal(0, 1, 6), 0.0, 1) for _ in range(2_000))
    ]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)
