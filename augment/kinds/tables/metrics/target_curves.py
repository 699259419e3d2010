"""What models learn from real rows, from made ones, and from both, in curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.evaluation.charts import (
    Axis,
    Chart,
    Curves,
    Estimate,
    Intervals,
    Line,
    Tone,
    significant,
)
from augment.evaluation.curves import MOST_POINTS, roc
from augment.kinds.tables.metrics import features
from augment.kinds.tables.metrics.prediction import (
    PredictionTask,
    asked,
    predicted,
    quality,
    task_of,
    too_little,
)
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_ROWS, MOST_JUDGED = 20_000, 10_000
DRAWS = 200  # bootstrap draws of the judged rows
BINS = 10  # of predictions, with equally many rows each
LEAST_PER_BIN = 20
LEAST_OF_A_CLASS = 10  # judged rows
SIDES: tuple[tuple[str, Tone], ...] = (
    ("trained on real", "real"),
    ("trained on synthetic", "made"),
    ("on both", "both"),
)
ADDED: tuple[tuple[str, Tone, int], ...] = (
    ("synthetic in the place of real", "made", 1),
    ("synthetic added to real", "both", 2),
)


def target_charts(real: RealViews, fake: FakeViews, seed: Seed) -> list[Chart]:
    """How well the target is predicted, whether predictions mean what they say, and what made rows
    add to real ones. Nothing without a target, or with too few rows."""
    place = next((i for i, axis in enumerate(real.axes) if axis.name == real.target), None)
    if place is None:
        return []
    task = task_of(real.axes[place], real.train.columns[place])
    given = [i for i in real.predictors if i != place]

    def part(view: View, most: int, name: str) -> tuple[Floats, Floats]:
        return asked(task, view, place, given, most, seed.child(name))

    x, y = part(real.train, MOST_ROWS, "real")
    x_made, y_made = part(fake.rows, MOST_ROWS, "made")
    x_new, truth = part(real.test, MOST_JUDGED, "judged")
    if any(too_little(task, each, truth, len(real.axes)) for each in (y, y_made)):
        return []
    if task.classes and not _ranked(task, truth):
        return []
    codes = features.categorical(real.test.select(given).axes)
    learnt = ((x, y), (x_made, y_made),
              (np.concatenate([x, x_made]), np.concatenate([y, y_made])))  # fmt: skip
    guesses = [predicted(task, a, b, x_new, codes, seed.child("fit")) for a, b in learnt]
    name = real.axes[place].where
    return [
        _ranking(task, name, truth, guesses) if task.classes else _errors(name, truth, guesses),
        *_calibration(task, name, truth, guesses),
        _lift(task, name, truth, guesses, seed.child("draws")),
    ]


def _ranking(task: PredictionTask, name: str, truth: Floats, guesses: list[Floats]) -> Curves:
    """ROC curves; of several classes, the mean over one-against-rest curves."""
    grid = np.linspace(0, 1, MOST_POINTS)
    lines = []
    for (side, tone), guess in zip(SIDES, guesses, strict=True):
        found = []
        for number in _ranked(task, truth):
            is_it = truth == number
            false, true = roc(guess[is_it, number], guess[~is_it, number])
            found.append(np.interp(grid, false, true))
        mean = np.mean(found, axis=0)
        label = f"{side}: {quality(task, truth, guess):.3f}"
        lines.append(Line(label, tone, significant(grid), significant(mean)))
    each = "" if task.classes <= 2 else " Mean over the classes, one against the rest."
    return Curves(
        "utility",
        f"Predicting {name}",
        f"ROC of gradient boosting on unseen real rows, with its AUC.{each}",
        Axis("false positives", low=0.0, high=1.0),
        Axis("true positives", low=0.0, high=1.0),
        tuple(lines),
        diagonal=True,
    )


def _ranked(task: PredictionTask, truth: Floats) -> list[int]:
    """The classes whose curves are drawn: of fewer rows a curve would be those rows' ranks."""
    asked_for = range(task.classes) if task.classes > 2 else (task.classes - 1,)
    counts = {number: int((truth == number).sum()) for number in asked_for}
    return [n for n, count in counts.items() if min(count, len(truth) - count) >= LEAST_OF_A_CLASS]


