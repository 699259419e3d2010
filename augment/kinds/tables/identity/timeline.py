"""Time as whole steps on a regular grid: of one date column, or of year, month, day, hour columns.

A stamp's position is (ordinal - low) / step, where the ordinal counts months since the year 0 or
microseconds since 1970; the step is the greatest that fits all stamps (an hour, a week, a quarter).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import numpy as np

from augment.core.types import Json
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.data.values import from_numbers, numbers

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

Unit = Literal["months", "month ends", "us"]
DAYS_AFTER: dict[Unit, int] = {"months": 0, "month ends": 1}  # from a stamp to the first of a month
UNITS = ("year", "month", "day", "hour", "minute", "second")
PART_ROLES = ("numeric", "categorical", "constant")
PARTS = re.compile(rf"(?i)(.*?)[_\s.\-]?({'|'.join(UNITS)})s?")
WITH_DATE = re.compile("%-?[YymdbBj]")  # a format without any of these is a time of day
HOUR_US = DAY_US // 24
WEEK_US = 7 * DAY_US
FIRST_SLOT_US = 4 * DAY_US  # 1970 began on a Thursday: weeks are counted from a Monday
LARGEST = 2**62  # of an ordinal
STAMPS_PER_SLOT = 20  # of the week, on average, from which on each is judged by itself
FEWEST_PER_PLACE, FAIR = 8, 0.25  # stamps for a weekday or an hour, and the part of an even share
REGULAR = 0.9  # of the steps between neighbouring stamps are one and the same


def time_columns(schema: Schema) -> list[tuple[str, ...]]:
    """Each way in which columns of a table may form a stamp: a date, or numbers from the year on.

    >>> columns = [Column(name, "numeric", "integer") for name in ("hour", "day", "year", "month")]
    >>> time_columns(Schema(tuple(columns)))
    [('year', 'month', 'day', 'hour')]
    """
    found: list[tuple[str, ...]] = [(column.name,) for column in schema if _is_date(column)]
    parts: dict[str, dict[str, str]] = {}
    for column in schema:
        match = PARTS.fullmatch(column.name)
        if match and column.storage == "integer" and column.role in PART_ROLES:
            parts.setdefault(match[1].lower(), {}).setdefault(match[2].lower(), column.name)
    for named in parts.values():
        units = [unit for unit in UNITS if unit in named]
        if tuple(units) == UNITS[: len(units)]:
            found.append(tuple(named[unit] for unit in units))
    return found


def _is_date(column: Column) -> bool:
    return column.role == "datetime" and bool(WITH_DATE.search(column.format or "%Y"))


@dataclass(frozen=True)
class Timeline:
    """The grid of a table's stamps: `count` positions from `low` on, `step` apart.

    `slots` are the places within a week that occur, where not all do (no weekends, office hours),
    and stand for at least as many rows as anything that a model remembers. `fixed` are the values
    of columns that a table may lack since they never change (a single year).
    """

    names: tuple[str, ...]
    unit: Unit
    low: int
    step: int
    count: int
    slots: tuple[int, ...] = ()
    fixed: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, table: Table, names: tuple[str, ...], least: int = 1) -> Self | None:
        """The grid of the stamps that stand there; None where there are fewer than two."""
        unit: Unit = "us"
        ordinals = _ordinals(table, names, unit)
        known = ordinals[~np.isnan(ordinals)].astype(np.int64)
        if not len(known):
            return None
        for each in DAYS_AFTER:  # every stamp is the first, or the last, of a month
            months = _ordinals(table, names, each)[~np.isnan(ordinals)]
            if not np.isnan(months).any():
                unit, known = each, months.astype(np.int64)
                break
        distinct = np.unique(known)
        if len(distinct) < 2:
            return None
        low, step = int(distinct[0]), int(np.gcd.reduce(np.diff(distinct)))
        fixed = tuple(
            (name, int(numbers(table, name)[0]))
            for name in names
            if table.schema[name].role == "constant"
        )
        count = (int(distinct[-1]) - low) // step + 1
        grid = cls(names, unit, low, step, count, fixed=fixed)
        return replace(grid, slots=grid._slots(known, least))

    def _slots(self, known: NDArray[np.int64], least: int) -> tuple[int, ...]:
        """The places within the week with at least `least` stamps; () for all, or no such grid.

        Few stamps do not tell places that are never taken from those that chance left out: then
        days of the week and times of the day are looked at apart.
        """
        per_week = self._per_week()
        if not per_week or self.count < 2 * per_week:
            return ()
        slot = self._slot((known - self.low) // self.step, per_week)
        if len(slot) >= STAMPS_PER_SLOT * per_week:
            taken = np.bincount(slot, minlength=per_week) >= least
        elif per_week % 7:
            return ()
        else:
            per_day = per_week // 7
            days, times = _often(slot // per_day, 7, least), _often(slot % per_day, per_day, least)
            taken = np.repeat(days, per_day) & np.tile(times, 7)
        open_slots = np.flatnonzero(taken)
        return () if len(open_slots) == per_week else tuple(int(slot) for slot in open_slots)

    def _per_week(self) -> int:
        """Steps in a week, 0 where hours or weekdays do not lie on the grid."""
        if self.unit != "us" or self.step < HOUR_US or WEEK_US % self.step:
            return 0
        return WEEK_US // self.step

    def _slot(self, positions: NDArray[np.int64], per_week: int) -> NDArray[np.int64]:
        offset = (self.low - FIRST_SLOT_US) // self.step % per_week
        return np.asarray((positions + offset) % per_week)

    def positions(self, table: Table) -> NDArray[np.float64]:
        """(rows,) place on the grid, whole where a stamp lies on it; NaN where there is none."""
        ordinals = _ordinals(table, self.names, self.unit, dict(self.fixed))
        return (ordinals - self.low) / self.step

    @property
    def period(self) -> int:
        """Steps after which a stamp is alike: in a day, or in a week of days; 1 where in none."""
        if self.unit != "us":
            return 12 // self.step if 12 % self.step == 0 else 1
        length = DAY_US if self.step < DAY_US else WEEK_US
        return length // self.step if length % self.step == 0 else 1

    def is_open(self, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the place in the week of each position occurs."""
        if not self.slots:
            return np.ones(len(positions), dtype=bool)
        return np.isin(self._slot(positions, self._per_week()), self.slots)

    def open_positions(self) -> NDArray[np.int64]:
        """The positions of the grid whose place in the week occurs."""
        every = np.arange(self.count)
        return every[self.is_open(every)]

    @property
    def open_count(self) -> int:
        return len(self.open_positions()) if self.slots else self.count

    def widened(self, least_count: int) -> Timeline:
        """The grid with at least so many open positions, if it has to: as many at either end."""
        missing = least_count - self.open_count
        if missing <= 0:
            return self
        share = len(self.slots) / self._per_week() if self.slots else 1.0
        before = -(-int(missing / share + 1) // 2)
        return replace(self, low=self.low - before * self.step, count=self.count + 2 * before)

    def columns_at(
        self, positions: NDArray[np.int64], columns: list[Column]
    ) -> dict[str, pa.Array]:
        """The stamps at these positions as the table's columns hold them, of those that are
        among `columns`."""
        ordinals = positions * self.step + self.low
        if self.unit != "us":
            moments = np.datetime64("0000-01", "M") + ordinals.astype("timedelta64[M]")
            if self.unit == "month ends":
                moments = (moments + 1).astype("datetime64[D]") - 1
        else:
            moments = ordinals.astype("datetime64[us]")
        known = {column.name: column for column in columns}
        if known[self.names[-1]].storage == "datetime":
            values = moments.astype("datetime64[us]").astype(np.int64)
            return {columns[0].name: from_numbers(columns[0], values.astype(np.float64))}
        parts = dict(zip(self.names, _parts(moments), strict=False))
        return {
            name: from_numbers(column, parts[name].astype(np.float64))
            for name, column in known.items()
        }

    def to_json(self) -> Json:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Undo `to_json`. Raises `KeyError`, `TypeError` or `ValueError` on anything else."""
        low, step, count = (int(document[name]) for name in ("low", "step", "count"))
        slots = tuple(int(slot) for slot in document["slots"])
        fixed = tuple((str(name), int(value)) for name, value in document["fixed"])
        names = tuple(document["names"])
        grid = cls(names, document["unit"], low, step, count, slots, fixed)
        if not 0 < len(names) <= len(UNITS) or not {name for name, _ in fixed} < set(names):
            raise ValueError("a timeline has other columns")
        ends = low, low + step * count
        if grid.unit not in get_args(Unit) or step < 1 or not 1 < count < LARGEST:
            raise ValueError("a timeline is out of range")
        if max(map(abs, ends)) >= (LARGEST if grid.unit == "us" else 12 * 10_000):
            raise ValueError("a timeline is out of range")
        if slots and not (grid._per_week() and set(slots) < set(range(grid._per_week()))):
            raise ValueError("places in the week are out of range")
        if slots and count > 10**8:
            raise ValueError("a timeline is too long")
        return grid


def is_regular(positions: NDArray[np.float64]) -> bool:
    """Whether nearly all distinct stamps, in their order, are one and the same step apart."""
    steps = np.diff(np.unique(positions[~np.isnan(positions)]))
    if len(steps) < 2:
        return False
    _, counts = np.unique(steps, return_counts=True)
    return bool(counts.max() >= REGULAR * len(steps))


def _often(places: NDArray[np.int64], count: int, least: int) -> NDArray[np.bool_]:
    """(count,) whether a place has at least `least` of the stamps, or a fair part of an even share;
    all places where they are too many to tell."""
    found, even = np.bincount(places, minlength=count), len(places) / count
    if even < FEWEST_PER_PLACE:
        return np.ones(count, dtype=bool)
    return np.asarray((found >= least) | (found >= FAIR * even))


def _ordinals(
    table: Table,
    names: tuple[str, ...],
    unit: Unit,
    fixed: Mapping[str, int] = MappingProxyType({}),
) -> NDArray[np.float64]:
    """(rows,) whole months since the year 0 or microseconds since 1970; NaN for no such stamp."""
    if names[0] not in fixed and table.schema[names[0]].storage == "datetime":
        stamps = numbers(table, names[0])
        if unit == "us":
            return stamps
        moments = np.nan_to_num(stamps).astype(np.int64).astype("datetime64[us]")
        moments = moments + np.timedelta64(DAYS_AFTER[unit], "D")
        months = moments.astype("datetime64[M]")
        whole = ~np.isnan(stamps) & (months.astype("datetime64[us]") == moments)
        own = months.astype(np.int64) + 1970 * 12 - DAYS_AFTER[unit]
        return np.where(whole, own, np.nan)
    found = [
        np.full(len(table), float(fixed[name])) if name in fixed else numbers(table, name)
        for name in names
    ]
    parts = np.array([np.nan_to_num(part, nan=-1.0) for part in found])
    parts = np.concatenate([parts, _first(len(table), len(names))])
    low, high = np.array([1, 1, 1, 0, 0, 0]), np.array([9998, 12, 31, 23, 59, 59])
    real = ((parts >= low[:, None]) & (parts <= high[:, None])).all(axis=0)
    real &= (parts == np.floor(parts)).all(axis=0)
    year, month, day, hour, minute, second = np.where(real, parts, 1).astype(np.int64)
    months = year * 12 + month - 1
    days = np.datetime64("0000-01", "M") + months.astype("timedelta64[M]")
    moments = days.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    real &= moments.astype("datetime64[M]") == days  # no 30 February
    if unit != "us":
        first = (moments + DAYS_AFTER[unit]).astype("datetime64[M]")
        real &= (first == moments + DAYS_AFTER[unit]) & (hour == 0) & (minute == 0) & (second == 0)
        return np.where(real, months, np.nan)
    clock = ((hour * 60 + minute) * 60 + second).astype("timedelta64[s]")
    stamps = (moments.astype("datetime64[us]") + clock).astype(np.int64)
    return np.where(real, stamps, np.nan)


def _first(rows: int, known: int) -> NDArray[np.float64]:
    """The finer parts that no column tells: 1 January, midnight."""
    return np.repeat(np.array([1.0, 1, 1, 0, 0, 0])[known:, None], rows, axis=1)


def _parts(moments: NDArray[np.datetime64]) -> list[NDArray[np.int64]]:
    """Year, month, day, hour, minute and second of each moment."""
    months = moments.astype("datetime64[M]")
    days = moments.astype("datetime64[D]")
    seconds = (moments.astype("datetime64[s]") - days).astype(np.int64)
    return [
        months.astype("datetime64[Y]").astype(np.int64) + 1970,
        months.astype(np.int64) % 12 + 1,
        (days - months.astype("datetime64[D]")).astype(np.int64) + 1,
        seconds // 3600,
        seconds // 60 % 60,
        seconds % 60,
    ]
