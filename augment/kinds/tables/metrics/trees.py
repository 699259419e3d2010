"""Gradient boosting as the metrics use it: categories by code, null where a value is missing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from augment.core.seeds import Seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_TO_HOLD_OUT = 200  # rows, for early stopping
LEAST_KNOWN = 20  # values of a feature, so that a tenth held out never takes all (1 in 10^20)
ROWS_WORTH_THREADS = 20_000


def usable(
    x: NDArray[np.float64], codes: list[bool], least: int = 1
) -> tuple[NDArray[np.bool_], list[bool]]:
    """(features,) which have values enough, and the `codes` of those: trees refuse features that
    are empty in the rows that they learn from."""
    kept = np.asarray((~np.isnan(x)).sum(axis=0) >= least, dtype=np.bool_).reshape(x.shape[1])
    return kept, [code for code, keep in zip(codes, kept, strict=True) if keep]


def class_odds(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    asked: NDArray[np.float64],
    codes: list[bool],
    classes: int,
    seed: Seed,
    *,
    iterations: int,
    stop_early: bool,
) -> NDArray[np.float64]:
    """(asked rows, classes) probabilities; a class that `y` lacks has none.

    With `stop_early` a tenth of the rows is held out to choose the number of trees, unless there
    are too few rows or a class too rare to be split.
    """
    found = np.zeros((len(asked), classes))
    kinds, counts = np.unique(y, return_counts=True)
    holds_out = stop_early and len(y) >= LEAST_TO_HOLD_OUT and int(counts.min()) >= 2
    kept, codes = usable(x, codes, LEAST_KNOWN if holds_out else 1)
    if len(kinds) < 2 or not kept.any():
        found[:, kinds.astype(int)] = counts / counts.sum()
        return found
    trees = _fitted(x[:, kept], y, codes, seed, iterations, holds_out)
    with _threads(len(y)):
        found[:, trees.classes_.astype(int)] = trees.predict_proba(asked[:, kept])
    return found


def classifier(
    x: NDArray[np.float64], y: NDArray[np.float64], codes: list[bool], seed: Seed, iterations: int
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]] | None:
    """From rows to the chance of a 1 for each; None where there is nothing to learn from."""
    kept, codes = usable(x, codes)
    if not kept.any() or len(np.unique(y)) < 2:
        return None
    trees = _fitted(x[:, kept], y, codes, seed, iterations, holds_out=False)

    def chances(asked: NDArray[np.float64]) -> NDArray[np.float64]:
        with _threads(len(asked)):
            return np.asarray(trees.predict_proba(asked[:, kept])[:, 1], np.float64)

    return chances


def _fitted(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    codes: list[bool],
    seed: Seed,
    iterations: int,
    holds_out: bool,
) -> HistGradientBoostingClassifier:
    """Boosted trees that tell the classes of y apart."""
    trees = HistGradientBoostingClassifier(
        categorical_features=codes,
        early_stopping=holds_out,
        max_iter=iterations,
        random_state=seed.integer(31),
    )
    with _threads(len(y)):
        return trees.fit(x, y)


def values(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    asked: NDArray[np.float64],
    codes: list[bool],
    seed: Seed,
    *,
    iterations: int,
) -> NDArray[np.float64]:
    """(asked rows,) predicted numbers; the mean where there is nothing to learn from."""
    holds_out = len(y) >= LEAST_TO_HOLD_OUT
    kept, codes = usable(x, codes, LEAST_KNOWN if holds_out else 1)
    if not kept.any() or y.min() == y.max():
        return np.full(len(asked), y.mean())
    trees = HistGradientBoostingRegressor(
        categorical_features=codes,
        early_stopping=holds_out,
        max_iter=iterations,
        random_state=seed.integer(31),
    )
    with _threads(len(y)):
        trees.fit(x[:, kept], y)
        return np.asarray(trees.predict(asked[:, kept]), dtype=np.float64)


def _threads(rows: int) -> AbstractContextManager[object]:
    """One thread for few rows: handing out their small pieces costs more than it brings."""
    limits: AbstractContextManager[object] = threadpool_limits(
        1 if rows < ROWS_WORTH_THREADS else None, user_api="openmp"
    )
    return limits
