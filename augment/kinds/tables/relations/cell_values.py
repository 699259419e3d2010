"""Values of a column as a model stores them: texts, numbers, yes or no, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import arrow_type, from_numbers, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

CellValue = str | float | None


def cell_values(table: Table, column: Column, rows: NDArray[np.int64]) -> tuple[CellValue, ...]:
    """The column's values in these rows."""
    if column.storage == "string":
        texts = table.column(column.name).take(pa.array(rows)).cast(pa.string())
        return tuple(texts.to_pylist())
    known = numbers(table, column.name)[rows]
    kind = bool if column.storage == "boolean" else float
    return tuple(None if np.isnan(value) else kind(value) for value in known)


def array_of(column: Column, values: tuple[CellValue, ...], places: NDArray[np.int64]) -> pa.Array:
    """(rows,) for each row the value at its place, as the column is held."""
    if column.storage == "string":
        texts = pa.array(values, pa.string()).take(pa.array(places, pa.int64()))
        return texts.cast(arrow_type(column))
    known = np.array([np.nan if value is None else float(value) for value in values])
    return from_numbers(column, known[places])


def require_cell_values(values: Iterable[object]) -> None:
    """Raises `ValueError` for what is no value of a column."""
    if not all(value is None or isinstance(value, (str, int, float)) for value in values):
        raise ValueError("a column has values of another type")
