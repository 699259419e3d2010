"""Columns of few values, whether a value is missing, and the parts of dates, as codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.metrics.views import View
from augment.kinds.tables.relations.calendar_parts import MISSING, PARTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_LEVELS = 1_000  # of a category that settles others, or is settled
MOST_VALUES = 64  # of a number that is one of few
LEAST_ROWS = 10  # with and without a value, for its absence to mean something
NEW = -2  # code of a value that training rows have not


@dataclass(frozen=True)
class Discrete:
    """What is read off one `column` of a view: (rows,) codes, of which train has `count`. `of` can
    be sent to other processes."""

    title: str
    column: str
    count: int
    of: Callable[[View], NDArray[np.int64]]


def discrete(train: View) -> Iterator[Discrete]:
    """Columns of few values, and whether a column's value is missing."""
    for place, axis in enumerate(train.axes):
        column = train.columns[place]
        missing = int(np.isnan(column).sum() if axis.numeric else (column < 0).sum())
        if not axis.numeric and 1 < axis.known <= MOST_LEVELS:
            yield Discrete(axis.where, axis.name, axis.known, partial(_codes, place))
        elif axis.numeric and axis.column.role != "datetime":
            values = np.unique(column[~np.isnan(column)])
            if 1 < len(values) <= MOST_VALUES:
                yield Discrete(axis.where, axis.name, len(values), partial(_places, values, place))
        if LEAST_ROWS <= missing <= len(column) - LEAST_ROWS:
            title = f"whether {axis.where} is missing"
            yield Discrete(title, axis.name, 2, partial(_absence, axis.numeric, place))


def keys(train: View, few: list[Discrete]) -> Iterator[Discrete]:
    """What may settle another column: columns of few values, and parts of dates."""
    yield from few
    for place, axis in enumerate(train.axes):
        column = train.columns[place]
        if axis.column.role != "datetime" or not axis.numeric:
            continue
        for title, part in PARTS.items():
            count = len(np.unique(part(column)))
            if 1 < count < len(column) / 5:
                of = partial(_part, title, place)
                yield Discrete(f"the {title} of {axis.where}", axis.name, count, of)


def _codes(place: int, view: View) -> NDArray[np.int64]:
    return np.asarray(view.columns[place], np.int64)


def _places(values: NDArray[np.float64], place: int, view: View) -> NDArray[np.int64]:
    column = view.columns[place]
    at = np.minimum(np.searchsorted(values, column), len(values) - 1)
    found = np.where(values[at] == column, at, NEW)
    return np.where(np.isnan(column), MISSING, found)


def _absence(numeric: bool, place: int, view: View) -> NDArray[np.int64]:
    column = view.columns[place]
    return np.asarray(np.isnan(column) if numeric else column < 0, np.int64)


def _part(name: str, place: int, view: View) -> NDArray[np.int64]:
    return PARTS[name](view.columns[place])
