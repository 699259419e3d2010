"""Real and made rows on the two directions in which real ones differ most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.decomposition import PCA

from augment.core.seeds import Seed
from augment.evaluation.charts import LEAST_CELL, Cloud

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float32]  # (rows, dimensions)

CELLS = 28
MOST_REAL, MOST_MADE = 10_000, 400
EDGE = 0.005  # share of the real rows beyond either end of a direction
LEAST_ROWS = 50


def projection(real: Points, made: Points, space: str, seed: Seed) -> list[Cloud]:
    """Principal components of the real points; made ones beyond the ends lie on the edge.

    Real rows are drawn as cells of at least `LEAST_CELL`, made ones as points. `space` says in
    words what the dimensions are. Nothing for fewer than `LEAST_ROWS`.
    """
    real, made = _drawn(real, MOST_REAL, seed.child("real")), _drawn(made, MOST_MADE, seed)
    if len(real) < LEAST_ROWS or not len(made) or real.shape[1] < 2:
        return []
    components = PCA(2, svd_solver="covariance_eigh").fit(real.astype(np.float64))
    for row in components.components_:  # a sign is arbitrary: the largest weight is positive
        row *= np.sign(row[np.argmax(np.abs(row))]) or 1.0
    flat, points = (components.transform(side.astype(np.float64)) for side in (real, made))
    low, high = np.quantile(flat, [EDGE, 1 - EDGE], axis=0)
    width = np.where(high > low, high - low, 1.0)
    inside = (flat - low) / width
    kept = inside[((inside >= 0) & (inside <= 1)).all(axis=1)]
    places = np.minimum((kept * CELLS).astype(np.int64), CELLS - 1)
    counts = np.bincount(places[:, 0] * CELLS + places[:, 1], minlength=CELLS * CELLS)
    cells = tuple(
        (int(place // CELLS), int(place % CELLS), round(int(counts[place]) / len(real), 5))
        for place in np.flatnonzero(counts >= LEAST_CELL)
    )
    moved = np.clip((points - low) / width, 0, 1)
    outside = float(((points < low) | (points > high)).any(axis=1).mean())
    first, second = (f"component {k}, {v:.0%} of the variance"
                     for k, v in enumerate(components.explained_variance_ratio_, 1))  # fmt: skip
    beyond = f" {outside:.0%} of the synthetic ones lie beyond 99% of real ones, on the edge."
    return [
        Cloud(
            "projection",
            "Synthetic among real",
            f"The two main components of {space}. Where points lie on coloured cells, synthetic "
            f"ones are where real ones are; coloured cells without points are missed.{beyond}",
            first,
            second,
            CELLS,
            cells,
            tuple((round(float(x), 3), round(float(y), 3)) for x, y in moved),
        )
    ]


def _drawn(points: Points, most: int, seed: Seed) -> Points:
    if len(points) <= most:
        return points
    return points[seed.rng().permutation(len(points))[:most]]
