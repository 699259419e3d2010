"""Nearest neighbours among encoded rows, and what two sets of them have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.neighbors import NearestNeighbors

if TYPE_CHECKING:
    from numpy.typing import NDArray


def nearest(index: NDArray[np.float32], asked: NDArray[np.float32], k: int) -> NDArray[np.float64]:
    """(asked rows, k) ascending distances to the k nearest rows of `index`; k <= len(index).

    Brute force by blocks of matrix products: exact, and faster than trees beyond about ten
    dimensions. In double precision, since a distance of zero means a copy.
    """
    found = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(index.astype(np.float64))
    return np.asarray(found.kneighbors(asked.astype(np.float64))[0])


def nearest_others(points: NDArray[np.float32], k: int) -> NDArray[np.float64]:
    """(rows, k) ascending distances of each row to the k nearest other rows; k < len(points)."""
    return nearest(points, points, k + 1)[:, 1:]


def prdc(
    real: NDArray[np.float32], fake: NDArray[np.float32], k: int
) -> tuple[float, float, float, float]:
    """Precision, recall, density and coverage of (rows, dimensions) points by balls out to the
    k-th neighbour. Naeem et al. 2020, arXiv 2002.09797."""
    # A hair is added to each radius, so that rounding cannot put a copy outside its own ball.
    real_radius = nearest_others(real, k)[:, -1] + 1e-6
    fake_radius = nearest_others(fake, k)[:, -1] + 1e-6
    apart = euclidean_distances(
        real.astype(np.float64), fake.astype(np.float64)
    )  # (real rows, fake rows)
    in_real_ball = apart < real_radius[:, None]
    precision = float(in_real_ball.any(axis=0).mean())
    recall = float((apart < fake_radius[None, :]).any(axis=1).mean())
    density = float(in_real_ball.sum(axis=0).mean() / k)
    coverage = float(in_real_ball.any(axis=1).mean())
    return precision, recall, density, coverage
