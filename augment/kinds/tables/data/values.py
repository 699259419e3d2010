"""A column's values as arrays of numbers or codes, and back: the face that engines work on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import UsageError
from augment.core.types import Scalar
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.spelling import dates, units

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_WHOLE = 9e37  # what decimal128(38, 0) holds


def arrow_type(column: Column) -> pa.DataType:
    """The in-memory Arrow type of a column's storage (the smallest that any table may use)."""
    return {
        "string": pa.string(),
        "integer": pa.int64(),
        "float": pa.float64(),
        "decimal": pa.decimal128(38, column.max_decimals or 0),
        "boolean": pa.bool_(),
        "datetime": pa.timestamp("us"),
    }[column.storage]


def numbers(table: Table, name: str) -> NDArray[np.float64]:
    """(rows,) floats with NaN for null. A datetime is its microseconds since 1970, a boolean 0/1.

    Integers beyond 2^53 lose their last digits here, as in any floating-point model; reading and
    writing do not pass through this function.
    """
    array = table.column(name)
    if pa.types.is_timestamp(array.type):
        array = pc.cast(array, pa.int64())
    if pa.types.is_boolean(array.type):
        array = pc.cast(array, pa.int8())
    array = pc.cast(array, pa.float64(), safe=False)
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


def from_numbers(column: Column, values: NDArray[np.float64]) -> pa.Array:
    """Undo `numbers`: NaN is null; values are snapped to the column's digits or its time step.

    Integers of which one is beyond 64 bits come as decimal128(38, 0).
    """
    null = np.isnan(values)
    filled = np.where(null, 0.0, values)
    if column.storage == "float":
        if column.max_decimals is not None and column.max_decimals < 15:
            filled = np.round(filled, column.max_decimals)
        return pa.array(filled + 0.0, pa.float64(), mask=null)  # + 0.0: no negative zero
    if column.storage == "decimal":
        digits = column.max_decimals or 0
        texts = [f"{value:.{digits}f}" for value in filled]
        return pa.array(texts, pa.string(), mask=null).cast(arrow_type(column))
    if column.storage == "boolean":
        return pa.array(filled >= 0.5, pa.bool_(), mask=null)
    step = column.step_us or 1 if column.storage == "datetime" else 1
    whole = np.rint(filled / step) * step
    bound = float(2**63 - 1024)
    if column.storage == "integer" and (np.abs(whole) > bound).any():
        low, high = (0, 2**64 - 1) if column.arrow == "uint64" else (-MOST_WHOLE, MOST_WHOLE)
        texts = [str(min(max(int(value), int(low)), int(high))) for value in whole]
        return pa.array(texts, pa.string(), mask=null).cast(pa.decimal128(38, 0))
    integers = np.clip(whole, -bound, bound).astype(np.int64)
    kind = pa.timestamp("us") if column.storage == "datetime" else pa.int64()
    return pa.array(integers, pa.int64(), mask=null).cast(kind)


def whole_numbers(texts: pa.Array) -> pa.Array:
    """Digits as int64, or as decimal128(38, 0) where one of them is beyond 64 bits."""
    try:
        return texts.cast(pa.int64())
    except pa.ArrowInvalid:
        return texts.cast(pa.decimal128(38, 0))


def codes(table: Table, name: str) -> tuple[NDArray[np.int32], list[Scalar]]:
    """(rows,) codes into the sorted list of distinct values, -1 for null."""
    found, values = _ranked(table, name)
    listed = values.to_pylist()
    storage = table.schema[name].storage
    if storage == "integer":  # beyond 64 bits they are decimals here
        return found, [int(value) for value in listed]
    if storage in ("string", "float", "boolean"):
        return found, listed
    return found, [plain(value) for value in listed]


def ranks(table: Table, name: str) -> NDArray[np.int64]:
    """(rows,) the codes of `codes` without their values, of which ids have as many as rows."""
    return _ranked(table, name)[0].astype(np.int64)


