"""What a generator that draws rows one by one cannot keep of a table, in sentences."""

from __future__ import annotations

import pyarrow.compute as pc

from augment.kinds.tables.data.dataset import Table


def caveats(table: Table) -> list[str]:
    """One sentence for rows that belong together, one for rows that follow one another."""
    schema = table.schema
    owners = [name for name in schema.key if name not in schema.stamp]
    found = []
    for column in schema:
        if column.role == "reference":
            owners = owners or [column.name]
            present = table.column(column.name).drop_null()
            found.append(
                f"rows with the same {column.name} belong together ({len(present):,} rows, "
                f"{pc.count_distinct(present).as_py():,} ids), but each row is drawn apart from "
                "the others. How many rows an id has is kept, and columns that never change "
                "within it; what else its rows have to do with one another is lost."
            )
    if schema.stamp:
        within = f", for each {' + '.join(owners)}" if owners else ""
        found.append(
            f"rows follow one another in time ({' + '.join(schema.stamp)}{within}), but each row "
            "is drawn apart from the others. Trends within a series, and the likeness of "
            "neighbouring rows (autocorrelation), are lost."
        )
    return found
