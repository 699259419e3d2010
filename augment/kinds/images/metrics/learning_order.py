"""Which pictures, and which classes, a classifier learns late.

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


def late_rows(confidence: NDArray[np.float64], seed: Seed) -> NDArray[np.bool_]:
    """(n,) the half of two clusters in which learning is late.

    DIFFERS: the paper clusters what the network gives out at one early epoch; here it is the
    confidence over several, since a set may be learnt within one epoch or in fifty.
    """
    if np.ptp(confidence) == 0:
        return np.zeros(len(confidence), bool)
    clusters = KMeans(2, n_init=4, random_state=seed.integer(31)).fit(confidence[:, None])
    return np.asarray(clusters.labels_ == clusters.cluster_centers_[:, 0].argmin())


def late_classes(late: NDArray[np.bool_], codes: NDArray[np.int64], classes: int) -> list[int]:
    """The classes in which a larger share of the pictures is learnt late than in the whole set.

    >>> late_classes(np.array([True, True, False, False]), np.array([0, 0, 1, 1]), 2)
    [0]
    """
    counts = np.bincount(codes, minlength=classes)
    shares = np.bincount(codes, weights=late, minlength=classes) / np.maximum(counts, 1)
    return [int(code) for code in np.flatnonzero((shares > late.mean()) & (counts > 0))]
