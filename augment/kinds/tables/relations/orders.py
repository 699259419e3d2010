"""Pairs of columns of which one is never below the other: `admitted <= discharged`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from augment.kinds.tables.codecs.endings import Precision
from augment.kinds.tables.relations.links import Link
from augment.kinds.tables.relations.near import Near
from augment.kinds.tables.relations.quantities import Quantity, probes

LEAST_KNOWN = 100  # rows that have the later value
LEAST_CHANCE = 30.0  # violations expected of independent columns before none means something
MOST_SPREAD = 0.5  # of the distance, as a share of the later column's own spread
LEAST_TIMES = 10.0  # as many as there are, where there are some
LEAST_SHARE = 0.2  # of the rows with the later value, that have both
MOST_MISSED, SPARED = 0.1, 3  # of the probed rows, and rows besides, that may break an order
MOST_PROBED_SPREAD = 1.0  # the same on the probed rows, where it is less certain


def found(numeric: list[Quantity]) -> list[Link | Near]:
    """Pairs with base <= result on every row that has both, the closest base of each result first.

    Those that hold on nearly every row come last.
    """
    kept: list[tuple[float, Link]] = []
    near: list[tuple[float, Near]] = []
    for late in numeric:
        for early in _possible(late, [other for other in numeric if other.dated == late.dated]):
            spread, broken, rows = _spread(late, early)
            if spread > MOST_SPREAD:
                continue
            if not broken:
                kept.append((spread, _link(late, early)))
            else:
                near.append((spread, Near(f"{early.name} <= {late.name}", rows, broken)))
    ordered: list[Link | Near] = [link for _, link in sorted(kept, key=lambda pair: pair[0])]
    return ordered + [each for _, each in sorted(near, key=lambda pair: pair[0])]


def _possible(late: Quantity, others: list[Quantity]) -> list[Quantity]:
    """The others that overlap with `late`, and are below it and near it in the probed rows."""
    near = [o for o in others if o.name != late.name and late.low < o.high]
    if not near:
        return []
    rows = probes(late.values)
    distance = late.values[rows] - np.stack([other.values[rows] for other in near])
    known = ~np.isnan(distance)  # (others, probes)
    above = np.where(known & (distance >= 0), distance, 0.0)
    fits = (known & (distance < 0)).sum(axis=1) <= SPARED + MOST_MISSED * known.sum(axis=1)
    count = np.maximum(known.sum(axis=1), 1)
    mean = above.sum(axis=1) / count
    spread = np.sqrt((np.where(known, above - mean[:, None], 0.0) ** 2).sum(axis=1) / count)
    fits &= spread <= MOST_PROBED_SPREAD * max(float(np.std(late.values[rows])), 1e-300)
    return [other for other, fit in zip(near, fits, strict=True) if fit]


def _spread(late: Quantity, early: Quantity) -> tuple[float, int, int]:
    """How much the distance varies beside the later column, infinite where the order may be
    chance; and the rows that break it, of those that have both."""
    nothing = float("inf"), 0, 0
    known = ~np.isnan(late.values) & ~np.isnan(early.values)
    high, low = late.values[known], early.values[known]
    distance = high - low
    broken = int((distance < 0).sum())
    if len(high) < LEAST_KNOWN or not distance.any():
        return nothing
    if len(high) < LEAST_SHARE * (~np.isnan(late.values)).sum():
        return nothing
    if broken and not Near("", len(high), broken).close:
        return nothing
    rng = np.random.Generator(np.random.Philox(0))  # which rows are compared is no randomness
    if float((high < rng.permutation(low)).sum()) < max(LEAST_CHANCE, LEAST_TIMES * broken):
        return nothing
    spread = float(np.std(distance[distance >= 0])) / max(float(np.std(high)), 1e-300)
    return spread, broken, len(high)


def _link(late: Quantity, early: Quantity) -> Link:
    link = Link(late.name, early.name, "", 1.0)
    if late.dated:
        return in_units(link, {each.name: each for each in (late, early)})
    written = Precision.of(late.values[~np.isnan(late.values)])
    return replace(link, digits=written.digits, decimals=written.decimals)


def in_units(link: Link, columns: Mapping[str, Quantity]) -> Link:
    """The link of dates with the largest whole number of microseconds that each distance is a
    multiple of; of numbers, as it is."""
    late = columns[link.result]
    if not late.dated:
        return link
    distance = late.values - link.start(lambda name: columns[name].values)
    whole = distance[~np.isnan(distance)].astype(np.int64)
    return replace(link, unit=float(max(1, int(np.gcd.reduce(whole)))))
