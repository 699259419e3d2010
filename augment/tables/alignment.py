"""Synthetic rows from any tool, brought into the real table's columns and types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.tables.dataset import Table
from augment.tables.schema import Column, Schema
from augment.tables.values import arrow_type

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Aligned:
    """A table with exactly the real schema, and the columns that had to be made to fit.

    `missing` columns are filled with null, `extra` ones are left out, and `unfit` says how many
    values of a column were of another type and became null.
    """

    table: Table
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    unfit: dict[str, int]


def aligned(fake: Table, schema: Schema) -> Aligned:
    """Bring `fake` into `schema`; nothing is refused, everything that did not fit is told."""
    import pyarrow as pa

    arrays, missing, unfit = [], [], {}
    for column in schema:
        kind = arrow_type(column)
        if column.name not in fake.schema.names:
            missing.append(column.name)
            arrays.append(pa.nulls(len(fake), kind))
            continue
        array = fake.column(column.name)
        if not _same_family(array.type, kind):
            before = array.null_count
            array = _converted(array, column)
            if array.null_count > before:
                unfit[column.name] = array.null_count - before
        arrays.append(array)
    extra = tuple(name for name in fake.schema.names if name not in schema.names)
    table = Table(pa.table(arrays, names=schema.names), schema)
    return Aligned(table, tuple(missing), extra, unfit)


def _same_family(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values compare as they are: numbers with numbers, texts with texts."""
    import pyarrow as pa

    def family(kind: pa.DataType) -> str:
        types = pa.types
        if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
            return "number"
        if types.is_string(kind) or types.is_large_string(kind):
            return "text"
        return "time" if types.is_timestamp(kind) else str(kind)

    if pa.types.is_integer(wanted) or pa.types.is_decimal(wanted):
        return bool(found == wanted)
    return family(found) == family(wanted)


def _converted(array: pa.Array, column: Column) -> pa.Array:
    """The values in the column's type, null where one cannot be read as such."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = arrow_type(column)
    try:
        return pc.cast(array, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        texts = pc.cast(array, pa.string()).to_pandas()
    if column.storage == "datetime":
        read = pd.to_datetime(texts, errors="coerce", format=column.format or None, utc=True)
        return pa.array(read.dt.tz_localize(None), pa.timestamp("us"), from_pandas=True)
    if column.storage == "boolean":
        words = {column.true: True, column.false: False, "true": True, "false": False}
        return pa.array([words.get(text) for text in texts], pa.bool_())
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=float, na_value=float("nan"))
    if column.storage in ("integer", "decimal"):
        # A fraction in a whole-number column is kept as a number: metrics read floats anyway,
        # and a wrong last digit is theirs to notice.
        return pa.array(numbers, pa.float64(), from_pandas=True)
    return pa.array(numbers, kind, from_pandas=True)
