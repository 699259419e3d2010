"""The classifier two-sample test: how well a classifier tells two samples apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Interval
from augment.evaluation.roc import auc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float64]  # (rows, dimensions)
    Chances = Callable[[Points, NDArray[np.float64], Points], NDArray[np.float64]]
    """From points and their labels (0 or 1), and points that are asked about, to the chance of a 1
    for each of the latter."""

FOLDS = 3
# By how much wider the interval is than one that takes classifiers as given: each fold's learns of
# the rows that the others are judged on. Nadeau and Bengio 2003 (Machine Learning 52) give
# √((1/3 + 1/2) / (1/3)) = 1.58 for three folds; 1.4 was measured with `benchmarks/gates.py`.
FOLD_NOISE = 1.4


def classifier_auc(
    zeros: Points,
    ones: Points,
    keys: NDArray[np.generic],
    chances: Chances,
    seed: Seed,
) -> tuple[float, Interval]:
    """AUC of telling `ones` from `zeros`, 0.5 where nothing tells them apart, and its interval.

    Lopez-Paz and Oquab 2017, arXiv 1610.06545. Both samples are (rows, dimensions). The classifier
    is trained and judged on different folds; rows of one key (rows of zeros, then of ones) share
    a fold, so that a sample which repeats rows is not found out by its repetitions. Values below
    0.5 are noise.
    """
    x = np.concatenate([zeros, ones])
    y = np.repeat([0.0, 1.0], [len(zeros), len(ones)])
    fold = _folds(keys, seed)
    odds = np.zeros(len(y))
    for number in range(FOLDS):
        held = fold == number
        if held.all() or not held.any():
            continue  # all rows are equal, or there are fewer distinct rows than folds
        chance = chances(x[~held], y[~held], x[held])
        # Set against the fold's own base rate, since the folds are ranked together.
        odds[held] = _logit(chance) - _logit(np.asarray(y[~held].mean()))
    value, given = auc(odds[y == 1], odds[y == 0])
    low, high = (value + FOLD_NOISE * (end - value) for end in (given.low, given.high))
    return value, Interval(max(0.0, low), min(1.0, high))


def _folds(keys: NDArray[np.generic], seed: Seed) -> NDArray[np.int64]:
    """(rows,) fold of each row, the same for rows of one key."""
    groups = np.unique(keys, return_inverse=True)[1]
    order = seed.rng().permutation(int(groups.max()) + 1)
    return np.asarray(order[groups] % FOLDS, dtype=np.int64)


def _logit(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    cut = np.clip(chance, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(cut / (1 - cut)), dtype=np.float64)
