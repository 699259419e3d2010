"""Which column a model would be trained to predict, and what kind of task that is."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import UsageError
from augment.kinds.tables.data.dataset import Table

Task = Literal["classes", "regression"]

USUAL_NAMES = (
    "target",
    "label",
    "class",
    "y",
    "outcome",
    "income",
    "churn",
    "default",
    "status",
    "response",
    "survived",
    "diagnosis",
    "fraud",
    "is_fraud",
    "revenue",
    "price",
)

LOOKED_AT = 20_000  # rows, in which it is asked whether one column settles another


def chosen(table: Table, asked: str | None) -> tuple[str | None, str]:
    """The target and how it was chosen: asked for, the schema's, or a guess that is stated.

    The guess is the last modelled column with a usual name (target, label, class, ...), else the
    last column of categories, booleans or just two numbers that no other column settles (of a
    day's weekday everything foretells the same). Raises `UsageError` for a column that is not there
    or cannot be predicted.
    """
    schema = table.schema
    wanted = asked if asked is not None else schema.target
    if wanted is not None:
        column = schema[wanted]
        if column.modelled:
            return wanted, ""
        if asked is not None:
            raise UsageError(
                f"The target {asked!r} has the role {column.role!r} and cannot be predicted. "
                f"Choose another --target, or pass --column {asked}=category."
            )
    modelled = [column for column in schema if column.modelled]
    named = [column.name for column in modelled if column.name.lower() in USUAL_NAMES]
    if named:
        return named[-1], f"The target {named[-1]!r} is a guess by its name; --target chooses."
    names = [
        column.name
        for column in reversed(modelled)
        if column.role in ("categorical", "boolean") or _two_numbers(table, column.name)
    ]
    for name in names:
        if not _settled(table, name, [column.name for column in modelled]):
            why = f"The target {name!r} is a guess (the last column of categories"
            why += " that no other one settles); " if name != names[0] else "); "
            return name, why + "--target chooses."
    if names:
        why = f"The target {names[0]!r} is a guess, and other columns settle it, so that any "
        return names[0], why + "model foretells it; --target chooses."
    return None, "No target was given and no column looks like one; --target chooses."


def _two_numbers(table: Table, name: str) -> bool:
    return int(pc.count_distinct(table.column(name), mode="only_valid").as_py()) == 2


def _settled(table: Table, name: str, others: list[str]) -> bool:
    """Whether rows with the same value of another column have the same one here, in each of the
    first rows, most of which share theirs."""
    rows = table.slice(0, LOOKED_AT)
    for other in others:
        if other == name:
            continue
        pair = pa.table([rows.column(other), rows.column(name)], names=["key", "value"])
        values = pair.group_by("key").aggregate([("value", "count_distinct")])
        repeats = 1 < values.num_rows <= len(rows) / 2
        if repeats and pc.max(values["value_count_distinct"]).as_py() == 1:
            return True
    return False
