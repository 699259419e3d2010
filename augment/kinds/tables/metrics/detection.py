"""Detection: how well gradient boosting tells made rows from real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.charts import Chart
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.two_samples import FOLD_NOISE, classifier_auc
from augment.kinds.tables.metrics import features
from augment.kinds.tables.metrics.importances import giveaways
from augment.kinds.tables.metrics.trees import class_odds
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ROWS = 20_000  # per side
TREES = 100
LEAST_ROWS = 20  # per side, below which no classifier can be judged


class Detection(Metric[RealViews, FakeViews]):
    """`detection`: AUC of telling synthetic rows from unseen real ones; 0.5 is indistinguishable.

    Gradient-boosted trees (logistic regression calls shuffled columns perfect), trained and
    judged on different folds, with as many rows of either kind. Equal rows share a fold, so that
    a table which repeats rows is not found out by its repetitions: that is for `copies` to say.
    `detection.train` is the same against the training rows; where it lies far below `detection`,
    the generator has learnt its training rows rather than their distribution. Values below 0.5
    are noise and are shown as they are. Beyond 200 columns a sample of them is looked at.

    The ceiling tells training rows from unseen ones.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "detection"
    order: ClassVar[int] = 30
    group: ClassVar[Group] = "fidelity"
    # As for `trends`.
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "detection",
            "Detection AUC",
            "AUC of telling synthetic rows from real",
            better="lower",
            limit=near_ceiling(margin=0.05, share=1 / 3),
            essential=True,
            worst=1.0,
            most_noise=0.1 * FOLD_NOISE,
        ),
        Measure(
            "detection.train",
            "Detection AUC, seen",
            "AUC of telling synthetic rows from those that the generator saw",
            better="lower",
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

    def charts(self, real: RealViews, fake: FakeViews, seed: Seed) -> Sequence[Chart]:
        return giveaways(real, fake, seed)


def _detect(metric: str, views: RealViews, real: View, fake: View, seed: Seed) -> Score:
    rows = min(len(real), len(fake), MOST_ROWS)
    if rows < LEAST_ROWS or not real.axes:
        note = f"There are {rows} rows per side; at least {LEAST_ROWS} are needed."
        note = note if real.axes else "No column is modelled."
        return Score(metric, None, "lower", "fidelity", note=note)
    real, fake = real.select(views.predictors), fake.select(views.predictors)
    real, fake = real.sample(rows, seed.child("real")), fake.sample(rows, seed.child("fake"))
    codes = features.categorical(real.axes)

    def chances(
        x: NDArray[np.float64], y: NDArray[np.float64], asked: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        return class_odds(x, y, asked, codes, 2, seed, iterations=TREES, stop_early=False)[:, 1]

    keys = np.concatenate([real.keys, fake.keys])
    value, interval = classifier_auc(
        real.features, fake.features, keys, chances, seed.child("folds")
    )
    note = views.predictors_note
    return Score(metric, value, "lower", "fidelity", interval=interval, note=note)
