"""Columns that one of few values settles: a city its region, a code its name and its price.

Engines learn such a law, but not to the last row. So both stay in an engine's table, and after a
draw the settled column is read off the other, at values that enough rows share.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.types import Json
from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.holders import Holders, sharing
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import numbers, ranks, with_columns
from augment.kinds.tables.relations.cell_values import (
    CellValue,
    array_of,
    cell_values,
    require_cell_values,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_TABLE = 100  # rows
LEAST_REPEATED = 30.0  # rows that would differ from another with their source, if by chance
LEAST_KEPT = 0.3  # of the rows with a source, whose value enough rows share
MOST_LEVELS, MOST_NUMBERS = 1_000, 64  # values of a category, and of a number that settles others
MOST_COLUMNS = 200  # that are compared


@dataclass(frozen=True)
class Lookup:
    """`result` has one of `values` where `source` has the value of `at` in the same place; where it
    has another, or none, nothing is said."""

    result: str
    source: str
    at: tuple[CellValue, ...]
    values: tuple[CellValue, ...]

    @property
    def sources(self) -> set[str]:
        return {self.source}

    @property
    def sentence(self) -> str:
        return f"{self.result} follows from {self.source}"

    def places(self, table: Table) -> NDArray[np.int64]:
        """(rows,) the place of the source's value; -1 where nothing is said."""
        if table.schema[self.source].storage == "string":
            own = table.column(self.source).cast(pa.string())
            found = pc.index_in(own, pa.array(self.at, pa.string()))
            return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)
        own = numbers(table, self.source)
        at = np.array(self.at, np.float64)
        order = np.argsort(at)
        place = order[np.minimum(np.searchsorted(at[order], own), len(at) - 1)]
        return np.where(at[place] == own, place, -1)


Lookups = tuple[Lookup, ...]


def found(table: Table, left_out: Collection[str], holders: Holders | None = None) -> Lookups:
    """Those that hold on every row that has its source, each by the source of fewest gaps, and then
    of fewest values; none of a column in `left_out` or of the target. Sources come before what
    follows from them."""
    if len(table) < LEAST_TABLE:
        return ()
    count = {c.name: _levels(table, c) for c in table.schema}
    few = [c.name for c in table.schema if 1 < count[c.name] <= MOST_LEVELS]
    numeric = {name for name in few if table.schema[name].role == "numeric"}
    many = {name for name in numeric if count[name] > MOST_NUMBERS}
    if len(few) - len(many) > MOST_COLUMNS:
        return ()
    if len(few) > MOST_COLUMNS:
        few = [name for name in few if name not in many]
    codes = {name: ranks(table, name) for name in few}
    finest = sorted(codes, key=lambda name: -count[name])  # a source before its results
    gaps = {name: int((own < 0).sum()) for name, own in codes.items()}
    lookups: list[Lookup] = []
    for place, name in enumerate(finest):
        if name in left_out or name == table.schema.target:
            continue
        unfit = numeric if name in many else many
        sources = [source for source in finest[:place] if source not in unfit]
        for source in sorted(sources, key=lambda name: (gaps[name], count[name])):
            found = _proven(table, name, source, codes[name], codes[source], holders)
            if found is not None:
                lookups.append(found)
                break
    return tuple(lookups)


def _levels(table: Table, column: Column) -> int:
    """The distinct values of a category or number; 0 of any other column."""
    if column.role not in ("categorical", "boolean", "numeric"):
        return 0
    return len(pc.unique(table.column(column.name).drop_null()))


def _proven(
    table: Table,
    result: str,
    source: str,
    own: NDArray[np.int64],
    codes: NDArray[np.int64],
    holders: Holders | None,
) -> Lookup | None:
    present = np.flatnonzero(codes >= 0)
    own, codes = own[present], codes[present]
    _, first, group = np.unique(codes, return_index=True, return_inverse=True)
    if not (own[first][group] == own).all():
        return None
    shares = np.unique(own, return_counts=True)[1] / len(own)
    size = sharing(group, len(first), None if holders is None else holders.take(present))
    repeated = float((size.sum() - len(first)) * (1 - (shares**2).sum()))
    enough = size >= LEAST_ROWS
    if repeated < LEAST_REPEATED or size[enough].sum() < LEAST_KEPT * size.sum():
        return None
    rows = present[first[enough]]
    at, values = (cell_values(table, table.schema[name], rows) for name in (source, result))
    return Lookup(result, source, at, values)


def in_turn(lookups: Lookups, later: set[str]) -> tuple[Lookups, Lookups]:
    """Those that need none of the columns that stand `later`, and the others."""
    early, late = [], []
    for each in lookups:
        if {each.result, each.source} & later:
            late.append(each)
            later = {*later, each.result}
        else:
            early.append(each)
    return tuple(early), tuple(late)


def put_back(table: Table, lookups: Lookups) -> Table:
    """The rows, each with the results that its sources say."""
    for each in lookups:
        column = table.schema[each.result]
        place = each.places(table)
        said = array_of(column, each.values, np.maximum(place, 0))
        own = table.column(each.result)
        made = pc.if_else(pa.array(place >= 0), said, own)
        table = with_columns(table, {each.result: made})
    return table


def broken(table: Table, lookups: Lookups) -> NDArray[np.int64]:
    """(rows,) how many columns of a row are not what their sources say."""
    off = np.zeros(len(table), np.int64)
    for each in lookups:
        said = put_back(table, (each,)).column(each.result)
        own = table.column(each.result)
        alike = pc.if_else(own.is_null(), said.is_null(), pc.equal(own, said).fill_null(False))
        off += ~np.asarray(alike.to_numpy(zero_copy_only=False), np.bool_)
    return off


def as_learnt(lookups: Lookups, seen: Table, anew: Collection[str]) -> Lookups:
    """The lookups of values that the table to learn from has: none that is too rare for it. Of the
    columns `anew`, which it lacks or holds otherwise, nothing is said."""
    learnt = []
    for each in lookups:
        keep = np.ones(len(each.at), dtype=np.bool_)
        for name, values in ((each.source, each.at), (each.result, each.values)):
            if name in anew or name not in seen.schema.names:
                continue
            rows = np.unique(ranks(seen, name), return_index=True)[1]
            known = set(cell_values(seen, seen.schema[name], rows))
            keep &= np.array([value in known for value in values])
        if keep.any():
            at, values = (
                tuple(v for v, kept in zip(side, keep, strict=True) if kept)
                for side in (each.at, each.values)
            )
            learnt.append(replace(each, at=at, values=values))
    return tuple(learnt)


def to_json(lookups: Lookups) -> list[Json]:
    return [asdict(each) for each in lookups]


def from_json(documents: Any, known: Collection[str]) -> Lookups:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    lookups: list[Lookup] = []
    for document in documents:
        at, values = tuple(document["at"]), tuple(document["values"])
        each = Lookup(**{**document, "at": at, "values": values})
        if not {each.result, each.source} <= set(known) or each.result == each.source:
            raise ValueError("a column is not there")
        if not 0 < len(at) == len(values) <= MOST_LEVELS or len(set(at)) < len(at):
            raise ValueError("a lookup has no values")
        require_cell_values((*at, *values))
        if None in at:
            raise ValueError("a lookup says what follows from nothing")
        if each.result in {name for other in lookups for name in (other.result, other.source)}:
            raise ValueError("a lookup stands after one that needs it")
        lookups.append(each)
    return tuple(lookups)
