"""Columns of files that declare their types: into the storage types of a table, and back.

`Column.arrow` holds the declared Arrow type, and writing a file of the same kind casts back to
it. A timestamp with a time zone is kept in UTC in memory.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import BadInput
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.spelling import text
from augment.kinds.tables.io.formats import Raw, ReadOptions

UNITS = r"timestamp\[(s|ms|us|ns)(?:, tz=([^\]]+))?\]"
DECIMAL = r"decimal(32|64|128|256)\((\d+), (-?\d+)\)"
DICTIONARY = r"dictionary<values=(.+), indices=(u?int\d+), ordered=([01])>"
DAY = r"%-?[YymdbBs]"
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
SECONDS_A_DAY = 86_400
FIRST_SECOND, END_SECOND = -62_135_596_800, 253_402_300_800  # of the years 1 and 10000
TIME = r"time(32|64)\[(s|ms|us|ns)\]"


def stored(name: str, values: pa.Array, path: str) -> tuple[pa.Array, tuple[str, ...]]:
    """A column in one of the storage types, and what could not be kept.

    Raises `BadInput` for nested and binary types and for infinite numbers.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return stored(name, values.dictionary_decode(), path)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view():
        return values.cast(pa.string()), ()
    if pa.types.is_boolean(kind):
        return values, ()
    if pa.types.is_null(kind):
        return values.cast(pa.string()), ()
    if pa.types.is_integer(kind):
        if kind == pa.uint64() and (pc.max(values).as_py() or 0) >= 2**63:
            return values.cast(pa.decimal128(38, 0)), ()
        return values.cast(pa.int64()), ()
    if pa.types.is_floating(kind):
        return _floats(name, values, path)
    if pa.types.is_decimal(kind) and kind.precision <= 38 and kind.scale >= 0:
        return values.cast(pa.decimal128(38, kind.scale)), ()
    if kind == pa.date32():
        return _days(name, values, path)
    if kind == pa.date64():
        return _timestamps(name, values.cast(pa.timestamp("ms")), path)
    if pa.types.is_timestamp(kind):
        return _timestamps(name, values, path)
    if pa.types.is_time(kind):
        counted = values.cast(pa.int32() if kind.bit_width == 32 else pa.int64()).cast(pa.int64())
        return _timestamps(name, counted.cast(pa.timestamp(kind.unit)), path)
    raise BadInput(
        f"column {name!r} is of type {kind}, which a table cannot hold.",
        where=path,
        hint=f"Pass --column {name}=drop, or write it as text or numbers.",
    )


def _floats(name: str, values: pa.Array, path: str) -> tuple[pa.Array, tuple[str, ...]]:
    """As float64; NaN is missing. A float32 becomes the float64 of the same shortest digits."""
    single = values.type != pa.float64()
    if not single and np.isfinite(pc.sum(values, min_count=0).as_py()):
        return values, ()  # one that is not finite would show in the sum
    values = values.cast(pa.float32()) if single else values
    nan = pc.fill_null(pc.is_nan(values), False)
    if pc.any(pc.is_inf(values)).as_py():
        raise BadInput(
            f"column {name!r} holds infinite numbers.",
            where=path,
            hint=f"Replace them, or pass --column {name}=drop.",
        )
    notes: tuple[str, ...] = ()
    if pc.any(nan).as_py():
        values = pc.if_else(nan, pa.scalar(None, values.type), values)
        notes = (f"Column {name!r} holds NaN, which is read as missing.",)
    if single:
        encoded = values.dictionary_encode()
        values = encoded.dictionary.cast(pa.string()).cast(pa.float64()).take(encoded.indices)
    return values, notes


def _days(name: str, values: pa.Array, path: str) -> tuple[pa.Array, tuple[str, ...]]:
    """As `_timestamps`, at once where no day lies outside its years."""
    ends = pc.min_max(values.cast(pa.int32()))
    first, end = FIRST_SECOND // SECONDS_A_DAY, END_SECOND // SECONDS_A_DAY
    if not ends["min"].is_valid or (first <= ends["min"].as_py() and ends["max"].as_py() < end):
        return values.cast(pa.timestamp("us")), ()
    return _timestamps(name, values.cast(pa.timestamp("s")), path)


def _timestamps(name: str, values: pa.Array, path: str) -> tuple[pa.Array, tuple[str, ...]]:
    """As microseconds without a zone. Raises `BadInput` for a year outside 1 to 9999."""
    unit = values.type.unit
    stamps = values.cast(pa.timestamp(unit))
    counted, per_second = stamps.cast(pa.int64()), PER_SECOND[unit]
    first, end = max(FIRST_SECOND * per_second, -(2**63)), min(END_SECOND * per_second, 2**63 - 1)
    ends = pc.min_max(counted)
    if ends["min"].is_valid and not (first <= ends["min"].as_py() and ends["max"].as_py() < end):
        beyond = pc.or_(pc.less(counted, first), pc.greater_equal(counted, end))
        row = pc.index(beyond, pa.scalar(True)).as_py()
        raise BadInput(
            f"this date of column {name!r} lies outside the years 1 to 9999.",
            where=f"{path}, row {row + 1}",
            hint=f"Mend it, or pass --column {name}=drop.",
        )
    if unit != "ns":
        return stamps.cast(pa.timestamp("us")), ()
    cut = stamps.cast(pa.timestamp("us"), safe=False)
    if pc.all(pc.equal(cut.cast(pa.timestamp("ns")), stamps), min_count=0).as_py():
        return cut, ()
    return cut, (f"Column {name!r} is cut from nanoseconds to microseconds.",)


