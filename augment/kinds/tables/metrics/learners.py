"""Classifiers as a user would train them: gradient boosting and a linear model, on one encoding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from augment.core.seeds import Seed
from augment.kinds.tables.metrics.views import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINEAR_LEVELS = 50  # levels of a category with a weight of their own; the rest share one
TREES, MOST_STEPS = 100, 1_000
LEAST_PER_CLASS = 2  # calibration rows, without which probabilities are left as they are


@dataclass(frozen=True)
class Qualities:
    """What probabilities are worth on unseen rows: means over classes but for two classes."""

    auc: float | None
    average_precision: float | None
    brier: float
    calibrated_brier: float | None


@dataclass(frozen=True)
class Learner:
    """`recipe(weights, seed, categorical)` is untrained; `encode` makes its inputs of a view."""

    name: str
    encode: Callable[[View], NDArray[np.float64]]
    recipe: Callable[[bool, int, list[bool]], Any]


def tree_inputs(view: View) -> NDArray[np.float64]:
    """(rows, columns): numbers as they are, codes of categories; NaN is null."""
    parts = [
        column if axis.numeric else np.where(column < 0, np.nan, _merged(axis.known, column, 250))
        for axis, column in zip(view.axes, view.columns, strict=True)
    ]
    return np.column_stack(parts) if parts else np.zeros((view.rows, 1))


def linear_inputs(view: View) -> NDArray[np.float64]:
    """(rows, inputs): numbers with their gaps at the training median and a flag, one-hot levels."""
    parts: list[NDArray[np.float64]] = []
    for axis, column in zip(view.axes, view.columns, strict=True):
        if axis.numeric:
            gap = np.isnan(column)
            middle = float(np.median(axis.knots)) if len(axis.knots) else 0.0
            parts += [np.where(gap, middle, column)[:, None], gap.astype(np.float64)[:, None]]
        else:
            merged = _merged(axis.known, column, LINEAR_LEVELS).astype(np.int64)
            width = min(axis.known, LINEAR_LEVELS) + 2  # other levels, and null
            places = np.where(column < 0, width - 1, merged)
            parts.append(np.eye(width)[places])
    return np.concatenate(parts, axis=1) if parts else np.zeros((view.rows, 1))


def _merged(known: int, column: NDArray[np.int64], most: int) -> NDArray[np.float64]:
    return np.minimum(column, min(known, most)).astype(np.float64)


def _boosted(weighted: bool, seed: int, categorical: list[bool]) -> Any:
    return HistGradientBoostingClassifier(
        categorical_features=categorical,
        class_weight="balanced" if weighted else None,
        early_stopping=False,  # made rows are not to decide when to stop
        max_iter=TREES,
        random_state=seed,
    )


def _linear(weighted: bool, seed: int, categorical: list[bool]) -> Any:
    weights = "balanced" if weighted else None
    return make_pipeline(
        StandardScaler(),
        LogisticRegression(class_weight=weights, max_iter=MOST_STEPS, random_state=seed),
    )


LEARNERS = (
    Learner("boosted trees", tree_inputs, _boosted),
    Learner("logistic regression", linear_inputs, _linear),
)


@dataclass(frozen=True)
class Judged:
    """Real rows that no fit saw, with their classes: for calibration, and for the scores."""

    calibration: tuple[NDArray[np.float64], NDArray[np.int64]]
    test: tuple[NDArray[np.float64], NDArray[np.int64]]
    classes: int


def qualities(
    learner: Learner,
    x: NDArray[np.float64],
    y: NDArray[np.int64],
    judged: Judged,
    categorical: list[bool],
    *,
    weighted: bool,
    seed: Seed,
) -> Qualities:
    """Train on `x`, `y`, calibrate by sigmoids (Platt) on real rows, and judge on others.

    The ranking measures are of the probabilities as they come.
    """
    model = learner.recipe(weighted, seed.integer(31), categorical).fit(x, y)
    asked, truth = judged.test
    odds = _spread(model, asked, judged.classes)
    auc, precision = _ranked(odds, truth)
    calibrated, (x_more, y_more) = None, judged.calibration
    counts = np.bincount(y_more, minlength=judged.classes)[model.classes_]
    if counts.min() >= LEAST_PER_CLASS and set(y_more) <= set(model.classes_):
        folds = min(5, int(counts.min()))  # of the frozen model's answers, which are joined
        found = CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid", cv=folds)
        calibrated = _brier(_spread(found.fit(x_more, y_more), asked, judged.classes), truth)
    return Qualities(auc, precision, _brier(odds, truth), calibrated)


def _spread(model: Any, asked: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """(rows, classes) probabilities; a class that was not trained on has none."""
    odds = np.zeros((len(asked), classes))
    odds[:, model.classes_] = model.predict_proba(asked)
    return odds


def _ranked(
    odds: NDArray[np.float64], truth: NDArray[np.int64]
) -> tuple[float | None, float | None]:
    """AUC and average precision, of the second class of two, else means of one against rest."""
    each = []
    for number in (1,) if odds.shape[1] == 2 else range(odds.shape[1]):
        is_it = truth == number
        if is_it.any() and not is_it.all():
            guess = odds[:, number]
            each.append((roc_auc_score(is_it, guess), average_precision_score(is_it, guess)))
    if not each:
        return None, None
    auc, precision = np.mean(each, axis=0)
    return float(auc), float(precision)


def _brier(odds: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Mean squared error of the probabilities; of two classes, of the second one's."""
    wanted = np.eye(odds.shape[1])[truth]
    squares = (odds - wanted) ** 2
    return float(squares[:, 1].mean() if odds.shape[1] == 2 else squares.sum(axis=1).mean())
