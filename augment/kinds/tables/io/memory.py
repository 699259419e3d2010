"""Tables that are in memory already: DataFrames, Arrow tables, and rows that were read or made."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from augment.core.errors import BadInput, UsageError
from augment.core.reading_options import flag
from augment.core.source import ArrowStream, External, Rows, Source, parts_of
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.data.spelling import text
from augment.kinds.tables.io.formats import Raw, ReadOptions, declared

if TYPE_CHECKING:
    import pandas as pd

OF_FILES = ("format", "encoding", "delimiter", "header", "sheet", "bad_rows", "max_bad", "rejects",
            "sql", "fit_rows", "stratify")  # fmt: skip
MOST_TYPES_NAMED = 4


def recognised(source: Source) -> bool:
    """Whether the source is a table in memory."""
    if isinstance(source, External):
        return _is_frame(source.content) or isinstance(source.content, ArrowStream)
    return bool(parts_of(source, Table))


def joined(source: Source) -> Table | None:
    """The rows as one table, if they are rows of tables."""
    parts = parts_of(source, Table)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Table.join(list(parts))


def raw(source: Rows[Any] | External, options: ReadOptions) -> Raw:
    """The columns in storage types with the types that they had, as of a file that declares them.

    The index of a DataFrame is left out. Raises `UsageError` for what is no table and for options
    that are for files, and `BadInput` for a column that no table can hold.
    """
    for field in fields(options):
        if field.name in OF_FILES and getattr(options, field.name) != field.default:
            raise UsageError(f"{flag(field.name)} is for files, and this is {source}.")
    rows = joined(source)
    if rows is not None:
        return declared.raw(_beside(rows, options.like), str(source), options)
    content: Any = source.content if isinstance(source, External) else None
    if _is_frame(content):
        return _of_frame(content, str(source), options)
    if not isinstance(content, ArrowStream):
        raise UsageError(
            f"{source} is no table. Give a path, a DataFrame or an Arrow table; for images an "
            "array of pixels (uint8), or a pair of pixels and labels."
        )
    return declared.raw(_arrow(content), str(source), options)


def _beside(rows: Table, like: Schema | None) -> pa.Table:
    """The columns; those that `like` holds as texts and these rows do not are spelt as a file of
    the rows would have them, such as booleans beside a DataFrame's "yes" and "no"."""
    data = rows.data
    for place, column in enumerate(rows.schema):
        other = like[column.name] if like is not None and column.name in like.names else None
        if other is not None and other.storage == "string" != column.storage:
            data = data.set_column(
                place, column.name, text.render(column, rows.column(column.name))
            )
    return data


def _is_frame(content: object) -> bool:
    """Whether it is a DataFrame of pandas, which is not loaded to find out."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(content, pandas.DataFrame)


def _arrow(content: ArrowStream) -> pa.Table:
    return content if isinstance(content, pa.Table) else pa.table(content)


def _of_frame(frame: pd.DataFrame, name: str, options: ReadOptions) -> Raw:
    import pandas as pd

    for column in frame.columns:
        if not isinstance(column, str):
            raise BadInput(
                f"a column is called by a {type(column).__name__}, and names must be texts.",
                where=name,
                hint="Rename them: df.columns = df.columns.map(str)",
            )
    names = [str(column) for column in frame.columns]
    arrays = [
        pa.nulls(len(frame)) if options.columns.get(column) == "drop" else _column(values, name)
        for column, (_, values) in zip(names, frame.items(), strict=True)
    ]
    found = declared.raw(pa.table(arrays, names=names), name, options)
    if isinstance(frame.index, pd.RangeIndex):
        return found
    note = "The index is left out; reset_index() would make a column of it."
    return Raw(found.path, found.table, found.declared, notes=(*found.notes, note))


def _column(values: pd.Series[Any], where: str) -> pa.Array:
    try:
        found = pa.Array.from_pandas(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):  # their words cite values
        kinds = sorted({type(value).__name__ for value in values.dropna()})
        several = len(kinds) > 1
        what = ", ".join(kinds[:MOST_TYPES_NAMED]) if several else str(values.dtype)
        raise BadInput(
            f"column {values.name!r} holds values {'of several types ' if several else ''}({what}) "
            "that are no column of a table.",
            where=where,
            hint=f"Give it one type, such as df[{values.name!r}].astype('string'), or leave it out "
            f"with columns={{{values.name!r}: 'drop'}}.",
        ) from None
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def to_arrow(parts: Sequence[Table]) -> pa.Table:
    """The parts as one Arrow table, each column in the type that its source declared."""
    batches = list(declared.batches(iter(parts), parts[0].schema))
    return pa.concat_tables(batches).unify_dictionaries()
