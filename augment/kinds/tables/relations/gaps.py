"""Cells that a relation needs and a row lacks: filled before a fit, and emptied again after.

A row that lacks a part of a sum still has the sum. What is missing follows from it, or is lent by
another row; a column of yes and no beside it keeps which cells were filled, so that an engine
learns where the gaps are and what the relation says at once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.types import Clause, Json
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers, table_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

Masks = dict[str, "NDArray[np.bool_]"]  # by column, (rows,) the cells that were filled


@dataclass(frozen=True)
class Gap:
    """`columns` are empty where the column `flag` says yes."""

    flag: str
    columns: tuple[str, ...]

    def column(self) -> Column:
        return Column(self.flag, "boolean", "boolean")


Gaps = tuple[Gap, ...]


def found(masks: Masks, taken: set[str]) -> Gaps:
    """One flag for all columns that are filled on the same rows; none is called as in `taken`."""
    alike: dict[bytes, list[str]] = {}
    for name, mask in masks.items():
        alike.setdefault(mask.tobytes(), []).append(name)
    gaps = []
    for columns in alike.values():
        flag = f"{columns[0]} is missing"
        while flag in taken:
            flag += " …"
        taken = {*taken, flag}
        gaps.append(Gap(flag, tuple(columns)))
    return tuple(gaps)


def filled(before: Table, after: Table) -> Masks:
    """The cells of `before` that are filled in `after`."""
    masks: Masks = {}
    for name in before.schema.names:
        old, new = before.column(name), after.column(name)
        if old.null_count > new.null_count:
            missing = old.is_null().to_numpy(zero_copy_only=False)
            masks[name] = missing & ~new.is_null().to_numpy(zero_copy_only=False)
    return masks


def flagged(table: Table, gaps: Gaps, masks: Masks) -> Table:
    """The table with its flags behind it."""
    nothing = np.zeros(len(table), dtype=bool)
    flags = [pa.array(masks.get(gap.columns[0], nothing)) for gap in gaps]
    return _with(table, gaps, flags)


def opened(table: Table, gaps: Gaps, partial: Table) -> Table:
    """The same for given rows that are to be filled: a known cell says no, a gap nothing."""
    flags = []
    for gap in gaps:
        columns = [partial.column(name) for name in gap.columns if name in partial.schema.names]
        known = [column.is_valid().to_numpy(zero_copy_only=False) for column in columns]
        some = np.logical_or.reduce([np.zeros(len(table), dtype=bool), *known])
        flags.append(from_numbers(gap.column(), np.where(some, 0.0, np.nan)))
    return _with(table, gaps, flags)


def _with(table: Table, gaps: Gaps, flags: list[pa.Array]) -> Table:
    columns = [*table.schema, *(gap.column() for gap in gaps)]
    arrays = [*map(table.column, table.schema.names), *flags]
    return table_of(columns, arrays, table.schema.target)


def split(table: Table, gaps: Gaps) -> tuple[Table, Masks]:
    """Undo `flagged`: the table without its flags, and the cells of each column to be emptied."""
    masks: Masks = {}
    for gap in gaps:
        mask = np.nan_to_num(numbers(table, gap.flag)) > 0.5
        masks |= dict.fromkeys(gap.columns, mask)
    flags = {gap.flag for gap in gaps}
    return table.select([name for name in table.schema.names if name not in flags]), masks


def emptied(table: Table, masks: Masks) -> Table:
    """The table without the cells of those of its columns that `masks` name."""
    data = table.data
    for number, name in enumerate(table.schema.names):
        if name in masks and masks[name].any():
            values = table.column(name)
            empty = pc.if_else(pa.array(masks[name]), pa.scalar(None, values.type), values)
            data = data.set_column(number, name, empty)
    return Table(data, table.schema)


def placed(clauses: tuple[Clause, ...], gaps: Gaps) -> list[Clause]:
    """What the clauses ask of the flags: a cell that has to hold a value is not emptied."""
    flags = {name: gap.flag for gap in gaps for name in gap.columns}
    asked = {flags[c.column] for c in clauses if c.column in flags and not holds_for_null(c)}
    return [Clause(flag, "in", (False,)) for flag in sorted(asked)]


def holds_for_null(clause: Clause) -> bool:
    return clause.negate != (clause.op == "null")


def to_json(gaps: Gaps) -> list[Json]:
    return [asdict(gap) for gap in gaps]


def from_json(documents: Any, known: set[str]) -> Gaps:
    """Undo `to_json`. Raises `KeyError`, `TypeError` or `ValueError` on what no search can have
    found."""
    gaps: list[Gap] = []
    taken: set[str] = set()
    for document in documents:
        gap = Gap(document["flag"], tuple(document["columns"]))
        if not isinstance(gap.flag, str) or gap.flag in known or not gap.columns:
            raise ValueError("a gap has no name of its own")
        if not set(gap.columns) <= known - taken or len(set(gap.columns)) != len(gap.columns):
            raise ValueError("a gap's columns are not there, or twice")
        taken |= {gap.flag, *gap.columns}
        gaps.append(gap)
    return tuple(gaps)
