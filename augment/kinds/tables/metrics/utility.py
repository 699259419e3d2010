"""Utility: does a model trained on made rows predict real ones as well as one trained on real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.stats import rankdata

from augment.core.seeds import Seed
from augment.core.types import Group, Interval, Score
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.kinds.tables.metrics import features
from augment.kinds.tables.metrics.trees import class_odds, values
from augment.kinds.tables.metrics.views import Axis, FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ROWS = 100_000  # training rows
MOST_JUDGED = 20_000  # unseen rows
MOST_CLASSES = 20  # the rest are one class
FEW_VALUES = 10  # a whole-number target with no more values than this is a class
SEEDS = 3
TREES = 200
DRAWS = 200  # bootstrap draws of the judged rows
LEAST_ROWS = 10


@dataclass(frozen=True)
class PredictionTask:
    """What is predicted: `classes` levels (0 for a number), and how a column becomes answers."""

    score_name: str  # e.g. "AUC"
    classes: int
    answers: Callable[[NDArray[Any]], NDArray[np.float64]]  # NaN: no answer, leave the row out


class Utility(Metric[RealViews, FakeViews]):
    """`utility`: trained on synthetic, tested on real (TSTR).

    AUC for two classes, the mean of one-against-rest AUCs for more, R² for numbers, of gradient
    boosting judged on unseen rows. The value is the mean over three seeds (each with its own
    early-stopping split); the interval also resamples the judged rows. A class that the made rows
    lack gets no probability, which costs what it should. Beyond 200 columns a sample of them is
    learnt from, the same on all sides.

    The ceiling is the same trained on real rows (TRTR), as many as there are made ones if train
    has them.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "utility"
    order: ClassVar[int] = 40
    group: ClassVar[Group] = "utility"
    # At most a quarter of the predictive power over the floor may be lost.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "utility",
            "Trained on synthetic",
            "predictive quality when trained on made rows",
            better="higher",
            limit=near_ceiling(margin=0.03, share=0.25),
            essential=True,
            above_floor=True,
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return [_score(real, fake.rows, seed)]

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return [_score(real, real.train.sample(n, seed.child("rows")), seed)]


def _score(real: RealViews, learnt: View, seed: Seed) -> Score:
    place = next((i for i, axis in enumerate(real.axes) if axis.name == real.target), None)
    if place is None:
        return Score("utility", None, "higher", "utility", note=real.target_note)
    task = task_of(real.axes[place], real.train.columns[place])
    name = real.axes[place].name
    given = [i for i in real.predictors if i != place]
    x, y = _asked(task, learnt, place, given, MOST_ROWS, seed.child("learnt"))
    x_real, y_real = _asked(task, real.test, place, given, MOST_JUDGED, seed.child("judged"))
    why = _too_little(task, y, y_real, len(real.axes))
    if why:
        return Score("utility", None, "higher", "utility", note=f"{why} {real.target_note}")
    codes = features.categorical(real.test.select(given).axes)
    guesses = [
        _predicted(task, x, y, x_real, codes, seed.child("fit", number)) for number in range(SEEDS)
    ]
    each = [_quality(task, y_real, guess) for guess in guesses]
    said = (f"{task.score_name} of predicting {name!r}.", real.target_note, real.predictors_note)
    note = " ".join(filter(None, said))
    interval = _interval(task, y_real, guesses, seed.child("draws"))
    value = float(np.mean(each))
    return Score("utility", value, "higher", "utility", interval=interval, note=note)


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


def _asked(
    task: PredictionTask, view: View, place: int, given: list[int], most: int, seed: Seed
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features, of the columns `given`, and answers of at most `most` rows that have an answer."""
    rows = view.sample(most, seed)
    answers = task.answers(rows.columns[place])
    kept = np.flatnonzero(~np.isnan(answers))
    return rows.select(given).features[kept], answers[kept]


def _too_little(
    task: PredictionTask, y: NDArray[np.float64], y_real: NDArray[np.float64], columns: int
) -> str:
    if columns < 2:
        return "There is no other column to predict from."
    if len(y) < LEAST_ROWS or len(y_real) < LEAST_ROWS:
        return f"At least {LEAST_ROWS} rows with a target are needed on either side."
    if len(np.unique(y_real)) < 2:
        return "The unseen rows have one target value only, so nothing can be ranked."
    return ""


def _predicted(
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


def _quality(task: PredictionTask, y: NDArray[np.float64], guess: NDArray[np.float64]) -> float:
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


def _interval(
    task: PredictionTask, y: NDArray[np.float64], guesses: list[NDArray[np.float64]], seed: Seed
) -> Interval:
    """95% percentiles over bootstrap draws of a seed and of the judged rows."""
    rng = seed.rng()
    drawn = []
    for _ in range(DRAWS):
        rows = rng.integers(0, len(y), len(y))
        guess = guesses[int(rng.integers(0, len(guesses)))]
        drawn.append(_quality(task, y[rows], guess[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(float(low), float(high))
