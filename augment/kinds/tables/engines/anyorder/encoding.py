"""A table as tokens: its columns' vocabularies, and what is counted of the tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.codecs.calendar import is_week
from augment.kinds.tables.codecs.levels import MOST_TOKENS as LEVELS_AT_MOST
from augment.kinds.tables.codecs.levels import Levels
from augment.kinds.tables.codecs.spans import ROWS_PER_BIN, Spans
from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS, UNKNOWN, Vocabulary
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.values import codes, numbers
from augment.kinds.tables.engines.anyorder.layout import TokenLayout

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_WEEKS = 1_024  # that have a token each, where they have the rows for it
MOST_GAPS = 4_000
SIGNATURE_COLUMNS = 32


def fitted_vocabularies(data: Table, bins: int, protect: bool) -> list[Vocabulary]:
    """One for each column: `bins` tokens at most of a number, levels of all else.

    Weeks are told apart beyond that, as far as rows go round: two in one bin would make one day of
    two of their days, and what sets one day off from the next be lost.
    """
    weeks = max(bins, min(len(data) // ROWS_PER_BIN, MOST_WEEKS))
    found: list[Vocabulary] = []
    for column in data.schema:
        if column.role in ("numeric", "datetime"):
            most = weeks if is_week(column) else bins
            found.append(Spans.fit(numbers(data, column.name), most, protect))
        else:
            level_of, levels = codes(data, column.name)
            crowded = len(levels) > LEVELS_AT_MOST
            signature = _signature(data, column.name) if crowded else None
            found.append(Levels.fit(level_of, levels, protect, signature))
    return found


def encode(data: Table, vocabularies: list[Vocabulary]) -> NDArray[np.int32]:
    """(rows, columns) tokens."""
    return np.stack(
        [
            vocabulary.encode(data, c.name)
            for vocabulary, c in zip(vocabularies, data.schema, strict=True)
        ],
        axis=1,
    )


def null_patterns(rows: NDArray[np.int32], vocabularies: list[Vocabulary]) -> NDArray[np.bool_]:
    """(patterns, columns) where a null stands, in at most `MOST_GAPS` rows that have some."""
    nulls = np.array([UNKNOWN - 1 if each.null() is None else each.null() for each in vocabularies])
    gaps = rows == nulls
    some = np.flatnonzero(gaps.any(axis=1))
    return np.asarray(gaps[some[:: max(1, len(some) // MOST_GAPS)]])


def rare_cells(rows: NDArray[np.int32], layout: TokenLayout) -> NDArray[np.bool_]:
    """(rows of the embedding matrix,) True for cells that few rows share."""
    rare = np.zeros(layout.cells[-1] + 1, dtype=np.bool_)
    for i, members in enumerate(layout.joint):
        columns = [rows[:, j].astype(np.int64) for j in members]
        cell = layout.cell_number(i, columns)[(rows[:, list(members)] >= 0).all(axis=1)]
        size = layout.cells[i + 1] - layout.cells[i]
        counts = np.bincount(cell, minlength=size)
        rare[layout.cells[i] : layout.cells[i + 1]] = counts < LEAST_ROWS
    return rare


def token_counts(tokens: NDArray[np.int32], size: int) -> NDArray[np.float64]:
    return np.bincount(tokens[tokens >= 0], minlength=size).astype(np.float64)


def _signature(data: Table, name: str) -> NDArray[np.float64]:
    """(rows, k) what the other columns say of a row: ranks of numbers, levels of small columns."""
    parts: list[NDArray[np.float64]] = []
    for column in data.schema:
        if column.name == name or len(parts) >= SIGNATURE_COLUMNS:
            continue
        if column.role in ("numeric", "datetime"):
            values = np.nan_to_num(numbers(data, column.name))
            order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
            parts.append(order / max(1, len(order)))
        else:
            found, levels = codes(data, column.name)
            if len(levels) <= 12:
                parts += [(found == k).astype(np.float64) for k in range(len(levels))]
    return np.stack(parts, axis=1) if parts else np.empty((len(data), 0))
