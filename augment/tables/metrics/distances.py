"""Nearest neighbours among encoded rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def nearest(index: NDArray[np.float32], asked: NDArray[np.float32], k: int) -> NDArray[np.float64]:
    """(asked rows, k) ascending distances to the k nearest rows of `index`; k <= len(index).

    Brute force by blocks of matrix products: exact, and faster than trees beyond about ten
    dimensions. In double precision, since a distance of zero means a copy.
    """
    import numpy as np
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(index.astype(np.float64))
    return np.asarray(found.kneighbors(asked.astype(np.float64))[0])


def nearest_others(points: NDArray[np.float32], k: int) -> NDArray[np.float64]:
    """(rows, k) ascending distances of each row to the k nearest other rows; k < len(points)."""
    return nearest(points, points, k + 1)[:, 1:]
