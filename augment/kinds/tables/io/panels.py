"""Panels: tables of several rows for each person or thing, in the order of time.

Whose row each is stands in a number that may have any name. Its form tells it: rows with the same
number stand below one another, and another column rises from row to row of each, and begins anew
with the next.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import ranks
from augment.kinds.tables.io.roles import CALENDAR_NAME, as_reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_IDS, MOST_ROWS_EACH = 100, 50  # fewer, or of more rows each, may be places or products
BEGINS_ANEW = 0.8  # of the ids, at the least
ROWS_TRIED = 2_000  # rows that are looked at before all of them


def with_ids(table: Table, asked: Collection[str | None]) -> Table:
    """The table with the numbers that say whose row each is as ids; not those `asked` for."""
    columns = [
        as_reference(column, _distinct(table, column), _note(time))
        if column.name not in asked and (time := _time_of(table, column))
        else column
        for column in table.schema
    ]
    return Table(table.data, replace(table.schema, columns=tuple(columns)))


def _note(time: str) -> str:
    return f"Rows with the same one stand together, in the order of {time}."


def _distinct(table: Table, column: Column) -> pa.Array:
    return pc.unique(table.column(column.name)).cast(pa.string())


def _time_of(table: Table, column: Column) -> str:
    """The column that rises within each id of this one; "" where it is none."""
    if column.role not in ("numeric", "categorical") or column.storage != "integer":
        return ""
    if CALENDAR_NAME.search(column.name) or not _stand_together(table.slice(0, ROWS_TRIED), column):
        return ""
    rows, ids = len(table), len(pc.unique(table.column(column.name)))
    if ids < LEAST_IDS or not 2 * ids <= rows <= MOST_ROWS_EACH * ids:
        return ""
    if not _stand_together(table, column):
        return ""
    next_one = np.diff(ranks(table, column.name)) != 0
    others = (other for other in table.schema if other.name != column.name)
    return next((o.name for o in others if _rises(table, o, next_one)), "")


def _stand_together(table: Table, column: Column) -> bool:
    values = table.column(column.name)
    runs = int((np.diff(ranks(table, column.name)) != 0).sum()) + 1
    return not values.null_count and runs == len(pc.unique(values))


def _rises(table: Table, column: Column, next_one: NDArray[np.bool_]) -> bool:
    """Whether a column rises from row to row but where the next id comes (rows - 1,)."""
    if column.role not in ("numeric", "datetime") or table.column(column.name).null_count:
        return False
    steps = np.diff(ranks(table, column.name))
    return bool((steps[~next_one] > 0).all() and (steps[next_one] < 0).mean() >= BEGINS_ANEW)
