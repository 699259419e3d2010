"""Ranking one sample against another: area under the ROC curve, and hits at few false alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.base.types import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Z95 = 1.959963984540054


def auc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> tuple[float, Interval]:
    """P(positive > negative) + P(tie) / 2, and its 95% interval by DeLong et al. 1988.

    The variance is that of the placements V10 and V01, found from mid-ranks in O(n log n) as in
    Sun and Xu 2014. The interval is cut to [0, 1]. Both samples hold at least one value.
    """
    import numpy as np
    from scipy.stats import rankdata

    m, n = len(positive), len(negative)
    together = rankdata(np.concatenate([positive, negative]))
    v10 = (together[:m] - rankdata(positive)) / n  # share of negatives below each positive
    v01 = 1 - (together[m:] - rankdata(negative)) / m  # share of positives above each negative
    value = float(v10.mean())
    variance = (v10.var(ddof=1) / m if m > 1 else 0.25) + (v01.var(ddof=1) / n if n > 1 else 0.25)
    half = Z95 * float(np.sqrt(variance))
    return value, Interval(max(0.0, value - half), min(1.0, value + half))


def binomial(hits: int, n: int) -> Interval:
    """The 95% interval of a share by Clopper and Pearson 1934: exact, on the wide side."""
    from scipy.stats import beta

    low = float(beta.ppf(0.025, hits, n - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(0.975, hits + 1, n - hits)) if hits < n else 1.0
    return Interval(low, high)


def hits_at(
    positive: NDArray[np.float64], negative: NDArray[np.float64], false_rate: float
) -> tuple[float, Interval]:
    """Share of positives above the threshold that at most `false_rate` of the negatives exceed.

    Ties with the threshold count as misses, so that a flood of equal scores is no success.
    """
    import numpy as np

    allowed = int(np.floor(false_rate * len(negative)))
    threshold = np.sort(negative)[::-1][min(allowed, len(negative) - 1)]
    hits = int(np.sum(positive > threshold))
    return hits / len(positive), binomial(hits, len(positive))
