"""Ids: how a column of them is formed, and new ones of the same form.

A pattern is literal text (braces doubled) with fields:

    {number}            the row's number, counted from 1
    {number+3000:06d}   the same, starting behind 3000, with zeros in front up to six digits
    {digits:8}          eight digits, the first not 0
    {hex:12} {HEX:12}   hexadecimal digits, small or capital
    {letters:3} {LETTERS:3}, {alnum:8} {ALNUM:8} {Alnum:8}    (the last of both cases)
    {uuid4} {UUID4}     a random UUID

An id is a function of the row's global number and a seed, so that shards agree, and different
rows have different ids: `{number}` counts, UUIDs are random, and everything else goes through a
permutation of the row number. Where a form is exhausted ({LETTERS:1} has 26 ids), the ids that
follow are longer by a number at their end.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import UsageError
from augment.core.seeds import Seed
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import arrow_type, whole_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGITS, LOWER = "0123456789", "abcdefghijklmnopqrstuvwxyz"
ALPHABETS = {
    "digits": DIGITS, "hex": DIGITS + "abcdef", "HEX": DIGITS + "ABCDEF", "letters": LOWER,
    "LETTERS": LOWER.upper(), "alnum": DIGITS + LOWER, "ALNUM": DIGITS + LOWER.upper(),
    "Alnum": DIGITS + LOWER + LOWER.upper(),
}  # fmt: skip
FIELD = re.compile(r"\{(number)(?:\+(\d+))?(?::0?(\d+)d)?\}|\{(\w+)(?::(\d+))?\}|\{\{|\}\}|[{}]")
MAX_PERMUTED = 1 << 32  # products of two such numbers fit 64 bits

ID_NAME = re.compile(
    r"(?i:(^|[_\s.\-])(id|ids|key|uuid|guid|identifier|pk|rowid|row_?(number|nr|no))$"
    r"|(^|[_\s.\-])(mrn|npi|imei|isbn|ean|gtin|upc)$"
    r"|^(id|uuid|guid|index|row|serial)$|[a-z][_\s.\-](nr|no|number)$)"
    r"|[a-z](Id|ID|Key|UUID|GUID|Nr|NR|No|Number)$"
)


@dataclass(frozen=True)
class Counted:
    """The row's number, `offset` added, padded with zeros to `width`."""

    offset: int = 0
    width: int = 0


@dataclass(frozen=True)
class DrawnCharacters:
    """Characters of an alphabet, one from each of `choices`."""

    choices: tuple[str, ...]


@dataclass(frozen=True)
class Uuid:
    capital: bool = False


Part = str | Counted | DrawnCharacters | Uuid


def parts_of(pattern: str) -> list[Part]:
    """A pattern taken apart. Raises `UsageError` for an unknown field or two counts."""
    parts: list[Part] = []
    end = 0
    for field in FIELD.finditer(pattern):
        parts.append(pattern[end : field.start()])
        end = field.end()
        name, size = field[4], int(field[5] or 0)
        if field[1] and len(field[3] or "") <= 2 and len(field[2] or "") <= 18:
            parts.append(Counted(int(field[2] or 0), int(field[3] or 0)))
        elif field[0] in ("{{", "}}"):
            parts.append(field[0][0])
        elif name in ("uuid4", "UUID4") and not field[5]:
            parts.append(Uuid(name == "UUID4"))
        elif name in ALPHABETS and 0 < size <= 1000:
            first = DIGITS[1:] if name == "digits" else ALPHABETS[name]
            parts.append(DrawnCharacters((first,) + (ALPHABETS[name],) * (size - 1)))
        else:
            raise UsageError(
                f"{pattern!r} is no pattern of an id. Its fields are {{number}}, {{number:06d}}, "
                f"{{uuid4}} and {', '.join(f'{{{name}:n}}' for name in ALPHABETS)}."
            )
    parts.append(pattern[end:])
    if sum(isinstance(part, Counted) for part in parts) > 1:
        raise UsageError(f"{pattern!r}: only one {{number}} may stand in a pattern.")
    return [part for part in parts if part != ""]


