"""Sums of two columns that hold on every row: `total = part + part`, `end = start + days`.

Where totals are round and a part is not (an income, and what is left of it after tax), the part is
what is computed, as a difference: drawn apart, parts would not add up to round totals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.relations.links import Link
from augment.kinds.tables.relations.near import LEAST_SHARE as LEAST_NEAR
from augment.kinds.tables.relations.near import Near
from augment.kinds.tables.relations.quantities import LEAST_MOVING, Quantity, moves, probes
from augment.kinds.tables.relations.weighted_sums import WeightedSum

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNITS_US = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 604_800_000_000)
EDGES, ANCHORS = 4, 6  # probed rows of which a pair must fit one, to be looked at further
MOST_MISSED, CHUNK = 0.1, 32  # of the probed rows, which are looked at so many at a time
SPARED = 3  # rows that a pair may miss besides
LEAST_SHARE = 0.2  # of the rows with a result, that have both parts as well
ROUND, LEAST_UNITS = 100, 1_000  # units of the last digit: round numbers, and those that may be
MOST_FEW, FEWER = 64, 4  # values of such a total, of which its parts have so many times as many
LEAST_ROUND, MOST_ROUND = 0.1, 0.03  # of a total, and of a part that follows from it; chance is .01


def sums(result: Quantity, others: list[Quantity]) -> Iterator[Link | Near]:
    """Pairs with result = base + unit * step on every row that has all three, or on nearly every.

    A few rows rule out most of the pairs before any is compared on all rows.
    """
    bases = [other for other in others if other.dated == result.dated]
    steps = [other for other in others if not other.dated]
    if not bases or not steps:
        return
    rows = probes(result.values)
    heads = np.stack([base.values[rows] for base in bases])  # (bases, probes)
    tails = np.stack([step.values[rows] for step in steps])  # (steps, probes)
    for unit in UNITS_US if result.dated else (1.0,):
        for i, j in _possible(result.values[rows], heads, tails * unit, result.slack):
            base, step = bases[i], steps[j]
            if base.name == step.name or (not result.dated and step.name < base.name):
                continue
            proven = _proven(result, base, step, float(unit))
            if proven is not None:
                yield proven


def _possible(
    total: NDArray[np.float64],
    heads: NDArray[np.float64],
    tails: NDArray[np.float64],
    slack: float,
) -> Iterator[tuple[int, int]]:
    """Pairs of a head and a tail that add up to the total in most probed rows that have both."""
    fits = np.zeros((len(heads), len(tails)), dtype=bool)
    for row in _anchors(total):
        fits |= np.abs((total[row] - heads[:, row])[:, None] - tails[None, :, row]) <= slack
    i, j = np.nonzero(fits)  # (pairs,) each
    missed, seen = np.zeros(len(i)), np.zeros(len(i))
    for start in range(0, len(total), CHUNK):
        if not len(i):
            return
        near = slice(start, start + CHUNK)
        off = np.abs(total[near] - heads[i, near] - tails[j, near])  # (pairs, probes)
        missed, seen = missed + (off > slack).sum(axis=1), seen + (~np.isnan(off)).sum(axis=1)
        left = missed <= SPARED + MOST_MISSED * seen
        i, j, missed, seen = i[left], j[left], missed[left], seen[left]
    yield from zip(i.tolist(), j.tolist(), strict=True)


def _anchors(total: NDArray[np.float64]) -> list[int]:
    """Probed rows whose total is neither zero nor the usual: there, few pairs fit by chance."""
    telling = np.flatnonzero((total != 0) & (total != np.median(total)))
    spread = telling[np.linspace(0, len(telling) - 1, ANCHORS).astype(int)] if len(telling) else []
    return sorted({*range(min(EDGES, len(total))), *map(int, spread)})


def _proven(result: Quantity, base: Quantity, step: Quantity, unit: float) -> Link | Near | None:
    """The sum where it holds wherever all three are known, and both parts matter there."""
    known = ~np.isnan(result.values + base.values + step.values)
    if known.sum() < LEAST_SHARE * (~np.isnan(result.values)).sum():
        return None
    total, head, tail = (part.values[known] for part in (result, base, step))
    holds = np.abs(total - head - tail * unit) <= result.slack
    both = (head != 0) & (tail != 0) if not result.dated else tail != 0
    if (both & holds).sum() < LEAST_MOVING or not (moves(head[holds]) and moves(tail[holds])):
        return None
    link = Link(result.name, base.name, step.name, unit)
    if holds.all():
        return link
    near = Near(link.sentence, len(holds), int((~holds).sum()))
    telling = Near(link.sentence, int(both.sum()), int((both & ~holds).sum()))
    return near if near.close and telling.share >= LEAST_NEAR else None


def difference(
    link: Link, columns: Mapping[str, Quantity], target: str | None
) -> WeightedSum | None:
    """The larger part that is not round, as what the other part leaves of a total that often is, or
    that has few values (a list price: sums have many); None where there is none."""
    total = columns[link.result]
    few = not total.dated and _is_one_of_few(link, columns)
    if total.dated or not (few or _roundness(total) >= LEAST_ROUND):
        return None
    parts = [columns[link.base], columns[link.step]]
    plain = [part for part in parts if few or _roundness(part) <= MOST_ROUND]
    plain = [part for part in plain if part.name != target]
    for part in sorted(plain, key=lambda part: -float(np.nanstd(part.values))):
        other = parts[1 - parts.index(part)]
        terms = ((total.name, 1.0), (other.name, -1.0))
        made = WeightedSum(part.name, 0.0, terms, "near", part.decimals)
        off = made.of({each.name: each.values for each in (total, other)}) - part.values
        if np.nanmax(np.abs(off)) <= part.slack / 2:
            return made
    return None


def _is_one_of_few(link: Link, columns: Mapping[str, Quantity]) -> bool:
    """Whether a total has far fewer values than each of its parts."""
    count, *parts = (columns[name].distinct for name in (link.result, link.base, link.step))
    return count <= MOST_FEW and FEWER * count <= min(parts)


def _roundness(quantity: Quantity) -> float:
    """The share of round numbers among those that are large enough to be."""
    if quantity.decimals is None:
        return 0.0
    units = np.rint(np.abs(quantity.values) * 10.0**quantity.decimals)
    large = units[units >= LEAST_UNITS]
    return float((large % ROUND == 0).mean()) if len(large) else 0.0
