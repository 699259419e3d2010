"""Whether the first row of a file names its columns, or is a record of a file without header.

A record taken for a header is lost to the table and published with every model of it, so a first
row that reads like one is refused until the user says which of the two it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa

from augment.core.errors import BadInput
from augment.kinds.tables.data.spelling import date_formats, dates, numerals
from augment.kinds.tables.data.spelling.text import NULL_TOKENS
from augment.kinds.tables.io.formats import ReadOptions
from augment.kinds.tables.personal import detection as personal

DECORATED = re.compile(r"[-+(]?[$€£¥]? ?\d[\d,. ']*(?:[eE][+-]?\d+)?[%€$£)]?")
UUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WORDS = {
    "email": "an e-mail address",
    "url": "a web address",
    "ip": "an IP address",
    "ipv6": "an IP address",
    "mac": "a MAC address",
    "iban": "an IBAN",
    "ssn": "a social security number",
    "card": "a card number",
}
LEAST_ROWS = 3  # under fewer, a column of numbers only may be one by chance
SAMPLE_ROWS = 1_000
LEAST_DIGITS = 3
LEAST_COUNTED = 4  # whole numbers of a row that go up in equal steps
MOST_PARSED = 100  # values of a column
MOST_NAMED = 4


@dataclass(frozen=True)
class Header:
    """The names of the columns, whether the first row holds them, and what to say about it."""

    names: list[str]
    given: bool
    note: str = ""


def header_of(
    first: list[str], rows: Sequence[Sequence[str]], options: ReadOptions, where: str
) -> Header:
    """The columns of a file that begins with `first` and goes on with `rows` (a sample).

    Without a header they are c1, c2, …. Raises `BadInput` where the first row reads like a
    record and nothing says what it is: neither `--header` nor `--no-header`, nor a schema or an
    option that names one of its cells as a column.
    """
    like = options.expected
    known = {*options.columns, options.target, *(like.names if like else ())}
    says = options.header
    if says is None and not known.isdisjoint(first):
        says = True
    if says is None and like is not None and like.dialect is not None and not like.dialect.header:
        says = False
    if says is False:
        return Header([f"c{number}" for number in range(1, len(first) + 1)], False)
    note = "" if says else _judged(first, rows, where)
    _require_names(first, where)
    return Header(first, True, note)


def _judged(first: list[str], rows: Sequence[Sequence[str]], where: str) -> str:
    """Refuse a first row that reads like a record; a note where only some of it does.

    A word above a column of numbers is what no record holds, so that it settles the question; so
    are numbers beside words that count (2000, 2001, 2002) where no record's do.
    """
    columns = list(zip(*(row for row in rows if len(row) == len(first)), strict=True))
    below = [_values(column) for column in columns] or [[] for _ in first]
    kinds = kinds_of(first)
    unlike = [f"cell {n} is {kind}" for n, kind in enumerate(kinds, start=1) if kind]
    found = unlike + _own_values(first, kinds, below)
    if not found:
        return ""
    if any(
        not kind and _values([cell]) and _quantities(values)
        for kind, cell, values in zip(kinds, first, below, strict=True)
    ) or (not all(kinds) and _count(first) and not any(map(_count, rows))):
        return f"{len(unlike)} of its columns are called by numbers or dates." if unlike else ""
    more = len(found) - MOST_NAMED
    listed = ", ".join(found[:MOST_NAMED]) + (f", and so on ({more} more)" if more > 0 else "")
    raise BadInput(
        f"the first row reads like a record, not like a header: of its {len(first)} cells, "
        f"{listed}.",
        where=where,
        hint="Pass --no-header if it is a record (the columns are then c1, c2, …), or --header "
        "if these are the names of the columns.",
    )


def _count(cells: Sequence[str]) -> bool:
    """Whether those of the cells that are whole numbers go up in equal steps."""
    numbers = [int(cell) for cell in cells if re.fullmatch(r"[0-9]{1,9}", cell)]
    steps = {later - early for early, later in pairwise(numbers)}
    return len(numbers) >= LEAST_COUNTED and len(steps) == 1 and min(steps) > 0


def kinds_of(cells: Sequence[str]) -> list[str]:
    """What each cell is that hardly is the name of a column, in words; "" for all else.

    >>> kinds_of(["1,234.50", "2024-02-29", "ann@example.org", "age"])
    ['a number', 'a date', 'an e-mail address', '']
    """
    texts = [cell.strip() for cell in cells]
    found = [""] * len(texts)
    for kind, description in WORDS.items():  # all cells at once: a table may have thousands
        for place, looks in enumerate(personal.looks_like(texts, kind)):
            found[place] = found[place] or (description if looks else "")
    return [known or _plain_kind(text) for known, text in zip(found, texts, strict=True)]


def _plain_kind(text: str) -> str:
    if _is_date(text):
        return "a time" if date_formats.ALONE.match(text) else "a date"
    if re.search(numerals.NUMBER, text) or DECORATED.fullmatch(text):
        return "a number"
    return "a UUID" if UUID.fullmatch(text) else ""


def _is_date(text: str) -> bool:
    texts = pa.array([text], pa.string())
    return any(not dates.parse(form, texts).null_count for form in date_formats.candidates(text))


def _values(column: Collection[str]) -> list[str]:
    return [cell for cell in column if cell and cell not in NULL_TOKENS]


def _quantities(values: list[str]) -> bool:
    """Whether all are numbers or dates; a column of such has no words in it."""
    if len(values) < LEAST_ROWS:
        return False
    looked_at = list(dict.fromkeys(values[:MOST_PARSED]))
    return all(kind in ("a number", "a date", "a time") for kind in kinds_of(looked_at))


def _own_values(first: list[str], kinds: list[str], below: list[list[str]]) -> list[str]:
    """The words of the first row that are values of their own columns.

    One that recurs in a column of several values counts, if at least half of the columns whose
    values repeat have such a one: the first row of a record has it in nearly all. Where nothing
    repeats, one of the same shape as all the codes below it (A-001, A-002) does.
    """
    recurring, repetitive, shaped = [], 0, []
    for number, (cell, kind, values) in enumerate(zip(first, kinds, below, strict=True), start=1):
        distinct = set(values)
        if kind or not cell or cell in NULL_TOKENS or len(distinct) < 2:
            continue
        repeats = 2 * len(distinct) <= len(values)
        repetitive += repeats
        if cell in distinct:
            recurring.append(f"cell {number} recurs in its column")
        elif not repeats and len(values) >= LEAST_ROWS and _is_code(cell, distinct):
            shaped.append(f"cell {number} has the form of all below it")
    return (recurring if 2 * len(recurring) >= repetitive else []) + shaped


def _is_code(cell: str, values: set[str]) -> bool:
    """Whether a cell has digits as a code has, and the same shape as all the values."""
    if sum(c.isdigit() for c in cell) < LEAST_DIGITS:  # A1 over B2 may well be a name
        return False
    return {_shape(value) for value in values} == {_shape(cell)}


def _shape(text: str) -> str:
    """The text with each digit a 9 and each letter an a."""
    return "".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in text)


def _require_names(names: list[str], where: str) -> None:
    """Raises `BadInput` for names that are empty or repeated."""
    empty = [str(place) for place, text in enumerate(names, start=1) if not text]
    counts = Counter(names)
    twice = sorted(text for text, count in counts.items() if count > 1)
    if empty:
        raise BadInput(
            f"column {', '.join(empty[:5])} of {len(names)} has no name.",
            where=where,
            hint="Every column needs a name: write it into the header, or pass --no-header if "
            "there is none.",
        )
    if twice:
        raise BadInput(
            f"the column name {twice[0]!r} stands {counts[twice[0]]} times.",
            where=where,
            hint="Names must differ: change the header, or pass --no-header if there is none.",
        )