def _ranked(table: Table, name: str) -> tuple[NDArray[np.int32], pa.Array]:
    """(rows,) ranks among the distinct values, -1 for null, and these in order."""
    encoded = table.column(name).dictionary_encode()
    values = encoded.dictionary
    order = pc.sort_indices(values).to_numpy()
    rank = np.empty(len(order) + 1, dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    rank[-1] = -1
    indices = pc.fill_null(encoded.indices.cast(pa.int32()), -1).to_numpy(zero_copy_only=False)
    return rank[indices], values.take(pa.array(order))


def from_codes(column: Column, codes: NDArray[Any], levels: list[Scalar]) -> pa.Array:
    """Undo `codes`: -1 is null."""
    kind = arrow_type(column)
    if column.storage == "integer":
        values = whole_numbers(pa.array([str(level) for level in levels], pa.string()))
    else:
        values = pa.array([_stored(column, level) for level in levels], kind)
    indices = pa.array(np.maximum(codes, 0), pa.int32(), mask=codes < 0)
    if not len(values):
        return pa.nulls(len(codes), kind)
    return values.take(indices)


def plain(value: Any) -> Scalar:
    """A value that JSON can hold: dates as ISO text, decimals as their digits."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat()) if callable(isoformat) else str(value)


def as_number(value: Scalar) -> float:
    """A value as `codes` lists it on the number line: a time as microseconds since 1970."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            moment = datetime.fromisoformat(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
            return round(seconds * 1e6)
    assert value is not None
    return float(value)


def _stored(column: Column, level: Scalar) -> Any:
    """Undo `plain` for one value of the column."""
    if level is None:
        return None
    if column.storage == "decimal":
        return Decimal(str(level))
    if column.storage == "datetime":
        return datetime.fromisoformat(str(level))
    return level


def table_of(schema_columns: list[Column], arrays: list[pa.Array], target: str | None) -> Table:
    """A table from columns and their arrays."""
    schema = Schema(tuple(schema_columns), target)
    return Table(pa.table(arrays, names=schema.names), schema)


def with_columns(table: Table, arrays: Mapping[str, pa.Array]) -> Table:
    """The table with some columns set anew."""
    if not arrays:
        return table
    found = [arrays.get(name, table.column(name)) for name in table.schema.names]
    return table_of(list(table.schema), found, table.schema.target)


def parse_value(column: Column, text: str) -> tuple[Scalar, float]:
    """A user's text as (a value as `codes` lists it, its position as `numbers` gives it).

    A position is NaN where the column has no order. Raises `UsageError` when it does not parse.
    """
    try:
        if column.storage == "string":
            return text, float("nan")
        if column.storage == "boolean":
            return _boolean(column, text), float(_boolean(column, text))
        if column.storage == "datetime":
            moment = _moment(column, text)
            since = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
            microseconds = since.days * 86_400_000_000 + since.seconds * 1_000_000
            return moment.isoformat(), float(microseconds + since.microseconds)
        text = _without_units(column, text)
        if column.storage == "float" and isfinite(float(text)):
            return float(text), float(text)
        if column.storage == "decimal":
            exact = Decimal(text).quantize(Decimal(1).scaleb(-(column.max_decimals or 0)))
            return str(exact), float(exact)
        number = float(text)
        if not isfinite(number):
            raise ValueError(text)
        return (int(number) if number.is_integer() else number), number
    except (ValueError, InvalidOperation):
        raise UsageError(
            f"{text!r} is no value for column {column.name!r}, which holds {column.storage} values."
        ) from None


def _boolean(column: Column, text: str) -> bool:
    spelt = {column.true: True, column.false: False, "true": True, "false": False}
    if text not in spelt and text.lower() not in spelt:
        raise ValueError(text)
    return spelt[text] if text in spelt else spelt[text.lower()]


def _without_units(column: Column, text: str) -> str:
    """A number as the column's units or plain digits spell it."""
    found = units.without_units(column, pa.array([text]))[0].as_py()
    return text if found is None else str(found)


def _moment(column: Column, text: str) -> Any:
    """A naive datetime, written in the column's own format or in ISO 8601."""
    own = dates.parse(column.format, pa.array([text]))[0].as_py() if column.format else None
    return datetime.fromisoformat(text).replace(tzinfo=None) if own is None else own
