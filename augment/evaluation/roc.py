"""Ranking one sample against another: area under the ROC curve, and hits at few false alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta, rankdata

from augment.core.types import Interval
from augment.evaluation.noise import Z95

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Clusters:
    """Whose each row is, as codes from 0: rows of one person say less than as many of several."""

    positive: NDArray[np.int64]
    negative: NDArray[np.int64]


def auc(
    positive: NDArray[np.float64],
    negative: NDArray[np.float64],
    clusters: Clusters | None = None,
) -> tuple[float, Interval]:
    """P(positive > negative) + P(tie) / 2, and its 95% interval by DeLong et al. 1988.

    The variance is that of the placements; with `clusters` as of Obuchowski 1997, "Nonparametric
    analysis of clustered ROC curve data", Biometrics 53. The interval is cut to [0, 1]. Both
    samples hold at least one value.
    """
    v10, v01 = placements(positive, negative)
    value = float(v10.mean())
    half = Z95 * float(np.sqrt(covariance_of_areas(v10[None], v01[None], clusters)[0, 0]))
    return value, Interval(max(0.0, value - half), min(1.0, value + half))


def placements(
    positive: NDArray[np.float64], negative: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(m,) share of negatives below each positive, (n,) share of positives above each negative.

    From mid-ranks in O(n log n) as in Sun and Xu 2014.
    """
    m, n = len(positive), len(negative)
    together = rankdata(np.concatenate([positive, negative]))
    v10 = (together[:m] - rankdata(positive)) / n
    v01 = 1 - (together[m:] - rankdata(negative)) / m
    return v10, v01


def covariance_of_areas(
    v10: NDArray[np.float64], v01: NDArray[np.float64], clusters: Clusters | None
) -> NDArray[np.float64]:
    """(k, k) covariance of the areas of k rankings with these `placements` (k, m) and (k, n)."""
    own = (None, None) if clusters is None else (clusters.positive, clusters.negative)
    return covariance_of_means(v10, own[0]) + covariance_of_means(v01, own[1])


def covariance_of_means(
    rows: NDArray[np.float64], whose: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """(k, k) covariance of the means of `rows` (k, n), which lie in [0, 1]; `whose` (n,) are codes
    of independent clusters of them. Of a single row or cluster, the most it can be."""
    n = rows.shape[1]
    if whose is None:
        whose = np.arange(n)
    size = int(whose.max(initial=0)) + 1
    apart = rows - rows.mean(axis=1, keepdims=True)
    sums = np.stack([np.bincount(whose, each, size) for each in apart])
    clusters = len(np.unique(whose))
    if clusters < 2:
        return np.eye(len(rows)) / 4
    return np.asarray(clusters / (clusters - 1) * (sums @ sums.T) / n**2)


def design_effect(hit: NDArray[np.bool_], whose: NDArray[np.int64] | None) -> float:
    """How many rows of clusters say as much as one that is independent of the others, of the share
    of `hit` (n,): at least 1 (Rao and Scott 1992, Biometrics 48)."""
    share = float(hit.mean())
    if whose is None:
        return 1.0
    if not 0 < share < 1:  # nothing tells how alike rows of a cluster are: as if they were the same
        return len(hit) / len(np.unique(whose))
    alone = share * (1 - share) / len(hit)
    return max(1.0, float(covariance_of_means(hit[None].astype(float), whose)[0, 0]) / alone)


def binomial(hits: float, n: float, chance: float = 0.05) -> Interval:
    """The interval of a share by Clopper and Pearson 1934: exact, on the wide side.

    It misses the true share with at most this `chance`. Of rows in clusters both are divided by
    their `design_effect`.
    """
    low = float(beta.ppf(chance / 2, hits, n - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - chance / 2, hits + 1, n - hits)) if hits < n else 1.0
    return Interval(low, high)


def hits_at(
    positive: NDArray[np.float64],
    negative: NDArray[np.float64],
    false_rate: float,
    chance: float = 0.05,
    clusters: Clusters | None = None,
) -> tuple[float, Interval]:
    """Share of positives above the threshold at which `false_rate` of negatives are expected.

    The threshold is the k-th greatest negative, k = false_rate * n (at least 1): a fresh negative
    exceeds it with probability k / (n + 1). Ties count as misses, so that a flood of equal scores
    is no success. The interval is the exact binomial one of the hits, widened by how far the true
    false-positive rate at that threshold, Beta(k, n - k + 1), may lie from `false_rate`; each of
    them misses with at most this `chance`. With `clusters` all counts are divided by their design
    effects.
    """
    n = len(negative)
    k = max(1, int(np.floor(false_rate * n + 1e-9)))
    threshold = np.sort(negative)[::-1][k - 1]
    hit = positive > threshold
    hits, of_hits, of_alarms = int(hit.sum()), 1.0, 1.0
    if clusters is not None:
        of_hits = design_effect(hit, clusters.positive)
        of_alarms = design_effect(negative >= threshold, clusters.negative)
    exact = binomial(hits / of_hits, len(positive) / of_hits, chance)
    alarms, others = k / of_alarms, (n - k) / of_alarms + 1
    least, most = (float(beta.ppf(p, alarms, others)) for p in (chance / 2, 1 - chance / 2))
    low = exact.low * min(1.0, false_rate / most)
    high = min(1.0, exact.high * max(1.0, false_rate / max(least, 1e-12)))
    return hits / len(positive), Interval(low, high)