def _errors(name: str, truth: Floats, guesses: list[Floats]) -> Curves:
    """The share of rows that are predicted within an error, in deviations of the target."""
    spread = float(truth.std()) or 1.0
    grid = np.linspace(0, 2, MOST_POINTS)
    lines = []
    for (side, tone), guess in zip(SIDES, guesses, strict=True):
        off = np.sort(np.abs(truth - guess[:, 0]) / spread)
        within = np.searchsorted(off, grid, side="right") / len(off)
        lines.append(Line(side, tone, significant(grid), significant(within)))
    return Curves(
        "utility",
        f"Predicting {name}",
        "Share of unseen real rows whose prediction lies within an error: higher is better.",
        Axis("error, in standard deviations of the target", low=0.0),
        Axis("share of rows", low=0.0, high=1.0),
        tuple(lines),
    )


def _calibration(
    task: PredictionTask, name: str, truth: Floats, guesses: list[Floats]
) -> list[Curves]:
    """Means of what was predicted and of what was so, in bins of equally many rows."""
    bins = min(BINS, len(truth) // LEAST_PER_BIN)
    if bins < 2:
        return []
    lines = []
    for (side, tone), guess in zip(SIDES, guesses, strict=True):
        said, was = _pooled(task, truth, guess)
        parts = np.array_split(np.argsort(said, kind="stable"), bins)
        points = [(float(said[part].mean()), float(was[part].mean())) for part in parts]
        lines.append(
            Line(side, tone, significant(p[0] for p in points), significant(p[1] for p in points))
        )
    ends: tuple[float | None, float | None] = (None, None)
    if task.classes:  # of a rare class all lies in a corner
        top = max(v for line in lines for v in (*line.x, *line.y) if v is not None)
        ends = (0.0, min(1.0, max(0.1, 1.1 * top)))
    said_label = "predicted probability" if task.classes else "predicted"
    return [
        Curves(
            "utility",
            f"Calibration of {name}",
            "On the dashed line predicted probabilities are right. "
            f"Means of {bins} bins of equally many unseen real rows.",
            Axis(said_label, "linear", *ends),
            Axis("observed share" if task.classes else "observed", "linear", *ends),
            tuple(lines),
            diagonal=True,
        )
    ]


def _pooled(task: PredictionTask, truth: Floats, guess: Floats) -> tuple[Floats, Floats]:
    """What was said and what was so: of two classes the second, of more all pooled."""
    if not task.classes:
        return guess[:, 0], truth
    if task.classes == 2:
        return guess[:, 1], (truth == 1).astype(np.float64)
    return guess.ravel(), np.eye(task.classes)[truth.astype(np.int64)].ravel()


def _lift(
    task: PredictionTask, name: str, truth: Floats, guesses: list[Floats], seed: Seed
) -> Intervals:
    """What changes when made rows take the place of real ones, and when they are added, over the
    same draws of the judged rows."""
    rng = seed.rng()
    drawn = np.array(
        [
            [quality(task, truth[rows], guess[rows]) for guess in guesses]
            for rows in (rng.integers(0, len(truth), len(truth)) for _ in range(DRAWS))
        ]
    )
    whole = [quality(task, truth, guess) for guess in guesses]
    estimates = []
    for label, tone, place in ADDED:
        low, high = np.quantile(drawn[:, place] - drawn[:, 0], [0.025, 0.975])
        value = whole[place] - whole[0]
        estimates.append(Estimate(label, value, float(low), float(high), tone))
    return Intervals(
        "utility",
        "Lift",
        f"{task.score_name} of predicting {name}, less that of training on real rows alone "
        f"({whole[0]:.3f}), with 95% intervals over the judged rows. Only an interval right of "
        "the dashed line gains anything; augment lift compares with class weights, oversampling "
        "and SMOTE, too.",
        tuple(estimates),
    )
