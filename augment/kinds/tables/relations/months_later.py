"""Dates that are so many calendar months or years after another: the end of a policy, the maturity
of a loan of so many months."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.relations.computed import OneWay, has_enough, needs_all
from augment.kinds.tables.relations.quantities import Quantity, probes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Us = NDArray[np.float64]  # microseconds since 1970

MOST_DATES = 12  # columns of dates, of which pairs are tried
LEAST_VALUES = 16  # of a result
LASTS = (0, 1)  # days before that day: a term may end with the day before
UNITS = (1, 12)  # months of a step
MOST_MONTHS = 12_000


@dataclass(frozen=True)
class MonthsLater(OneWay):
    """`result` is `start` and so many `months`, times `step` if it is not "", less so many days; on
    the last of a month that is too short."""

    result: str
    start: str
    step: str
    months: int
    days_less: int
    gaps: bool = False  # as of a link

    @property
    def sources(self) -> set[str]:
        return {self.start, self.step} - {""}

    @property
    def sentence(self) -> str:
        unit = {1: "months", 12: "years"}.get(self.months, "")
        many = f"{self.step} {unit}" if self.step else f"{abs(self.months)} months"
        sign = "-" if self.months < 0 else "+"
        return f"{self.result} = {self.start} {sign} {many}" + (
            " - 1 day" if self.days_less else ""
        )

    def of(self, values: Mapping[str, Us]) -> Us:
        """(rows,) the result in microseconds since 1970; NaN where a source is missing."""
        start = values[self.start]
        step = values[self.step] if self.step else np.ones(len(start))
        known = ~np.isnan(start + step)
        own = np.where(known, start, 0.0)
        days = np.floor(own / DAY_US).astype(np.int64).astype("datetime64[D]")
        first = days.astype("datetime64[M]")
        more = np.where(known, np.clip(np.round(step * self.months), -MOST_MONTHS, MOST_MONTHS), 0)
        later = first + more.astype(np.int64)
        length = ((later + 1).astype("datetime64[D]") - later.astype("datetime64[D]")).astype(int)
        day = np.minimum((days - first.astype("datetime64[D]")).astype(int), length - 1)
        made = (later.astype("datetime64[D]").astype(int) + day - self.days_less) * float(DAY_US)
        return np.where(known, made + own % DAY_US, np.nan)


def months_later(numeric: list[Quantity]) -> list[MonthsLater]:
    """Those that hold on every row that has their columns; at most one of each result, those that
    are really later first."""
    dates = [quantity for quantity in numeric if quantity.dated]
    steps = [q for q in numeric if not q.dated and q.decimals == 0]
    found: list[MonthsLater] = []
    if not 1 < len(dates) <= MOST_DATES:
        return found
    for result in dates:
        if result.distinct < LEAST_VALUES:
            continue
        others = [other for other in dates if other is not result]
        each = next(_of(result, others, steps), None)
        found += [] if each is None else [each]
    return sorted(found, key=lambda each: each.months < 0)


def _of(result: Quantity, starts: list[Quantity], steps: list[Quantity]) -> Iterator[MonthsLater]:
    rows = probes(result.values)
    for start in starts:
        for less in LASTS:
            apart = _month(result.values[rows] + less * DAY_US) - _month(start.values[rows])
            known = ~np.isnan(apart)
            if not known.any() or not apart[known].any():
                continue
            if (apart[known] == apart[known][0]).all():
                link = MonthsLater(result.name, start.name, "", int(apart[known][0]), less)
                if _proven(link, result, {start.name: start.values}):
                    yield link
                continue
            for step in steps:
                for unit in UNITS:
                    off = apart - unit * step.values[rows]
                    if (np.abs(np.where(np.isnan(off), 0.0, off)) > 0).any():
                        continue
                    link = MonthsLater(result.name, start.name, step.name, unit, less)
                    values = {start.name: start.values, step.name: step.values}
                    if _proven(link, result, values):
                        yield link


def _month(us: Us) -> Us:
    """Months since 1970."""
    known = ~np.isnan(us)
    days = np.floor(np.where(known, us, 0.0) / DAY_US).astype(np.int64).astype("datetime64[D]")
    return np.where(known, days.astype("datetime64[M]").astype(np.float64), np.nan)


def _proven(link: MonthsLater, result: Quantity, values: Mapping[str, Us]) -> bool:
    made = link.of(values)
    known = ~np.isnan(made + result.values)
    if not has_enough(result, known):
        return False
    if (made[known] != result.values[known]).any():
        return False
    return needs_all(link.of, link.sources, result, values)


def from_json(document: Any) -> MonthsLater:
    """Undo `asdict`. Raises `TypeError` or `ValueError` on what no search can have found."""
    made = MonthsLater(**document)
    if not made.start or made.result in made.sources or made.start == made.step:
        raise ValueError("a date is of itself")
    if not 0 < abs(int(made.months)) <= MOST_MONTHS or made.days_less not in LASTS:
        raise ValueError("months are out of range")
    if not isinstance(made.gaps, bool) or (made.step and made.months not in UNITS):
        raise ValueError("months have no step")
    return made
