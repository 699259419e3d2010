"""Ids that repeat: which rows of a sample belong to one id.

Rows are drawn apart from one another; ids are dealt to them afterwards, so that as many rows have
the same id as in the source, and what never changes within an id there does not here either. To
that end rows are ordered by their constant columns, neighbours get the same id, and all of them
the constant columns of one of them. A column that tells the rows of an id apart (a key together
with it) still does. An id stays within a block of the sample, so that shards agree.
"""

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

NEAR = 250  # rows before and after one that repeats a key are asked to exchange ids with it
MOST_NAMED = 5
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


@dataclass(frozen=True)
class Dealt:
    """(rows,) group of each row, -1 for none, and (rows,) the row whose constants it takes: the
    first of its group, by which the group's size was drawn."""

    groups: NDArray[np.int64]
    heads: NDArray[np.int64]


def dealt(
    reference: Reference,
    table: Table,
    units: NDArray[np.int64],
    fixed: NDArray[np.int64] | None,
    seed: Seed,
) -> Dealt:
    """Ids for the rows of `table`, whose `units` (rows,) are kept whole.

    Rows that differ in `fixed` (rows,) never take each other's constants.
    """
    rng = seed.rng()
    firsts, unit_of = np.unique(units, return_index=True, return_inverse=True)[1:]
    heads = table.take(firsts)
    barrier = np.zeros(len(firsts), dtype=np.int64) if fixed is None else fixed[firsts]
    order = _by_constants(heads.select(list(reference.constant)), barrier, rng)
    null = rng.random(len(firsts)) < reference.null_share
    order = order[~null[order]]
    sizes = reference.sizes.draw(heads, rng)
    groups = np.full(len(firsts), -1, dtype=np.int64)
    groups[order] = _walked(order, sizes, barrier)
    head = order[np.unique(groups[order], return_index=True)[1]]  # of each group: its first row
    if reference.apart:
        assert len(firsts) == len(table), "a key is told apart by rows"
        marks = joint_codes([ranks(heads, name) for name in reference.apart])
        groups = _told_apart(groups, order, marks, barrier)
    own = np.arange(len(firsts))
    grouped = (groups >= 0) & (groups < len(head))  # the others stand alone
    own[grouped] = head[groups[grouped]]
    return Dealt(_shuffled(groups, rng)[unit_of], firsts[own][unit_of])


def _by_constants(
    constants: Table, barrier: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """The rows in the order of their constant columns, the coarsest first, else at random."""
    found = [ranks(constants, name) for name in constants.schema.names]
    found.sort(key=lambda column: -int(column.max(initial=-1)))
    return np.lexsort((rng.random(len(barrier)), *found, barrier))


def _walked(
    order: NDArray[np.int64], sizes: NDArray[np.int64], barrier: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(ordered rows,) groups of neighbours, each as large as its first row says."""
    groups = np.empty(len(order), dtype=np.int64)
    ends = np.flatnonzero(np.diff(barrier[order])) + 1
    place = group = 0
    for end in (*ends.tolist(), len(order)):
        while place < end:
            after = min(place + int(sizes[order[place]]), end)
            groups[place:after] = group
            place, group = after, group + 1
    return groups


def _told_apart(
    groups: NDArray[np.int64],
    order: NDArray[np.int64],
    marks: NDArray[np.int64],
    barrier: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The groups after rows that repeat a mark in theirs have exchanged it with near ones.

    One that finds nobody gets a group of its own.
    """
    groups = groups.copy()
    held: set[tuple[int, int]] = set()
    repeated = []
    for row in order.tolist():
        pair = (int(groups[row]), int(marks[row]))
        if pair in held:
            repeated.append(row)
        held.add(pair)
    place = np.empty(len(groups), dtype=np.int64)
    place[order] = np.arange(len(order))
    offsets = np.repeat(np.arange(1, NEAR + 1), 2) * np.tile([1, -1], NEAR)  # the nearest first
    unsettled = set(repeated)
    following = int(groups.max(initial=-1)) + 1
    for row in repeated:
        near = place[row] + offsets
        for other in order[near[(near >= 0) & (near < len(order))]].tolist():
            own, theirs = int(groups[row]), int(groups[other])
            mine, yours = int(marks[row]), int(marks[other])
            if other in unsettled or barrier[other] != barrier[row]:
                continue
            if (theirs, mine) in held or (own, yours) in held:
                continue
            held.discard((theirs, yours))
            held |= {(theirs, mine), (own, yours)}
            groups[row], groups[other] = theirs, own
            break
        else:
            groups[row], following = following, following + 1
        unsettled.discard(row)
    return groups


def _shuffled(groups: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """The groups numbered anew from 0, so that their order tells nothing."""
    found, place = np.unique(groups, return_inverse=True)
    known = found >= 0
    numbers = np.full(len(found), -1, dtype=np.int64)
    numbers[known] = rng.permutation(int(known.sum()))
    return np.asarray(numbers[place])
