"""Which columns give made rows away: what a classifier that tells them apart relies on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.evaluation.charts import Bars, Series
from augment.evaluation.roc import auc
from augment.kinds.tables.metrics import features
from augment.kinds.tables.metrics.trees import classifier
from augment.kinds.tables.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ROWS = 2_000  # per side
TREES = 60
SHOWN, LEAST_SHOWN = 12, 3
TOLD = 0.0005  # AUC, below which a column is not shown
LEAST_ROWS = 100  # per side
CHANCE = 0.55  # AUC, up to which nothing is given away


def giveaways(real: RealViews, fake: FakeViews, seed: Seed) -> list[Bars]:
    """By permutation importance (Breiman 2001) on rows that the classifier did not learn from."""
    rows = min(len(real.test), len(fake), MOST_ROWS)
    if rows < LEAST_ROWS or not real.axes:
        return []
    sides = [
        side.select(real.predictors).sample(rows, seed.child(name))
        for name, side in (("real", real.test), ("made", fake.rows))
    ]
    learnt, judged = ([side.take(part) for side in sides] for part in _halves(rows, seed))
    codes = features.categorical(sides[0].axes)
    trees = classifier(_features(learnt), _labels(learnt), codes, seed, TREES)
    if trees is None:
        return []
    whole = _features(judged)
    base = _auc(trees(whole), len(judged[0]))
    drops = []
    for place, columns in enumerate(_columns(sides[0])):
        shuffled = whole.copy()
        rows_drawn = seed.child("column", place).rng().permutation(len(whole))
        shuffled[:, columns] = whole[rows_drawn][:, columns]
        drops.append(base - _auc(trees(shuffled), len(judged[0])))
    falling = np.argsort(-np.array(drops), kind="stable")[:SHOWN].tolist()
    order = [i for number, i in enumerate(falling) if number < LEAST_SHOWN or drops[i] > TOLD]
    told = (
        f"A classifier tells synthetic rows from unseen real ones with an AUC of {base:.3f}; the "
        "bars are what it loses when a column is shuffled."
    )
    if base <= CHANCE:
        told += " That is chance, so nothing here is certain to give them away."
    return [
        Bars(
            "detection",
            "What gives synthetic rows away",
            told,
            tuple(sides[0].axes[place].where for place in order),
            (Series("AUC lost", "made", tuple(round(max(0.0, drops[i]), 4) for i in order)),),
            most=max(0.05, max(drops[i] for i in order)),
        )
    ]


def _halves(rows: int, seed: Seed) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    order = seed.child("halves").rng().permutation(rows)
    return order[: rows // 2], order[rows // 2 :]


def _features(sides: list[View]) -> NDArray[np.float64]:
    return np.concatenate([side.features for side in sides])


def _labels(sides: list[View]) -> NDArray[np.float64]:
    return np.repeat([0.0, 1.0], [len(side) for side in sides])


def _columns(view: View) -> list[list[int]]:
    """The places in `features` of each column's features."""
    found, start = [], 0
    for axis in view.axes:
        width = len(features.categorical((axis,)))
        found.append(list(range(start, start + width)))
        start += width
    return found


def _auc(chances: NDArray[np.float64], real: int) -> float:
    return auc(chances[real:], chances[:real])[0]
