"""How coarsely a number is rounded, as a column of its own where that goes with other columns.

An average over three pages ends in thirds, one over a single page in a whole number; a clerk
rounds where an instrument does not. Where other columns foretell the rounding of a number beyond
what its size does, its grain is modelled beside it, and the number is decoded at the drawn grain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from augment.core.budget import Budget
from augment.kinds.tables.codecs.endings import POWERS, grain_of
from augment.kinds.tables.codecs.spans import Spans
from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS, Vocabulary
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import numbers, table_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRAIN = "\x1fgrain"
OWN_TOKEN = POWERS + 1  # the grain of nulls and of values with a token of their own
LEAST_BINNED = 100  # rows in bins, below which nothing is said about their grain
LEAST_GAIN = 0.02  # nats of a grain that another column must tell
LEAST_SIGMAS = 10.0  # by which the gain must exceed what chance gives
GROUPS = 12  # of another column's tokens
SIZES = 4  # groups of a number's own values, within which the gain is taken
MOST_COMPARED = 60  # other columns
MOST_ROWS = 40_000


def with_grains(
    data: Table,
    vocabularies: list[Vocabulary],
    tokens: NDArray[np.int32],
    budget: Budget,
) -> Table:
    """The table with a grain column behind each number whose rounding goes with other columns.

    `tokens` (rows, columns) are the table's, in `vocabularies`; -1 is unknown. Columns that the
    budget has no time for get none.
    """
    columns: list[Column] = []
    arrays: list[pa.Array] = []
    for j, column in enumerate(data.schema):
        columns.append(column)
        arrays.append(data.column(column.name))
        spans = vocabularies[j]
        if column.role != "numeric" or not isinstance(spans, Spans) or budget.left() <= 0:
            continue
        grain = _grains(spans, numbers(data, column.name))
        if _told_by_others(grain, j, tokens):
            columns.append(Column(column.name + GRAIN, "categorical", "integer"))
            arrays.append(pa.array(grain, pa.int64()))
    return table_of(columns, arrays, data.schema.target)


def _grains(spans: Spans, values: NDArray[np.float64]) -> NDArray[np.int64]:
    """(rows,) the place in `exponents` of each binned value, `OWN_TOKEN` for the others."""
    own = np.isnan(values) | np.isin(values, spans.atoms)
    grain = np.full(len(values), OWN_TOKEN)
    grain[~own] = grain_of(values[~own], spans.precision)
    counts = np.bincount(grain, minlength=OWN_TOKEN + 1)
    grain[(counts < LEAST_ROWS)[grain]] = POWERS
    return grain


def _told_by_others(grain: NDArray[np.int64], j: int, tokens: NDArray[np.int32]) -> bool:
    """Whether some other column tells the grain, given a number's rough size."""
    rows = np.flatnonzero(grain != OWN_TOKEN)
    rows = rows[:: max(1, len(rows) // MOST_ROWS)]
    if len(rows) < LEAST_BINNED or len(np.unique(grain[rows])) < 2:
        return False
    size = _grouped(tokens[rows, j], SIZES)
    others = [q for q in range(tokens.shape[1]) if q != j][:MOST_COMPARED]
    return any(_tells(_grouped(tokens[rows, q], GROUPS), grain[rows], size) for q in others)


def _tells(other: NDArray[np.int64], grain: NDArray[np.int64], size: NDArray[np.int64]) -> bool:
    """Conditional mutual information, less its mean under independence (the G-test)."""
    g, freedom = 0.0, 0
    for group in range(int(size.max()) + 1):
        here = size == group
        table = np.zeros((int(grain.max()) + 1, int(other.max()) + 1))
        np.add.at(table, (grain[here], other[here]), 1.0)
        table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
        if not table.size:
            continue
        expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
        seen = table > 0
        g += 2 * float((table[seen] * np.log(table[seen] / expected[seen])).sum())
        freedom += (table.shape[0] - 1) * (table.shape[1] - 1)
    gain = (g - freedom) / (2 * len(grain))
    return freedom > 0 and gain >= LEAST_GAIN and g - freedom >= LEAST_SIGMAS * (2 * freedom) ** 0.5


def _grouped(tokens: NDArray[np.int32], groups: int) -> NDArray[np.int64]:
    """(rows,) tokens as at most so many groups of equal mass, equal tokens together."""
    _, place, counts = np.unique(tokens, return_inverse=True, return_counts=True)
    if len(counts) <= groups:
        return np.asarray(place, dtype=np.int64)
    group = (np.cumsum(counts) - counts) * groups // len(tokens)
    return np.asarray(group[place], dtype=np.int64)
