"""Laws of a junction tree: it draws the joint distribution, also under conditions, exactly."""

from __future__ import annotations

import numpy as np
import pytest

from augment.kinds.tables.engines.aim.junction_tree import JunctionTree

SIZES = (3, 2, 4, 2)
ROWS = 60_000


def joint() -> np.ndarray:
    """Chances of four columns of which 0 and 1, 1 and 2 depend on one another, and 3 on none."""
    rng = np.random.default_rng(3)
    first, second, third, apart = (rng.random(shape) for shape in ((3, 2), (2, 4), (4,), (2,)))
    whole = np.einsum("ab,bc,c,d->abcd", first, second, third, apart)
    return whole / whole.sum()


def tree() -> JunctionTree:
    whole = joint()
    return JunctionTree.of_marginals(
        SIZES,
        {(0, 1): whole.sum((2, 3)), (1, 2): whole.sum((0, 3)), (3,): whole.sum((0, 1, 2))},
    )


def shares(rows: np.ndarray) -> np.ndarray:
    places = np.ravel_multi_index(tuple(rows.T), SIZES)
    return np.bincount(places, minlength=48).reshape(SIZES) / len(rows)


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {0: np.array([1.0, 0, 0])},
        {2: np.array([0, 0.25, 0, 1.0])},
        {0: np.array([0, 1.0, 1.0]), 2: np.array([1.0, 0, 0, 0]), 3: np.array([0.0, 1.0])},
    ],
)
def test_rows_follow_the_joint_distribution_under_conditions(
    weights: dict[int, np.ndarray],
) -> None:
    wanted = joint()
    for column, weight in weights.items():
        wanted = wanted * weight.reshape([-1 if axis == column else 1 for axis in range(4)])
    passing = wanted.sum()
    assert tree().probability(weights) == pytest.approx(passing)
    made = tree().sample(ROWS, np.random.default_rng(1), weights)
    assert np.abs(shares(made) - wanted / passing).max() < 0.01
    assert not shares(made)[wanted == 0].any()


def test_a_marginal_is_that_of_the_joint_distribution() -> None:
    for column in range(4):
        others = tuple(axis for axis in range(4) if axis != column)
        assert np.allclose(tree().marginal(column), joint().sum(others))


def test_what_can_never_hold_has_no_chance() -> None:
    assert tree().probability({1: np.zeros(2)}) == 0


def test_restoring_undoes_the_config_and_refuses_other_shapes() -> None:
    made = tree()
    tables = [clique.table for clique in made.cliques]
    again = JunctionTree.restored(SIZES, made.config(), tables)
    rows = [each.sample(50, np.random.default_rng(2), {}) for each in (made, again)]
    assert (rows[0] == rows[1]).all()
    for spoilt in (tables[1:], [tables[0].T, *tables[1:]], [-tables[0], *tables[1:]]):
        with pytest.raises((ValueError, TypeError)):
            JunctionTree.restored(SIZES, made.config(), spoilt)
    with pytest.raises(ValueError):
        JunctionTree.restored(SIZES, made.config()[:2], tables[:2])
