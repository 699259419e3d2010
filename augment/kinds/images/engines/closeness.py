"""How close made pictures are to real ones that show the same, as one number.

Import it only where torch is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.images.metrics.spaces import Space, random_space

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Closeness:
    """Maximum mean discrepancy of pictures and conditions together, Gretton et al. 2012.

    The kernel is exp(-|x - y|² / m) on features of fixed random convolutions, with m the median
    of |x - y|² among real pictures, times c·d on conditions: a picture of the wrong class is far
    from all of its class.
    """

    space: Space
    scale: NDArray[np.float32]
    points: NDArray[np.float32]  # (n, dimensions)
    conditions: NDArray[np.float32]  # (n, condition_width)
    median: float

    @staticmethod
    def of(
        pixels: NDArray[np.uint8], conditions: NDArray[np.float32], device: str = "cpu"
    ) -> Closeness:
        """Closeness to these pictures (n, height, width, channels), looked at on `device`."""
        space = random_space(pixels.shape[3], device)
        points = space.embed(pixels)
        scale = points.std(0) + 1e-6
        apart = _squares(points / scale, points / scale)
        median = float(np.median(apart[apart > 0])) if (apart > 0).any() else 1.0
        return Closeness(space, scale, points / scale, conditions, median)

    def distance(self, pixels: NDArray[np.uint8], conditions: NDArray[np.float32]) -> float:
        """0 where both sides are the same; never below it."""
        made = self.space.embed(pixels) / self.scale
        return float(
            self._mean(self.points, self.points, self.conditions, self.conditions)
            + self._mean(made, made, conditions, conditions)
            - 2 * self._mean(self.points, made, self.conditions, conditions)
        )

    def _mean(
        self,
        x: NDArray[np.float32],
        y: NDArray[np.float32],
        c: NDArray[np.float32],
        d: NDArray[np.float32],
    ) -> float:
        return float((np.exp(-_squares(x, y) / self.median) * (c @ d.T)).mean())


def _squares(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float64]:
    from scipy.spatial.distance import cdist

    found: NDArray[np.float64] = cdist(x, y, "sqeuclidean")
    return found
