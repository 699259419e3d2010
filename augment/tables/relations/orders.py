"""Pairs of columns of which one is never below the other: `admitted <= discharged`."""

from __future__ import annotations

from augment.tables.codecs.endings import Precision
from augment.tables.relations.links import Link
from augment.tables.relations.quantities import Quantity, probes

LEAST_KNOWN = 100  # rows that have the later value
LEAST_CHANCE = 30.0  # violations expected of independent columns before none means something
MOST_SPREAD = 0.5  # of the distance, as a share of the later column's own spread
MOST_PROBED_SPREAD = 1.0  # the same on the probed rows, where it is less certain


def orders(found: list[Quantity]) -> list[Link]:
    """Pairs with base <= result on every row, the closest base of each result first."""
    scored = []
    for late in found:
        for early in _possible(late, [other for other in found if other.dated == late.dated]):
            spread = _spread(late, early)
            if spread is not None and spread <= MOST_SPREAD:
                scored.append((spread, _link(late, early)))
    return [link for _, link in sorted(scored, key=lambda pair: pair[0])]


def _possible(late: Quantity, others: list[Quantity]) -> list[Quantity]:
    """The others that overlap with `late`, and are below it and near it in the probed rows."""
    import numpy as np

    near = [o for o in others if o.name != late.name and late.low < o.high and o.low <= late.low]
    if not near:
        return []
    rows = probes(late.values)
    distance = late.values[rows] - np.stack([other.values[rows] for other in near])
    fits = (distance >= 0).all(axis=1)  # (others,) false where the other is missing
    spread = np.std(np.where(np.isnan(distance), 0.0, distance), axis=1)
    fits &= spread <= MOST_PROBED_SPREAD * max(float(np.std(late.values[rows])), 1e-300)
    return [other for other, fit in zip(near, fits, strict=True) if fit]


def _spread(late: Quantity, early: Quantity) -> float | None:
    """How much the distance varies beside the later column; None where the order may be chance."""
    import numpy as np

    known = ~np.isnan(late.values)
    high, low = late.values[known], early.values[known]
    distance = high - low
    if len(high) < LEAST_KNOWN or not (distance >= 0).all() or not distance.any():
        return None
    rng = np.random.Generator(np.random.Philox(0))  # which rows are compared is no randomness
    if float((high < rng.permutation(low)).sum()) < LEAST_CHANCE:
        return None
    return float(np.std(distance)) / max(float(np.std(high)), 1e-300)


def _link(late: Quantity, early: Quantity) -> Link:
    import numpy as np

    if late.dated:
        return Link(late.name, early.name, "", _unit(late, early))
    found = Precision.of(late.values[~np.isnan(late.values)])
    return Link(late.name, early.name, "", 1.0, digits=found.digits, decimals=found.decimals)


def _unit(late: Quantity, early: Quantity) -> float:
    """The largest whole number of microseconds that every distance is a multiple of."""
    import numpy as np

    distance = late.values - early.values
    whole = distance[~np.isnan(distance)].astype(np.int64)
    return float(max(1, int(np.gcd.reduce(whole))))
