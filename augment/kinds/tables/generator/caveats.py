"""What a generator that draws rows one by one cannot keep of a table, in sentences."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import listed
from augment.kinds.tables.data.dataset import Table

FREE_WORDS = 5.0  # in a text, on average, from which it is taken for sentences
MOST_COUNTED = 2_000  # texts whose words are counted


def advice(table: Table) -> tuple[str, ...]:
    """Sentences on free text and on rows that belong together: what is lost, and what to do
    instead."""
    found = []
    free = [c.name for c in table.schema if c.role == "text" and not c.pii and _free(table, c.name)]
    if free:
        say = "says" if len(free) == 1 else "say"
        found.append(
            f"no engine here writes free text: what {listed(map(repr, free))} {say} is lost, and "
            "other words stand in. What of it matters can be kept as columns of its own (a topic, "
            f"a length, a yes or no); --column '{free[0]}=drop' leaves it out."
        )
    lost = caveats(table)
    if lost:
        found += [*lost[:-1], f"{lost[-1]} A table of one row for each series keeps more of it."]
    return tuple(found)


def _free(table: Table, name: str) -> bool:
    """Whether the texts of a column are sentences."""
    texts = table.column(name).drop_null().slice(0, MOST_COUNTED).cast(pa.string())
    words = pc.mean(pc.list_value_length(pc.utf8_split_whitespace(texts))).as_py()
    return words is not None and words >= FREE_WORDS


def caveats(table: Table) -> list[str]:
    """One sentence for rows that belong together, one for rows that follow one another."""
    schema = table.schema
    owners = [name for name in schema.key if name not in schema.stamp]
    found = []
    for column in schema:
        if column.owned:
            present = table.column(column.name).drop_null()
        if column.owned and column.role == "text":
            found.append(
                f"rows with the same {column.name} belong together ({len(present):,} rows, "
                f"{pc.count_distinct(present).as_py():,} of them), and protection and scores count "
                "them as one owner's; but each synthetic row has another one."
            )
        elif column.owned:
            owners = owners or [column.name]
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
