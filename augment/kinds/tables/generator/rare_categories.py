"""Categories most of whose rows hold a rare value, of which protection leaves too little.

They become text or ids, for which surrogates stand in, before anything is fitted and aloud.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pyarrow as pa

from augment.kinds.tables.data import identifier_inference
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import codes
from augment.kinds.tables.generator import protection
from augment.kinds.tables.io import roles
from augment.kinds.tables.personal import detection as personal
from augment.kinds.tables.personal import gazetteer

MOST_RARE = 0.5  # of the rows that have a value


def replaced(table: Table, least: float, kept: Collection[str]) -> tuple[Table, tuple[str, ...]]:
    """The table with such columns as text or ids, and a note on each.

    Rare is a value of fewer than `least` rows, or ids where rows belong together. Columns in
    `kept`, and the target, stay as they are.
    """
    others: dict[str, Column] = {}
    holders = protection.holders_of(table, math.ceil(least))
    notes = []
    for column in table.schema:
        if column.role != "categorical" or column.name in (*kept, table.schema.target):
            continue
        found, levels = codes(table, column.name)
        present = found[found >= 0]
        counts = np.bincount(present, minlength=len(levels))
        whole = table.counts.get(column.name, {})
        rare = int(counts[protection.rare_levels(found, levels, least, whole, holders)].sum())
        if not len(present) or rare <= MOST_RARE * len(present):
            continue
        other = _other(
            column, pa.array([str(level) for level in levels], pa.string()), len(present)
        )
        if other is None:
            continue
        others[column.name] = other
        notes.append(
            f"Column {column.name!r}: {rare:,} of {len(present):,} rows hold a value that is too "
            f"rare for a category. {other.note} --column '{column.name}=category' keeps it one."
        )
    columns = tuple(others.get(column.name, column) for column in table.schema)
    table = replace(table, schema=replace(table.schema, columns=columns))
    if any(column.shared for column in others.values()):  # what is rare now is counted by these
        table, more = replaced(table, least, kept)
        notes += more
    return table, tuple(notes)


def _other(column: Column, levels: pa.Array, present: int) -> Column | None:
    """The column, of `present` values, as text or an id; None for a storage that can be neither."""
    bare = replace(column, note="")
    if column.storage == "string":
        kind = personal.kind(column.name, levels) or gazetteer.likely(levels, repeats=False)
        return roles.with_owners(roles.as_text(bare, kind, levels), len(levels), present)
    if column.storage == "integer":
        pattern = identifier_inference.derive(levels) or "{number}"
        return replace(bare, role="id", pattern=pattern, note="Every row gets a new number.")
    return None
