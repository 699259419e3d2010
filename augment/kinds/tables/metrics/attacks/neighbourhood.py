"""Attacks by what lies in the neighbourhood of a candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

from augment.core.seeds import Seed
from augment.kinds.tables.metrics.attacks.attack import (
    NEIGHBOURS,
    SMOOTH,
    Attack,
    Target,
    neighbours,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_KERNELS = 4_000  # rows of either side that a density is a sum over
BLOCK = 1_000  # candidates whose distances are held at once
WIDTH_NEIGHBOUR = 5  # a kernel is as wide as the median distance to the k-th nearest row
LEAST = 1e-12  # of a density, so that its logarithm is finite


class MonteCarlo(Attack):
    """Weighted count of made rows within ε of a candidate.

    Hilprecht, Härterich and Bernau 2019, "Monte Carlo and Reconstruction Membership Inference
    Attacks against Generative Models", PoPETs 2019(4), section 4: -Σ log(d + δ) over made rows
    nearer than ε, which is the median of the distances to the nearest.
    DIFFERS: at most `NEIGHBOURS` made rows count, and each counts 1 - log(d / ε), so that none
    counts against membership.
    """

    name: ClassVar[str] = "Monte Carlo"

    def suspicion(self, target: Target, seed: Seed) -> NDArray[np.float64]:
        d = target.to_made + SMOOTH
        epsilon = np.median(d[:, 0])
        return np.asarray(np.where(d <= epsilon, np.log(epsilon / d) + 1, 0.0).sum(axis=1))


class PlagiarismIndex(Attack):
    """Share of made rows among the nearest made and reference rows of a candidate.

    The data plagiarism index of Ward, Wang and Cheng 2024, arXiv 2406.13012. DIFFERS: the mean of
    the index over neighbourhoods of 1 to `NEIGHBOURS` rows, so that no single size has to fit: a
    copy is seen by the smallest, copied frequencies by the greatest.
    """

    name: ClassVar[str] = "plagiarism index"

    def suspicion(self, target: Target, seed: Seed) -> NDArray[np.float64]:
        made, real = target.to_made, target.to_reference
        both = np.concatenate([made, real], axis=1)
        order = np.argsort(both, axis=1, kind="stable")[:, :NEIGHBOURS]
        near = np.cumsum(order < made.shape[1], axis=1) / np.arange(1, order.shape[1] + 1)
        return np.asarray(near.mean(axis=1), np.float64)


class KernelDensity(Attack):
    """Local density ratio of made rows to the reference, by sums of Gaussian kernels.

    DOMIAS with its kernel density estimator: van Breugel et al. 2023, arXiv 2302.12580,
    section 4.2. Densities are sums over at most 4,000 rows of either side.
    """

    name: ClassVar[str] = "density ratio (kernel)"

    def suspicion(self, target: Target, seed: Seed) -> NDArray[np.float64]:
        made = target.made.sample(MOST_KERNELS, seed.child("made"))
        real = target.reference.sample(MOST_KERNELS, seed.child("reference"))
        width = kernel_width(target)
        found = np.empty(len(target.candidates))
        points = target.candidates.points.astype(np.float64)
        sides = [view.points.astype(np.float64) for view in (made, real)]
        for start in range(0, len(points), BLOCK):
            block = points[start : start + BLOCK]
            logs = [
                np.log(
                    np.exp(-euclidean_distances(block, side, squared=True) / (2 * width**2)).mean(1)
                    + LEAST
                )
                for side in sides
            ]
            found[start : start + BLOCK] = logs[0] - logs[1]
        return found


class LocalLikelihood(Attack):
    """By how much a candidate, added to the reference, makes the made rows near it more likely.

    Ward, Lin, Wang and Cheng 2025, "Privacy Auditing Synthetic Data Release through Local
    Likelihood Attacks" (Gen-LRA), arXiv 2508.21146. With a kernel density of n reference rows and
    their kernels K, adding x multiplies the density at s by (1 + K(s, x) / Σ K(s, r)), up to a
    constant; the score is the sum of the logarithms over the made rows s nearest to x.
    DIFFERS: the sum over the reference takes the `NEIGHBOURS` rows nearest to s.
    """

    name: ClassVar[str] = "local likelihood"

    def suspicion(self, target: Target, seed: Seed) -> NDArray[np.float64]:
        width = kernel_width(target)
        distances, places = target.nearest_made
        used, of = np.unique(places, return_inverse=True)
        real = _kernel(neighbours(target.reference, target.made.take(used), NEIGHBOURS)[0], width)
        expected = (real.sum(axis=1) + LEAST)[of.reshape(places.shape)]  # (candidates, k)
        return np.asarray(np.log1p(_kernel(distances, width) / expected).sum(axis=1))


def kernel_width(target: Target) -> float:
    """One width for both sides: the median distance of candidates to their fifth reference row."""
    place = min(WIDTH_NEIGHBOUR, target.to_reference.shape[1]) - 1
    return float(np.median(target.to_reference[:, place])) / 2 + SMOOTH


def _kernel(distances: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-(distances**2) / (2 * width**2)))
