"""Whole numbers that are dates: 20240131, 240131, 202401, 20240131093000, seconds since 1970.

A column is read so only where all of its values are real dates, written back as they were, and
where its name says so or chance does not explain it: were as many distinct numbers drawn from the
column's range, fewer than one table in a million would hold nothing but dates. Seconds since 1970
are any numbers, so that there the name has to say it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.data.identifiers import ID_NAME
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling import dates
from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.data.spelling.patterns import all_match
from augment.kinds.tables.data.spelling.text import keeps

if TYPE_CHECKING:
    from numpy.typing import NDArray

WHOLE = r"^\d+(\.0)?$"
MOST_CHANCE = 1e-6
YEARS = (1700, 2200)  # of a column whose name does not speak of dates; 9999 means "still open"
OPEN_YEAR = 9999
FIRST_STAMP, LAST_STAMP = 315_532_800, 4_102_444_800  # 1980 to 2100, in seconds since 1970
MOST_WHOLE = 2.0**53  # that a float tells apart from its neighbours
MOSTLY = 0.9
SAMPLE = 50  # values that rule most columns out
DATE_WORDS = {"date", "dates", "day", "dt", "dob", "datum", "birth", "born", "yyyymmdd", "yymmdd",
              "fecha", "ymd"}  # fmt: skip
MONTH_WORDS = {"month", "months", "period", "ym", "yyyymm", "yearmonth", "monat", "mois", "mes"}
STAMP_WORDS = {"timestamp", "timestamps", "ts", "epoch", "unix", "unixtime"}
WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])")


@dataclass(frozen=True)
class _Form:
    """One way to write a date in digits; `least` distinct months, days and hours make it sure."""

    format: str
    step_us: int
    least: dict[str, int]


MINUTE_US, HOUR_US = 60_000_000, 3_600_000_000
FORMS = {
    6: (
        _Form("%Y%m", 0, {"m": 10}),
        _Form("%y%m%d", DAY_US, {"m": 10, "d": 25}),
    ),
    8: (_Form("%Y%m%d", DAY_US, {}),),
    10: (_Form("%Y%m%d%H", HOUR_US, {"H": 20}),),
    12: (_Form("%Y%m%d%H%M", MINUTE_US, {"H": 6}),),
    14: (_Form("%Y%m%d%H%M%S", 1_000_000, {"H": 6}),),
}
STAMPS = {1: "%s", 1_000: "%s%3f", 1_000_000: "%s%f"}  # by how many there are in a second


def column(name: str, distinct: pa.Array, declared: bool = False) -> Column | None:
    """The column as dates; None where its values (texts without nulls) need not be any.

    Where it is `declared` that they are dates, they need only be real ones.
    """
    if not len(distinct) or not all_match(distinct, WHOLE):
        return None
    tail = ".0" if distinct[0].as_py().endswith(".0") else ""
    lengths = pc.min_max(pc.utf8_length(distinct))
    if lengths["min"].as_py() == lengths["max"].as_py():
        for form in FORMS.get(lengths["max"].as_py() - len(tail), ()):
            found = Column(name, "datetime", "datetime", format=form.format + tail)
            kept = keeps(found, distinct.slice(0, SAMPLE)) and keeps(found, distinct)
            if kept and (declared or _believed(name, form, distinct, tail)):
                return _noted(found, distinct, f"Its digits are read as dates ({form.format}).")
    return _stamp(name, distinct, tail, declared)


def digits(values: pa.Array) -> pa.Array | None:
    """Typed values as `column` takes them: strings as they are, whole numbers as their digits.

    None for values of other types, and for numbers with a fraction.
    """
    kind = values.type
    if pa.types.is_floating(kind):
        if not pc.all(pc.equal(pc.floor(values), values)).as_py():
            return None
        whole = pc.less(pc.abs(values), MOST_WHOLE)
        return values.cast(pa.int64()).cast(pa.string()) if pc.all(whole).as_py() else None
    text = pa.types.is_string(kind) or pa.types.is_integer(kind)
    return values.cast(pa.string()) if text else None


def doubt(name: str, distinct: pa.Array) -> str:
    """Why whole numbers that look like dates are none; "" where they do not look so."""
    eight = pc.and_(pc.equal(pc.binary_length(distinct), 8), pc.ascii_is_decimal(distinct))
    if pc.mean(eight).as_py() < MOSTLY:
        return ""
    real = distinct.filter(pc.is_valid(dates.parse("%Y%m%d", distinct)))
    share = len(real) / len(distinct)
    if not MOSTLY <= share < 1 or not _believed(name, FORMS[8][0], real, ""):
        return ""
    return (
        "Most of its values are dates (%Y%m%d), but not all, so it stays a number; empty the "
        "others to have it read as dates."
    )


def words_of(name: str) -> set[str]:
    """
    >>> sorted(words_of("OrderDate_key2"))
    ['date', 'key', 'order']
    """
    return {word.lower() for word in WORD.findall(name)}


def _noted(found: Column, distinct: pa.Array, note: str) -> Column:
    stamps = np.asarray(dates.parse(found.format, distinct).cast(pa.int64()))
    return replace(found, step_us=dates.step(stamps), note=note)


def _believed(name: str, form: _Form, distinct: pa.Array, tail: str) -> bool:
    """Whether values that all are dates of this form were meant as such."""
    if form.format == "%y%m%d" and not _year_first(distinct, tail):
        return False
    spoken = words_of(name)
    months = form.format == "%Y%m"
    if spoken & (MONTH_WORDS if months else DATE_WORDS) or "date" in name.lower():
        return True
    if ID_NAME.search(name) and "H" in form.least:
        return False  # a date with a serial number behind it
    stamps = np.asarray(dates.parse(form.format + tail, distinct).cast(pa.int64()))
    parts = dates.parts_of(stamps)
    years = parts["Y"]
    plausible = (years >= YEARS[0]) & (years <= YEARS[1]) | (years == OPEN_YEAR)
    varied = all(len(np.unique(parts[part])) >= least for part, least in form.least.items())
    return bool(plausible.all()) and varied and _chance(form, distinct, stamps) < MOST_CHANCE


def _chance(form: _Form, distinct: pa.Array, stamps: NDArray[np.int64]) -> float:
    """Of as many distinct whole numbers from the same range to be dates, every one of them."""
    numbers = np.asarray(distinct.cast("float64"))
    codes = float(numbers.max() - numbers.min()) + 1
    if form.step_us:
        real = int(stamps.max() - stamps.min()) // form.step_us + 1
    else:
        count = dates.parts_of(stamps)
        months = count["Y"] * 12 + count["m"]
        real = int(months.max() - months.min()) + 1
    return float(min(1.0, real / codes) ** len(numbers))


def _year_first(distinct: pa.Array, tail: str) -> bool:
    """Whether six digits that are dates from either end are likelier to begin with the year.

    Days take more different values than years do.
    """
    if dates.parse(f"%d%m%y{tail}", distinct).null_count:
        return True
    first, last = (pc.utf8_slice_codeunits(distinct, at, at + 2) for at in (0, 4))
    return bool(pc.count_distinct(first).as_py() < pc.count_distinct(last).as_py())


def _stamp(name: str, distinct: pa.Array, tail: str, declared: bool) -> Column | None:
    """Seconds, milliseconds or microseconds since 1970, where the name or a person says so."""
    if not (declared or words_of(name) & STAMP_WORDS or re.search(r"(?i)_at$|[a-z]At$", name)):
        return None
    numbers = np.asarray(distinct.cast("float64"))
    for per_second, format in STAMPS.items():
        if (numbers >= FIRST_STAMP * per_second).all() and (
            numbers < LAST_STAMP * per_second
        ).all():
            found = Column(name, "datetime", "datetime", format=format + tail)
            unit = {1: "seconds", 1_000: "milliseconds"}.get(per_second, "microseconds")
            if keeps(found, distinct):
                return _noted(found, distinct, f"It is read as {unit} since 1970.")
    return None
