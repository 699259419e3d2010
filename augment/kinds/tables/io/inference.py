"""From raw columns to a schema: what each column holds, and how it is spelt.

A judgement is made on a column's distinct values, its name and its number of rows, and nothing
is changed in passing: a column that no type fits exactly stays text.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.data.identifiers import ID_NAME
from augment.kinds.tables.data.schema import Column, Storage
from augment.kinds.tables.data.spelling import date_formats, dates, integer_dates, numerals
from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.data.spelling.text import NULL_TOKENS, encoded, parse_distinct
from augment.kinds.tables.io import form_inference, roles
from augment.kinds.tables.personal import detection as personal

BOOLEANS = (
    ("true", "false"), ("True", "False"), ("TRUE", "FALSE"), ("yes", "no"), ("Yes", "No"),
    ("YES", "NO"), ("Y", "N"), ("y", "n"), ("t", "f"), ("T", "F"),
)  # fmt: skip
WITH_SIGNS = r"^[-+(]?[$€£¥]? ?\d[\d,. ']*[%€$£)]?$"  # $5, 1,234.50, 12%
WHOLE_FLOAT = r"^\d+\.0$"  # an integer as pandas writes a column of them that has gaps
WHOLE = "Its numbers are ids, written with .0 behind them."
MOST_EXACT = 2.0**53  # integers up to this are floats, each of its own
MOSTLY = 0.9
ALL_MISSING = "Every value is missing."


def from_text(name: str, texts: pa.Array) -> Column:
    """The column that an untyped text column is, which may be a dictionary of texts."""
    indexed = encoded(texts)
    distinct, rows, missing = indexed.dictionary, len(indexed), indexed.null_count
    if not len(distinct):
        return Column(name, "constant", "string", null="", note=ALL_MISSING)
    is_token = pc.is_in(distinct, pa.array(NULL_TOKENS, pa.string()))
    values = distinct.filter(pc.invert(is_token))
    if len(values):
        tokens = distinct.filter(is_token)
        column = _typed(name, values)
        if column is not None:
            counts = _missing(indexed, tokens)
            return roles.decided(_with_null(column, counts), values, rows, sum(counts.values()))
    column = Column(name, "categorical", "string", null=empty(indexed), note=_doubt(values))
    return form_inference.decided(roles.decided(column, distinct, rows, missing), indexed)


def _doubt(distinct: pa.Array) -> str:
    """Why a column stays text that a person may take for dates or numbers; "" if none would."""
    if not len(distinct):
        return ""
    if date_formats.candidates(distinct[0].as_py()):
        formats = date_formats.found(distinct)
        if len(formats) > 1:
            return f"Its dates fit {' and '.join(formats)} alike; give one as datetime:FORMAT."
        return "It stays text, since its dates are not all real and of one format."
    share = pc.mean(pc.match_substring_regex(distinct, numerals.NUMBER)).as_py()
    if numerals.are_padded(distinct):
        return ""
    if MOSTLY <= share < 1:
        return "Most of its values are numbers, but not all, so it stays text."
    with_signs = pc.all(pc.match_substring_regex(distinct, WITH_SIGNS)).as_py()
    return "Its numbers bear signs or separators, so it stays text." if with_signs else ""


def empty(texts: pa.Array) -> str | None:
    """`Column.null` of text: the empty cell, if there is one."""
    return "" if texts.null_count else None


def null_of(column: Column, texts: pa.Array) -> str | None:
    """The commonest spelling of a missing value in a column that is no text."""
    indexed = encoded(texts)
    tokens = indexed.dictionary
    tokens = tokens.filter(pc.is_in(tokens, pa.array(NULL_TOKENS, pa.string())))
    return _with_null(column, _missing(indexed, tokens)).null


def _missing(texts: pa.DictionaryArray, tokens: pa.Array) -> dict[str, int]:
    """How often "missing" is spelt in which way, "" being the empty cell."""
    counts = {}
    for token in tokens.to_pylist():
        place = pc.index(texts.dictionary, token).as_py()
        counts[token] = pc.sum(pc.equal(texts.indices, place)).as_py()
    return counts | ({"": texts.null_count} if texts.null_count else {})


def _with_null(column: Column, counts: dict[str, int]) -> Column:
    """The column with the spelling of its missing values, the commonest where there are several."""
    if not counts:
        return column
    common = max(counts, key=lambda token: counts[token])
    note = column.note
    if len(counts) > 1:
        spelt = ", ".join(repr(token) if token else "an empty cell" for token in counts)
        note = f"{note} Missing is spelt in several ways ({spelt}); one is written.".strip()
    return replace(column, null=common, note=note)


def _typed(name: str, distinct: pa.Array) -> Column | None:
    """The column as boolean, number or date, if all its values are; its role is still open."""
    found = set(distinct.to_pylist()) if len(distinct) == 2 else set()
    for true, false in BOOLEANS:
        if found == {true, false}:
            return Column(name, "boolean", "boolean", true=true, false=false)
    dated = integer_dates.column(name, distinct)
    if dated is not None:
        return dated
    if ID_NAME.search(name) and pc.all(pc.match_substring_regex(distinct, WHOLE_FLOAT)).as_py():
        return Column(name, "categorical", "string", note=WHOLE)
    if numerals.are_numbers(distinct):
        return _number(name, distinct)
    return _spelt(name, distinct)


def _spelt(name: str, distinct: pa.Array) -> Column | None:
    """The column as dates or numbers with units, which are written back as they were."""
    dated = date(name, distinct)
    if dated is not None:
        return dated
    number = numerals.with_units(Column(name, "numeric", "float"), distinct)
    if number is not None and personal.kind(name, distinct) in personal.IDENTIFYING:
        return None
    return number


def _number(name: str, distinct: pa.Array) -> Column | None:
    column, kept = numerals.spelt(Column(name, "numeric", "float"), distinct)
    if kept:
        return replace(column, note=integer_dates.doubt(name, distinct))
    if parse_distinct(column, distinct).null_count:
        return None  # more digits than any number here holds
    return replace(column, note="Its numbers are written in their shortest form.")


def date(name: str, distinct: pa.Array) -> Column | None:
    """The column as dates, if all its values are written in one format."""
    formats = date_formats.found(distinct)
    if not formats:
        return None
    note, chosen = "", formats[0]
    if len(formats) > 1:
        likelier = date_formats.likelier(formats, distinct)
        if likelier is None:
            return None
        chosen = likelier
        note = f"Its dates fit {' and '.join(formats)}; read as {chosen}, as their order suggests."
    stamps = np.asarray(dates.parse(chosen, distinct).cast(pa.int64()))
    return Column(
        name, "datetime", "datetime", format=chosen, step_us=dates.step(stamps), note=note
    )


def from_values(name: str, values: pa.Array, declared: str) -> Column:
    """The column that a typed column is; `declared` is its Arrow type in the file.

    Strings stay strings, even those that look like plain numbers: the file says so. Only dates
    and numbers with units are taken out of text.
    """
    kind = values.type
    distinct = pc.unique(values.drop_null())
    if not len(distinct):
        storage = "string" if pa.types.is_string(kind) else _storage(kind)
        return Column(name, "constant", storage, arrow=declared, note=ALL_MISSING)
    digits = integer_dates.digits(distinct)
    dated = None if digits is None else integer_dates.column(name, digits)
    if dated is not None:
        column = replace(dated, arrow=declared)
    elif pa.types.is_string(kind):
        column = _spelt(name, distinct) or Column(name, "categorical", "string")
        column = replace(column, arrow=declared)
    elif pa.types.is_timestamp(kind):
        stamps = np.asarray(distinct.cast(pa.int64()))
        step = dates.step(stamps)
        column = Column(
            name, "datetime", "datetime", format=_format(step, declared), step_us=step,
            arrow=declared,
        )  # fmt: skip
    elif pa.types.is_boolean(kind):
        column = Column(name, "boolean", "boolean", arrow=declared)
    elif pa.types.is_decimal(kind):
        storage = "integer" if kind.scale == 0 and "int" in declared else "decimal"
        scale = kind.scale if storage == "decimal" else None
        column = Column(
            name, "numeric", storage, decimals=scale, max_decimals=scale, arrow=declared
        )
    elif pa.types.is_floating(kind) and ID_NAME.search(name) and _are_whole(distinct):
        column = Column(name, "numeric", "integer", arrow=declared)
    elif pa.types.is_floating(kind):
        column = Column(
            name, "numeric", "float", max_decimals=numerals.decimals_of(distinct), arrow=declared
        )
    else:
        column = Column(name, "numeric", "integer", arrow=declared)
    decided = roles.decided(column, distinct, len(values), values.null_count)
    if decided.storage != "string":
        return decided
    return form_inference.decided(decided, encoded(values))


def _are_whole(distinct: pa.Array) -> bool:
    """Whether floats are integers that a float holds exactly, as in a column of ids with gaps."""
    values = np.asarray(distinct.cast(pa.float64()))
    return bool((np.abs(values) <= MOST_EXACT).all() and (values == np.rint(values)).all())


def _storage(kind: pa.DataType) -> Storage:
    """The storage of an in-memory Arrow type."""
    if pa.types.is_timestamp(kind):
        return "datetime"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_floating(kind):
        return "float"
    if pa.types.is_decimal(kind):
        return "decimal"
    return "integer" if pa.types.is_integer(kind) else "string"


def _format(step_us: int, declared: str) -> str:
    """How timestamps of a typed source are written as text."""
    if declared.startswith("date") or (step_us == DAY_US and "tz=" not in declared):
        return "%Y-%m-%d"
    fraction = "" if step_us % 1_000_000 == 0 else ".%f"
    if declared.startswith("time") and not declared.startswith("timestamp"):
        return f"%H:%M:%S{fraction}"
    return f"%Y-%m-%dT%H:%M:%S{fraction}" + ("Z" if "tz=" in declared else "")
