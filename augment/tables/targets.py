"""Which column a model would be trained to predict, and what kind of task that is."""

from __future__ import annotations

from typing import Literal

from augment.base.errors import UsageError
from augment.tables.schema import Schema

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


def chosen(schema: Schema, asked: str | None) -> tuple[str | None, str]:
    """The target and how it was chosen: asked for, the schema's, or a guess that is stated.

    The guess is the last modelled column with a usual name (target, label, class, ...), else the
    last categorical or boolean column. Raises `UsageError` for a column that is not there or
    cannot be predicted.
    """
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
    grouped = [column.name for column in modelled if column.role in ("categorical", "boolean")]
    if grouped:
        return grouped[-1], (
            f"The target {grouped[-1]!r} is a guess (the last categorical column); "
            "--target chooses."
        )
    return None, "No target was given and no column looks like one; --target chooses."
