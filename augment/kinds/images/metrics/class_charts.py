"""Class by class, in drawings: are they what they are called, and as varied as real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import pdist

from augment.core.seeds import Seed
from augment.evaluation.charts import LEAST_CELL, Bars, Chart, Matrices, Panel, Series
from augment.kinds.images.metrics.views import FakeViews, RealViews, View

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPACE = "random"
MOST_CLASSES = 30
LEAST_PICTURES = 10  # of a class, on either side, for its diversity


def class_charts(real: RealViews, fake: FakeViews, seed: Seed) -> list[Chart]:
    """Bars per class, and which classes are taken for which. Of many classes the first ones."""
    if len(real.classes) < 2:
        return []
    made = fake.rows
    found: list[Chart] = []
    sides: list[NDArray[np.float64]] = []
    if real.judge is not None:
        sides = [_confusion(real, view) for view in (real.test, made)]
        found.append(_agreement(real, sides))
    found.append(_diversity(real, made, seed))
    if real.judge is not None:
        found.append(_confused(real, sides))
    return found


def spread(points: NDArray[np.float32]) -> float:
    """Mean distance between two points of one set."""
    return float(pdist(points).mean())


def _confusion(real: RealViews, view: View) -> NDArray[np.float64]:
    """(classes, classes) of the pictures of each class, the share that looks like each; NaN for a
    class of fewer than `LEAST_CELL`."""
    assert real.judge is not None
    named, size = view.labelled(), len(real.classes)
    if not len(named):
        return np.full((size, size), np.nan)
    seen = real.judge.classes_of(named.pixels)
    counts = np.bincount(named.codes * size + seen, minlength=size * size).reshape(size, size)
    total = counts.sum(axis=1, keepdims=True).astype(np.float64)
    return np.asarray(counts / np.where(total >= LEAST_CELL, total, np.nan))


def _agreement(real: RealViews, sides: list[NDArray[np.float64]]) -> Bars:
    names = real.classes[:MOST_CLASSES]
    fresh, made = ([_share(side[k, k]) for k in range(len(names))] for side in sides)
    return Bars(
        "columns",
        "Shows its label, per class",
        "Share of pictures that a classifier, trained on real ones, puts into their class.",
        names,
        (Series("fresh real", "real", tuple(fresh)), Series("synthetic", "made", tuple(made))),
        "share",
        1.0,
    )


def _confused(real: RealViews, sides: list[NDArray[np.float64]]) -> Matrices:
    names = real.classes[:MOST_CLASSES]
    size = len(names)
    fresh, made = (side[:size, :size] for side in sides)
    return Matrices(
        "columns",
        "Taken for",
        "Each row is a class, each column the class that its pictures look like to the classifier.",
        names,
        (
            Panel("Fresh real", _rows(fresh)),
            Panel("Synthetic", _rows(made)),
            Panel.difference(_rows(made - fresh)),
        ),
        low=0.0,
    )


def _diversity(real: RealViews, made: View, seed: Seed) -> Bars:
    """Mean distance between two made pictures of a class, over that of real ones."""
    names = real.classes[:MOST_CLASSES]
    values: list[float | None] = []
    for code in range(len(names)):
        rows = [np.flatnonzero(view.codes == code) for view in (real.train, made)]
        n = min(500, *map(len, rows))
        if n < LEAST_PICTURES:
            values.append(None)
            continue
        drawn = [
            view.points(SPACE)[seed.child(code, side).rng().permutation(each)[:n]]
            for side, view, each in zip(("real", "made"), (real.train, made), rows, strict=True)
        ]
        values.append(round(spread(drawn[1]) / max(spread(drawn[0]), 1e-9), 4))
    return Bars(
        "columns",
        "Diversity, per class",
        "How far apart two synthetic pictures of a class lie, over two real ones: 1 is as varied "
        "as real, less is a generator that repeats itself.",
        names,
        (Series("synthetic over real", "made", tuple(values)),),
    )


def _share(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def _rows(values: NDArray[np.float64]) -> tuple[tuple[float | None, ...], ...]:
    return tuple(tuple(_share(value) for value in row) for row in values)
