"""Which classes a classifier learns late.

Generators help most where a classifier is slow, and may harm where it is not: Nguyen et al. 2025,
arXiv 2505.21574, who make variants of the pictures alone that are not learnt early in training.

Import it only where torch is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax
from sklearn.cluster import KMeans

from augment.core.seeds import Seed
from augment.kinds.images.metrics.classifier import trained_judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

EARLY_STEPS = (10, 20, 40, 80)  # of training, after which is asked what has been learnt


def confidences(
    pixels: NDArray[np.uint8], codes: NDArray[np.int64], classes: int, seed: Seed
) -> NDArray[np.float64]:
    """(n,) the probability that early classifiers, trained on these pictures, give each one's own
    class: the mean over classifiers of few to more steps. It is low where learning is late."""
    found = []
    for steps in EARLY_STEPS:
        judge = trained_judge(pixels, codes, classes, seed, steps)
        odds = softmax(judge.logits(pixels).astype(np.float64), axis=1)
        found.append(odds[np.arange(len(codes)), codes])
    return np.asarray(np.mean(found, axis=0))


def late_classes(
    confidence: NDArray[np.float64], codes: NDArray[np.int64], classes: int, seed: Seed
) -> list[int]:
    """The classes whose pictures early classifiers are least sure of: of two clusters of the mean
    confidence of a class, the lower one, and no more than half of the classes. None where all
    classes are alike.

    DIFFERS: the paper clusters single pictures by what the network gives out at one early epoch.
    A generator is asked for classes, and a set may be learnt within one epoch or in fifty.

    >>> late_classes(np.array([0.2, 0.3, 0.9, 0.8]), np.array([0, 0, 1, 1]), 2, Seed(1))
    [0]
    """
    counts = np.bincount(codes, minlength=classes)
    present = np.flatnonzero(counts)
    means = np.bincount(codes, weights=confidence, minlength=classes)[present] / counts[present]
    if np.ptp(means) == 0:
        return []
    clusters = KMeans(2, n_init=4, random_state=seed.integer(31)).fit(means[:, None])
    late = int((clusters.labels_ == clusters.cluster_centers_[:, 0].argmin()).sum())
    slowest = np.argsort(means, kind="stable")[: min(late, len(means) // 2)]
    return sorted(int(code) for code in present[slowest])
