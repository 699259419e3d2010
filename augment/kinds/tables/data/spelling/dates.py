"""Dates and times as text: the formats that are known, found, parsed and written, in any year.

A format is written as for `strptime`, with three additions from its relatives: `%-d` (no leading
zero; also -m, -H, -I), `%3f` (so many digits of a second, 1 to 6) and `%P` (am, pm). A fixed
offset such as `+02:00` or `Z` is part of the format, and times are kept as the clock showed them.
`%s` counts seconds since 1970, as `date +%s` does; fields without anything between them, as in
`%Y%m%d` or `%s%3f`, have all their digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import UsageError
from augment.kinds.tables.data.spelling import fixed_width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.kinds.tables.data.schema import Column

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August",
          "September", "October", "November", "December")  # fmt: skip
ABBREVIATED = tuple(month[:3] for month in MONTHS)
FIELD = re.compile(r"%(-?)(\d?)([A-Za-z%])")
SOLID = re.compile(r"(%\d?[A-Za-z])+(\.0)?")  # digits alone: dates that are whole numbers
LAST_SECOND = 253_402_300_799  # of the year 9999, counted from 1970
PIVOT = 69  # two-digit years from here on are in the 1900s (POSIX)
TWO = r"\d{1,2}"
GRAMMAR = {
    "Y": r"\d{4}", "y": r"\d{2}", "m": TWO, "d": TWO, "H": TWO, "I": TWO, "M": TWO, "S": TWO,
    "f": r"\d{1,6}", "b": "|".join(ABBREVIATED), "B": "|".join(MONTHS), "p": "AM|PM",
    "P": "am|pm", "s": r"\d{1,12}",
}  # fmt: skip
DAY_US = 86_400_000_000
STEPS_US = (
    *(hours * 3_600_000_000 for hours in (24, 12, 6, 3, 2, 1)),
    *(minutes * 60_000_000 for minutes in (30, 15, 10, 5, 1)),
    *(seconds * 1_000_000 for seconds in (30, 15, 10, 5, 1)),
    *(100_000, 10_000, 1_000, 100, 10, 1),
)


def _pieces(format: str) -> Iterator[tuple[str, str, str]]:
    """(literal text, flag, letter) of each field in turn; the last has no letter.

    Raises `UsageError` for a field that is not known or stands twice.
    """
    end = 0
    seen: set[str] = set()
    for field in FIELD.finditer(format):
        flag, letter = field[1] + field[2], field[3]
        if letter == "%":
            yield format[end : field.start()] + "%", "", ""
        elif letter not in GRAMMAR or letter in seen:
            raise UsageError(
                f"{format!r} is no date format: %{letter} is unknown or stands twice. "
                f"Known: {', '.join('%' + known for known in GRAMMAR)}."
            )
        else:
            seen.add(letter)
            yield format[end : field.start()], flag, letter
        end = field.end()
    yield format[end:], "", ""


def is_number(format: str) -> bool:
    """Whether dates of this format are written as plain numbers.

    >>> is_number("%Y%m%d"), is_number("%Y%m%d.0"), is_number("%Y-%m-%d"), is_number("%d%b%Y")
    (True, True, False, False)
    """
    return bool(SOLID.fullmatch(format)) and not re.search("%[bBpP]", format)


def parse(format: str, texts: pa.Array) -> pa.Array:
    """Timestamps (microseconds) of texts; null where one does not fit or is no real date."""
    pattern, letters = "", []
    pieces = list(_pieces(format))
    known = fixed_width.numbers(pieces, texts) if any(letter for *_, letter in pieces) else None
    if known is not None:
        stamps, real = stamps_of(known, len(texts))
        return pa.array(stamps, pa.int64(), mask=~real).cast(pa.timestamp("us"))
    solid = is_number(format)
    for literal, flag, letter in pieces:
        pattern += re.escape(literal)
        if letter:
            digits = {TWO: r"\d{2}", GRAMMAR["f"]: rf"\d{{{flag or 6}}}"} if solid else {}
            pattern += f"(?P<{letter}>{digits.get(GRAMMAR[letter], GRAMMAR[letter])})"
            letters.append(letter)
    if not letters:
        raise UsageError(f"{format!r} is no date format: it names no part of a date.")
    matched = pc.extract_regex(texts, f"^{pattern}$")
    fits = pc.is_valid(matched).to_numpy(zero_copy_only=False)
    parts = {letter: _numbers(letter, pc.struct_field(matched, letter)) for letter in letters}
    stamps, real = stamps_of(parts, len(texts))
    return pa.array(stamps, pa.int64(), mask=~(fits & real)).cast(pa.timestamp("us"))


def _numbers(letter: str, texts: pa.Array) -> NDArray[np.int64]:
    """The value of one field in each text, 0 where there is none."""
    names = {"b": ABBREVIATED, "B": MONTHS, "p": ("AM", "PM"), "P": ("am", "pm")}
    if letter in names:
        found = pc.index_in(texts, pa.array(names[letter], pa.string())).cast(pa.int64())
        found = pc.add(found, 1) if letter in "bB" else found
    else:
        texts = pc.utf8_rpad(texts, 6, "0") if letter == "f" else texts
        found = texts.cast(pa.int64())
    numbers: NDArray[np.int64] = pc.fill_null(found, 0).to_numpy(zero_copy_only=False)
    return numbers


def stamps_of(
    parts: Mapping[str, NDArray[np.int64]], n: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(n,) microseconds since 1970 from the parts of dates, and (n,) whether each is real.

    Parts are named by their letter in a format; those that are left out are at their lowest.
    """
    if "s" in parts:
        real = parts["s"] <= LAST_SECOND
        fraction = parts.get("f", np.zeros(n, dtype=np.int64))
        return np.where(real, parts["s"], 0) * 1_000_000 + fraction, real

    def part(letter: str, default: int) -> NDArray[np.int64]:
        return parts.get(letter, np.full(n, default, dtype=np.int64))

    year = part("Y", 1970)
    if "y" in parts:
        year = parts["y"] + np.where(parts["y"] >= PIVOT, 1900, 2000)
    month = part("b", 0) + part("B", 0) + part("m", 0 if {"b", "B"} & parts.keys() else 1)
    hour, half = part("H", 0), part("p", 0) + part("P", 0)
    real = (month >= 1) & (month <= 12) & (year >= 1)
    if "I" in parts:
        real &= (parts["I"] >= 1) & (parts["I"] <= 12)
        hour = parts["I"] % 12 + 12 * half
    day, minute, second = part("d", 1), part("M", 0), part("S", 0)
    months = np.where(real, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.int64)
    length = (months + 1).astype("datetime64[D]").astype(np.int64) - days
    real &= (day >= 1) & (day <= length) & (hour < 24) & (minute < 60) & (second < 60)
    seconds = (days + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second
    return np.where(real, seconds * 1_000_000 + part("f", 0), 0), real


def render(column: Column, values: pa.Array) -> pa.Array:
    """Timestamps as text in the column's format, null for null."""
    stamps = pc.fill_null(values.cast(pa.timestamp("us")).cast(pa.int64()), 0)
    parts = parts_of(stamps.to_numpy(zero_copy_only=False))
    pieces = list(_pieces(column.format))
    fixed = fixed_width.texts(pieces, parts)
    if fixed is not None:
        return pc.if_else(pc.is_valid(values), fixed, None) if values.null_count else fixed
    template, fields = "", []
    for literal, flag, letter in pieces:
        template += literal.replace("%", "%%")
        if not letter:
            continue
        if letter == "f":
            digits = int(flag or 6)
            template += f"%0{digits}d"
            fields.append((parts["f"] // 10 ** (6 - digits)).tolist())
        elif letter in "bBpP":
            template += "%s"
            names = {"b": ABBREVIATED, "B": MONTHS, "p": ("AM", "PM"), "P": ("am", "pm")}[letter]
            fields.append([names[index] for index in parts[letter].tolist()])
        else:
            width = 4 if letter == "Y" else 2
            template += "%d" if flag == "-" or letter == "s" else f"%0{width}d"
            fields.append(parts[letter].tolist())
    texts = [template % row for row in zip(*fields, strict=True)]
    return pc.if_else(pc.is_valid(values), pa.array(texts, pa.string()), None)


def parts_of(stamps: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Each field's number (for names: its index) from microseconds since 1970."""
    seconds, fraction = np.divmod(stamps, 1_000_000)
    days, clock = np.divmod(seconds, 86_400)
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    count = months.astype(np.int64)
    year, month = count // 12 + 1970, count % 12
    hour = clock // 3_600
    return {
        "Y": year, "y": year % 100, "m": month + 1, "b": month, "B": month,
        "d": days - months.astype("datetime64[D]").astype(np.int64) + 1,
        "H": hour, "I": (hour + 11) % 12 + 1, "p": hour // 12, "P": hour // 12,
        "M": clock // 60 % 60, "S": clock % 60, "f": fraction, "s": seconds,
    }  # fmt: skip


def step(stamps: NDArray[np.int64]) -> int:
    """The coarsest common step, from a day down to a microsecond, that divides all stamps."""
    common = int(np.gcd.reduce(stamps)) if len(stamps) else 0
    return next(step for step in STEPS_US if common % step == 0)
