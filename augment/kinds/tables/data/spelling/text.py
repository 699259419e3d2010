"""Text of one column to typed values by its `Column`, and typed values back to text.

Reading and writing undo each other: `render(column, parse(column, texts))` gives the texts back
wherever the column's spelling could be found (`Column.note` says where it could not). Both work
on distinct values, so that a million rows of a thousand dates cost a thousand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import BadInput
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling import dates, numerals
from augment.kinds.tables.data.values import arrow_type

Values = TypeVar("Values", pa.Array, pa.ChunkedArray)
# Spellings of "missing", in columns where no value could be spelt so.
NULL_TOKENS = ("NA", "N/A", "n/a", "na", "NaN", "nan", "NULL", "Null", "null", "None", "none",
               "#N/A", "?", "-", "--")  # fmt: skip


def encoded(texts: pa.Array) -> pa.DictionaryArray:
    """Texts as a dictionary of them, which they may be already."""
    return texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()


def decoded(values: Values) -> Values:
    """Undo `encoded`."""
    kind = values.type
    return values.cast(kind.value_type) if pa.types.is_dictionary(kind) else values


def parse(column: Column, texts: pa.Array, where: Callable[[int], str]) -> pa.Array:
    """Text (null for the empty cell), perhaps a dictionary of it, as values of the column's
    storage.

    `where` tells the place of a row. Raises `BadInput` with the place of the first value that
    does not fit; the value itself is not told.
    """
    if column.storage == "string" and pa.types.is_string(texts.type):
        return without_tokens(column, texts)
    indexed = encoded(texts)
    spelt = without_tokens(column, indexed.dictionary)
    present = pc.is_valid(spelt)
    known = parse_distinct(column, spelt.drop_null())
    values = known if spelt.null_count == 0 else pc.replace_with_mask(
        pa.nulls(len(spelt), known.type), present, known
    )  # fmt: skip
    bad = pc.and_(pc.is_null(values), present)
    if pc.any(bad).as_py():
        rows = pc.fill_null(bad.take(indexed.indices), False)
        row = pc.index(rows, pa.scalar(True)).as_py()
        raise BadInput(
            f"this value of column {column.name!r} is no {_kind(column)}.",
            where=where(row),
            hint=f"Mend it, or pass --column {column.name}=category (or =text) to keep it as text.",
        )
    return values.take(indexed.indices)


def without_tokens(column: Column, texts: pa.Array) -> pa.Array:
    """Null where a cell spells "missing".

    Text columns know only the spelling that the schema gives; in all others no token could be a
    value, so that every known one counts.
    """
    tokens = {column.null} if column.null else set()
    if column.storage != "string":
        tokens |= set(NULL_TOKENS) - {column.true, column.false}
    if not tokens:
        return texts
    missing = pc.is_in(texts, pa.array(sorted(tokens), pa.string()))
    if not pc.any(missing).as_py():
        return texts
    return pc.if_else(missing, pa.scalar(None, pa.string()), texts)


def parse_distinct(column: Column, texts: pa.Array) -> pa.Array:
    """Values of texts without nulls; null where a text does not fit."""
    if column.storage == "boolean":
        spelt = pc.index_in(texts, pa.array([column.false, column.true], pa.string()))
        return pc.equal(spelt, 1)
    if column.storage == "datetime":
        return dates.parse(column.format, texts)
    if column.storage == "string":
        return texts
    return numerals.parse(column, texts)


def render(column: Column, values: pa.Array) -> pa.Array:
    """Values as text in the column's spelling, null for null."""
    if column.storage == "string":
        return values.cast(pa.string())
    if column.storage == "boolean":
        return pc.if_else(values, column.true, column.false)
    if column.storage == "float":  # a model's NaN is a missing value as well
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    encoded = values.dictionary_encode()
    write = dates.render if column.storage == "datetime" else numerals.render
    return write(column, encoded.dictionary).take(encoded.indices)


def keeps(column: Column, texts: pa.Array) -> bool:
    """Whether writing what was read gives the same text, for distinct texts without nulls."""
    values = parse_distinct(column, texts)
    if values.null_count:
        return False
    return bool(pc.all(pc.equal(render(column, values), texts), min_count=0).as_py())


def _kind(column: Column) -> str:
    if column.storage == "datetime":
        return f"date of the form {column.format}"
    if column.storage == "boolean":
        return f"boolean ({column.true} or {column.false})"
    return {"integer": "whole number", "decimal": "decimal number"}.get(column.storage, "number")


def convert(column: Column, values: pa.Array, where: Callable[[int], str]) -> pa.Array:
    """Values of a typed source as values of the column's storage; text is parsed (see `parse`).

    Raises `BadInput` where the declared type cannot become the storage.
    """
    wanted = arrow_type(column)
    if pa.types.is_string(values.type) or pa.types.is_dictionary(values.type):
        return parse(column, values, where)
    numeric = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    if column.storage == "datetime" and numeric and dates.is_number(column.format):
        return parse(column, _digits(values), where)
    if values.type == wanted or (column.storage, values.type) == ("integer", pa.decimal128(38, 0)):
        return values
    try:
        if column.storage == "string":
            return values.cast(pa.string())
        return values.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadInput(
            f"column {column.name!r} holds values of type {values.type}, "
            f"and not all of them are of storage {column.storage!r}.",
            where=where(0),
            hint="Change its storage in the schema.",
        ) from None


def _digits(values: pa.Array) -> pa.Array:
    """Numbers as their shortest digits, 20240131.0 without its end."""
    texts = values.cast(pa.string())
    if pa.types.is_integer(values.type):
        return texts
    whole = pc.if_else(pc.equal(pc.floor(values), values), values, None)
    return pc.coalesce(whole.cast(pa.decimal128(38, 0)).cast(pa.string()), texts)
