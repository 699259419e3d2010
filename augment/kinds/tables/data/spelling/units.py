"""Numbers with a currency sign, unit or grouping: $1,234.50, 12 %, 1.234,56 €, 70 kg.

They are held in four fields of `Column`: `prefix` and `suffix` stand around every number
(a minus sign stands before the prefix), `grouping` stands between thousands, and `point` is the
decimal mark. What is left without them is spelt as in `numerals`.
"""

from __future__ import annotations

import dataclasses
import re

import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling.patterns import all_match

CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK"
WITH_UNITS = (
    rf"^(?P<sign>-?)(?P<prefix>(?:[$€£¥₹₩₽₺₪฿]|[A-Z]{{1,2}}\$|{CODES})?[ \x{{a0}}]?)"
    r"(?P<body>\d(?:[\d.,' \x{a0}\x{202f}]*\d)?)(?P<suffix>[^\d.,'-][^\d]{0,7})?$"
)
MARKS = ((",", "."), (".", ","), ("'", "."), (" ", ","), ("\xa0", ","), ("\u202f", ","), (" ", "."))
LEAST_DISTINCT = 3  # two texts with one ending may as well be two names


def found(column: Column, texts: pa.Array) -> Column | None:
    """The column with the units that all of the distinct texts have; None where they have none.

    A comma before three digits parts thousands if it can, as in 1,234.
    """
    if len(texts) < LEAST_DISTINCT or not all_match(texts, WITH_UNITS):
        return None
    parts = pc.extract_regex(texts, WITH_UNITS)
    prefixes, suffixes = (
        pc.unique(pc.struct_field(parts, name)).to_pylist() for name in ("prefix", "suffix")
    )
    if len(prefixes) > 1 or len(suffixes) > 1:
        return None
    marked = dataclasses.replace(column, prefix=prefixes[0], suffix=suffixes[0])
    return _marked(marked, pc.struct_field(parts, "body"))


def _marked(marked: Column, bodies: pa.Array) -> Column | None:
    """The column with the marks inside its numbers."""
    if not pc.any(pc.match_substring_regex(bodies, r"[^\d.]")).as_py():
        plain = pc.all(pc.match_substring_regex(bodies, r"^\d+(\.\d+)?$")).as_py()
        return marked if plain and (marked.prefix or marked.suffix) else None
    for grouping, point in MARKS:
        g, p = re.escape(grouping), re.escape(point)
        if pc.all(pc.match_substring_regex(bodies, rf"^\d{{1,3}}({g}\d{{3}})*({p}\d+)?$")).as_py():
            leading = pc.any(pc.match_substring_regex(bodies, rf"^0{g}")).as_py()
            grouped = pc.any(pc.match_substring(bodies, grouping)).as_py()
            if not leading and not (grouped and grouping != "," and _of_one_length(bodies)):
                return dataclasses.replace(
                    marked, grouping=grouping if grouped else "", point=point
                )
    if pc.all(pc.match_substring_regex(bodies, r"^\d+(,\d+)?$")).as_py():
        return dataclasses.replace(marked, point=",")
    return None


def _of_one_length(bodies: pa.Array) -> bool:
    """Whether all have as many characters, as telephone numbers in groups do."""
    return len(pc.unique(pc.utf8_length(bodies))) == 1


def has_units(column: Column) -> bool:
    return bool(column.prefix or column.suffix or column.grouping or column.point != ".")


def without_units(column: Column, texts: pa.Array) -> pa.Array:
    """The texts without the column's units; null where a text has others."""
    if not has_units(column):
        return texts
    ends = rf"^(?P<sign>-?){re.escape(column.prefix)}(?P<body>\d.*?){re.escape(column.suffix)}$"
    parts = pc.extract_regex(texts, ends)
    sign, body = (pc.struct_field(parts, name) for name in ("sign", "body"))
    if column.grouping:
        group = re.escape(column.grouping)
        even = rf"^\d{{1,3}}({group}\d{{3}})*([^{group}]\d*)?$"
        fits = pc.match_substring_regex(body, even)
        body = pc.if_else(fits, body, pa.scalar(None, pa.string()))
        body = pc.replace_substring(body, column.grouping, "")
    if column.point != ".":
        body = pc.if_else(pc.match_substring(body, "."), pa.scalar(None, pa.string()), body)
        body = pc.replace_substring(body, column.point, ".")
    return pc.binary_join_element_wise(sign, body, "")


def with_units(column: Column, texts: pa.Array) -> pa.Array:
    """Undo `without_units`."""
    if not has_units(column):
        return texts
    return pa.array([_with_units(column, text) for text in texts.to_pylist()], pa.string())


def _with_units(column: Column, text: str | None) -> str | None:
    if text is None:
        return None
    sign = "-" if text.startswith("-") else ""
    whole, point, fraction = text.removeprefix("-").partition(".")
    if column.grouping:
        whole = f"{int(whole):,}".replace(",", column.grouping)
    end = column.point + fraction if point else ""
    return f"{sign}{column.prefix}{whole}{end}{column.suffix}"
