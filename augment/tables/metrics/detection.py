"""Detection: how well gradient boosting tells made rows from real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from augment.base.seeds import Seed
from augment.base.types import Group, Score
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.roc import auc
from augment.tables import features
from augment.tables.metrics.trees import class_odds
from augment.tables.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_ROWS = 20_000  # per side
FOLDS = 3
TREES = 100
LEAST_ROWS = 20  # per side, below which no classifier can be judged


class Detection(Metric[RealViews, FakeViews]):
    """`detection`: AUC of telling made rows from unseen real ones; 0.5 is indistinguishable.

    Gradient-boosted trees (logistic regression calls shuffled columns perfect), trained and
    judged on different folds, with as many rows of either kind. Equal rows share a fold, so that
    a table which repeats rows is not found out by its repetitions: that is for `copies` to say.
    `detection.train` is the same against the training rows; where it lies far below `detection`,
    the generator has learnt its training rows rather than their distribution. Values below 0.5
    are noise and are shown as they are. Beyond 200 columns a sample of them is looked at.

    The ceiling tells training rows from unseen ones.
    """

    name: ClassVar[str] = "detection"
    group: ClassVar[Group] = "fidelity"
    # As for `trends`.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "detection",
            "Detection AUC",
            "AUC of telling made rows from real",
            near_ceiling(margin=0.05, share=1 / 3),
            essential=True,
            worst=1.0,
        ),
        Measure(
            "detection.train",
            "Detection AUC, seen",
            "AUC of telling made rows from those that the generator saw",
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return [
            _detect("detection", real, real.test, fake.rows, seed.child("test")),
            _detect("detection.train", real, real.train, fake.rows, seed.child("train")),
        ]

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        fresh = real.train.sample(n, seed.child("rows"))
        return [_detect("detection", real, real.test, fresh, seed.child("test"))]


def _detect(metric: str, views: RealViews, real: View, fake: View, seed: Seed) -> Score:
    import numpy as np

    rows = min(len(real), len(fake), MOST_ROWS)
    if rows < LEAST_ROWS or not real.axes:
        note = f"There are {rows} rows per side; at least {LEAST_ROWS} are needed."
        note = note if real.axes else "No column is modelled."
        return Score(metric, None, "lower", "fidelity", note=note)
    real, fake = real.select(views.predictors), fake.select(views.predictors)
    real, fake = real.sample(rows, seed.child("real")), fake.sample(rows, seed.child("fake"))
    x = np.concatenate([real.features, fake.features])
    y = np.repeat([0.0, 1.0], [len(real), len(fake)])
    fold = _folds(np.concatenate([real.keys, fake.keys]), seed.child("folds"))
    codes = features.categorical(real.axes)
    odds = np.zeros(len(y))
    for number in range(FOLDS):
        held = fold == number
        if held.all() or not held.any():
            continue  # all rows are equal, or there are fewer distinct rows than folds
        chance = class_odds(
            x[~held], y[~held], x[held], codes, 2, seed, iterations=TREES, stop_early=False
        )[:, 1]
        # Set against the fold's own base rate, since the folds are ranked together.
        base = y[~held].mean()
        odds[held] = _logit(chance) - _logit(np.asarray(base))
    value, interval = auc(odds[y == 1], odds[y == 0])
    note = views.predictors_note
    return Score(metric, value, "lower", "fidelity", interval=interval, note=note)


def _folds(keys: NDArray[np.uint64], seed: Seed) -> NDArray[np.int64]:
    """(rows,) fold of each row, the same for equal rows."""
    import numpy as np

    groups = np.unique(keys, return_inverse=True)[1]
    order = seed.rng().permutation(int(groups.max()) + 1)
    return np.asarray(order[groups] % FOLDS, dtype=np.int64)


def _logit(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    cut = np.clip(chance, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(cut / (1 - cut)), dtype=np.float64)
