"""Checks on whole columns of a table, before any encoding."""

from __future__ import annotations

import pyarrow.compute as pc

from augment.kinds.tables.data.dataset import Table


def repeated_ids(table: Table) -> dict[str, int]:
    """For each id column, how many of its values stand there for the second time or more."""
    found = {}
    for column in table.schema:
        if column.role == "id":
            present = table.column(column.name).drop_null()
            repeats = len(present) - pc.count_distinct(present).as_py()
            if repeats:
                found[column.name] = int(repeats)
    return found
