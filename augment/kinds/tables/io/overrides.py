"""`--column NAME=ROLE`: what the user says a column is, obeyed exactly or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import BadInput, UsageError, did_you_mean
from augment.kinds.tables.data import identifier_inference, identifiers
from augment.kinds.tables.data.schema import Column, Role, Storage
from augment.kinds.tables.data.spelling import dates, form_search, integer_dates, numerals, text
from augment.kinds.tables.io import form_inference, inference, roles
from augment.kinds.tables.personal import detection as personal
from augment.kinds.tables.personal import gazetteer

WORDS: dict[str, Role] = {
    "numeric": "numeric", "number": "numeric", "num": "numeric", "float": "numeric",
    "int": "numeric", "integer": "numeric",
    "categorical": "categorical", "category": "categorical", "cat": "categorical",
    "boolean": "boolean", "bool": "boolean",
    "datetime": "datetime", "date": "datetime", "time": "datetime", "timestamp": "datetime",
    "measurement": "measurement", "measure": "measurement", "measured": "measurement",
    "id": "id", "key": "id",
    "reference": "reference", "ref": "reference", "foreign": "reference",
    "text": "text", "string": "text", "str": "text", "pii": "text",
    "constant": "constant", "const": "constant",
    "drop": "drop", "ignore": "drop", "skip": "drop",
}  # fmt: skip
DETAILED = ("datetime", "id", "reference", "text")
TRUE = frozenset(("1", "1.0", "true", "yes", "y", "t", "on"))
FALSE = frozenset(("0", "0.0", "false", "no", "n", "f", "off"))


def role_of(name: str, said: str) -> tuple[Role, str]:
    """The role and its detail (a date format, an id's pattern, a kind of text) in `said`."""
    word, _, detail = said.partition(":")
    role = WORDS.get(word.strip().lower())
    if role is None:
        raise UsageError(f"--column {name}={said}: {did_you_mean(word, list(WORDS))}")
    if detail and role not in DETAILED:
        raise UsageError(f"--column {name}={said}: {word} takes nothing behind a colon.")
    if role == "text" and detail and detail not in personal.KINDS:
        raise UsageError(f"--column {name}={said}: {did_you_mean(detail, list(personal.KINDS))}")
    return role, detail


def obeyed(column: Column, said: str, values: pa.Array, where: Callable[[int], str]) -> Column:
    """The inferred or given column changed to what the user says.

    `values` (rows,) are as `Raw` holds them: text that is still to be typed, or typed values.
    Raises `BadInput` with the place of the first value that speaks against it.
    """
    role, detail = role_of(column.name, said)
    if role != "measurement":
        column = replace(column, note="", forms=())
    if role == "drop":
        return Column(column.name, "drop", "string")
    if role == "constant":
        return _constant(column, values, where)
    if role == "categorical":
        return replace(column, role="categorical", pattern="", pii="", shared=False)
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        digits = integer_dates.digits(values)
        if role == "datetime" and digits is not None:
            return _datetime(column, detail, digits, where)
        if column.storage == "datetime":  # as it was inferred
            storage: Storage = "integer" if pa.types.is_integer(values.type) else "float"
            column = Column(column.name, "numeric", storage, arrow=column.arrow)
    if pa.types.is_string(values.type):
        changes = {
            "numeric": _numeric,
            "boolean": _boolean,
            "datetime": _datetime,
            "measurement": _measurement,
        }
        if role in changes:
            return changes[role](column, detail, values, where)
        if role in ("id", "reference"):
            return replace(_id(column, detail, values), role=role)
        return _text(column, detail, values)
    if role in ("id", "reference") and column.storage == "integer":
        return replace(_id(column, detail, values.cast(pa.string())), role=role)
    if role == "text":
        note = "It is written as text from now on."
        return Column(column.name, "text", "string", pii=detail, note=note)
    if role != column.role and not (role == "numeric" and column.storage in numerals.STORAGES):
        raise BadInput(
            f"column {column.name!r} is declared as {column.arrow or values.type}, "
            f"which cannot be taken as {role}.",
            where=where(0),
            hint="Convert it in the file first.",
        )
    return replace(column, role=role, pattern="", pii="", shared=False)


def _constant(column: Column, values: pa.Array, where: Callable[[int], str]) -> Column:
    differs = pc.invert(pc.equal(values, values[0])) if values[0].is_valid else pc.is_valid(values)
    row = pc.index(pc.fill_null(differs, True), True).as_py()
    if row >= 0:
        raise BadInput(
            f"column {column.name!r} changes here, so it is no constant.",
            where=where(row),
            hint=f"Pass --column {column.name}=category.",
        )
    return replace(column, role="constant", pattern="", pii="")


def _numeric(column: Column, detail: str, values: pa.Array, where: Callable[[int], str]) -> Column:
    """Numbers, also those whose spelling would have made them codes; that is then lost."""
    if column.storage in numerals.STORAGES:
        return replace(column, role="numeric", pattern="")
    blank = Column(column.name, "numeric", "float", null=column.null, arrow=column.arrow)
    distinct = pc.unique(text.without_tokens(blank, values).drop_null())
    if not len(distinct) or not pc.all(pc.match_substring_regex(distinct, numerals.NUMBER)).as_py():
        return blank  # reading it shows the first line that is no number
    found, kept = numerals.spelt(blank, distinct)
    note = "" if kept else "Leading zeros or signs of its numbers are not kept."
    return replace(found, null=inference.null_of(blank, values), note=note)


def _boolean(column: Column, detail: str, values: pa.Array, where: Callable[[int], str]) -> Column:
    """Two spellings of which one says yes and the other no."""
    if column.storage == "boolean":
        return column
    spelt = pc.unique(values.drop_null()).to_pylist()
    true = [word for word in spelt if word.lower() in TRUE]
    false = [word for word in spelt if word.lower() in FALSE]
    odd = [word for word in spelt if word.lower() not in TRUE | FALSE]
    if odd or len(true) > 1 or len(false) > 1 or not spelt:
        strange = (odd or true[1:] or false[1:] or [None])[0]
        row = pc.index(values, strange).as_py() if strange is not None else 0
        raise BadInput(
            f"column {column.name!r} is no boolean: it needs one word for yes and one for no.",
            where=where(row),
            hint=f"Pass --column {column.name}=category, or a schema with its 'true' and 'false'.",
        )
    pair = {"1": "0", "1.0": "0.0"}
    yes = true[0] if true else next((y for y, n in pair.items() if n == false[0]), "true")
    no = false[0] if false else pair.get(yes, "false")
    null = column.null if column.null in (None, "") else None
    return Column(
        column.name, "boolean", "boolean", true=yes, false=no, null=null, arrow=column.arrow
    )


def _datetime(column: Column, detail: str, values: pa.Array, where: Callable[[int], str]) -> Column:
    """Dates in the format that is given, else in the one that fits."""
    if column.storage == "datetime" and not detail:
        return column
    blank = Column(column.name, "datetime", "datetime", format=detail, arrow=column.arrow)
    distinct = pc.unique(text.without_tokens(blank, values).drop_null())
    if not detail:
        found = inference.date(column.name, distinct) if len(distinct) else None
        found = found or integer_dates.column(column.name, distinct, declared=True)
        if found is None:
            raise BadInput(
                f"column {column.name!r} fits no date format, or more than one.",
                where=where(0),
                hint=f"Give the format, e.g. --column {column.name}=datetime:%d/%m/%Y.",
            )
        return replace(found, null=column.null, arrow=column.arrow)
    stamps = dates.parse(detail, distinct).drop_null()
    step = dates.step(np.asarray(stamps.cast(pa.int64()))) if len(stamps) else None
    note = "" if text.keeps(blank, distinct) else "Its dates are not written as they were read."
    null = inference.null_of(blank, values)
    return replace(blank, step_us=step, note=note, null=null)


def _measurement(
    column: Column, detail: str, values: pa.Array, where: Callable[[int], str]
) -> Column:
    """Texts of few forms with numbers in them."""
    if column.role == "measurement":
        return column
    blank = Column(column.name, "text", "string", null=inference.empty(values), arrow=column.arrow)
    found = form_inference.declared(blank, text.encoded(values))
    if found is None:
        raise BadInput(
            f"column {column.name!r} has no few forms with one or two numbers, each in "
            f"{form_search.LEAST_ROWS} rows or more.",
            where=where(0),
            hint=f"Pass --column {column.name}=text or =category, or give its forms in a schema.",
        )
    return found


def _id(column: Column, detail: str, texts: pa.Array) -> Column:
    identifiers.parts_of(detail)
    if column.storage not in ("string", "integer"):
        column = Column(
            column.name, "id", "string", null=inference.empty(texts), arrow=column.arrow
        )
    derived = identifier_inference.derive(pc.unique(texts.drop_null()))
    pattern = detail or identifier_inference.fitting(derived, column.arrow)
    note = "" if pattern else "Its form could not be told, so new ids are numbers."
    return replace(column, role="id", pattern=pattern or "{number}", pii="", note=note)


def _text(column: Column, detail: str, texts: pa.Array) -> Column:
    """Text to be replaced, numbers as well: a telephone number is no quantity."""
    distinct = pc.unique(texts.drop_null())
    kind = detail or personal.kind(column.name, distinct) or gazetteer.likely(distinct, False)
    blank = Column(column.name, "text", "string", null=inference.empty(texts), arrow=column.arrow)
    found = roles.as_text(blank, kind, distinct)
    return roles.with_owners(found, len(distinct), len(texts) - texts.null_count)
