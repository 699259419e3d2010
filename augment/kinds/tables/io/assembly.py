"""From the raw columns of one or several files to one table under one schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pyarrow as pa

from augment.core.errors import BadInput, UsageError, did_you_mean, listed
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.dialect import Dialect
from augment.kinds.tables.data.schema import Column, Role, Schema
from augment.kinds.tables.data.spelling import text
from augment.kinds.tables.data.values import arrow_type
from augment.kinds.tables.identity import key_search
from augment.kinds.tables.io import inference, overrides, panels
from augment.kinds.tables.io.formats import Raw, ReadOptions
from augment.work.threads import in_order

THREADED_CELLS = 1_000_000  # from which a table is typed on several cores


def gather(parts: list[Raw], options: ReadOptions) -> tuple[Table, tuple[str, ...]]:
    """One typed table from the raw parts, and what there is to say about it.

    Raises `BadInput` where the parts have different columns, where there is no row, and for the
    first value that does not fit a given schema; `UsageError` for unknown column names.
    """
    names = common_names(parts)
    _check_names(options, names)
    if not sum(part.table.num_rows for part in parts):
        raise BadInput("the table has no rows.", where=parts[0].path, hint="Give one with rows.")
    notes = [f"{part.path}: {note}" for part in parts for note in part.notes]
    columns: list[Column] = []
    arrays: list[pa.Array] = []
    names = options.schema.names if options.schema else names
    given = {column.name: column for column in options.schema or ()}
    found = _each(lambda name: column_of(name, parts, given.get(name), options), names, parts)
    for name, (column, values) in zip(names, found, strict=True):
        if column.role == "drop":
            notes.append(f"Column {name!r} is left out, as asked.")
            continue
        columns.append(column)
        arrays.append(values)
    if not columns:
        raise UsageError("Every column is dropped; keep at least one.")
    target = options.target or (options.schema.target if options.schema else None)
    locale = options.locale or (options.schema.locale if options.schema else None)
    dialect = _dialect(parts, notes)
    schema = Schema(tuple(columns), target, locale=locale, dialect=dialect)
    table = Table(pa.table(arrays, names=schema.names), schema)
    if options.schema is None:
        table = panels.with_ids(table, {*options.columns, target})
    named, more = named_rows(table, options.schema)
    return named, (*notes, *more)


def named_rows(table: Table, given: Schema | None) -> tuple[Table, tuple[str, ...]]:
    """The table with its key and the columns of its stamps, found or as a schema gives them."""
    if given is None:
        key, stamp = key_search.found(table)
        return Table(table.data, replace(table.schema, key=key, stamp=stamp)), ()
    names = set(table.schema.names)
    key = given.key if set(given.key) <= names else ()
    stamp = given.stamp if set(given.stamp) <= names else ()
    if key and key_search.repeats(table, key):
        note = f"The schema's key {' + '.join(key)} repeats in these rows, so it is not kept."
        return Table(table.data, replace(table.schema, stamp=stamp)), (note,)
    return Table(table.data, replace(table.schema, key=key, stamp=stamp)), ()


def _dialect(parts: list[Raw], notes: list[str]) -> Dialect | None:
    """The spelling of the first part, with a note where another's differs."""
    first = parts[0].dialect
    for part in parts[1:]:
        if _spelling(part.dialect) != _spelling(first):
            notes.append(f"{part.path}: it is spelt otherwise than {parts[0].path}, as which the ")
            notes[-1] += "output will be spelt."
            break
    return first


def _spelling(dialect: Dialect | None) -> tuple[object, ...]:
    """What of a dialect a user would miss."""
    if dialect is None:
        return ()
    return dialect.format, dialect.encoding, dialect.delimiter, dialect.line_end, dialect.header


def gather_like(parts: list[Raw], schema: Schema) -> Table:
    """One table whose columns are read as `schema` says where they fit it.

    For rows from any tool: a column that does not fit is read for what it is, one that the schema
    lacks too, and one that is not there stays away.
    """
    names, wanted = common_names(parts), set(schema.names)

    def either(name: str) -> tuple[Column, pa.Array]:
        try:
            return column_of(name, parts, schema[name] if name in wanted else None, ReadOptions())
        except BadInput:
            return column_of(name, parts, None, ReadOptions())

    columns, arrays = zip(*_each(either, names, parts), strict=True)
    target = schema.target if schema.target in names else None
    found = Schema(columns, target)
    return Table(pa.table(list(arrays), names=found.names), found)


def _each(
    typed: Callable[[str], tuple[Column, pa.Array]], names: list[str], parts: list[Raw]
) -> Iterator[tuple[Column, pa.Array]]:
    """The columns of these names, on several cores where that is worth their start."""
    cells = len(names) * sum(part.table.num_rows for part in parts)
    return in_order(typed, names) if cells >= THREADED_CELLS else map(typed, names)


