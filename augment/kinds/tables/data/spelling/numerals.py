"""Numbers as text: which texts are numbers, in which style they are spelt, and both ways.

Styles, held in three fields of `Column`:

    decimals = 2                1.50   2.00        always as many digits after the point
    decimals = None             -11.0  0.25  1e-05 Python's shortest form of a float
    format = "plain"            -11    0.25        the same without an empty ".0"
    storage "integer"           12
"""

from __future__ import annotations

import dataclasses
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling import units
from augment.kinds.tables.data.spelling.patterns import all_match, are_digits

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
WHOLE = r"^[+-]?\d+$"
PADDED = r"^[+-]?0\d|^\+"  # leading zeros or a plus: a code rather than a quantity
STORAGES = ("integer", "float", "decimal")
PLAIN = "plain"
# Decimals of at most `MAX_FLOAT_DIGITS` digits that Python's shortest form of a float writes so.
SHORTEST = r"^-?(0\.0|0\.0{0,3}[1-9](\d*[1-9])?|[1-9]\d*\.(0|\d*[1-9]))$"
SHORTEST_PLAIN = r"^-?(0|0\.0{0,3}[1-9](\d*[1-9])?|[1-9]\d*(\.\d*[1-9])?)$"
MAX_INT64_DIGITS = 18  # any integer of so many digits fits
MAX_FLOAT_DIGITS = 15  # any decimal of so many digits survives a float64
MAX_SHORTEST_DIGITS = 17  # no float needs more
MAX_DECIMAL_DIGITS = 38
SAMPLE = 1_000
LEAST_PLAIN, MOST_PLAIN = 1e-4, 1e9  # between these neither Python nor Arrow writes exponents


def are_numbers(texts: pa.Array) -> bool:
    """Whether all are plain finite numbers; codes with leading zeros or a plus are not."""
    return (are_digits(texts) or all_match(texts, NUMBER)) and not are_padded(texts)


def are_padded(texts: pa.Array) -> bool:
    """Whether any begins with zeros before its digits, or a plus."""
    begins = (pc.any(pc.starts_with(texts, lead)).as_py() for lead in ("0", "-0", "+"))
    return any(begins) and bool(pc.any(pc.match_substring_regex(texts, PADDED)).as_py())


def with_units(column: Column, texts: pa.Array) -> Column | None:
    """The column as numbers with units, if all are and each is written back as it was read."""
    found = units.found(column, texts)
    if found is None or not are_numbers(units.without_units(found, texts)):
        return None
    number, kept = spelt(found, texts)
    return number if kept else None


def parse(column: Column, texts: pa.Array) -> pa.Array:
    """Values of the column's storage; null where a text is none."""
    texts = units.without_units(column, texts)
    if not are_digits(texts):
        grammar = WHOLE if column.storage == "integer" else NUMBER
        fits = pc.match_substring_regex(texts, grammar)
        texts = pc.if_else(fits, texts, pa.scalar(None, pa.string()))
        texts = pc.ascii_ltrim(texts, "+")
    if column.storage == "float":
        values = texts.cast(pa.float64())
        return pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))
    if column.storage == "decimal":
        return _decimals(texts, column.max_decimals or 0)
    try:
        return texts.cast(pa.int64())
    except pa.ArrowInvalid:
        return _decimals(texts, 0)


def _decimals(texts: pa.Array, scale: int) -> pa.Array:
    """decimal128(38, scale); null where a text has too many digits."""
    exact = Context(prec=MAX_DECIMAL_DIGITS, traps=[InvalidOperation])
    unit = Decimal(1).scaleb(-scale)
    values: list[Decimal | None] = []
    for text in texts.to_pylist():
        value = None
        if text is not None:
            try:
                number = Decimal(text)
                value = number.quantize(unit, context=exact)
                value = value if value == number else None
            except InvalidOperation:
                value = None
        values.append(value)
    return pa.array(values, pa.decimal128(MAX_DECIMAL_DIGITS, scale))


def render(column: Column, values: pa.Array) -> pa.Array:
    """Distinct values as text in the column's style."""
    if column.storage == "integer":
        return units.with_units(column, values.cast(pa.string()))
    texts = _spelt_at_once(column, values) if column.storage == "float" else None
    if texts is None:
        texts = pa.array([_spell(column, value) for value in values.to_pylist()], pa.string())
    return units.with_units(column, texts)


def _spelt_at_once(column: Column, values: pa.Array) -> pa.Array | None:
    """Floats as `_spell` writes them, by Arrow; None where its shortest form is another.

    It writes exponents at other sizes than Python does, and no ".0" behind whole numbers.
    """
    size = pc.min_max(pc.abs(pc.if_else(pc.equal(values, 0), 1.0, values)))
    least, most = size["min"].as_py(), size["max"].as_py()
    if least is None or not LEAST_PLAIN <= least <= most < MOST_PLAIN:
        return None
    texts = values.cast(pa.string())
    if column.decimals is None:
        if column.format == PLAIN:
            return texts
        return pc.if_else(
            pc.match_substring(texts, "."), texts, pc.binary_join_element_wise(texts, ".0", "")
        )
    behind = _after_point(texts)
    short = pc.less_equal(pc.utf8_length(texts), MAX_FLOAT_DIGITS - column.decimals)
    if not pc.all(pc.and_(short, pc.less_equal(behind, column.decimals))).as_py():
        return None  # a number is to be rounded, or has more digits than are known for certain
    zeros = pa.array(["0" * count for count in range(column.decimals + 1)], pa.string())
    point = pc.if_else(pc.equal(behind, 0), "." if column.decimals else "", "")
    missing = zeros.take(pc.subtract(column.decimals, behind))
    return pc.binary_join_element_wise(texts, point, missing, "")


