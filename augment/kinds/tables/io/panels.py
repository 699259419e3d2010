"""Panels: tables of several rows for each person or thing.

Whose row each is stands in a column named like an id, whose rows stand below one another or have
each of another column's values once; or in a number of any name, where another column rises from
row to row of each, as time does, and begins anew with the next.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.data import identifier_inference
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.identifiers import ID_NAME
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import ranks
from augment.kinds.tables.io.roles import CALENDAR_NAME, FEW_LEVELS, as_reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_IDS, MOST_ROWS_EACH = 100, 50  # fewer, or of more rows each: places, products
BEGINS_ANEW = 0.8  # of the ids, at the least
ROWS_TRIED = 2_000  # rows that are looked at before all of them


def with_ids(table: Table, asked: Collection[str | None]) -> Table:
    """The table with the columns that say whose row each is as ids; not those `asked` for."""
    columns = [
        column if column.name in asked else _as_id_of_rows(table, column) for column in table.schema
    ]
    return Table(table.data, replace(table.schema, columns=tuple(columns)))


def _as_id_of_rows(table: Table, column: Column) -> Column:
    if column.role not in ("numeric", "categorical") or CALENDAR_NAME.search(column.name):
        return column
    named = column.role == "categorical" and ID_NAME.search(column.name)
    if not named and column.storage != "integer":
        return column
    if not named and not _stand_together(table.slice(0, ROWS_TRIED), column):
        return column
    rows, ids = len(table), len(pc.unique(table.column(column.name)))
    least = FEW_LEVELS + 1 if named else LEAST_IDS
    if ids < least or not 2 * ids <= rows <= MOST_ROWS_EACH * ids:
        return column
    together = _stand_together(table, column)
    time = _time_of(table, column) if together else ""
    crossed = "" if together or not named else _crossed_with(table, column, ids)
    if not (time or crossed or (named and together)):
        return column
    order = f", in the order of {time}" if time else ""
    note = f"Rows with the same one stand together{order}."
    if crossed:
        note = f"Each has one row for each {crossed}."
    texts = pc.unique(table.column(column.name)).cast(pa.string())
    if column.storage == "string" and not identifier_inference.derive(texts):
        return column
    return as_reference(column, texts, note)


def _time_of(table: Table, column: Column) -> str:
    """The column that rises within each id of this one; "" for none."""
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
    return bool((steps[~next_one] > 0).all() and (steps[next_one] <= 0).mean() >= BEGINS_ANEW)


def _crossed_with(table: Table, column: Column, ids: int) -> str:
    """The column of which each id has each value once; "" for none."""
    each, own = len(table) // ids, ranks(table, column.name)
    if each * ids < len(table) or own.min() < 0:
        return ""
    for other in table.schema:
        if other.name != column.name and other.modelled:
            values = ranks(table, other.name)
            fits = values.min() == 0 and values.max() + 1 == each
            if fits and len(np.unique(own * each + values)) == len(table):
                return other.name
    return ""