def gather_partial(parts: list[Raw], schema: Schema) -> tuple[Table, Callable[[int], str]]:
    """One table with all of the schema's columns, null where the parts lack them; and the place
    of each row in its file.

    Raises `BadInput` for a column that the schema lacks, and for a value that does not fit.
    """
    names = common_names(parts)
    for name in names:
        if name not in schema.names:
            raise BadInput(
                f"the model has no column {name!r}.",
                where=parts[0].path,
                hint=did_you_mean(name, schema.names),
            )
    rows = sum(part.table.num_rows for part in parts)
    arrays = [
        column_of(column.name, parts, column, ReadOptions())[1]
        if column.name in names
        else pa.nulls(rows, arrow_type(column))
        for column in schema
    ]
    return Table(pa.table(arrays, names=schema.names), schema), _places(parts)


def common_names(parts: list[Raw]) -> list[str]:
    """The column names of the first part, which all others must have, in any order."""
    names: list[str] = parts[0].table.column_names
    for part in parts[1:]:
        others = part.table.column_names
        lacking = [repr(name) for name in names if name not in set(others)]
        beside = [repr(name) for name in others if name not in set(names)]
        if lacking or beside:
            said = [f"{listed(lacking)} only in {parts[0].path}"] if lacking else []
            said += [f"{listed(beside)} only in this file"] if beside else []
            raise BadInput(
                f"the columns differ: {', and '.join(said)}.",
                where=part.path,
                hint="Files that are read together need the same columns.",
            )
    return names


def require_same(first: Raw, part: Raw, options: ReadOptions) -> None:
    """Raise `BadInput` where a part has other columns, or other types, than the first."""
    for name in common_names([first, part]):
        if options.columns.get(name) != "drop":
            _declared(name, [first, part])


def _check_names(options: ReadOptions, names: list[str]) -> None:
    for name in options.columns:
        if name not in names:
            raise UsageError(
                f"--column {name}=…: there is no such column. {did_you_mean(name, names)}"
            )
    if options.schema is None:
        return
    for name in options.schema.names:
        if name not in names:
            raise BadInput(
                f"the schema's column {name!r} is not in the table. {did_you_mean(name, names)}"
            )
    extra = [
        name
        for name in names
        if name not in options.schema.names and options.columns.get(name) != "drop"
    ]
    if extra:
        raise BadInput(
            f"the table's column {extra[0]!r} is not in the schema.",
            hint=f"Add it to the schema, or pass --column {extra[0]}=drop.",
        )


def column_of(
    name: str, parts: list[Raw], given: Column | None, options: ReadOptions
) -> tuple[Column, pa.Array]:
    """One column over all parts."""
    values = _joined([part.table.column(name) for part in parts])
    where = _places(parts)
    said = options.columns.get(name)
    declared = None if said == "drop" else _declared(name, parts)
    encoded = values
    if given is not None:
        column = given
    elif declared is None:
        encoded = text.encoded(values)
        column = inference.from_text(name, encoded)
    else:
        column = inference.from_values(name, text.decoded(values), declared)
    if said is not None:
        column = overrides.obeyed(column, said, text.decoded(values), where)
    elif given is None and name == options.target:
        column = _as_target(column)
    if column.role == "drop":
        return column, values
    return column, text.convert(column, values if column.storage == "string" else encoded, where)


def _places(parts: list[Raw]) -> Callable[[int], str]:
    """The place of a row of all parts below one another."""

    def where(row: int) -> str:
        for part in parts:
            if row < part.table.num_rows:
                return part.where(row)
            row -= part.table.num_rows
        raise AssertionError("a row beyond the table")

    return where


def _declared(name: str, parts: list[Raw]) -> str | None:
    """The type that the files declare for a column, None for text that is still to be typed."""
    first = parts[0].declared.get(name)
    for part in parts[1:]:
        kind = part.declared.get(name)
        if kind != first:
            raise BadInput(
                f"column {name!r} is of type {kind or 'text'} here, and of type {first or 'text'} "
                f"in {parts[0].path}.",
                where=part.path,
                hint=f"Convert them to one type, or pass --column {name}=drop.",
            )
    return first


def _as_target(column: Column) -> Column:
    """A target is predicted, so it is never an id or invented text."""
    if column.role not in ("id", "reference", "text"):
        return column
    role: Role = "categorical" if column.storage == "string" else "numeric"
    note = "It is the target."
    return replace(column, role=role, pattern="", pii="", shared=False, note=note)


def _joined(columns: list[pa.ChunkedArray]) -> pa.Array:
    chunks = [chunk for column in columns for chunk in column.chunks]
    if len({chunk.type for chunk in chunks}) > 1:  # dictionaries in some files alone
        chunks = [text.decoded(chunk) for chunk in chunks]
    return pa.concat_arrays(chunks)
