"""Sums of two columns that hold on every row: `total = part + part`, `end = start + days`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from augment.tables.relations.links import Link
from augment.tables.relations.quantities import LEAST_MOVING, Quantity, moves, probes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNITS_US = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 604_800_000_000)


def sums(result: Quantity, others: list[Quantity]) -> Iterator[Link]:
    """Pairs with result = base + unit * step on every row that has a result.

    A few rows rule out most of the pairs before any is compared on all rows.
    """
    import numpy as np

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
            if _proven(result, base, step, unit):
                missing = np.isnan(result.values) & ~np.isnan(base.values + step.values)
                gaps = bool(missing.any())
                yield Link(result.name, base.name, step.name, float(unit), gaps)


def _possible(
    total: NDArray[np.float64],
    heads: NDArray[np.float64],
    tails: NDArray[np.float64],
    slack: float,
) -> Iterator[tuple[int, int]]:
    """Pairs of a head and a tail that add up to the total in every probed row."""
    import numpy as np

    first = np.abs((total[0] - heads[:, 0])[:, None] - tails[None, :, 0]) <= slack
    i, j = np.nonzero(first)  # (pairs,) each
    for row in range(1, len(total)):
        if not len(i):
            return
        fits = np.abs(total[row] - heads[i, row] - tails[j, row]) <= slack
        i, j = i[fits], j[fits]
    yield from zip(i.tolist(), j.tolist(), strict=True)


def _proven(result: Quantity, base: Quantity, step: Quantity, unit: float) -> bool:
    """Whether the sum holds wherever the result is known, and both parts matter there."""
    import numpy as np

    known = ~np.isnan(result.values)
    total, head, tail = (part.values[known] for part in (result, base, step))
    if not (np.abs(total - head - tail * unit) <= result.slack).all():
        return False
    both = (head != 0) & (tail != 0) if not result.dated else tail != 0
    return bool(both.sum() >= LEAST_MOVING) and moves(head) and moves(tail)
