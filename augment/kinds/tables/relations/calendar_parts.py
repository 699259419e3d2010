"""Parts of dates as codes: the hour, the weekday, the month, the week.

A date's part is a whole number, the same for all dates that share it; `MISSING` where a date is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.kinds.tables.data.spelling.dates import DAY_US

if TYPE_CHECKING:
    from numpy.typing import NDArray

MISSING = -(10**9)


def _dated(
    part: Callable[[NDArray[np.int64]], NDArray[np.int64]],
) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
    """A part of the days since 1970, from microseconds."""

    def of(column: NDArray[Any]) -> NDArray[np.int64]:
        known = ~np.isnan(column)
        days = np.floor(np.where(known, column, 0.0) / DAY_US).astype(np.int64)
        return np.where(known, part(days), MISSING)

    return of


def _months(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Months since the year 0."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 12 * 1970


def _day(days: NDArray[np.int64]) -> NDArray[np.int64]:
    dates = days.astype("datetime64[D]")
    return np.asarray((dates - dates.astype("datetime64[M]")).astype(np.int64) + 1)


def _iso_week(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """1 to 53: weeks of which most days are in the year of their Thursday."""
    thursday = days - (days + 3) % 7 + 3
    years = thursday.astype("datetime64[D]").astype("datetime64[Y]")
    return np.asarray((thursday - years.astype("datetime64[D]").astype(np.int64)) // 7 + 1)


def _hour(column: NDArray[Any]) -> NDArray[np.int64]:
    known = ~np.isnan(column)
    hours = np.floor(np.where(known, column, 0.0) / (DAY_US / 24)).astype(np.int64)
    return np.where(known, hours % 24, MISSING)


PARTS = {
    "hour": _hour,
    "weekday": _dated(lambda days: (days + 3) % 7),
    "month": _dated(lambda days: _months(days) % 12),
    "year": _dated(lambda days: _months(days) // 12),
    "day of the month": _dated(_day),
    "year and month": _dated(_months),
    "week of the year": _dated(_iso_week),
    "day of the year": _dated(lambda days: 31 * (_months(days) % 12) + _day(days)),
    "week": _dated(lambda days: (days + 3) // 7),
    "day": _dated(lambda days: days),
}
