"""Numbers with a currency sign, unit or grouping: $1,234.50, 12 %, 1.234,56 €, 70 kg, (1,234), +3.

They are held in five fields of `Column`: `prefix` and `suffix` stand around every number,
`negative` is how one below zero is spelt, with # for its digits ("(#)", "$-#"; "" for a minus sign
before the prefix), `grouping` stands between thousands, and `point` is the decimal mark. Where the
prefix is a plus, zero has none. What is left without them is spelt as in `numerals`.
"""

from __future__ import annotations

import dataclasses
import re

import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling.forms import CURRENCY
from augment.kinds.tables.data.spelling.patterns import all_match

WITH_UNITS = (
    rf"^(?P<sign>-?)(?P<prefix>(?:{CURRENCY})?[ \x{{a0}}]?)"
    r"(?P<body>\d(?:[\d.,' \x{a0}\x{202f}]*\d)?)(?P<suffix>[^\d.,'-][^\d]{0,7})?$"
)
SIGNED = (
    rf"^(?P<lead>[-+(]?(?:{CURRENCY})?[ \x{{a0}}]?[-(]?)"
    r"(?P<body>\d(?:[\d.,' \x{a0}\x{202f}]*\d)?)(?P<tail>[^\d.,'][^\d]{0,8})?$"
)
SIGNS = re.compile("[-+()]")
MARKS = ((",", "."), (".", ","), ("'", "."), (" ", ","), ("\xa0", ","), ("\u202f", ","), (" ", "."))
PLAIN = ("", ".")  # marks of 1234.5
LEAST_DISTINCT = 3  # two texts with one ending may as well be two names


def found(column: Column, texts: pa.Array) -> Column | None:
    """The column with the units that all of the distinct texts have; None where they have none.

    A comma before three digits parts thousands if it can, as in 1,234.
    """
    if len(texts) < LEAST_DISTINCT:
        return None
    if not all_match(texts, WITH_UNITS):
        return _signed(column, texts)
    parts = pc.extract_regex(texts, WITH_UNITS)
    prefixes, suffixes = (
        pc.unique(pc.struct_field(parts, name)).to_pylist() for name in ("prefix", "suffix")
    )
    if len(prefixes) > 1 or len(suffixes) > 1:
        return None
    marked = dataclasses.replace(column, prefix=prefixes[0], suffix=suffixes[0])
    found = marks_of(pc.struct_field(parts, "body"))
    if found is None or (found == PLAIN and not (prefixes[0] or suffixes[0])):
        return None
    return dataclasses.replace(marked, grouping=found[0], point=found[1])


def _signed(column: Column, texts: pa.Array) -> Column | None:
    """The same where numbers below zero stand in brackets or have their sign elsewhere, or others
    have a plus: all others have the same ends, but for the sign."""
    if not all_match(texts, SIGNED):
        return None
    parts = pc.extract_regex(texts, SIGNED)
    body = pc.struct_field(parts, "body")
    ends = pc.binary_join_element_wise(
        pc.struct_field(parts, "lead"), pc.struct_field(parts, "tail"), "#"
    )
    below = pc.or_(pc.match_substring_regex(ends, r"\(.*\)"), pc.match_substring(ends, "-"))
    least = pc.unique(ends.filter(below)).to_pylist()
    zero = pc.match_substring_regex(body, r"^0(?:[.,]0+)?$")
    most = pc.unique(ends.filter(pc.invert(pc.or_(below, zero)))).to_pylist()
    if len(least) != 1 or len(most) > 1 or pc.all(below).as_py():
        return None
    bare = SIGNS.sub("", least[0])
    plus = most == ["+" + bare]
    if most and not plus and most != [bare]:
        return None
    prefix, suffix = ("+" + bare if plus else bare).split("#")
    found = marks_of(body)
    if found is None or (plus and prefix != "+"):
        return None
    negative = "" if least[0] == f"-{bare}" and not plus else least[0]
    return dataclasses.replace(
        column, prefix=prefix, suffix=suffix, negative=negative, grouping=found[0], point=found[1]
    )


def marks_of(bodies: pa.Array) -> tuple[str, str] | None:
    """The marks between thousands ("" for none) and before decimals in all numbers without sign;
    None where they differ."""
    if not pc.any(pc.match_substring_regex(bodies, r"[^\d.]")).as_py():
        plain = pc.all(pc.match_substring_regex(bodies, r"^\d+(\.\d+)?$")).as_py()
        return PLAIN if plain else None
    for grouping, point in MARKS:
        g, p = re.escape(grouping), re.escape(point)
        if pc.all(pc.match_substring_regex(bodies, rf"^\d{{1,3}}({g}\d{{3}})*({p}\d+)?$")).as_py():
            leading = pc.any(pc.match_substring_regex(bodies, rf"^0{g}")).as_py()
            grouped = pc.any(pc.match_substring(bodies, grouping)).as_py()
            if not leading and not (grouped and grouping != "," and _of_one_length(bodies)):
                return grouping if grouped else "", point
    if pc.all(pc.match_substring_regex(bodies, r"^\d+(,\d+)?$")).as_py():
        return "", ","
    return None


def _of_one_length(bodies: pa.Array) -> bool:
    """Whether all have as many characters, as telephone numbers in groups do."""
    return len(pc.unique(pc.utf8_length(bodies))) == 1


def has_units(column: Column) -> bool:
    ends = column.prefix or column.suffix or column.negative
    return bool(ends or column.grouping or column.point != ".")


def without_units(column: Column, texts: pa.Array) -> pa.Array:
    """The texts without the column's units; null where a text has others."""
    if not has_units(column):
        return texts
    ends = rf"^(?P<sign>-?){re.escape(column.prefix)}(?P<body>\d.*?){re.escape(column.suffix)}$"
    parts = pc.extract_regex(texts, ends)
    sign, body = (pc.struct_field(parts, name) for name in ("sign", "body"))
    if column.negative:
        below = _between(column.negative, texts)
        above = pc.if_else(pc.equal(sign, ""), body, None)
        if column.prefix == "+":
            zero = rf"^(?P<body>0(?:[.,]0+)?){re.escape(column.suffix)}$"
            above = pc.coalesce(pc.struct_field(pc.extract_regex(texts, zero), "body"), above)
        body = pc.coalesce(below, above)
        sign = pc.if_else(pc.is_valid(below), "-", "")
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


def _between(spelt: str, texts: pa.Array) -> pa.Array:
    """The digits of what is spelt so, # standing for them; null for other texts."""
    lead, _, tail = spelt.partition("#")
    pattern = rf"^{re.escape(lead)}(?P<body>\d.*?){re.escape(tail)}$"
    return pc.struct_field(pc.extract_regex(texts, pattern), "body")


def with_units(column: Column, texts: pa.Array) -> pa.Array:
    """Undo `without_units`."""
    if not has_units(column):
        return texts
    return pa.array([_with_units(column, text) for text in texts.to_pylist()], pa.string())


def _with_units(column: Column, text: str | None) -> str | None:
    if text is None:
        return None
    below = text.startswith("-")
    whole, point, fraction = text.removeprefix("-").partition(".")
    if column.grouping:
        whole = f"{int(whole):,}".replace(",", column.grouping)
    end = column.point + fraction if point else ""
    if below and column.negative:
        return column.negative.replace("#", whole + end)
    plain = column.prefix == "+" and not (whole + fraction).strip("0")
    prefix = "" if plain else column.prefix
    return f"{'-' if below else ''}{prefix}{whole}{end}{column.suffix}"
