"""Predicting a column of a table: what is predicted, from what, and how well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata

from augment.core.seeds import Seed
from augment.kinds.tables.metrics.axes import Axis
from augment.kinds.tables.metrics.trees import class_odds, values
from augment.kinds.tables.metrics.views import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CLASSES = 20  # the rest are one class
FEW_VALUES = 10  # a whole-number target with no more values than this is a class
TREES = 200
LEAST_ROWS = 10


@dataclass(frozen=True)
class PredictionTask:
    """What is predicted: `classes` levels (0 for a number), and how a column becomes answers."""

    score_name: str  # e.g. "AUC"
    classes: int
    answers: Callable[[NDArray[Any]], NDArray[np.float64]]  # NaN: no answer, leave the row out


def task_of(axis: Axis, train: NDArray[Any]) -> PredictionTask:
    """Classes for categories, booleans and whole numbers of few values; regression otherwise."""
    if axis.numeric:
        kinds = np.unique(train[~np.isnan(train)])
        if len(kinds) > FEW_VALUES or np.any(kinds != np.rint(kinds)):
            return PredictionTask("R²", 0, lambda column: column)
        return PredictionTask(
            _auc_words(len(kinds)), len(kinds), lambda column: _place(kinds, column)
        )
    known = min(axis.known, MOST_CLASSES)
    classes = min(axis.known, MOST_CLASSES + 1)
    return PredictionTask(
        _auc_words(classes),
        classes,
        lambda column: np.where(
            (column < 0) | (column >= axis.known), np.nan, np.minimum(column, known)
        ),
    )


def _auc_words(classes: int) -> str:
    return "AUC" if classes <= 2 else "Mean one-against-rest AUC"


def _place(kinds: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows,) place of each value among the kinds; NaN for any other."""
    places = np.searchsorted(kinds, column)
    near = np.minimum(places, max(0, len(kinds) - 1))
    fits = kinds[near] == column if len(kinds) else np.zeros(len(column), dtype=bool)
    return np.where(fits, near, np.nan)


def asked(
    task: PredictionTask, view: View, place: int, given: list[int], most: int, seed: Seed
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features, of the columns `given`, and answers of at most `most` rows that have an answer."""
    rows = view.sample(most, seed)
    answers = task.answers(rows.columns[place])
    kept = np.flatnonzero(~np.isnan(answers))
    return rows.select(given).features[kept], answers[kept]


def too_little(
    task: PredictionTask, y: NDArray[np.float64], y_real: NDArray[np.float64], columns: int
) -> str:
    if columns < 2:
        return "There is no other column to predict from."
    if len(y) < LEAST_ROWS or len(y_real) < LEAST_ROWS:
        return f"At least {LEAST_ROWS} rows with a target are needed on either side."
    if len(np.unique(y_real)) < 2:
        return "The unseen rows have one target value only, so nothing can be ranked."
    return ""


def predicted(
    task: PredictionTask,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    x_real: NDArray[np.float64],
    codes: list[bool],
    seed: Seed,
) -> NDArray[np.float64]:
    """(judged rows, classes) probabilities, or (judged rows, 1) numbers."""
    if task.classes:
        return class_odds(
            x, y, x_real, codes, task.classes, seed, iterations=TREES, stop_early=True
        )
    return values(x, y, x_real, codes, seed, iterations=TREES)[:, None]


def quality(task: PredictionTask, y: NDArray[np.float64], guess: NDArray[np.float64]) -> float:
    """R², AUC of the second class, or the mean AUC of each class that has rows and others."""
    if not task.classes:
        spread = float(np.sum((y - y.mean()) ** 2))
        return 1 - float(np.sum((y - guess[:, 0]) ** 2)) / spread if spread > 0 else 0.0
    each = []
    for number in range(task.classes) if task.classes > 2 else (task.classes - 1,):
        is_it = y == number
        ours = int(is_it.sum())
        if 0 < ours < len(y):
            ranks = rankdata(guess[:, number])[is_it].sum()
            each.append((ranks - ours * (ours + 1) / 2) / (ours * (len(y) - ours)))
    return float(np.mean(each)) if each else 0.5
