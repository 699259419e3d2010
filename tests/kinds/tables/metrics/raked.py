"""Fresh rows that are raked onto a table: its sampling noise is copied, and none of its rows."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.metrics.axes import axis_of
from augment.kinds.tables.metrics.views import View

ROUNDS = 15


def raked(train: Table, pool: Table, rows: int, seed: int) -> Table:
    """Rows of the pool, drawn by weights that give each pair of columns train's frequencies
    (iterative proportional fitting, Deming and Stephan 1940)."""
    axes = tuple(axis_of(column, train, train) for column in train.schema if column.modelled)
    bins = [(View.of(table, axes).binned) for table in (train, pool)]
    weights = np.full(len(pool), 1 / len(pool))
    for _ in range(ROUNDS):
        for i, j in combinations(range(len(axes)), 2):
            cells = axes[i].bins * axes[j].bins
            goal, have = (each[i] * axes[j].bins + each[j] for each in bins)
            target = np.bincount(goal, minlength=cells) / len(train)
            found = np.bincount(have, weights, cells)
            weights = weights * (target / np.maximum(found, 1e-12))[have]
            weights /= weights.sum()
    drawn = np.random.default_rng(seed).choice(len(pool), rows, p=weights)
    return pool.take(drawn)
