"""The strongest of several rankings of the same rows, with intervals that allow for the choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Interval
from augment.evaluation.roc import Clusters, covariance_of_areas, hits_at, placements

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rankings = Sequence[tuple[Floats, Floats]]  # scores of positives and of negatives

DRAWS = 20_000  # of the greatest deviation; its 95th percentile is known to about 0.02
COVERED = 0.95


def strongest_auc(
    repetitions: Sequence[Rankings],
    spreads: Sequence[float],
    seed: Seed,
    clusters: Sequence[Clusters | None] = (),
) -> tuple[int, float, Interval]:
    """Which ranking has the greatest area under its ROC curve, as the mean over the repetitions,
    that area, and a 95% interval of the greatest true area.

    All areas θ_j lie within ± c s_j of their estimates with 95% at once, so the greatest of them
    lies between the greatest lower and the greatest upper end. c is the 95th percentile of
    max |Z_j| of a normal vector with the correlations of the estimates: the single-step method of
    Hothorn, Bretz and Westfall 2008, "Simultaneous Inference in General Parametric Models",
    Biometrical Journal 50, section 3. Their covariance is that of DeLong, DeLong and
    Clarke-Pearson 1988, Biometrics 44, eq. 6 and 7, with variances that are never less than those
    of rankings that know nothing, (m + n + 1) / 12mn (Mann and Whitney 1947): few rows that happen
    to be told apart perfectly have none by DeLong.

    All rankings of a repetition are of the same m positives and n negatives, at least one of each,
    in the same order. In each repetition it was drawn anew, and by lot alone, which rows are
    positives: where rankings know nothing of that, their areas in one are independent of those in
    another. `spreads` widen the interval of each, where it has noise beside that of the rows
    ranked. `clusters` say of each repetition whose its rows are, where some are the same person's
    (Obuchowski 1997, see `roc.auc`).
    """
    whose = clusters or [None] * len(repetitions)
    found = [_areas(*each) for each in zip(repetitions, whose, strict=True)]
    count = len(found)
    areas = np.mean([each for each, _, _ in found], axis=0)
    covariance = np.sum([each for _, each, _ in found], axis=0) / count**2
    least = float(np.sqrt(np.sum([each for _, _, each in found]))) / count
    deviations = np.sqrt(np.diag(covariance))
    scale = np.where(deviations > 0, deviations, 1.0)
    correlation = covariance / np.outer(scale, scale)
    np.fill_diagonal(correlation, 1.0)
    half = np.array(spreads) * _greatest(correlation, seed) * np.maximum(deviations, least)
    first = int(np.argmax(areas))
    low, high = float((areas - half).max()), float((areas + half).max())
    return first, float(areas[first]), Interval(max(0.0, low), min(1.0, high))


def _areas(rankings: Rankings, clusters: Clusters | None) -> tuple[Floats, Floats, float]:
    """(rankings,) areas, their covariance, and the least variance that any of them has."""
    v10, v01 = (
        np.array(each) for each in zip(*(placements(*pair) for pair in rankings), strict=True)
    )
    m, n = v10.shape[1], v01.shape[1]
    covariance = covariance_of_areas(v10, v01, clusters)
    return v10.mean(axis=1), covariance, (m + n + 1) / (12 * m * n)


def strongest_hits(
    rankings: Rankings, false_rate: float, clusters: Clusters | None = None
) -> tuple[int, float, Interval]:
    """Which ranking finds most positives at this rate of false alarms, how many, and a 95% interval
    of the greatest true share: `hits_at` of each, with the chance of an error shared out evenly
    among them (Bonferroni's inequality; Dunn 1961, JASA 56)."""
    chance = (1 - COVERED) / len(rankings)
    found = [hits_at(*pair, false_rate, chance, clusters) for pair in rankings]
    shares = [share for share, _ in found]
    first = int(np.argmax(shares))
    low, high = (max(ends) for ends in zip(*((i.low, i.high) for _, i in found), strict=True))
    return first, shares[first], Interval(low, high)


def rows_needed(half: float, most: float, negatives: int) -> int:
    """About how many negatives bring half an interval down to `most`, where it is the negatives
    that are few: its square falls as their number grows.

    >>> rows_needed(0.2, 0.1, 20)
    80
    """
    return int(np.ceil(negatives * (half / most) ** 2))


def _greatest(correlation: Floats, seed: Seed) -> float:
    """The 95th percentile of the greatest deviation, in either direction."""
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    draws = seed.rng().standard_normal((DRAWS, len(values))) @ root.T
    return float(np.quantile(np.abs(draws).max(axis=1), COVERED))
