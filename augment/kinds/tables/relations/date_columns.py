"""The search for columns that together form a date: by their names, and by what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling import dates
from augment.kinds.tables.data.values import codes, numbers
from augment.kinds.tables.relations.calendar_parts import PARTS
from augment.kinds.tables.relations.date_parts import (
    LEAP_YEAR,
    NUMBER,
    SPELLINGS,
    DatePart,
    DateParts,
    stamps_of,
)
from augment.kinds.tables.relations.near import Near

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = {
    "Y": "year years yr yyyy yy y jahr annee année ano año anno jaar rok år",
    "m": "month months mon mnth mth mm mo m monat mois mes mês mese maand měsíc måned månad",
    "d": "day days dd dy d mday dom tag jour dia día giorno dag den",
    "H": "hour hours hr hrs hh h stunde heure hora ora uur hodina",
    "M": "minute minutes min mins mi minuto minuut minuta",
    "S": "second seconds sec secs ss s sekunde seconde segundo secondo",
}  # fmt: skip
WORDS = {word: letter for letter, words in NAMES.items() for word in words.split()}
ENDINGS = {word: letter for word, letter in WORDS.items() if len(word) > 3}  # birthyear
OF = r"[\W_]*of[\W_]*(?:the[\W_]*)?"
WITHIN = re.compile(
    rf"(?i)(day(?={OF}month)|month(?={OF}year)|hour(?={OF}day)|minute(?={OF}hour)){OF}[a-z]+"
)
WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])|\d+")
LONGEST_WEEK = 7  # days up to here may be weekdays
LEAST_CHANCE = 10.0  # impossible dates expected of independent columns, where no name speaks
YEARS = (1500, 2500)  # of a column that no name calls a year
HOURS = 24
OF_DATES = {
    "Y": PARTS["year"],
    "m": lambda date: PARTS["month"](date) + 1,
    "d": PARTS["day of the month"],
    "H": PARTS["hour"],
}  # what a part is of a date in one column

Named = dict[str, DatePart]  # by letter


def found(table: Table, constants: Mapping[str, float]) -> tuple[tuple[DateParts, ...], list[Near]]:
    """Columns that form a real date on every row, and those that nearly do.

    `constants` are the columns of numbers that never change, for a year that all rows share.
    """
    made: list[DateParts] = []
    near: list[Near] = []
    taken: set[str] = set()
    for stem, parts in _by_stem(table).items():
        dated = _longest(table, parts, _constant_year(stem, constants))
        if isinstance(dated, DateParts):
            made.append(dated)
            taken |= {*dated.members}
        elif dated is not None and dated.close:
            near.append(dated)
            taken |= {part.column for part in parts.values()}
    made += _by_content(table, [c for c in table.schema if c.name not in taken])
    made = [dated for dated in made if not _read_off(dated, table)]
    return tuple(_with_name(dated, table) for dated in made), near


def _read_off(dated: DateParts, table: Table) -> bool:
    """Whether a date in one column says each part: then these are read off that date."""
    if not {part.letter for part in dated.parts} <= OF_DATES.keys():
        return False
    own = {part.letter: part.numbers(table) for part in dated.parts}
    for column in table.schema:
        if column.role != "datetime":
            continue
        date = numbers(table, column.name)
        known = ~np.isnan(date)
        alike = [
            np.where(known, values == OF_DATES[letter](date), np.isnan(values))
            for letter, values in own.items()
        ]
        if known.any() and all(same.all() for same in alike):
            return True
    return False


def _with_name(parts: DateParts, table: Table) -> DateParts:
    name = f"{parts.members[0]} … {parts.members[-1]}"
    parts = replace(parts, name=name)
    while {parts.name, parts.season} & {*table.schema.names}:
        parts = replace(parts, name=f"{parts.name} …")
    return parts


def named(name: str) -> tuple[str, str] | None:
    """What a column's name says it tells of which date: a letter of a format, and the rest of it.

    >>> named("arrival_date_day_of_month"), named("OrderYear"), named("birthmonth")
    (('d', 'arrival date'), ('Y', 'order'), ('m', 'birth'))
    >>> named("weekday"), named("age")
    (('d', 'week'), None)
    """
    words = [word.lower() for word in WORD.findall(WITHIN.sub(r"\1", name))]
    places = [place for place, word in enumerate(words) if word in WORDS]
    if len(places) == 1:
        letter = WORDS[words.pop(places[0])]
        return letter, " ".join(words)
    for ending, letter in ENDINGS.items():
        if not places and words and words[-1].endswith(ending):
            return letter, " ".join([*words[:-1], words[-1].removesuffix(ending)])
    return None


def _by_stem(table: Table) -> dict[str, Named]:
    """For each date that names speak of, the first column of each part that can be one."""
    stems: dict[str, Named] = {}
    for column in table.schema:
        said = named(column.name)
        if said is None or said[0] in stems.get(said[1], {}):
            continue
        part = _part(table, column, said[0])
        if part is not None:
            stems.setdefault(said[1], {})[said[0]] = part
    return {stem: parts for stem, parts in stems.items() if {"m", "d"} <= parts.keys()}


def _constant_year(stem: str, constants: Mapping[str, float]) -> int:
    for name, value in constants.items():
        if named(name) == ("Y", stem) and value == int(value) and 0 <= value <= 9999:
            short = 1900 if value >= dates.PIVOT else 2000
            return int(value) + (short if value < 100 else 0)
    return LEAP_YEAR


def _part(table: Table, column: Column, letter: str) -> DatePart | None:
    """The column as this part, if its values are spelt in a way that is known."""
    spelling = NUMBER
    if column.storage == "string":
        levels = {str(level) for level in codes(table, column.name)[1]}
        allowed = ["plain", "padded", *(SPELLINGS if letter == "m" else ())]
        fits = [name for name in allowed if levels <= {*SPELLINGS[name]} - {""}]
        if not levels or not fits:
            return None
        spelling = fits[0]
    elif column.storage not in ("integer", "float", "decimal"):
        return None
    part = DatePart(letter, column.name, spelling)
    values = part.numbers(table)
    known = values[~np.isnan(values)]
    if not len(known) or (known != np.floor(known)).any() or known.min() < 0:
        return None
    return replace(part, letter="y") if letter == "Y" and known.max() < 100 else part


def _longest(table: Table, parts: Named, year: int) -> DateParts | Near | None:
    """The date with as many parts as are real together on every row; or how near it comes."""
    found = {part.letter: part for part in parts.values()}
    values = {letter: part.numbers(table) for letter, part in found.items()}
    if np.nanmax(values["d"]) <= LONGEST_WEEK:
        return None
    days = [found[letter] for letter in "Yymd" if letter in found]
    clock = [found[h] for n, h in enumerate("HMS") if all(x in found for x in "HMS"[: n + 1])]
    dated: DateParts | Near | None = None
    for count in range(len(clock), -1, -1):
        dated = _dated([*days, *clock[:count]], values, year)
        if isinstance(dated, DateParts):
            return dated
    return dated


def _dated(
    parts: list[DatePart], values: dict[str, NDArray[np.float64]], year: int
) -> DateParts | Near:
    """The parts as a date where they are real on every row; else how many rows they break."""
    own = {part.letter: values[part.letter] for part in parts}
    stamps, real = stamps_of(own, year)
    known = np.logical_and.reduce([~np.isnan(column) for column in own.values()])
    dated = DateParts("", tuple(parts), dates.step(stamps[known]), year)
    if real.all() and known.any():
        return dated
    some = np.logical_or.reduce([~np.isnan(column) for column in own.values()])
    return Near(dated.sentence, max(1, int(some.sum())), int((~real).sum()))


def _by_content(table: Table, left: list[Column]) -> Iterator[DateParts]:
    """Columns of whole numbers that never form an impossible date, though chance would."""
    places = {name: place for place, name in enumerate(table.schema.names)}
    whole = {c.name: numbers(table, c.name) for c in left if _letter(table, c)}
    letters = {c.name: _letter(table, c) for c in left if c.name in whole}
    months = [name for name, letter in letters.items() if letter == "m"]
    days = [name for name, letter in letters.items() if letter == "d"]
    while months and days:
        pairs = [(abs(places[m] - places[d]), m, d) for m in months for d in days]
        pair = next(((m, d) for _, m, d in sorted(pairs) if _proven(whole[m], whole[d])), None)
        if pair is None:
            return
        parts = [DatePart("m", pair[0]), DatePart("d", pair[1])]
        for name in _beside(parts, places, whole):
            if letters[name] == "Y" and parts[0].letter == "m":
                longer = [DatePart("Y", name), *parts]
            elif letters[name] == "H" and parts[-1].letter == "d":
                longer = [*parts, DatePart("H", name)]
            else:
                continue
            parts = longer if isinstance(_of(longer, whole), DateParts) else parts
        made = _of(parts, whole)
        if isinstance(made, DateParts):
            yield made
        months = [name for name in months if name not in pair]
        days = [name for name in days if name not in pair]


def _letter(table: Table, column: Column) -> str:
    """Which part of a date the range of a column of whole numbers allows; "" for none."""
    if column.storage != "integer":
        return ""
    values = table.column(column.name)
    ends = pc.min_max(values)
    if not ends["min"].is_valid:
        return ""
    low, high = int(ends["min"].as_py()), int(ends["max"].as_py())
    if low >= 1 and high <= 31:
        return "m" if high == 12 else "d" if high > 28 else ""
    if (low, high) == (0, HOURS - 1) and pc.count_distinct(values).as_py() >= HOURS:
        return "H"
    return "Y" if YEARS[0] <= low and high <= YEARS[1] else ""


def _of(parts: list[DatePart], whole: dict[str, NDArray[np.float64]]) -> DateParts | Near:
    return _dated(parts, {part.letter: whole[part.column] for part in parts}, LEAP_YEAR)


def _beside(
    parts: list[DatePart], places: Mapping[str, int], whole: Mapping[str, object]
) -> list[str]:
    """The columns next to these, twice over: a year and an hour may stand at one side."""
    own = [places[part.column] for part in parts]
    near = {min(own) - 2, min(own) - 1, max(own) + 1, max(own) + 2, sum(own) // 2}
    names = [part.column for part in parts]
    return [name for name in whole if places[name] in near and name not in names]


def _proven(month: NDArray[np.float64], day: NDArray[np.float64]) -> bool:
    """Whether independent columns would have formed impossible dates, and these form none."""
    known = ~np.isnan(month) & ~np.isnan(day)
    if not stamps_of({"m": month, "d": day}, LEAP_YEAR)[1].all() or not known.any():
        return False
    of_month = np.bincount(month[known].astype(int), minlength=13)[1:] / known.sum()
    of_day = np.bincount(day[known].astype(int), minlength=32)[1:] / known.sum()
    length = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    impossible = np.arange(1, 32)[None, :] > length[:, None]  # (months, days)
    return bool(known.sum() * (np.outer(of_month, of_day) * impossible).sum() >= LEAST_CHANCE)
