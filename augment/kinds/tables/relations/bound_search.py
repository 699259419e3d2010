"""The search for columns that others bound, however far apart: `paid <= bill`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.relations import links
from augment.kinds.tables.relations.bounds import Bounds
from augment.kinds.tables.relations.links import AnyLink, Link, Links
from augment.kinds.tables.relations.quantities import Quantity, probes
from augment.kinds.tables.relations.weighted_sums import WeightedSum

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_COLUMNS = 100  # that are compared
MOST_ROWS = 10_000  # that an order is believed on; it has to hold on all
LEAST_KNOWN = 100  # rows that have both columns
LEAST_SHARE = 0.2  # of the rows with the later value, that have both
LEAST_CHANCE = 30.0  # rows that independent columns would have broken
NEAREST = 30  # rows nearest to the bound, by which it is told from a distance that only gets rare
MOST_APART = 0.25  # how far the nearest may lie from the bound, beside the last of these rows


def bounded(numeric: list[Quantity], known: Links, fixed: Collection[str]) -> Links:
    """The links `known` and bounds beside them, in an order in which they can be undone.

    Each column is bounded by those before it; none that is `fixed` or the result of a link is. By
    such columns it is where it does not feed them.
    """
    pairs = _closure(_ordered(numeric) | set(_implied(numeric, known)))
    found: list[AnyLink] = list(known)
    before = list(dict.fromkeys([*(link.result for link in known), *fixed]))
    for name in (quantity.name for quantity in numeric if quantity.name not in before):
        free = [o for o in before if not links.depends(Bounds(name, (o,), ()), found)]
        bounds = _bounds_of(name, free, pairs)
        found += [] if bounds is None else [bounds]
        before.append(name)
    return tuple(links.undoable(found))


def _implied(numeric: list[Quantity], known: Links) -> Iterator[tuple[str, str]]:
    """Orders that links keep, and those that keep what is left of a total above zero."""
    low = {quantity.name: quantity.low for quantity in numeric}
    for link in known:
        if isinstance(link, Link) and not link.step:
            yield link.base, link.result
        if isinstance(link, WeightedSum) and link.left_of_total and low.get(link.result, -1) >= 0:
            yield link.terms[1][0], link.terms[0][0]


def _ordered(numeric: list[Quantity]) -> set[tuple[str, str]]:
    """Pairs of columns of which the first is never above the second, and reaches up to it."""
    if len(numeric) > MOST_COLUMNS:
        return set()
    found = set()
    for late in numeric:
        rows = probes(late.values)
        for early in numeric:
            overlap = early is not late and early.dated == late.dated and late.low < early.high
            if not overlap or (late.values[rows] < early.values[rows]).any():
                continue
            if _proven(early, late):
                found.add((early.name, late.name))
    return found


def _proven(early: Quantity, late: Quantity) -> bool:
    if (late.values < early.values).any():
        return False
    step = max(1, len(late.values) // MOST_ROWS)
    low, high = early.values[::step], late.values[::step]
    both = ~np.isnan(low) & ~np.isnan(high)
    if both.sum() < max(LEAST_KNOWN, LEAST_SHARE * (~np.isnan(high)).sum()):
        return False
    low, high = low[both], high[both]
    if (high == low).all():
        return False
    rng = np.random.Generator(np.random.Philox(0))  # which rows are compared is no randomness
    if (high < rng.permutation(low)).sum() < LEAST_CHANCE or not _reached(high - low):
        return False
    if early.dated or min(early.low, late.low) < 0:
        return True
    some = low > 0  # where both are zero, that says nothing
    return _reached(high[some] / low[some] - 1)


def _reached(distance: NDArray[np.float64]) -> bool:
    """Whether distances, none below zero, go on as near to zero as their number allows."""
    if len(distance) <= NEAREST:
        return False
    nearest = np.partition(distance, [0, NEAREST])
    return bool(nearest[0] <= MOST_APART * nearest[NEAREST])


def _closure(pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """The pairs, and those that follow from them: a <= b and b <= c make a <= c."""
    above: dict[str, set[str]] = {}
    for early, late in pairs:
        above.setdefault(early, set()).add(late)
    for middle in above:
        for others in above.values():
            if middle in others:
                others |= above[middle]
    return {(early, late) for early, others in above.items() for late in others if early != late}


def _bounds_of(
    name: str, others: Collection[str], pairs: Collection[tuple[str, str]]
) -> Bounds | None:
    """What the ordered `pairs` say of a column beside `others`: only the closest of them, since
    these are within the bounds that the rest set."""
    lows = [other for other in others if (other, name) in pairs]
    highs = [other for other in others if (name, other) in pairs]
    lows = [a for a in lows if not any((a, b) in pairs for b in lows)]
    highs = [a for a in highs if not any((b, a) in pairs for b in highs)]
    return Bounds(name, tuple(lows), tuple(highs)) if lows or highs else None
