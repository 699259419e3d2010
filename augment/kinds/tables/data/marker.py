"""The column that tells made rows from real ones, which `--mark` adds."""

from __future__ import annotations

import dataclasses

import pyarrow as pa

from augment.core.errors import UsageError
from augment.core.kind import MARKER as MARKER
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column


def marked(table: Table, made: bool) -> Table:
    """The table with the column `_synthetic` behind the others, spelt as its first boolean column
    is, else `true` and `false`.

    Raises `UsageError` where there is such a column.
    """
    schema = table.schema
    if MARKER in schema.names:
        raise UsageError(
            f"--mark adds the column {MARKER!r}, and the rows have one of that name already."
        )
    spelt = next((column for column in schema if column.storage == "boolean"), None)
    column = Column(MARKER, "boolean", "boolean")
    if spelt is not None:
        column = dataclasses.replace(column, true=spelt.true, false=spelt.false)
    values = pa.array([made], pa.bool_()).take(pa.nulls(len(table), pa.int64()).fill_null(0))
    return Table(
        table.data.append_column(MARKER, values),
        dataclasses.replace(schema, columns=(*schema.columns, column)),
    )


def made_rows(table: Table) -> tuple[Table, tuple[str, ...]]:
    """The made rows of a marked table, without the marker, and a note on the real ones."""
    names = [name for name in table.schema.names if name != MARKER]
    marks = table.column(MARKER)
    bare = table.select(names)
    if not pa.types.is_boolean(marks.type):
        return bare, ()
    made = bare.data.filter(marks.fill_null(True))
    real = len(bare) - made.num_rows
    notes = (f"{real:,} rows that {MARKER!r} marks as real are left out.",) if real else ()
    return Table(made, bare.schema), notes
