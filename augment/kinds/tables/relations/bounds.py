"""Columns that others bound, near or far: `paid <= bill`, `min <= mean <= max`.

Engines learn such columns as they are, and a few made rows break the bounds. A value that does is
exchanged with that of another row on which the bounds are wide enough for it: so the column as a
whole holds what was drawn, and pairs that are equal stay as many.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augment.kinds.tables.data.schema import Column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.kinds.tables.relations.links import AnyLink

ROUNDS, TRIES = 8, 64  # of looking for a row to exchange with, and rows that are looked at in each
NEIGHBOURHOOD = 0.25  # of the rows, nearest to the bound, in which the first round looks


@dataclass(frozen=True)
class Bounds:
    """`result` is never below any of `lows`, nor above any of `highs`: columns that are put back
    before it."""

    result: str
    lows: tuple[str, ...]
    highs: tuple[str, ...]
    gaps: ClassVar[bool] = False  # as of a link
    computed: ClassVar[bool] = False

    @property
    def sources(self) -> set[str]:
        return {*self.lows, *self.highs}

    @property
    def sentence(self) -> str:
        sides = (", ".join(self.lows), self.result, ", ".join(self.highs))
        return " <= ".join(side for side in sides if side)

    def ends(
        self, values: Mapping[str, NDArray[np.float64]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(rows,) the least and the most that the result may be; infinite where nothing is said."""
        rows = len(values[next(iter(self.sources))])
        low, high = np.full(rows, -np.inf), np.full(rows, np.inf)
        for name in self.lows:
            low = np.fmax(low, values[name])
        for name in self.highs:
            high = np.fmin(high, values[name])
        return low, high

    def broken(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        """(rows,) where the result is out of its bounds."""
        low, high = self.ends(values)
        own = values[self.result]
        return np.asarray((own < low) | (own > high))

    def kept(
        self,
        values: Mapping[str, NDArray[np.float64]],
        fixed: NDArray[np.bool_],
        column: Column,
        repeats: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float64]:
        """(rows,) the result within its bounds; cells that are `fixed` stay. Where a cell
        `repeats` another column's, or no other row can take its value over, it becomes the bound
        itself, in the digits of its column."""
        low, high = self.ends(values)
        free = ~fixed if repeats is None else ~(fixed | repeats)
        made = _exchanged(values[self.result], low, high, free)
        inside = np.where(made > high, _written(high, column, np.floor), made)
        inside = np.where(made < low, _written(low, column, np.ceil), inside)
        return np.where(fixed | (low > high), made, inside)


def _exchanged(
    values: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    free: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """(rows,) the values, those out of their bounds exchanged with ones that stand inside others,
    and touch none: in a neighbourhood of the bound that doubles with each round. None that is not
    `free` is exchanged."""
    values = values.copy()
    rng = np.random.Generator(np.random.Philox(0))  # which rows exchange is no randomness
    for number in range(ROUNDS):
        over = values > high
        bad = np.flatnonzero((over | (values < low)) & free)
        inside = np.flatnonzero((values > low) & (values < high) & free)
        if not len(bad) or not len(inside):
            break
        inside = inside[np.argsort(values[inside], kind="stable")]
        first = np.searchsorted(values[inside], low[bad])
        last = np.searchsorted(values[inside], high[bad], side="right")
        most = int(NEIGHBOURHOOD * len(inside) * 2**number) + 1
        first, last = (
            np.where(over[bad], np.maximum(first, last - most), first),
            np.where(over[bad], last, np.minimum(last, first + most)),
        )
        width = np.maximum(last - first, 1)[:, None]
        place = first[:, None] + (rng.random((len(bad), TRIES)) * width).astype(np.int64)
        other = inside[np.minimum(place, len(inside) - 1)]  # (bad, tries) rows
        own = values[bad][:, None]
        able = (place < last[:, None]) & (own > low[other]) & (own < high[other])
        chosen = other[np.arange(len(bad)), able.argmax(axis=1)]
        bad, chosen = bad[able.any(axis=1)], chosen[able.any(axis=1)]
        chosen, once = np.unique(chosen, return_index=True)
        bad = bad[once]
        values[bad], values[chosen] = values[chosen], values[bad]
    return values


def _written(
    values: NDArray[np.float64],
    column: Column,
    cut: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """The values cut down, or up, to what the column can hold."""
    nearly = 1e-6 if cut is np.floor else -1e-6  # of a unit, what float arithmetic may take
    if column.storage == "datetime":
        step = float(column.step_us or 1)
        return cut(values / step + nearly) * step
    decimals = 0 if column.storage == "integer" else column.max_decimals
    if decimals is None:
        return values
    return cut(values * 10.0**decimals + nearly) / 10.0**decimals


def as_drawn(links: Sequence[AnyLink], later: Collection[str]) -> list[Bounds]:
    """The bounds among the links that are columns as an engine draws them: neither in `later`,
    which are computed or scaled, nor bounded by one that is."""
    later, found = set(later), []
    for link in links:
        if isinstance(link, Bounds):
            if link.sources & later:
                later.add(link.result)
            else:
                found.append(link)
    return found


def from_json(document: Any) -> Bounds:
    """Undo `asdict`. Raises `TypeError` or `ValueError` on what no search can have found."""
    made = Bounds(document["result"], tuple(document["lows"]), tuple(document["highs"]))
    if not made.sources or len(made.sources) < len(made.lows) + len(made.highs):
        raise ValueError("a column has no bounds")
    return made
