"""Tables whose schema says all that is public of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import codes, numbers, plain


def with_public(table: Table) -> Table:
    """The table with its levels and ends in the schema."""
    columns = tuple(_with_public(table, column) for column in table.schema)
    return Table(table.data, replace(table.schema, columns=columns))


def _with_public(table: Table, column: Column) -> Column:
    column = replace(column, null="")
    if column.role == "categorical":
        return replace(column, levels=tuple(codes(table, column.name)[1]))
    values = numbers(table, column.name)
    if column.role == "boolean" or np.isnan(values).all():
        return column
    known = table.column(column.name).drop_null().to_numpy(zero_copy_only=False)
    if column.role == "datetime":
        ends = [plain(table.column(column.name).take([place])[0].as_py()) for place in
                (int(np.nanargmin(values)), int(np.nanargmax(values)))]  # fmt: skip
        return replace(column, low=ends[0], high=ends[1])
    return replace(column, low=float(known.min()), high=float(known.max()))


def two_columns(rows: int, canaries: int = 0) -> Table:
    """Two categories that depend on one another, and below them rows that are like no other."""
    rng = np.random.default_rng(5)
    first = rng.integers(0, 3, rows)
    second = np.where(rng.random(rows) < 0.7, first, rng.integers(0, 3, rows))
    letters = np.array(["a", "b", "c", "z"])
    columns = tuple(
        Column(name, "categorical", "string", levels=tuple(letters.tolist())) for name in "xy"
    )
    arrays = [
        pa.array(letters[np.append(each, [3] * canaries).astype(int)].tolist(), pa.string())
        for each in (first, second)
    ]
    schema = Schema(columns, "y")
    return Table(pa.table(arrays, names=["x", "y"]), schema)
