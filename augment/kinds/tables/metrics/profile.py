"""What is kept of a table's columns, to tell later how far new rows have moved."""

from __future__ import annotations

import numpy as np

from augment.evaluation import drift
from augment.evaluation.drift import Profile
from augment.kinds.tables.data import measurements
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import codes, numbers
from augment.kinds.tables.metrics.axes import is_numeric


def profiles(table: Table) -> tuple[Profile, ...]:
    """One of each column; of texts and ids only how many are missing."""
    parts = measurements.parted(table)
    return tuple(_profile(parts, column) for column in parts.schema)


def _profile(table: Table, column: Column) -> Profile:
    if not column.modelled:
        missing = table.column(column.name).null_count
        return drift.of_missing(column.name, len(table), missing)
    if is_numeric(column):
        return drift.of_numbers(column.name, numbers(table, column.name))
    found, levels = codes(table, column.name)
    counts = np.bincount(found[found >= 0], minlength=len(levels))
    named = {str(level): int(count) for level, count in zip(levels, counts, strict=True)}
    return drift.of_categories(column.name, named, int((found < 0).sum()))
