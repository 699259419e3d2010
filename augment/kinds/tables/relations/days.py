"""Dates that are the day of a moment beside them, and stand in some rows alone: a day of death that
is the day of discharge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.relations.computed import OneWay
from augment.kinds.tables.relations.quantities import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 30  # that have both
LEAST_DAYS = 10  # that differ


@dataclass(frozen=True)
class DayOf(OneWay):
    """`result` is midnight of the day of `moment`, wherever it has a value."""

    result: str
    moment: str
    gaps: bool = False  # as of a link

    @property
    def sources(self) -> set[str]:
        return {self.moment}

    @property
    def sentence(self) -> str:
        return f"{self.result} = the day of {self.moment}"

    def of(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """(rows,) the result in microseconds since 1970; NaN where the moment is."""
        return np.asarray(np.floor(values[self.moment] / DAY_US) * DAY_US)


def days(numeric: list[Quantity]) -> Iterator[DayOf]:
    """Those that hold on every row, where some rows have a moment and no day. Where all have both,
    the moment is learnt as so long after its day."""
    dates = [quantity for quantity in numeric if quantity.dated]
    for result in dates:
        known = ~np.isnan(result.values)
        own = result.values[known]
        if len(own) < LEAST_ROWS or (own % DAY_US).any() or len(np.unique(own)) < LEAST_DAYS:
            continue
        for moment in dates:
            beside = moment.values[known]
            made = np.floor(beside / DAY_US) * DAY_US
            alone = (~known & ~np.isnan(moment.values)).any()
            if alone and (made == own).all() and (beside != own).any():
                yield DayOf(result.name, moment.name)
                break


def from_json(document: Any) -> DayOf:
    """Undo `asdict`. Raises `TypeError` or `ValueError` on what no search can have found."""
    made = DayOf(**document)
    if made.result == made.moment or not isinstance(made.gaps, bool):
        raise ValueError("a day is of no moment")
    return made
