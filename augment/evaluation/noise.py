"""Sampling noise: how far a value may lie off by chance, for one value or for many at once."""

from __future__ import annotations

import math
from statistics import NormalDist

NORMAL = NormalDist()
Z95 = 1.959963984540054  # a 95% interval of a normal value reaches so many deviations either way
FALSE_FAILURES = 0.01  # of the reports on rows as good as fresh real ones, by all checks together


def one_sided(chance: float) -> float:
    """z for which a standard normal deviation is above it with this chance.

    For m checks at once, `chance` is a m-th of what all of them may have: of m events, however
    they hang together, at least one happens with at most the sum of their chances. Bonferroni's
    inequality; Dunn 1961, Multiple Comparisons Among Means, JASA 56, eq. 2.

    >>> round(one_sided(0.01), 3), round(one_sided(0.01 / 12), 3)
    (2.326, 3.144)
    """
    return -NORMAL.inv_cdf(chance)


def widened(half: float, z: float, share: float | None = None) -> float:
    """The lower half of a 95% interval, stretched to `z` standard deviations.

    That of a `share` is stretched in the logarithm, since its noise grows with it: what is surely
    above nothing at all stays so.

    >>> widened(1.96, 3.0) > 2.99, widened(0.4, 3.0, 0.5) < 0.5
    (True, True)
    """
    if share is not None and 0 < half < share:
        return share - share * math.pow(1 - half / share, z / Z95)
    return half * z / Z95


def exceeding(distance: float, half: float) -> float:
    """The chance that noise takes a value beyond a limit that is `distance` away, where `half` is
    half of its 95% interval; negative distances have been passed already.

    >>> round(exceeding(1.0, 1.0), 3), round(exceeding(0.0, 1.0), 3), exceeding(-1.0, 0.0)
    (0.025, 0.5, 1.0)
    """
    if half <= 0:
        return float(distance < 0)
    return NORMAL.cdf(-distance * Z95 / half)
