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

import itertools
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
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MOST_DIGITS = {  # with any digits a number of so many fits the declared type
    "int8": 2, "uint8": 2, "int16": 4, "uint16": 4, "int32": 9, "uint32": 9, "int64": 18,
    "uint64": 19,
}  # fmt: skip
MAX_PERMUTED = 1 << 32  # products of two such numbers fit 64 bits
NARROW_FIRST = ("digits", "letters", "LETTERS", "hex", "HEX", "alnum", "ALNUM", "Alnum")
PIECE = "[A-Za-z0-9]+"
MAX_PIECES = 20
MAX_CHARACTERS = 200
ROOM = 10  # times as many rows as were seen should find numbers of the same width
SPARSE = 0.01  # ids that fill less than this share of their range are drawn, not counted

ID_NAME = re.compile(
    r"(?i:(^|[_\s.\-])(id|ids|key|uuid|guid|identifier|pk|rowid|row_?(number|nr|no))$"
    r"|^(id|uuid|guid|index|row|serial)$|[a-z][_\s.\-](nr|no|number)$)|[a-z](Id|ID|Key|UUID|GUID|Nr|No)$"
)


@dataclass(frozen=True)
class Counted:
    """The row's number, `offset` added, padded with zeros to `width`."""

    offset: int = 0
    width: int = 0


@dataclass(frozen=True)
class Drawn:
    """Characters of an alphabet, one from each of `choices`."""

    choices: tuple[str, ...]


@dataclass(frozen=True)
class Uuid:
    capital: bool = False


Part = str | Counted | Drawn | Uuid


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
            parts.append(Drawn((first,) + (ALPHABETS[name],) * (size - 1)))
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
    places = [choices for part in parts if isinstance(part, Drawn) for choices in part.choices]
    counted = any(isinstance(part, (Counted, Uuid)) for part in parts)
    drawn, surplus = _drawn(places, rows, seed.child("id", column.name))
    texts: list[pa.Array | str] = []
    for part in parts:
        if isinstance(part, Counted):
            numbers = pa.array(rows.astype(np.int64) + 1 + part.offset).cast(pa.string())
            texts.append(pc.utf8_lpad(numbers, part.width, "0") if part.width else numbers)
        elif isinstance(part, Uuid):
            texts.append(_uuids(rows, seed.child("id", column.name), part.capital))
        elif isinstance(part, Drawn):
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


def derive(distinct: pa.Array) -> str:
    """The pattern that all distinct texts share, "" where there is none.

    The texts are cut at everything that is neither letter nor digit; the cuts must agree, and
    each piece must be constant, or a number, or of one length over one alphabet.
    """
    for name, uuid in (("uuid4", UUID), ("UUID4", UUID.replace("a-f", "A-F"))):
        if pc.all(pc.match_substring_regex(distinct, f"^{uuid}$")).as_py():
            return f"{{{name}}}"
    first: str = distinct[0].as_py()
    marks = re.split(PIECE, first)
    if not 1 < len(marks) <= MAX_PIECES or len(first) > MAX_CHARACTERS:
        return ""
    names = [f"p{place}" for place in range(len(marks) - 1)]
    cut = re.escape(marks[0]) + "".join(
        f"(?P<{name}>{PIECE}){re.escape(mark)}" for name, mark in zip(names, marks[1:], strict=True)
    )
    found = pc.extract_regex(distinct, f"^{cut}$")
    if found.null_count:
        return ""
    pieces = [pc.struct_field(found, name) for name in names]
    fields = [_field(piece) for piece in pieces]
    if sum(field != "" for _, field in fields) > 1:  # a count and something else, or two counts
        fields = [_fixed(piece) for piece in pieces]
    pattern = _literal(marks[0])
    for (lead, field), mark in zip(fields, marks[1:], strict=True):
        if field is None:
            return ""
        pattern += lead + field + _literal(mark)
    return pattern if any(field for _, field in fields) else ""


def fitting(pattern: str, declared: str) -> str:
    """The pattern of whole numbers with no more drawn digits than their declared type holds."""
    most = MOST_DIGITS.get(declared)
    drawn = re.fullmatch(r"\{digits:(\d+)\}", pattern)
    return f"{{digits:{min(int(drawn[1]), most)}}}" if most and drawn else pattern


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _field(pieces: pa.Array) -> tuple[str, str | None]:
    """One piece over all texts: its constant beginning, and the field of the rest.

    The field is "" for a piece that never changes and None for one that no field describes.
    """
    lead, rest = _lead(pieces)
    if rest is None:
        return lead, ""
    if pc.all(pc.match_substring_regex(rest, r"^\d{1,38}$")).as_py():
        return lead, _number(rest)
    return _fixed(pieces)


def _fixed(pieces: pa.Array) -> tuple[str, str | None]:
    """A piece as characters of one alphabet, as many in every text."""
    lead, rest = _lead(pieces)
    if rest is None:
        return lead, ""
    lengths = pc.min_max(pc.utf8_length(rest))
    width = lengths["max"].as_py()
    if lengths["min"].as_py() != width:
        return lead, None
    used = [
        set(pc.unique(pc.utf8_slice_codeunits(rest, place, place + 1)).to_pylist())
        for place in range(width)
    ]
    alphabets = [_alphabet(letters) for letters in used]
    if not set(alphabets) <= {"digits", "letters", "LETTERS"}:
        alphabets = [_alphabet(set().union(*used))] * width
    runs = [(name, len(list(run))) for name, run in itertools.groupby(alphabets)]
    return lead, "".join(f"{{{name}:{length}}}" for name, length in runs)


def _alphabet(used: set[str]) -> str:
    """The narrowest alphabet that holds these letters and digits."""
    return next(name for name in NARROW_FIRST if used <= set(ALPHABETS[name]))


def _lead(pieces: pa.Array) -> tuple[str, pa.Array | None]:
    """The letters with which all pieces begin, and what follows them (None if all are equal)."""
    ends = pc.min_max(pieces)  # what the first and the last in order share, all share
    low, high = ends["min"].as_py(), ends["max"].as_py()
    if low == high:
        return low, None
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False))
    lead = "".join(itertools.takewhile(str.isalpha, (letter for letter, _ in same)))
    return lead, pc.utf8_slice_codeunits(pieces, len(lead))


def _number(digits: pa.Array) -> str | None:
    """A count that goes on behind the largest number seen, as wide as the numbers were."""
    lengths = pc.min_max(pc.utf8_length(digits))
    width = lengths["max"].as_py()
    same_width = lengths["min"].as_py() == width
    padded = pc.any(pc.match_substring_regex(digits, r"^0\d")).as_py()
    if padded and not same_width:
        return None
    ends = pc.min_max(digits.cast(pa.decimal128(38, 0)))
    largest, smallest = int(ends["max"].as_py()), int(ends["min"].as_py())
    form = f":0{width}d" if padded else ""
    limit = 10**width if same_width else 10**18
    drawn = same_width and not padded and len(digits) < SPARSE * (largest - smallest)
    if drawn or largest + MAX_PERMUTED >= 10**18:
        return f"{{digits:{width}}}"
    # Rounded up as roughly as the width leaves room for, so that the largest id is not told.
    offsets = []
    for figures in (1, 2, 3):
        unit = 10 ** max(0, len(str(largest)) - figures)
        offsets.append(-(-largest // unit) * unit)
    fitting = [offset for offset in offsets if offset + ROOM * len(digits) < limit]
    return f"{{number+{(fitting or offsets)[0]}{form}}}"
