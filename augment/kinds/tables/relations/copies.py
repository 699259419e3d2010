"""Numbers that on a share of the rows repeat another column's value: a payment of the whole bill.

Beside such a column an engine learns which column the value is taken from, if any; after a draw the
value is taken from there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import numbers
from augment.kinds.tables.relations.quantities import Quantity
from augment.kinds.tables.relations.residuals import frequent

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 30  # that repeat a value which is no frequent one of either column
LEAST_SHARE = 0.01  # of the rows with both values, that do
LEAST_TIMES = 10.0  # as many as independent columns would have
LEAST_OVER_NEAR = 3.0  # as many as are one unit apart, on average of the nearest units
NEAR_UNITS = 5
PROBES, LEAST_PROBED = 2_000, 4  # rows that rule out most pairs, and how many have to repeat
MOST_SOURCES = 4


@dataclass(frozen=True)
class Copy:
    """`column` has the value of one of the `sources` where `name` holds its place from 1 on.

    Where that is 0 the value is its own. `share` of the rows have a source. Equal `atoms`, which
    are frequent values, are no copies.
    """

    column: str
    sources: tuple[str, ...]
    name: str
    share: float
    atoms: tuple[float, ...] = ()

    @property
    def sentence(self) -> str:
        percent = f"{100 * self.share:.0f}%" if self.share >= 0.095 else f"{100 * self.share:.1f}%"
        return f"{self.column} = {' or '.join(self.sources)} on {percent} of rows"

    def made_column(self) -> Column:
        return Column(self.name, "categorical", "integer")

    def of(self, table: Table) -> NDArray[np.float64]:
        """(rows,) the place of the source, 0 for none."""
        values = numbers(table, self.column)
        place = np.zeros(len(table))
        for number in range(len(self.sources), 0, -1):
            other = numbers(table, self.sources[number - 1])
            place[(values == other) & ~np.isin(values, self.atoms)] = number
        return place

    def opened(self, table: Table) -> NDArray[np.float64]:
        """The same of given rows: NaN, for unknown, where the value is missing or a source is that
        may be the one."""
        values = numbers(table, self.column)
        place = np.zeros(len(table))
        for number in range(len(self.sources), 0, -1):
            other = numbers(table, self.sources[number - 1])
            place[np.isnan(other) & (place == 0)] = np.nan
            place[(values == other) & ~np.isin(values, self.atoms)] = number
        place[np.isnan(values)] = np.nan
        return place


Copies = tuple[Copy, ...]


def found(
    table: Table, numeric: list[Quantity], already: Collection[str], target: str | None
) -> Copies:
    """For each column the earlier ones whose values it repeats, more often than chance would."""
    copies: list[Copy] = []
    taken = set(table.schema.names)
    rare = [_without_frequent(each) for each in numeric]
    rows = np.linspace(0, len(table) - 1, min(PROBES, len(table))).astype(np.int64)
    probes = np.stack([each.values[rows] for each in numeric]) if numeric else np.empty((0, 0))
    for place, late in enumerate(numeric):
        if late.name in already or late.name == target:
            continue
        repeated = [
            (count, i)
            for i in np.flatnonzero(
                (probes[:place] == rare[place][rows]).sum(axis=1) >= LEAST_PROBED
            ).tolist()
            if numeric[i].dated == late.dated
            for count in [_repeated(rare[place], numeric[i].values, late, len(table))]
            if count
        ]
        repeated.sort(key=lambda pair: (-pair[0], pair[1]))
        sources = tuple(numeric[i].name for _, i in repeated[:MOST_SOURCES])
        if not sources:
            continue
        name = f"{late.name}: repeats"
        while name in taken:
            name += " …"
        atoms = tuple(map(float, frequent(late.values)))
        copy = Copy(late.name, sources, name, 0.0, atoms)
        copies.append(replace(copy, share=float((copy.of(table) > 0).mean())))
        taken.add(name)
    return tuple(copies)


def _without_frequent(quantity: Quantity) -> NDArray[np.float64]:
    values = quantity.values
    return np.where(np.isin(values, frequent(values)), np.nan, values)


def _repeated(
    values: NDArray[np.float64], early: NDArray[np.float64], late: Quantity, rows: int
) -> int:
    """How many rows repeat; 0 where that may be chance, or is no more than nearness explains."""
    equal = values == early
    count = int(equal.sum())
    both = int((~np.isnan(values) & ~np.isnan(early)).sum())
    if count < LEAST_ROWS or count < LEAST_SHARE * both:
        return 0
    distinct, often = np.unique(values[~np.isnan(values)], return_counts=True)
    other, others = np.unique(early[~np.isnan(early)], return_counts=True)
    _, mine, theirs = np.intersect1d(distinct, other, assume_unique=True, return_indices=True)
    chance = float((often[mine] * others[theirs]).sum()) / max(rows, 1)
    unit = max(2 * late.slack / 1.02, float(np.diff(distinct).min()) if len(distinct) > 1 else 0.0)
    apart = np.abs(values - early)
    near = int(((apart > 0) & (apart <= (NEAR_UNITS + 0.5) * unit)).sum()) / (2 * NEAR_UNITS)
    return count if count >= max(LEAST_TIMES * chance, LEAST_OVER_NEAR * near) else 0


def to_json(copies: Copies) -> list[Json]:
    return [asdict(copy) for copy in copies]


def from_json(documents: Any) -> Copies:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    found: list[Copy] = []
    for document in documents:
        copy = Copy(
            **{
                **document,
                "sources": tuple(document["sources"]),
                "atoms": tuple(map(float, document["atoms"])),
            }
        )
        if not copy.sources or len(copy.sources) > MOST_SOURCES or not 0 <= float(copy.share) <= 1:
            raise ValueError("a repeated value has no source")
        found.append(copy)
    return tuple(found)
