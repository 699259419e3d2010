"""Utility: does a model trained on made rows predict real ones as well as one trained on real."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Interval, Score
from augment.evaluation.charts import Chart
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.kinds.tables.metrics import features
from augment.kinds.tables.metrics.prediction import (
    LEAST_ROWS,
    PredictionTask,
    asked,
    predicted,
    quality,
    task_of,
    too_little,
)
from augment.kinds.tables.metrics.target_curves import target_charts
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ROWS = 100_000  # training rows
MOST_JUDGED = 20_000  # unseen rows
SEEDS = 3
DRAWS = 200  # bootstrap draws of the judged rows


class Utility(Metric[RealViews, FakeViews]):
    """`utility`: trained on synthetic, tested on real (TSTR).

    AUC for two classes, the mean of one-against-rest AUCs for more, R² for numbers, of gradient
    boosting judged on unseen rows. The value is the mean over three seeds (each with its own
    early-stopping split); the interval also resamples the judged rows. A class that the made rows
    lack gets no probability, which costs what it should; rows of which next to none has a target,
    where real ones have, teach nothing (AUC .5, R² 0). Beyond 200 columns a sample of them is
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
            "predictive quality when trained on synthetic rows",
            better="higher",
            limit=near_ceiling(margin=0.03, share=0.25),
            essential=True,
            above_floor=True,
            evidence="a column that the others tell of: --target COLUMN",
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return [_score(real, fake.rows, seed)]

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return [_score(real, real.train.sample(n, seed.child("rows")), seed)]

    def charts(self, real: RealViews, fake: FakeViews, seed: Seed) -> Sequence[Chart]:
        return target_charts(real, fake, seed)


def _score(real: RealViews, learnt: View, seed: Seed) -> Score:
    place = next((i for i, axis in enumerate(real.axes) if axis.name == real.target), None)
    if place is None:
        return Score("utility", None, "higher", "utility", note=real.target_note)
    task = task_of(real.axes[place], real.train.columns[place])
    name = real.axes[place].name
    given = [i for i in real.predictors if i != place]
    x, y = asked(task, learnt, place, given, MOST_ROWS, seed.child("learnt"))
    x_real, y_real = asked(task, real.test, place, given, MOST_JUDGED, seed.child("judged"))
    few = len(y) < LEAST_ROWS <= min(len(learnt), _answered(task, real.train, place))
    why = too_little(task, y_real if few else y, y_real, len(real.axes))
    if why:
        return Score("utility", None, "higher", "utility", note=f"{why} {real.target_note}")
    if few:  # rows that lack what real ones have teach nothing
        guesses = [np.full((len(y_real), max(1, task.classes)), y_real.mean())]
    else:
        codes = features.categorical(real.test.select(given).axes)
        guesses = [predicted(task, x, y, x_real, codes, seed.child("fit", i)) for i in range(SEEDS)]
    each = [quality(task, y_real, guess) for guess in guesses]
    lacking = f"Only {len(y):,} of {len(learnt):,} rows have a target." if few else ""
    said = (
        f"{task.score_name} of predicting {name!r}.",
        lacking,
        real.target_note,
        real.predictors_note,
    )
    note = " ".join(filter(None, said))
    interval = _interval(task, y_real, guesses, seed.child("draws"))
    value = float(np.mean(each))
    return Score("utility", value, "higher", "utility", interval=interval, note=note)


def _answered(task: PredictionTask, rows: View, place: int) -> int:
    return int(np.sum(~np.isnan(task.answers(rows.columns[place]))))


def _interval(
    task: PredictionTask, y: NDArray[np.float64], guesses: list[NDArray[np.float64]], seed: Seed
) -> Interval:
    """95% percentiles over bootstrap draws of a seed and of the judged rows."""
    rng = seed.rng()
    drawn = []
    for _ in range(DRAWS):
        rows = rng.integers(0, len(y), len(y))
        guess = guesses[int(rng.integers(0, len(guesses)))]
        drawn.append(quality(task, y[rows], guess[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(float(low), float(high))
