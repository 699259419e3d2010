"""Values of two columns that belong together in blocks: streaming, or none, with a line, and "no
line" without one.

Engines learn such a law, but leak a little. So after a draw the later column has the value of the
next row that has the same value of the earlier one, and no pair that the source lacks.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.types import Json
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.holders import Holders
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import numbers, ranks, with_columns
from augment.kinds.tables.relations.cell_values import (
    CellValue,
    cell_values,
    require_cell_values,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_TABLE = 100  # rows
MOST_LEVELS = 12  # of either column
MOST_COLUMNS = 60  # that are compared
MOST_ROWS = 20_000  # by which pairs are ruled out; what is found has to hold on all
LEAST_ROWS = 30  # of each block of values
LEAST_EXPECTED = 30.0  # rows with such a pair, were the columns independent


@dataclass(frozen=True)
class Exclusion:
    """`column` never has the value of `barred` in the same place as `source` has that of `at`."""

    column: str
    source: str
    at: tuple[CellValue, ...]
    barred: tuple[CellValue, ...]

    @property
    def sentence(self) -> str:
        return f"values of {self.column} belong to some of {self.source}"

    def broken(self, table: Table) -> NDArray[np.bool_]:
        """(rows,) where a pair stands together all the same."""
        off = np.zeros(len(table), np.bool_)
        for value in dict.fromkeys(self.at):
            barred = [b for a, b in zip(self.at, self.barred, strict=True) if a == value]
            off |= _is_in(table, self.source, [value]) & _is_in(table, self.column, barred)
        return off


Exclusions = tuple[Exclusion, ...]


def _is_in(table: Table, name: str, values: list[CellValue]) -> NDArray[np.bool_]:
    if table.schema[name].storage == "string":
        wanted = pa.array(values, pa.string())
        found = pc.is_in(table.column(name).cast(pa.string()), wanted)
        return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)
    known = [float(value) for value in values if value is not None]
    own = numbers(table, name)
    return np.isin(own, known) | (np.isnan(own) if None in values else False)


def found(table: Table, left_out: Collection[str], holders: Holders | None = None) -> Exclusions:
    """Those that hold on every row, each by the earlier column that bars most; none of a column in
    `left_out`, of the target, or by one that is barred itself."""
    columns = [column for column in table.schema if _is_discrete(column)]
    if len(table) < LEAST_TABLE or len(columns) > 4 * MOST_COLUMNS:
        return ()
    codes = {column.name: _codes(table, column) for column in columns}
    few = {name: own for name, own in codes.items() if own.max() < MOST_LEVELS and own.max() > 0}
    if not 1 < len(few) <= MOST_COLUMNS:
        return ()
    part = 1.0 if holders is None else len(np.unique(holders.owners)) / len(table)
    some = np.linspace(0, len(table) - 1, min(len(table), MOST_ROWS)).astype(np.int64)
    names = list(few)
    exclusions: list[Exclusion] = []
    for place, name in enumerate(names):
        if name in left_out or name == table.schema.target:
            continue
        best: tuple[float, str, NDArray[np.int64]] | None = None
        for source in names[:place]:
            if source in {each.column for each in exclusions}:
                continue
            own, other = few[name], few[source]
            if not _apart(_counts(other[some], own[some])).any():
                continue
            empty = _apart(_counts(other, own))
            weight = part * float(_expected(other, own)[empty].sum())
            if weight < LEAST_EXPECTED:
                continue
            if best is None or weight > best[0]:
                best = weight, source, np.argwhere(empty)
        if best is not None:
            _, source, pairs = best
            first = {n: np.unique(few[n], return_index=True)[1] for n in (name, source)}
            at = cell_values(table, table.schema[source], first[source][pairs[:, 0]])
            barred = cell_values(table, table.schema[name], first[name][pairs[:, 1]])
            exclusions.append(Exclusion(name, source, at, barred))
    return tuple(exclusions)


def _apart(count: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(left, right) the pairs of values that lie in different blocks, where the values of both
    columns fall into blocks of enough rows each, of which no row joins two."""
    met = count > 0
    block = np.arange(len(count))  # (left,) the least value that is joined with each
    for _ in range(len(count)):
        least = np.where(met, block[:, None], len(count)).min(axis=0)  # (right,)
        block = np.where(met.any(axis=1), np.where(met, least[None], len(count)).min(axis=1), block)
    least = np.where(met, block[:, None], len(count)).min(axis=0)
    rows = np.bincount(block, count.sum(axis=1), minlength=len(count))
    apart = np.not_equal.outer(block, least)
    apart &= np.logical_and.outer(met.any(axis=1), met.any(axis=0))
    enough = rows[rows > 0].min() >= LEAST_ROWS
    return apart if enough else np.zeros_like(apart)


def _is_discrete(column: Column) -> bool:
    return column.role in ("categorical", "boolean") or (
        column.role == "numeric" and column.storage == "integer"
    )


def _codes(table: Table, column: Column) -> NDArray[np.int64]:
    """(rows,) codes from 0; what is missing is a value."""
    return np.asarray(np.unique(ranks(table, column.name), return_inverse=True)[1], np.int64)


def _counts(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """(left, right) rows of each pair of codes, up to the largest of each."""
    wide = MOST_LEVELS
    return np.bincount(left * wide + right, minlength=wide * wide).reshape(wide, wide)


def _expected(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
    """(left, right) rows of each pair, were the columns independent."""
    count = [np.bincount(own, minlength=MOST_LEVELS) for own in (left, right)]
    return np.outer(*count) / len(left)


def put_back(table: Table, exclusions: Exclusions, fixed: Collection[str]) -> Table:
    """The rows without such pairs: with another value of the column, or where no row lends one (all
    are asked to have it) of its source, unless that is `fixed`."""
    for each in exclusions:
        table = _lent(table, each, each.column, each.source)
        if each.source not in fixed:
            table = _lent(table, each, each.source, each.column)
    for each in exclusions:  # of which several may have one source
        table = _lent(table, each, each.column, each.source)
    return table


def _lent(table: Table, each: Exclusion, name: str, beside: str) -> Table:
    """The table with values of the column `name`, where a pair should not be, of the next rows that
    have the same value `beside`."""
    off = each.broken(table)
    if not off.any():
        return table
    own = ranks(table, beside)
    rows = np.arange(len(table))
    for value in np.unique(own[off]):
        lenders = np.flatnonzero((own == value) & ~off)
        wanting = np.flatnonzero((own == value) & off)
        if len(lenders):
            rows[wanting] = lenders[np.searchsorted(lenders, wanting) % len(lenders)]
    return with_columns(table, {name: table.column(name).take(pa.array(rows))})


def to_json(exclusions: Exclusions) -> list[Json]:
    return [asdict(each) for each in exclusions]


def from_json(documents: Any, known: Collection[str]) -> Exclusions:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    exclusions: list[Exclusion] = []
    for document in documents:
        at, barred = tuple(document["at"]), tuple(document["barred"])
        each = Exclusion(**{**document, "at": at, "barred": barred})
        if not {each.column, each.source} <= set(known) or each.column == each.source:
            raise ValueError("a column is not there")
        if not 0 < len(at) == len(barred) <= MOST_LEVELS**2:
            raise ValueError("an exclusion has no values")
        require_cell_values((*at, *barred))
        exclusions.append(each)
    columns = [each.column for each in exclusions]
    if len(set(columns)) < len(columns) or {each.source for each in exclusions} & set(columns):
        raise ValueError("an exclusion is of another")
    return tuple(exclusions)
