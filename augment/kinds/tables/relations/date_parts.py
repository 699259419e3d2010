"""Columns that together form a date: year, month, day, and the hour, minute and second of it.

They give way to one column of dates, which any engine can draw, and are read off it again: no row
has a 30 February, whatever is missing from it and whatever is asked for.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from augment.core.types import Json
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling import dates
from augment.kinds.tables.data.values import codes, from_numbers, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAP_YEAR = 2000  # stands in where no column tells the year
FIRST_US = -62_135_596_800_000_000  # the year 1 in microseconds since 1970
FORMATS = {"d": "%Y-%m-%d", "H": "%Y-%m-%d %H", "M": "%Y-%m-%d %H:%M", "S": "%Y-%m-%d %H:%M:%S"}
MILD = {"Y": LEAP_YEAR, "m": 1, "d": 1}  # what goes with any other part
LETTERS = "YymdHMS"  # of a format; y is a year of two digits
NUMBER = "number"
SPELLINGS: dict[str, tuple[str, ...]] = {
    "plain": tuple(map(str, range(10_000))),
    "padded": tuple(f"{number:02d}" for number in range(100)),
    **{
        names[0]: ("", *names)
        for shape in (str, str.upper, str.lower)
        for names in (tuple(map(shape, dates.ABBREVIATED)), tuple(map(shape, dates.MONTHS)))
    },
}

Values = dict[str, "NDArray[np.float64]"]  # by letter, (rows,) each, NaN where missing


@dataclass(frozen=True)
class DatePart:
    """One column: what it tells, and in which of the `SPELLINGS`, or as a number."""

    letter: str
    column: str
    spelling: str = NUMBER

    def numbers(self, table: Table) -> NDArray[np.float64]:
        if self.spelling == NUMBER:
            return numbers(table, self.column)
        number_of = {text: number for number, text in enumerate(SPELLINGS[self.spelling]) if text}
        found, levels = codes(table, self.column)
        return np.array([*(number_of.get(str(level), np.nan) for level in levels), np.nan])[found]

    def array(self, column: Column, values: NDArray[np.float64]) -> pa.Array:
        """Undo `numbers`."""
        if self.spelling == NUMBER:
            return from_numbers(column, values)
        missing = np.isnan(values)
        place = pa.array(np.where(missing, 0, values).astype(np.int64), mask=missing)
        return pa.array(SPELLINGS[self.spelling], pa.string()).take(place)


@dataclass(frozen=True)
class DateParts:
    """`parts` become the column `name`. Where none is the year, `year` stands in for it.

    `low` and `high` are the first and last date that the training rows have, after protection, in
    microseconds since 1970.
    """

    name: str
    parts: tuple[DatePart, ...]
    step_us: int
    year: int = LEAP_YEAR
    low: float | None = None
    high: float | None = None

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(part.column for part in self.parts)

    @property
    def sentence(self) -> str:
        *first, last = self.members
        return f"{', '.join(first)} and {last} form a date"

    @property
    def season(self) -> str:
        return f"{self.name}: month"

    def columns(self) -> tuple[Column, Column]:
        """The date, and its month beside it, which is not put back: it tells an engine of seasons
        without having to learn the calendar."""
        format = FORMATS[self.parts[-1].letter]
        date = Column(self.name, "datetime", "datetime", format=format, step_us=self.step_us)
        return date, Column(self.season, "categorical", "integer")

    def values(self, table: Table) -> Values:
        return {part.letter: part.numbers(table) for part in self.parts}

    def has_gaps(self, table: Table) -> bool:
        """Whether some row knows a part of its date, but not all."""
        first, *others = (table.column(name).is_null() for name in self.members)
        return any(not null.equals(first) for null in others)

    def stamps(self, values: Values) -> NDArray[np.float64]:
        """(rows,) microseconds since 1970; NaN where a part is missing or the date is not real."""
        known = np.logical_and.reduce([~np.isnan(part) for part in values.values()])
        stamps, real = stamps_of(values, self.year)
        return np.where(known & real, stamps, np.nan)

    def read_off(self, stamps: NDArray[np.float64]) -> Values:
        """Undo `stamps`: every part, NaN where there is no date."""
        missing = np.isnan(stamps)
        found = dates.parts_of(np.where(missing, 0, stamps).astype(np.int64))
        return {p.letter: np.where(missing, np.nan, found[p.letter]) for p in self.parts}

    def filled(self, values: Values) -> Values:
        """Rows that know only some of their parts take the others from whole rows, made real."""
        missing = {letter: np.isnan(part) for letter, part in values.items()}
        gaps = np.stack([*missing.values()])
        rows = np.flatnonzero(gaps.any(axis=0) & ~gaps.all(axis=0))
        whole = np.flatnonzero(~gaps.any(axis=0))
        if not len(rows):
            return values
        rng = np.random.Generator(np.random.Philox(0))  # which rows lend is no randomness
        lent = rng.choice(whole, len(rows)) if len(whole) else None
        made = {name: part.copy() for name, part in values.items()}
        for letter, part in made.items():
            other = part[lent] if lent is not None else MILD.get(letter, 0)
            part[rows] = np.where(missing[letter][rows], other, part[rows])
        return self.real(made, {name: ~gap for name, gap in missing.items()})

    def real(self, values: Values, known: Mapping[str, NDArray[np.bool_]]) -> Values:
        """The values with days, months and years that are not `known` moved to a real date.

        A row whose known parts are impossible stays as it is.
        """
        made = dict(values)

        def impossible() -> NDArray[np.bool_]:
            present = np.logical_and.reduce([~np.isnan(part) for part in made.values()])
            return np.asarray(present & ~stamps_of(made, self.year)[1])

        made["d"] = np.where(impossible() & ~known["d"], np.minimum(made["d"], 28), made["d"])
        wrong = impossible() & ~known["m"] & (made["m"] > 1)
        made["m"] = np.where(wrong, made["m"] - 1, made["m"])  # before a shorter month: 31 days
        letter = "y" if "y" in made else "Y"
        if letter in made:
            wrong = impossible() & ~known[letter]
            leap = np.where(made[letter] % 100 < 4, made[letter] + 4, made[letter]) // 4 * 4
            made[letter] = np.where(wrong, leap, made[letter])
        return made


def stamps_of(values: Values, year: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """As `dates.stamps_of`, of floats; fractions are never real, missing parts never wrong."""
    rows = len(next(iter(values.values())))
    exact = {n: np.where(np.isnan(part), MILD.get(n, 0), part) for n, part in values.items()}
    sane = np.logical_and.reduce(
        [(part == np.floor(part)) & (np.abs(part) < 10_000) for part in exact.values()]
    )
    whole = {name: np.where(sane, part, 1).astype(np.int64) for name, part in exact.items()}
    if not {"Y", "y"} & whole.keys():
        whole["Y"] = np.full(rows, year, dtype=np.int64)
    stamps, real = dates.stamps_of(whole, rows)
    positive = np.logical_and.reduce([part >= 0 for part in whole.values()])
    return stamps, real & sane & positive


def to_json(found: tuple[DateParts, ...]) -> list[Json]:
    return [asdict(parts) for parts in found]


def from_json(documents: Any, known: list[str]) -> tuple[DateParts, ...]:
    """Undo `to_json`. Raises `KeyError`, `TypeError` or `ValueError` on what no search can have
    found."""
    found: list[DateParts] = []
    taken: set[str] = set()
    for document in documents:
        parts = tuple(DatePart(**part) for part in document["parts"])
        dated = DateParts(**{**document, "parts": parts})
        letters = [part.letter for part in parts]
        order = [LETTERS.index(letter) for letter in letters]
        if order != sorted(set(order)) or not {"m", "d"} <= set(letters):
            raise ValueError("the parts of a date are none")
        if any(part.spelling not in (NUMBER, *SPELLINGS) for part in parts):
            raise ValueError("a part of a date has an unknown spelling")
        names = {dated.name, dated.season}
        if not isinstance(dated.name, str) or names & {*known, *taken}:
            raise ValueError("a date has no name of its own")
        if len(set(dated.members)) != len(parts) or not set(dated.members) <= set(known) - taken:
            raise ValueError("the parts of a date are not there, or twice")
        if not (1 <= operator.index(dated.year) <= 9999 and dated.step_us in dates.STEPS_US):
            raise ValueError("a date is out of range")
        for end in (dated.low, dated.high):
            if end is not None and not FIRST_US <= end <= dates.LAST_SECOND * 1_000_000:
                raise ValueError("a date is out of range")
        taken |= {*names, *dated.members}
        found.append(dated)
    return tuple(found)
