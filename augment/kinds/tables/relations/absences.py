"""Columns that have a value exactly where another column says so: the question that follows a yes,
the age of the youngest of one child or more.

Engines learn such a pattern, but leak a little. So after a draw what should be missing is emptied,
and what should not be has the value of the next row that has one and should.
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
from augment.kinds.tables.data.values import numbers, ranks
from augment.kinds.tables.relations.brackets import changes
from augment.kinds.tables.relations.cell_values import (
    CellValue,
    cell_values,
    require_cell_values,
)
from augment.kinds.tables.relations.gaps import Gaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 30  # with, and without a value
MOST_VALUES = 64  # of the other column
LEAST_EACH = 5  # rows of each of its values
MOST_COLUMNS = 200
MOST_SHOWN = 3  # values in a sentence


@dataclass(frozen=True)
class Absence:
    """`column` has a value where `source` has one of `values`, and nowhere else; without any, where
    `source` has a value at all. With `cuts`, it has one where the number or date `source` is from
    the first on, and below the second if there are two; or everywhere else, where `outside`."""

    column: str
    source: str
    values: tuple[CellValue, ...]
    cuts: tuple[float, ...] = ()
    outside: bool = False

    @property
    def sentence(self) -> str:
        if self.cuts:
            return f"{self.column} has a value as the range of {self.source} says"
        shown = ", ".join(_word(value) for value in self.values[:MOST_SHOWN])
        more = ", …" if len(self.values) > MOST_SHOWN else ""
        rule = f"is {shown}{more}" if self.values else "is not missing"
        return f"{self.column} has a value where {self.source} {rule}, and nowhere else"

    def present(self, table: Table) -> NDArray[np.bool_]:
        """(rows,) where the column should have a value."""
        source = table.column(self.source)
        if self.cuts:
            own = numbers(table, self.source)
            place = np.searchsorted(np.array(self.cuts), own, side="right")
            return np.asarray(((place == 1) != self.outside) & ~np.isnan(own))
        if not self.values:
            return np.asarray(source.is_valid())
        if table.schema[self.source].storage == "string":
            wanted = pa.array(self.values, pa.string())
            return np.asarray(pc.is_in(source.cast(pa.string()), wanted))
        own = numbers(table, self.source)
        known = [float(value) for value in self.values if value is not None]
        return np.isin(own, known) | (np.isnan(own) if None in self.values else False)


def _word(value: CellValue) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{value:.6g}"


Absences = tuple[Absence, ...]


def found(table: Table, left_out: Collection[str], later: Collection[str] = ()) -> Absences:
    """Those that hold on every row; none of a column in `left_out`, by one in `later`, or by a
    column that has one."""
    columns = [column for column in table.schema if column.role != "text"]
    if len(columns) > MOST_COLUMNS:
        return ()
    codes = _categories(table, later)
    absences: list[Absence] = []
    for column in columns:
        present = np.asarray(table.column(column.name).is_valid())
        if column.name in left_out or not LEAST_ROWS <= present.sum() <= len(table) - LEAST_ROWS:
            continue
        for name, own in codes.items():
            taken = {each.column for each in absences}
            rows = None if name == column.name or name in taken else _settles(own, present)
            if rows is None:
                continue
            values = cell_values(table, table.schema[name], rows)
            absences.append(Absence(column.name, name, tuple(values)))
            break
        else:
            alike = _alike(table, column.name, present, absences, later)
            absences += alike or _ranged(table, column.name, present, absences, later)
    return tuple(absences)


def _ranged(
    table: Table,
    name: str,
    present: NDArray[np.bool_],
    before: list[Absence],
    later: Collection[str],
) -> list[Absence]:
    """The first number or date of which a range has a value beside it, and no other."""
    taken = {name, *later, *(each.column for each in before)}
    for other in table.schema:
        if other.role not in ("numeric", "datetime") or other.name in taken:
            continue
        own = numbers(table, other.name)
        if (present & np.isnan(own)).any():
            continue
        order = np.argsort(own, kind="stable")[: int((~np.isnan(own)).sum())]
        last = changes(own[order], present[order].astype(np.int64), 2)
        if last is None or np.diff([-1, *last, len(order) - 1]).min() < LEAST_EACH:
            continue
        cuts = (own[order][last] + own[order][last + 1]) / 2
        return [Absence(name, other.name, (), tuple(cuts.tolist()), bool(present[order[0]]))]
    return []


def _categories(table: Table, left_out: Collection[str]) -> dict[str, NDArray[np.int64]]:
    """(rows,) codes of each category that is not in `left_out`, -1 for null."""
    return {
        column.name: ranks(table, column.name)
        for column in table.schema
        if column.role in ("categorical", "boolean") and column.name not in left_out
    }


def of_gaps(table: Table, lacking: Gaps, later: Collection[str]) -> Absences:
    """Those that hold on every row of columns whose gaps are flagged; none by one in `later`."""
    codes = _categories(table, later)
    absences: list[Absence] = []
    for gap in lacking:
        has = np.stack([np.asarray(table.column(name).is_valid()) for name in gap.columns])
        present = has[0]
        if (has != present).any() or not LEAST_ROWS <= present.sum() <= len(table) - LEAST_ROWS:
            continue
        for source, own in codes.items():
            rows = _settles(own, present)
            if rows is not None:
                values = tuple(cell_values(table, table.schema[source], rows))
                absences += [Absence(name, source, values) for name in gap.columns]
                break
    return tuple(absences)


def _settles(own: NDArray[np.int64], present: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """A row of each value of a category that says "present", if all values say one thing."""
    _, first, group, count = np.unique(
        own, return_index=True, return_inverse=True, return_counts=True
    )
    if not 1 < len(first) <= MOST_VALUES or count.min() < LEAST_EACH:
        return None
    return first[present[first]] if (present[first][group] == present).all() else None


def _alike(
    table: Table,
    name: str,
    present: NDArray[np.bool_],
    before: list[Absence],
    later: Collection[str],
) -> list[Absence]:
    """The first column before this one that is missing on the same rows."""
    taken = {*later, *(each.column for each in before)}
    for other in table.schema.names[: table.schema.names.index(name)]:
        alike = table.column(other).is_valid()
        if other not in taken and (np.asarray(alike) == present).all():
            return [Absence(name, other, ())]
    return []


def put_back(table: Table, absences: Absences) -> Table:
    """The rows, each with and without values where it should be; none is filled where no row
    lends a value."""
    data = table.data
    for each in absences:
        array = data.column(each.column)
        wanted, has = each.present(Table(data, table.schema)), np.asarray(array.is_valid())
        lenders = np.flatnonzero(wanted & has)
        if (wanted == has).all():
            continue
        rows = np.arange(len(table))
        if len(lenders):
            after = lenders[np.searchsorted(lenders, rows) % len(lenders)]
            rows = np.where(wanted & ~has, after, rows)
        mended = array.take(pa.array(rows))
        mended = pc.if_else(pa.array(wanted), mended, pa.scalar(None, array.type))
        data = data.set_column(data.column_names.index(each.column), each.column, mended)
    return Table(data, table.schema)


def to_json(absences: Absences) -> list[Json]:
    return [asdict(absence) for absence in absences]


def from_json(documents: Any, known: Collection[str]) -> Absences:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    absences: list[Absence] = []
    for document in documents:
        cuts = tuple(map(float, document.get("cuts", ())))
        absence = Absence(**{**document, "values": tuple(document["values"]), "cuts": cuts})
        if len(cuts) > 2 or list(cuts) != sorted(set(cuts)) or not np.isfinite(cuts).all():
            raise ValueError("cuts are out of order")
        if not isinstance(absence.outside, bool) or (cuts and absence.values):
            raise ValueError("an absence has no source")
        if not {absence.column, absence.source} <= set(known):
            raise ValueError("a column is not there")
        require_cell_values(absence.values)
        absences.append(absence)
    columns = [absence.column for absence in absences]
    if len(set(columns)) < len(columns) or {each.source for each in absences} & set(columns):
        raise ValueError("an absence is of another")
    return tuple(absences)
