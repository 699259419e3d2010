"""Columns that form dates give way to one column of dates, and are read off it again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.relations.date_parts import DateParts


def filled(table: Table, found: tuple[DateParts, ...]) -> Table:
    """The table with every date whole, or without any of its parts."""
    data = table.data
    for parts in found:
        values = parts.values(table)
        made = parts.filled(values)
        for part in parts.parts if made is not values else ():
            array = part.array(table.schema[part.column], made[part.letter])
            data = data.set_column(data.column_names.index(part.column), part.column, array)
    return Table(data, table.schema)


def taken_out(table: Table, found: tuple[DateParts, ...]) -> Table:
    """The table with each date, and its month, in the place of its first part.

    Where a part is missing, the date is; `filled` sees to that before a fit.
    """
    firsts = {parts.members[0]: parts for parts in found}
    hidden = {name for parts in found for name in parts.members}
    columns: list[Column] = []
    arrays: list[pa.Array] = []
    target = table.schema.target
    for column in table.schema:
        if column.name in firsts:
            parts = firsts[column.name]
            values = parts.values(table)
            columns += parts.columns()
            for made, part in zip(
                parts.columns(), (parts.stamps(values), values["m"]), strict=True
            ):
                arrays.append(from_numbers(made, part))
            target = parts.name if target in parts.members else target
        elif column.name not in hidden:
            columns.append(column)
            arrays.append(table.column(column.name))
    return table_of(columns, arrays, target)


def columns_of(whole: list[Column], found: tuple[DateParts, ...]) -> list[Column]:
    """The columns `whole` as `taken_out` leaves them."""
    firsts = {parts.members[0]: parts.columns() for parts in found}
    hidden = {name for parts in found for name in parts.members}
    kept = [c for c in whole if c.name in firsts or c.name not in hidden]
    return [made for column in kept for made in firsts.get(column.name, (column,))]


def put_back(
    table: Table,
    found: tuple[DateParts, ...],
    whole: list[Column],
    target: str | None,
    kept: Table | None,
) -> Table:
    """Undo `taken_out`: the columns `whole` in their order. Parts known in `kept` stay, and the
    others are made to fit them."""
    made: dict[str, pa.Array] = {}
    columns = {column.name: column for column in whole}
    for parts in found:
        values = parts.read_off(numbers(table, parts.name))
        if kept is not None:
            given = parts.values(kept)
            known = {name: ~np.isnan(part) for name, part in given.items()}
            values = {n: np.where(known[n], given[n], part) for n, part in values.items()}
            values = parts.real(values, known)
        for part in parts.parts:
            made[part.column] = part.array(columns[part.column], values[part.letter])
    arrays = [made[c.name] if c.name in made else table.column(c.name) for c in whole]
    return table_of(whole, arrays, target)


def reconciled(table: Table, found: tuple[DateParts, ...], held: set[str]) -> Table:
    """The table with real dates again where the columns `held` were set anew: other parts move."""
    data = table.data
    for parts in found:
        if not held & set(parts.members):
            continue
        values = parts.values(table)
        known = {part.letter: np.full(len(table), part.column in held) for part in parts.parts}
        made = parts.real(values, known)
        for part in parts.parts:
            if part.column not in held:
                array = part.array(table.schema[part.column], made[part.letter])
                data = data.set_column(data.column_names.index(part.column), part.column, array)
    return Table(data, table.schema)


def as_learnt(found: tuple[DateParts, ...], dated: Table) -> tuple[DateParts, ...]:
    """The dates with the ends that a table has, which shows them."""
    learnt = []
    for parts in found:
        stamps = numbers(dated, parts.name)
        known = stamps[~np.isnan(stamps)]
        ends = (float(known.min()), float(known.max())) if len(known) else (None, None)
        learnt.append(replace(parts, low=ends[0], high=ends[1]))
    return tuple(learnt)
