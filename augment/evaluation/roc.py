"""Ranking one sample against another: area under the ROC curve, and hits at few false alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta, rankdata

from augment.core.types import Interval
from augment.evaluation.noise import Z95

if TYPE_CHECKING:
    from numpy.typing import NDArray


def auc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> tuple[float, Interval]:
    """P(positive > negative) + P(tie) / 2, and its 95% interval by DeLong et al. 1988.

    The variance is that of the placements V10 and V01, found from mid-ranks in O(n log n) as in
    Sun and Xu 2014. The interval is cut to [0, 1]. Both samples hold at least one value.
    """
    m, n = len(positive), len(negative)
    together = rankdata(np.concatenate([positive, negative]))
    v10 = (together[:m] - rankdata(positive)) / n  # share of negatives below each positive
    v01 = 1 - (together[m:] - rankdata(negative)) / m  # share of positives above each negative
    value = float(v10.mean())
    variance = (v10.var(ddof=1) / m if m > 1 else 0.25) + (v01.var(ddof=1) / n if n > 1 else 0.25)
    half = Z95 * float(np.sqrt(variance))
    return value, Interval(max(0.0, value - half), min(1.0, value + half))


def binomial(hits: int, n: int, chance: float = 0.05) -> Interval:
    """The interval of a share by Clopper and Pearson 1934: exact, on the wide side.

    It misses the true share with at most this `chance`.
    """
    low = float(beta.ppf(chance / 2, hits, n - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - chance / 2, hits + 1, n - hits)) if hits < n else 1.0
    return Interval(low, high)


def hits_at(
    positive: NDArray[np.float64],
    negative: NDArray[np.float64],
    false_rate: float,
    chance: float = 0.05,
) -> tuple[float, Interval]:
    """Share of positives above the threshold at which `false_rate` of negatives are expected.

    The threshold is the k-th greatest negative, k = false_rate * n (at least 1): a fresh negative
    exceeds it with probability k / (n + 1). Ties count as misses, so that a flood of equal scores
    is no success. The interval is the exact binomial one of the hits, widened by how far the true
    false-positive rate at that threshold, Beta(k, n - k + 1), may lie from `false_rate`; each of
    them misses with at most this `chance`.
    """
    n = len(negative)
    k = max(1, int(np.floor(false_rate * n + 1e-9)))
    threshold = np.sort(negative)[::-1][k - 1]
    hits = int(np.sum(positive > threshold))
    exact = binomial(hits, len(positive), chance)
    least, most = (float(beta.ppf(p, k, n - k + 1)) for p in (chance / 2, 1 - chance / 2))
    low = exact.low * min(1.0, false_rate / most)
    high = min(1.0, exact.high * max(1.0, false_rate / max(least, 1e-12)))
    return hits / len(positive), Interval(low, high)