def _spell(column: Column, value: Any) -> str | None:
    """One float or Decimal."""
    if value is None:
        return None
    if column.decimals is not None:
        return f"{value:.{column.decimals}f}"
    if column.storage == "decimal":
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    text = repr(value)
    return text.removesuffix(".0") if column.format == PLAIN else text


def spelt(column: Column, texts: pa.Array) -> tuple[Column, bool]:
    """The column with storage and style for distinct texts, all of them numbers.

    The first candidate under which every text is written back as it was read, and True; where
    there is none, the last, and False.
    """
    bare = units.without_units(column, texts)
    if are_digits(bare) or all_match(bare, WHOLE):
        candidates = [dataclasses.replace(column, storage="integer", decimals=None)]
    else:
        candidates = _fractional(column, bare)
    for candidate in candidates:
        if _clearly_kept(candidate, texts):
            return candidate, True
        if _kept(candidate, texts.slice(0, SAMPLE)) and _kept(candidate, texts):
            return candidate, True
    return candidates[-1], False


def _kept(column: Column, texts: pa.Array) -> bool:
    """Whether all texts are written back as they were read."""
    values = parse(column, texts)
    return not values.null_count and bool(pc.all(pc.equal(render(column, values), texts)).as_py())


def _clearly_kept(column: Column, texts: pa.Array) -> bool:
    """Whether the look of the texts alone says that they come back; False leaves it open.

    A decimal of at most 15 digits survives a float64 and is its shortest form, so that no number
    has to be written to see it; so do digits that an int64 holds.
    """
    if units.has_units(column) or column.storage == "decimal":
        return False
    longest = pc.max(pc.utf8_length(texts)).as_py()
    if column.storage == "integer":
        return longest <= MAX_INT64_DIGITS and are_digits(texts) and not are_padded(texts)
    if column.decimals is not None:
        styled = rf"^-?(0|[1-9]\d*)\.\d{{{column.decimals}}}$"
    else:
        styled = SHORTEST_PLAIN if column.format == PLAIN else SHORTEST
    return longest <= MAX_FLOAT_DIGITS and all_match(texts, styled)


def _fractional(column: Column, texts: pa.Array) -> list[Column]:
    """Ways to hold numbers of which some have a point or an exponent, best first."""
    plain = not _with_exponent(texts)
    after = pc.min_max(_after_point(texts))
    most, least = after["max"].as_py(), after["min"].as_py()
    floats = dataclasses.replace(
        column, storage="float", decimals=None, max_decimals=_used_decimals(texts)
    )
    repr_like = dataclasses.replace(floats, format="")
    short = dataclasses.replace(floats, format=PLAIN)
    found = []
    digits = pc.max(pc.utf8_length(texts)).as_py()
    if digits > MAX_FLOAT_DIGITS:  # which signs and the point may have brought about
        digits = pc.max(pc.utf8_length(pc.replace_substring_regex(texts, r"[^\d]", ""))).as_py()
    if plain and most == least and most:
        fixed = dataclasses.replace(floats, decimals=most)
        if digits <= MAX_FLOAT_DIGITS:
            found.append(fixed)
        else:
            found += [repr_like, dataclasses.replace(fixed, storage="decimal", max_decimals=most)]
    found += [repr_like, short]
    if plain and digits > MAX_FLOAT_DIGITS and most <= MAX_DECIMAL_DIGITS:
        found.append(dataclasses.replace(floats, storage="decimal", max_decimals=most))
    return [*found, short if not plain else repr_like]


def _with_exponent(texts: pa.Array) -> bool:
    """Whether any of these numbers has an exponent."""
    return any(pc.any(pc.match_substring(texts, letter)).as_py() for letter in "eE")


def _after_point(texts: pa.Array) -> pa.Array:
    """How many characters stand behind the point of each number, 0 where it has none."""
    point = pc.find_substring(texts, ".")
    behind = pc.subtract(pc.subtract(pc.binary_length(texts), point), 1)
    return pc.if_else(pc.less(point, 0), 0, behind)


def _used_decimals(texts: pa.Array) -> int | None:
    """The most digits after the point that are not zeros at the end; None beyond a float's.

    1.0 and 2.0 have a digit after the point, but none that a new number may use; 5e-05 has five.
    """
    if not _with_exponent(texts):
        most = pc.max(_after_point(pc.utf8_rtrim(texts, "0"))).as_py()
        return most if most <= MAX_SHORTEST_DIGITS else None
    parts = pc.extract_regex(
        texts, r"^[+-]?\d*\.?(?P<after>\d*?)0*(?:[eE](?P<exponent>[+-]?\d+))?$"
    )
    after = pc.utf8_length(pc.struct_field(parts, "after")).cast(pa.int64())
    exponent = pc.replace_substring_regex(pc.struct_field(parts, "exponent"), r"^\+", "")
    exponent = pc.if_else(pc.equal(exponent, ""), "0", exponent).cast(pa.int64())
    most = max(0, pc.max(pc.subtract(after, exponent)).as_py())
    return most if most <= MAX_SHORTEST_DIGITS else None


def decimals_of(values: pa.Array) -> int | None:
    """The most digits after the point in the shortest form of distinct floats, if under 15."""
    most = 0
    for value in values.to_pylist():
        text = repr(value)
        if "e" in text or "n" in text:  # exponents, nan, inf
            return None
        most = max(most, len(text.partition(".")[2]) if not text.endswith(".0") else 0)
    return most if most < MAX_FLOAT_DIGITS else None
