"""The columns that together name a row, and those that time runs along: found from the rows.

A key is kept in mind only where chance does not explain that it never repeats: columns drawn
apart would have made at least `LEAST_REPEATS` pairs of equal rows.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.data.values import ranks
from augment.kinds.tables.identity.timeline import Timeline, is_regular, time_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 20
LEAST_REPEATS = 10  # pairs expected by chance: none at all then has a probability below e^-10
LARGEST_DOMAIN = 2**36  # keys that a model can place
MOST_TRIED = 12  # the first categories of a table are tried as parts of its key, and integers
MOST_STAMPS = 6  # the first dates
NEARLY_ALL = 0.99  # of the stamps are distinct: a series with a few repeats
VARIES = 0.1  # of the rows after the first of an id have another stamp: time runs within ids
ROWS_TRIED = 2_000  # rows that are looked at first
BIRTH = re.compile(
    r"birth|born|(?<![a-z])dob(?![a-z])|geb(urt|oren)|naissance|nacimiento|nascita", re.I
)
MORE_ROWS = 8  # times as many are looked at next

Names = tuple[str, ...]


def found(table: Table) -> tuple[Names, Names]:
    """The key of a table and the columns of its stamps; () where there is none of either.

    Stamps are told where they are in the key, where an id that repeats has them, or where they
    stand alone and follow one another in regular steps. A date of birth comes last: it says who,
    not when.
    """
    if len(table) < LEAST_ROWS:
        return (), ()
    dates = time_columns(table.schema)
    stamps = sorted(dates, key=lambda names: bool(BIRTH.search(names[0])))[:MOST_STAMPS]
    tried = _Tried(table, stamps)
    key = next((names for names in _candidates(table.schema, stamps) if tried.is_key(names)), ())
    for names in stamps:
        if set(names) <= set(key):
            return key, names
    for names in stamps:
        if _references(table.schema) and tried.varies(names):
            return key, names
        if tried.is_series(names):
            return key, names
    return key, ()


def repeats(table: Table, key: Names) -> bool:
    """Whether two rows have the same key, or one has a gap in it."""
    joint = joint_codes([ranks(table, name) for name in key])
    return bool((joint < 0).any()) or distinct(joint) < len(joint)


def distinct(values: NDArray[np.int64]) -> int:
    """How many distinct numbers there are; sorting finds it in a tenth of the time of a hash."""
    ordered = np.sort(values)
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + min(1, len(ordered))


def joint_codes(columns: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """(rows,) one code per distinct combination; -1 where any column is null (negative)."""
    joint, null = columns[0], columns[0] < 0
    for column in columns[1:]:
        null = null | (column < 0)
        joint = np.unique(joint, return_inverse=True)[1] * (int(column.max(initial=0)) + 1)
        joint = joint + np.maximum(column, 0)
    return np.where(null, -1, joint)


def _references(schema: Schema) -> list[str]:
    return [column.name for column in schema if column.role == "reference"]


def _candidates(schema: Schema, stamps: list[Names]) -> Iterator[Names]:
    """Possible keys, the simplest first. Each holds a stamp or an id that repeats."""
    references = [(name,) for name in _references(schema)]
    groups = [column.name for column in schema if column.role in ("categorical", "boolean")]
    categories = [(name,) for name in groups[:MOST_TRIED]]
    integers = [c.name for c in schema if c.role == "numeric" and c.storage == "integer"]
    counts = [(name,) for name in integers[:MOST_TRIED]]
    pairs = [first + second for first, second in itertools.combinations(categories, 2)]
    firsts = [*references, *categories, *pairs]
    parts = [
        *stamps,
        *(first + stamp for stamp in stamps for first in firsts),
        *(first + more for first in references for more in (*categories, *counts, *pairs)),
        *(first + second for first, second in itertools.combinations(references, 2)),
        *(a + b + stamp for stamp in stamps for a in references for b in categories),
    ]
    yield from (names for names in parts if len(set(names)) == len(names))


class _Tried:
    """The codes of the columns that were looked at, each made once for as many rows."""

    def __init__(self, table: Table, stamps: list[Names]) -> None:
        self._table, self._stamps = table, stamps
        self._codes: dict[tuple[str, int], NDArray[np.int64]] = {}

    def _of(self, name: str, rows: int | None = None) -> NDArray[np.int64]:
        """(rows,) The codes of the first rows, of all for None."""
        rows = len(self._table) if rows is None else min(rows, len(self._table))
        if (name, rows) not in self._codes:
            self._codes[name, rows] = ranks(self._table.slice(0, rows), name)
        return self._codes[name, rows]

    def _joint(self, names: Names) -> Iterator[NDArray[np.int64]]:
        """The joint codes of more and more rows, at last of all: repeats mostly show early."""
        rows = tried = 0
        while tried < len(self._table):
            rows = max(ROWS_TRIED, MORE_ROWS * rows)
            joint = joint_codes([self._of(name, rows) for name in names])
            tried = len(joint)
            yield joint

    def is_key(self, names: Names) -> bool:
        if any(self._table.column(name).null_count for name in names):
            return False
        if any(distinct(joint) < len(joint) for joint in self._joint(names)):
            return False
        rows = len(self._table)
        pairs = rows * (rows - 1) / 2
        domain = 1.0
        chance = 1.0
        for part in self._parts(names):
            size, repeats_alone = self._chance(part)
            domain, chance = domain * size, chance * repeats_alone
        return pairs * chance >= LEAST_REPEATS and domain < LARGEST_DOMAIN

    def _parts(self, names: Names) -> list[Names]:
        """The names with those of one stamp taken together."""
        stamp = next((each for each in self._stamps if set(each) <= set(names)), ())
        return [(name,) for name in names if name not in stamp] + ([stamp] if stamp else [])

    def _chance(self, names: Names) -> tuple[float, float]:
        """How many values a part of a key may take, and how often two rows agree in it.

        The second is the unbiased estimate, Σ c (c - 1) / (n (n - 1)); where no value stands
        twice, that of stamps is 1 over the places on their grid.
        """
        joint = joint_codes([self._of(name) for name in names])
        counts = np.unique(joint, return_counts=True)[1].astype(np.float64)
        rows = counts.sum()
        alone = float((counts * (counts - 1)).sum() / (rows * (rows - 1)))
        if names not in self._stamps:
            return float(len(counts)), alone
        grid = Timeline.of(self._table, names)
        if grid is None:
            return float(len(counts)), alone
        return float(grid.open_count), alone or 1 / grid.open_count

    def varies(self, names: Names) -> bool:
        """Whether, of the rows after the first of an id, enough have a stamp of their own."""
        stamps = [self._of(name) for name in names]
        for reference in _references(self._table.schema):
            ids = self._of(reference)
            first = distinct(ids)
            more = distinct(joint_codes([ids, *stamps])) - first
            if more > VARIES * (len(ids) - first):
                return True
        return False

    def is_series(self, names: Names) -> bool:
        """Whether nearly every row has a stamp of its own, in regular steps."""
        rows = len(self._table)
        for joint in self._joint(names):
            if rows - len(joint) + distinct(joint) < NEARLY_ALL * rows:
                return False
        grid = Timeline.of(self._table, names)
        return grid is not None and is_regular(grid.positions(self._table))
