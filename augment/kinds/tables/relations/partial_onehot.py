"""Columns of zeros and ones of which some rows lack a few, or break what holds on the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.values import numbers
from augment.kinds.tables.relations.near import Near
from augment.kinds.tables.relations.onehot import Group

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_MEMBERS = 3
LEAST_KNOWN, MOST_LOST = 100, 0.5  # rows, and their share, that have all columns with gaps
LEAST_TIMES = 10.0  # as many broken rows as there are, were the columns independent


def common_rows(table: Table, most: int) -> Table | None:
    """The rows that have all columns of zeros and ones, some of which have gaps; a column that most
    rows lack is left out. None where there is nothing to search."""
    known = np.ones(len(table), dtype=bool)
    names = []
    gaps = [(column.null_count, name) for name, column in _flags_of(table)]
    for _, name in sorted(gaps, key=lambda gap: gap[0]):
        both = known & table.column(name).is_valid().to_numpy(zero_copy_only=False)
        if both.sum() >= max(LEAST_KNOWN, MOST_LOST * len(table)):
            known = both
            names.append(name)
    if known.all() or not LEAST_MEMBERS <= len(names) <= most:
        return None
    ordered = [name for name in table.schema.names if name in names]
    return table.select(ordered).take(np.flatnonzero(known))


def _flags_of(table: Table) -> Iterator[tuple[str, pa.Array]]:
    """The columns that hold nothing but zeros and ones, some of them ones."""
    for column in table.schema:
        if column.storage not in ("string", "datetime"):
            values = numbers(table, column.name)
            ones = values == 1
            if ones.any() and (ones | (values == 0) | np.isnan(values)).all():
                yield column.name, table.column(column.name)


def broken(table: Table, group: Group) -> int:
    """The rows with two ones, or without one although they have all members of a group in which
    every row has one."""
    values = np.stack([numbers(table, name) for name in group.members])  # (members, rows)
    ones = (values == 1).sum(axis=0)
    lacking = (ones == 0) & ~np.isnan(values).any(axis=0)
    return int((ones > 1).sum()) + (int(lacking.sum()) if group.nobody not in group.levels else 0)


def near_groups(
    table: Table, found: tuple[Group, ...], stems: tuple[re.Pattern[str], ...]
) -> Iterator[Near]:
    """Columns of zeros and ones with one stem, of which exactly one is one on nearly every row."""
    complete = [group for group in found if group.nobody not in group.levels]
    hidden = {name for group in complete for name in group.members}
    names = [name for name, _ in _flags_of(table) if name not in hidden]
    reported: set[str] = set()
    for stem in stems:
        sets: dict[str, list[str]] = {}
        for name in names:
            match = stem.match(name)
            if match is not None and name not in reported:
                sets.setdefault(match[1], []).append(name)
        for members in sets.values():
            if len(members) < LEAST_MEMBERS:
                continue
            group = Group(members[0], tuple(members), tuple(range(len(members))))
            values = np.stack([numbers(table, name) for name in members])
            whole = values[:, ~np.isnan(values).any(axis=0)]
            near = Near(group.sentence, max(whole.shape[1], 1), broken(table, group))
            if near.rows < LEAST_KNOWN or not near.close:
                continue
            share = np.clip(whole.mean(axis=1), 1e-9, 1 - 1e-9)
            one = float(
                np.prod(1 - share) * (share / (1 - share)).sum()
            )  # if they were independent
            if near.rows * (1 - one) >= LEAST_TIMES * near.broken:
                reported |= {*members}
                yield near