def render(column: Column, start: int, n: int, seed: Seed) -> pa.Array:
    """The ids of the rows `start` to `start + n`, in the column's storage."""
    parts = parts_of(column.pattern or "{number}")
    if all(isinstance(part, str) for part in parts):
        parts.append(Counted())
    rows = np.arange(start, start + n, dtype=np.uint64)
    places = [
        choices for part in parts if isinstance(part, DrawnCharacters) for choices in part.choices
    ]
    counted = any(isinstance(part, (Counted, Uuid)) for part in parts)
    drawn, surplus = _drawn(places, rows, seed.child("id", column.name))
    texts: list[pa.Array | str] = []
    for part in parts:
        if isinstance(part, Counted):
            numbers = pa.array(rows.astype(np.int64) + 1 + part.offset).cast(pa.string())
            texts.append(pc.utf8_lpad(numbers, part.width, "0") if part.width else numbers)
        elif isinstance(part, Uuid):
            texts.append(_uuids(rows, seed.child("id", column.name), part.capital))
        elif isinstance(part, DrawnCharacters):
            texts += [drawn.pop(0) for _ in part.choices]
        else:
            texts.append(part)
    if places and not counted and surplus.any():
        more = pa.array(surplus.astype(np.int64)).cast(pa.string())
        texts.append(pc.if_else(pc.equal(more, "0"), "", more))
    whole = pc.binary_join_element_wise(pa.array([""] * n, pa.string()), *texts, "")
    if column.storage == "integer":
        return whole_numbers(whole)
    return whole if column.storage == "string" else whole.cast(arrow_type(column))


def _drawn(
    places: list[str], rows: NDArray[np.uint64], seed: Seed
) -> tuple[list[pa.Array], NDArray[np.uint64]]:
    """One character per place and row; and (n,) how often the form was used up before a row.

    The last places spell a permutation of the row number, r -> (a r + b) mod m with a prime to m;
    the places before them, of which there may be any number, are drawn at random.
    """
    split, size = len(places), 1
    while split and size * len(places[split - 1]) <= MAX_PERMUTED:
        split -= 1
        size *= len(places[split])
    a = seed.child("a").integer(32) % size
    while math.gcd(a, size) != 1:
        a = (a + 1) % size if size > 1 else 1
    b = seed.child("b").integer(32) % size
    surplus, left = np.divmod(rows, np.uint64(size))
    left = (left * np.uint64(a) + np.uint64(b)) % np.uint64(size)
    columns: list[pa.Array] = []
    for place in reversed(range(len(places))):
        letters = pa.array(list(places[place]), pa.string())
        base = np.uint64(len(letters))
        if place >= split:
            left, index = np.divmod(left, base)
        else:
            index = _bits(rows, seed.child("place", place)) % base
        columns.append(letters.take(pa.array(index.astype(np.int64))))
    return columns[::-1], surplus


def _bits(rows: NDArray[np.uint64], seed: Seed) -> NDArray[np.uint64]:
    """64 random bits for each row number: SplitMix64 (Steele, Lea and Flood, 2014)."""
    z = rows * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed.integer(64))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def _uuids(rows: NDArray[np.uint64], seed: Seed, capital: bool) -> pa.Array:
    """Random UUIDs, version 4, variant 1 (RFC 9562)."""
    high = _bits(rows, seed.child("high")).tolist()
    low = _bits(rows, seed.child("low")).tolist()
    texts = []
    for first, last in zip(high, low, strict=True):
        version = first & ~0xF000 | 0x4000
        variant = last & ~(0b11 << 62) | (0b10 << 62)
        digits = f"{version:016x}{variant:016x}"
        texts.append(f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}")
    return pa.array([text.upper() for text in texts] if capital else texts, pa.string())
