"""Numbers that are the time between two dates, or to one day: an age, a length of stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.relations.computed import (
    LEAST_ROWS,
    LEAST_SHARE,
    OneWay,
    needs_all,
)
from augment.kinds.tables.relations.quantities import Quantity, probes
from augment.kinds.tables.relations.rounding import require_rounding, rounded, rounding_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Us = NDArray[np.float64]  # microseconds since 1970

LEAST_VALUES = 3  # of a result
MOST_DATES = 12  # columns of dates, of which pairs are tried
DAYS_AROUND = 40  # of an estimate, in which a day is looked for that all ages are counted to


def _days(us: Us) -> NDArray[np.int64]:
    return np.floor(us / DAY_US).astype(np.int64)


def _months(us: Us) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Months since 1970, and what is left of them in microseconds."""
    days = _days(us).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    left = (days - months.astype("datetime64[D]")).astype(np.int64)
    return months.astype(np.int64), left


def _whole_months(start: Us, end: Us) -> Us:
    (first, day), (last, other) = _months(start), _months(end)
    return (last - first - (other < day)).astype(np.float64)


def _whole_years(start: Us, end: Us) -> Us:
    return np.floor(_whole_months(start, end) / 12)


def _calendar_years(start: Us, end: Us) -> Us:
    return (_months(end)[0] // 12 - _months(start)[0] // 12).astype(np.float64)


def _in(unit_us: float) -> Callable[[Us, Us], Us]:
    return lambda start, end: (end - start) / unit_us


FORMS: dict[str, Callable[[Us, Us], Us]] = {
    "days": _in(DAY_US),
    "calendar days": lambda start, end: (_days(end) - _days(start)).astype(np.float64),
    "hours": _in(3_600_000_000),
    "minutes": _in(60_000_000),
    "seconds": _in(1_000_000),
    "weeks": _in(7 * DAY_US),
    "whole months": _whole_months,
    "whole years": _whole_years,
    "calendar years": _calendar_years,
    "years of 365.25 days": lambda start, end: np.floor((end - start) / DAY_US) / 365.25,
    "years of 365 days": lambda start, end: np.floor((end - start) / DAY_US) / 365,
}
TO_ONE_DAY = ("whole years", "years of 365.25 days", "years of 365 days")


@dataclass(frozen=True)
class Elapsed(OneWay):
    """`result` is the time from `start` to `end`, in a form; `end` is "" where all rows count to
    the same `day` (since 1970). It is `rounding` to so many `decimals`."""

    result: str
    start: str
    end: str
    day: int
    form: str
    rounding: str
    decimals: int | None
    gaps: bool = False  # as of a link

    @property
    def sources(self) -> set[str]:
        return {self.start, self.end} - {""}

    @property
    def sentence(self) -> str:
        end = self.end or str(np.datetime64(self.day, "D"))
        return f"{self.result} = {self.form} from {self.start} to {end}"

    def of(self, values: Mapping[str, Us]) -> Us:
        """(rows,) the result from its dates; NaN where one is missing."""
        made = self.exact(values)
        return np.asarray(rounded(made, self.rounding, self.decimals))

    def exact(self, values: Mapping[str, Us]) -> Us:
        start = values[self.start]
        end = values[self.end] if self.end else np.full(len(start), float(self.day * DAY_US))
        known = ~np.isnan(start + end)
        made = FORMS[self.form](np.where(known, start, 0.0), np.where(known, end, 0.0))
        return np.where(known, made, np.nan)


def elapsed(numeric: list[Quantity]) -> Iterator[Elapsed]:
    """Those that hold on every row that has their columns; at most one of each result."""
    dates = [quantity for quantity in numeric if quantity.dated]
    if not 0 < len(dates) <= MOST_DATES:
        return
    for result in numeric:
        if result.dated or len(np.unique(result.values[~np.isnan(result.values)])) < LEAST_VALUES:
            continue
        found = next(_between(result, dates), None) or next(_to_one_day(result, dates), None)
        if found is not None:
            yield found


def _between(result: Quantity, dates: list[Quantity]) -> Iterator[Elapsed]:
    rows = probes(result.values)
    some = replace(result, values=result.values[rows])
    for form in FORMS:
        for start in dates:
            for end in dates:
                if start is end:
                    continue
                link = Elapsed(result.name, start.name, end.name, 0, form, "near", result.decimals)
                few = {start.name: start.values[rows], end.name: end.values[rows]}
                if _held(link, some, few, 1) is None:
                    continue
                every = {start.name: start.values, end.name: end.values}
                proven = _held(link, result, every, LEAST_ROWS)
                if proven is not None and needs_all(proven.of, proven.sources, result, every):
                    yield proven


def _to_one_day(result: Quantity, dates: list[Quantity]) -> Iterator[Elapsed]:
    """Ages in years of a birth date, on a day that the table does not name."""
    for start in dates:
        known = ~np.isnan(start.values + result.values)
        if known.sum() < LEAST_ROWS:
            continue
        near = start.values[known] + result.values[known] * 365.25 * DAY_US
        if np.ptp(near) > 800 * DAY_US:
            continue
        every = {start.name: start.values}
        latest = int(_days(near.max(keepdims=True))[0])
        for form in TO_ONE_DAY:
            able = []
            for day in range(latest - DAYS_AROUND, latest + DAYS_AROUND):
                link = Elapsed(result.name, start.name, "", day, form, "near", result.decimals)
                proven = _held(link, result, every, LEAST_ROWS)
                able += [] if proven is None else [proven]
            middle = able[len(able) // 2] if able else None
            if middle is not None and needs_all(middle.of, middle.sources, result, every):
                yield middle


def _held(link: Elapsed, result: Quantity, values: Mapping[str, Us], least: int) -> Elapsed | None:
    """The link, rounded as the result is, where that holds on all rows that have its columns."""
    exact = link.exact(values)
    known = ~np.isnan(exact + result.values)
    if known.sum() < max(least, LEAST_SHARE * (~np.isnan(result.values)).sum()):
        return None
    how, holds = rounding_of(exact, result, known)
    if not holds.all():
        return None
    return replace(link, rounding=how)


def from_json(document: Any) -> Elapsed:
    """Undo `asdict`. Raises `TypeError` or `ValueError` on what no search can have found."""
    made = Elapsed(**document)
    if not made.start or made.result in made.sources or made.start == made.end:
        raise ValueError("a time has no dates")
    if made.form not in FORMS or abs(int(made.day)) > 10**6 or not isinstance(made.gaps, bool):
        raise ValueError("a time has no form")
    require_rounding(made.rounding, made.decimals)
    return made