def arrow_type(name: str) -> pa.DataType | None:
    """The Arrow type that `str(type)` spells; None for one that is not known here."""
    if found := re.fullmatch(UNITS, name):
        return pa.timestamp(found[1], tz=found[2])
    if found := re.fullmatch(DECIMAL, name):
        make = {"32": "decimal32", "64": "decimal64", "128": "decimal128", "256": "decimal256"}
        kind: pa.DataType = getattr(pa, make[found[1]])(int(found[2]), int(found[3]))
        return kind
    if found := re.fullmatch(DICTIONARY, name):
        inner = arrow_type(found[1])
        index = arrow_type(found[2])
        if inner is None or index is None:
            return None
        return pa.dictionary(index, inner, found[3] == "1")
    if found := re.fullmatch(TIME, name):
        return pa.time32(found[2]) if found[1] == "32" else pa.time64(found[2])
    simple = {str(kind): kind for kind in (
        pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(),
        pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.bool_(), pa.string(),
        pa.large_string(), pa.string_view(), pa.date32(), pa.date64(), pa.null(),
    )}  # fmt: skip
    return simple.get(name)


def schema_of(schema: Schema, first: Table) -> pa.Schema:
    """The Arrow schema of a typed file: the declared types, else those in memory."""
    fields = []
    for column in schema:
        declared = arrow_type(column.arrow) if column.arrow else None
        fields.append(pa.field(column.name, declared or _natural(column, first)))
    return pa.schema(fields)


def _natural(column: Column, first: Table) -> pa.DataType:
    """A date without a time of day is written as a date, a time of day without a date as a time,
    all else as it is held."""
    if column.storage == "datetime" and column.format and not re.search("%-?[HIs]", column.format):
        return pa.date32()
    if column.storage == "datetime" and column.format and not re.search(DAY, column.format):
        return pa.time64("us")
    return first.data.schema.field(column.name).type


def batches(chunks: Iterator[Table], schema: Schema) -> Iterator[pa.Table]:
    """The chunks cast to the types of `schema_of`. There is at least one chunk.

    Raises `BadInput` for a value that the declared type cannot hold.
    """
    target: pa.Schema | None = None
    levels: dict[str, pa.Array] = {}
    for chunk in chunks:
        target = target or schema_of(schema, chunk)
        arrays = []
        for column in schema:
            kind = target.field(column.name).type
            values = chunk.column(column.name)
            if pa.types.is_dictionary(kind):
                arrays.append(_encoded(column, values, kind, levels))
            else:
                arrays.append(_declared(column, values, kind))
        yield pa.table(arrays, schema=target)


def _encoded(
    column: Column, values: pa.Array, kind: pa.DataType, levels: dict[str, pa.Array]
) -> pa.Array:
    """Values as indices into the column's `levels`, which only ever grow at their end.

    (An Arrow file takes later dictionaries only as additions to the first.)
    """
    values = _declared(column, values, kind.value_type)
    seen = levels.get(column.name, pa.array([], kind.value_type))
    found = pc.unique(values.drop_null())
    new = found.filter(pc.invert(pc.is_in(found, seen)))
    levels[column.name] = seen = pa.concat_arrays([seen, new])
    indices = _declared(column, pc.index_in(values, seen).cast(pa.int64()), kind.index_type)
    return pa.DictionaryArray.from_arrays(indices, seen, ordered=kind.ordered)


def _declared(column: Column, values: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        if pa.types.is_string(kind) and not pa.types.is_string(values.type):
            return text.render(column, values)
        whole = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        if whole and pa.types.is_timestamp(values.type):  # 20240131 is read as a date
            values = text.render(column, values)
        if pa.types.is_null(kind) and values.null_count < len(values):
            raise pa.ArrowInvalid("values in a column of nulls")
        if pa.types.is_timestamp(kind) and kind.tz is not None:
            return pc.assume_timezone(values, "UTC").cast(pa.timestamp(kind.unit, kind.tz))
        if pa.types.is_null(kind):
            return pa.nulls(len(values))
        if pa.types.is_time32(kind) and pa.types.is_integer(values.type):
            values = values.cast(pa.int32())
        # A float is rounded to what a float32 holds; a timestamp may lose its time of day.
        safe = not (pa.types.is_floating(kind) or pa.types.is_date(kind))
        return values.cast(kind, safe=safe)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadInput(
            f"column {column.name!r} has values that do not fit its type {kind}.",
            hint="Write it as CSV, or change 'arrow' of that column in the schema.",
        ) from error


def _as_one(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)  # `combine_chunks` would copy it
    found = column.combine_chunks()
    return found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)


def raw(table: pa.Table, path: str, options: ReadOptions, indexed: Collection[str] = ()) -> Raw:
    """A typed file's columns in storage types, each with its declared type beside it.

    Those of `indexed` are texts that were read as dictionaries, and stay so. Raises `BadInput` for
    names that are empty or stand twice, and what `stored` raises, except for columns that are to
    be dropped.
    """
    names: list[str] = table.column_names
    for name in names:
        if not name or names.count(name) > 1:
            raise BadInput(
                f"the column name {name!r} stands twice." if name else "a column has no name.",
                where=path,
                hint="Every column needs a name of its own.",
            )
    arrays: list[pa.Array] = []
    notes: list[str] = []
    for name in names:
        if options.columns.get(name) == "drop":
            arrays.append(pa.nulls(table.num_rows, pa.string()))
            continue
        values = _as_one(table.column(name))
        if name not in indexed:
            values, said = stored(name, values, path)
            notes.extend(said)
        arrays.append(values)
    kinds = {name: str(table.schema.field(name).type) for name in names}
    kinds |= dict.fromkeys(indexed, str(pa.string()))
    return Raw(path, pa.table(arrays, names=names), kinds, notes=tuple(notes))
