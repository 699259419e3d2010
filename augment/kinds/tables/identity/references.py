"""Ids that repeat: how many rows each has, what is constant within it, what tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from augment.core.errors import listed
from augment.core.seeds import Seed
from augment.core.types import Json
from augment.kinds.tables.data import identifiers
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import ranks
from augment.kinds.tables.identity.group_sizes import GroupSizes
from augment.kinds.tables.identity.key_search import joint_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_NAMED = 5
LEAST_RISING = 20  # rows greater than the one of the same id above it, without one that is less
ROWS_TRIED = 2_000  # rows that are looked at before all of them
LEAST_DIFFERING = 10  # rows expected to differ from the first of their id by chance


@dataclass(frozen=True)
class Reference:
    """One column of ids that repeat.

    `constant` are the modelled columns that never change within an id; `apart` those that form a
    key with it. `within` names a finer reference whose ids each belong to one id of this one
    (orders of a customer); `sizes` then counts these instead of rows. `together` says that the
    rows of an id stand below one another in the source.
    """

    column: Column
    null_share: float
    constant: tuple[str, ...]
    apart: tuple[str, ...]
    within: str
    together: bool
    sizes: GroupSizes

    @property
    def sentence(self) -> str:
        """What is kept of it, for the summary."""
        counted = f"{self.within}s" if self.within else "rows"
        kept = f"how many {counted} each {self.column.name} has"
        if not self.constant:
            return f"{kept}; no column is constant within it"
        return f"{kept}, and that it has one {listed(self.constant, MOST_NAMED)}"

    def ids(self, groups: NDArray[np.int64], start: int, seed: Seed) -> pa.Array:
        """(rows,) the ids of groups, numbered in their order from row `start` on; null for -1."""
        found, place = np.unique(groups[groups >= 0], return_inverse=True)
        numbers = np.zeros(len(groups), dtype=np.int64)
        numbers[groups >= 0] = place
        made = identifiers.render(self.column, start, max(len(found), 1), seed)
        return made.take(pa.array(numbers, mask=groups < 0))

    def to_json(self) -> Json:
        return {
            "name": self.column.name,
            "null_share": self.null_share,
            "constant": list(self.constant),
            "apart": list(self.apart),
            "within": self.within,
            "together": self.together,
            "sizes": self.sizes.to_json(),
        }

    @classmethod
    def from_json(cls, document: Any, known: dict[str, Column]) -> Self:
        """Undo `to_json`. Raises `KeyError`, `TypeError` or `ValueError` on anything else."""
        column, within = known[document["name"]], document["within"]
        constant, apart = tuple(document["constant"]), tuple(document["apart"])
        if column.role != "reference" or (within and known[within].role != "reference"):
            raise ValueError("no id that repeats")
        if not all(known[name].modelled for name in (*constant, *apart)):
            raise ValueError("a column of an id is not modelled")
        share = float(document["null_share"])
        if not 0 <= share <= 1 or not isinstance(document["together"], bool):
            raise ValueError("an id that repeats is out of range")
        sizes = GroupSizes.from_json(document["sizes"], {name: known[name] for name in constant})
        return cls(column, share, constant, apart, within, document["together"], sizes)


def fitted(table: Table, least: int) -> tuple[Reference, ...]:
    """The ids of `table` that repeat, the finest first; see `GroupSizes.fit` for `least`. A column
    of which no row has an id is none of them."""
    found: list[Reference] = []
    every = {c.name: ranks(table, c.name) for c in table.schema if c.role == "reference"}
    ids = {name: found for name, found in every.items() if (found >= 0).any()}
    order = sorted(ids, key=lambda name: -int(ids[name].max()))
    units = np.arange(len(table))
    within = ""
    taken: set[str] = set()
    for name in order:
        if within and not is_constant(units, ids[name]):
            units, within = np.arange(len(table)), ""
        constant = tuple(
            column.name
            for column in table.schema
            if column.modelled
            and (within or column.name not in taken)
            and is_constant(ids[name], ranks(table, column.name))
        )
        taken |= set(constant)
        found.append(_fitted(table, name, ids[name], units, constant, within, least))
        within, units = name, own_where_null(ids[name])
    return tuple(found)


def _fitted(
    table: Table,
    name: str,
    ids: NDArray[np.int64],
    units: NDArray[np.int64],
    constant: tuple[str, ...],
    within: str,
    least: int,
) -> Reference:
    known = ids >= 0
    first = np.unique(units, return_index=True)[1]  # one row of each unit
    first = first[known[first]]
    _, heads, sizes = np.unique(ids[first], return_index=True, return_counts=True)
    counted = GroupSizes.fit(table.take(first[heads]).select(list(constant)), sizes, least)
    key = table.schema.key if name in table.schema.key else ()
    apart = tuple(n for n in key if n != name and table.schema[n].role != "constant")
    if within or not all(table.schema[each].modelled for each in apart):
        apart = ()  # groups, or another id, would be told apart
    changes = int((np.diff(ids) != 0).sum()) + 1
    together = changes <= 1.01 * len(np.unique(ids))
    null_share = float(1 - known.mean())
    return Reference(table.schema[name], null_share, constant, apart, within, together, counted)


def own_where_null(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ids as units: a row without one is a unit of its own."""
    return np.where(ids >= 0, ids, ids.max(initial=-1) + 1 + np.arange(len(ids)))


def is_constant(ids: NDArray[np.int64], values: NDArray[np.int64]) -> bool:
    """Whether each id has one value (or null throughout), and would not by chance alone."""
    known = ids >= 0
    ids, values = ids[known], values[known]
    if not _one_each(ids[:ROWS_TRIED], values[:ROWS_TRIED]):
        return False
    shares = np.unique(values, return_counts=True)[1] / max(len(values), 1)
    differing = (len(ids) - len(np.unique(ids))) * (1 - (shares**2).sum())
    return bool(differing >= LEAST_DIFFERING) and _one_each(ids, values)


def _one_each(ids: NDArray[np.int64], values: NDArray[np.int64]) -> bool:
    pairs = joint_codes([ids, values - values.min(initial=0)])
    return len(np.unique(pairs)) == len(np.unique(ids))


def ascending(table: Table, found: tuple[Reference, ...]) -> tuple[str, ...]:
    """The numbers and dates that never fall from row to row of one id, where ids' rows stand below
    one another; what tells rows of an id apart before all others."""
    names: list[str] = []
    for reference in found:
        if not reference.together:
            continue
        ids = ranks(table, reference.column.name)
        below = np.flatnonzero((np.diff(ids) == 0) & (ids[1:] >= 0)) + 1
        others = [column.name for column in table.schema if column.name not in reference.apart]
        for name in (*reference.apart, *others):
            column = table.schema[name]
            if column.modelled and column.role in ("numeric", "datetime") and name not in names:
                values = ranks(table, name)
                steps = values[below] - values[below - 1]
                if (steps >= 0).all() and (steps > 0).sum() >= LEAST_RISING:
                    names.append(name)
    return tuple(names)
