"""What is spent is what OpenDP says, never more than the budget, and never twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import BadInput

pytest.importorskip("opendp", reason="the extra [dp] is not installed")

from augment.kinds.tables.engines.aim import mechanisms
from augment.kinds.tables.engines.aim.ledger import Ledger

COUNTS = np.array([[10, 200], [3, 0]])


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("delta", [1e-9, 1e-5])
def test_the_budget_in_rho_is_the_most_that_epsilon_and_delta_allow(
    epsilon: float, delta: float
) -> None:
    rho = mechanisms.rho_of(epsilon, delta)
    assert mechanisms.epsilon_of(rho, delta) == pytest.approx(epsilon, rel=1e-6)
    assert mechanisms.epsilon_of(rho, delta) <= epsilon
    # Proposition 1.3 of Bun and Steinke 2016 is a looser bound, so it allows less.
    assert rho + 2 * np.sqrt(rho * np.log(1 / delta)) >= epsilon


def test_each_mechanism_costs_what_was_asked_for() -> None:
    draws = [
        mechanisms.noisy_counts([5, 6], 0.01),
        mechanisms.noisy_choice([0.0, 5.0], 2.0, 0.01),
        mechanisms.noisy_values({"a": 900, "b": 1}, 0.01, 1e-9),
    ]
    for draw in draws:
        assert draw.rho == pytest.approx(0.01, rel=1e-6) and draw.rho <= 0.01
    assert draws[0].scale == pytest.approx((2 * 0.01) ** -0.5)
    assert draws[2].delta <= 1e-9


def test_a_value_of_one_row_is_not_told_and_one_of_many_is() -> None:
    found = mechanisms.noisy_values({"a": 5_000, "b": 1}, 0.01, 1e-9).result
    assert list(found) == ["a"] and abs(found["a"] - 5_000) < 100


def test_the_noise_has_the_scale_that_is_charged() -> None:
    draw = mechanisms.noisy_counts([1_000] * 4_000, 0.005)
    assert np.std(draw.result) == pytest.approx(10, rel=0.1)
    assert np.mean(draw.result) == pytest.approx(1_000, abs=1)


def test_an_attempt_goes_on_with_what_was_drawn_and_spends_it_once(tmp_path: Path) -> None:
    first = Ledger(tmp_path, "these rows", 1.0, 1e-9, 1)
    drawn = first.counts("counts of a", COUNTS, first.rho / 4)
    chosen = first.choice("choice", [(0, 1), (0, 2)], [1.0, 2.0], 1.0, first.rho / 4)
    second = Ledger(tmp_path, "these rows", 1.0, 1e-9, 1)
    again = second.counts("counts of a", COUNTS, second.rho / 4)
    assert (drawn[0] == again[0]).all() and drawn[1] == again[1]
    wanted = [(0, 1), (0, 2)][chosen]
    options = [(1, 2), (0, 2), (0, 1)]
    assert options[second.choice("choice", options, [0.0] * 3, 1.0, 1.0)] == wanted
    assert second.spent == first.spent
    fresh = second.counts("counts of b", COUNTS, second.left)
    assert second.left < 1e-6 * second.rho and fresh[0].shape == COUNTS.shape
    with pytest.raises(AssertionError, match="budget"):
        second.counts("counts of c", COUNTS, second.rho / 100)


def test_draws_of_other_rows_are_not_gone_on_with(tmp_path: Path) -> None:
    first = Ledger(tmp_path, "these rows", 1.0, 1e-9, 0)
    first.counts("counts of a", COUNTS, first.rho / 2)
    other = Ledger(tmp_path, "other rows", 1.0, 1e-9, 0)
    other.counts("counts of b", COUNTS, other.rho / 2)
    with pytest.raises(BadInput, match="--force"):
        Ledger(tmp_path, "other rows", 1.0, 1e-9, 0).counts("counts of a", COUNTS, 0.001)


def test_the_document_has_every_cost_and_no_result(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "these rows", 1.0, 1e-9, 1)
    ledger.values("values of a", {"x": 900}, ledger.rho / 2)
    ledger.counts("counts of a", COUNTS, ledger.left)
    told = ledger.document()
    assert told["spent"]["epsilon"] <= 1.0 and told["spent"]["delta"] <= 1e-9
    assert sum(each["rho"] for each in told["mechanisms"]) == told["spent"]["rho"] <= told["rho"]
    assert not any("result" in each for each in told["mechanisms"])
    assert told["neighbours"] == "one row added or removed"
