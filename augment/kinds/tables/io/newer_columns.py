"""Newer rows of a table, in the columns of an older one as far as they fit it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import BadInput, UsageError, listed, near_name
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.io import overrides
from augment.kinds.tables.io.assembly import column_of, common_names, named_rows
from augment.kinds.tables.io.formats import Raw, ReadOptions

WIDENED = {"numeric": "numeric", "categorical": "category"}  # what may be stored otherwise


def gather(parts: list[Raw], schema: Schema, options: ReadOptions) -> tuple[Table, tuple[str, ...]]:
    """One table of the columns of `schema` and of those that are new, in the order of the parts.

    A column is read as `schema` says. Where that fails, numbers may be stored as others and
    categories as texts; where a constant is none any more, it is found what the column is.
    `options.columns` says what new columns are.

    Raises `BadInput` for a column that is not there and for a value that does not fit, and
    `UsageError` for options that say otherwise than `schema`.
    """
    require_agreed(schema, options)
    names = common_names(parts)
    _require_all(names, schema, parts[0].path)
    if not sum(part.table.num_rows for part in parts):
        raise BadInput("the table has no rows.", where=parts[0].path, hint="Give one with rows.")
    notes = [f"{part.path}: {note}" for part in parts for note in part.notes]
    columns: list[Column] = []
    arrays: list[pa.Array] = []
    for name in names:
        if name in schema.names:
            column, values = _like(schema[name], parts)
        else:
            column, values = column_of(name, parts, None, options)
            if column.role == "drop":
                notes.append(f"Column {name!r} is left out, as asked.")
                continue
        columns.append(column)
        arrays.append(values)
    found = replace(schema, columns=tuple(columns), key=(), stamp=())
    table, more = named_rows(Table(pa.table(arrays, names=found.names), found), schema)
    return table, (*notes, *more)


def require_agreed(schema: Schema, options: ReadOptions) -> None:
    """Refuse options by which rows would be read otherwise than the older ones."""
    if options.schema is not None:
        raise UsageError("--schema: the older model has a schema, by which newer rows are read.")
    for option, said, known in (
        ("--target", options.target, schema.target),
        ("--locale", options.locale, schema.locale),
    ):
        if said is not None and said != known:
            raise UsageError(
                f"{option} {said}: the older model says {'none' if known is None else known}, and "
                "what goes on from it keeps that. Leave it out, or fit a model anew."
            )
    for name, said in options.columns.items():
        if name in schema.names and overrides.role_of(name, said)[0] != schema[name].role:
            raise UsageError(
                f"--column {name}={said}: in the older model it is {schema[name].role}, and what "
                "goes on from it keeps that. Leave it out, or fit a model anew."
            )


def _require_all(names: list[str], schema: Schema, where: str) -> None:
    gone = [name for name in schema.names if name not in names]
    if not gone:
        return
    extra = [name for name in names if name not in schema.names]
    near = near_name(gone[0], extra)
    raise BadInput(
        f"there is no column {listed(map(repr, gone))}, which the older model has. {near}".strip(),
        where=where,
        hint="Rename it if it is there by another name; else fit a model anew, without --from.",
    )


def _like(known: Column, parts: list[Raw]) -> tuple[Column, pa.Array]:
    name = known.name
    try:
        column, values = column_of(name, parts, known, ReadOptions())
    except BadInput as error:
        return _stored_otherwise(known, parts, error)
    if known.role == "constant" and pc.count_distinct(values).as_py() > 1:
        return column_of(name, parts, None, ReadOptions())
    return column, values


def _stored_otherwise(known: Column, parts: list[Raw], error: BadInput) -> tuple[Column, pa.Array]:
    """The column read for what it is, where it means the same as before; else the error, with
    what to do about it."""
    if known.role == "constant":
        return column_of(known.name, parts, None, ReadOptions())
    said = WIDENED.get(known.role)
    if said is not None:
        with suppress(BadInput):
            return column_of(known.name, parts, None, ReadOptions(columns={known.name: said}))
    raise BadInput(
        error.what,
        where=error.where,
        hint="Correct it, or fit a model anew, without --from.",
    ) from None
