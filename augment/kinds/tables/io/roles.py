"""What a typed column means to a generator: quantity, category, id, personal text, constant."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.data import identifier_inference
from augment.kinds.tables.data.identifiers import ID_NAME
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling import birth_numbers
from augment.kinds.tables.data.spelling.units import has_units
from augment.kinds.tables.data.values import whole_numbers
from augment.kinds.tables.personal import detection as personal
from augment.kinds.tables.personal import gazetteer, surrogates

FEW_OWNERS = 5  # no more addresses or numbers than this are a firm's, and no persons
FEW_LEVELS = 20  # text with no more distinct values than this is a category in any table
TEXT_SHARE = 0.5  # more distinct values than this share of the rows: no category
NEARLY_ALL = 0.99  # of the rows are distinct: an id with a few repeats
MANY_NAMED = 0.2  # of a column named like an id: under five rows a value, too few to show any
SEQUENCE_ROWS = 20  # so many rows that count 1, 2, 3, ... do so on purpose
UNNAMED_ROWS = 10
PERSON_NAME = re.compile(  # an id of these is a person's, however many rows it has
    r"(?i)(account|applicant|author|beneficiary|borrower|buyer|candidate|citizen|client|customer|"
    r"donor|driver|employee|guest|household|manager|member|participant|passenger|patient|person|"
    r"physician|player|pupil|reporter|resident|respondent|reviewer|seller|student|subject|supervisor|"
    r"teacher|tenant|user|visitor|voter|worker)"
)
EVENT_NAME = re.compile(  # and an id of these says which rows are parts of one
    r"(?i)(admission|basket|booking|case|claim|contract|encounter|invoice|loan|order|policy|"
    r"purchase|receipt|reservation|session|shipment|stay|ticket|transaction|trip|visit)"
)
OWNER_NAME = re.compile(  # text of these names whose a row is, whatever its kind
    r"(?i)(cookie|device|fingerprint|imsi|kennzeichen|licen[cs]e|msisdn|number_?plate|^plate|_plate|"
    r"profile|session|sim_?card|vehicle|vin$|visitor)"
)
PERSON_CODE = re.compile(rf"{PERSON_NAME.pattern}[_\s.\-]?(code|hash|ref|reference|token)$")
LEAST_IN_RANGE = 100  # numbers that fill half of their range, in a column named after persons: ids
ID_DIGITS = 5  # or numbers that have all of them as many digits, and so many at least
CALENDAR_NAME = re.compile(
    r"(?i)(year|month|week|day|date|hour|minute|second|time|quarter|age|period|epoch|step)"
)
SHARED = "It repeats: rows with the same one belong together."
WITH_DIGITS = re.compile(r"(?i)\{(number|digits|hex|alnum|uuid)")  # letters alone may be words
PERSONS_DIGITS = 6  # on average: fewer make no telephone number
LONG_TEXT = 40  # characters on average: nobody's category


def decided(column: Column, distinct: pa.Array, rows: int, missing: int) -> Column:
    """The column with its role.

    `distinct` are its values without missing ones, as text where the source is text; of its
    `rows` so many as `missing` have none.
    """
    if len(distinct) == 1 and not missing and not column.null:
        return replace(column, role="constant")
    if column.storage == "integer" and not has_units(column):
        return _of_integers(column, distinct, rows, missing)
    if column.storage == "string":
        return _of_strings(column, distinct, rows - missing)
    return column


def _of_integers(column: Column, distinct: pa.Array, rows: int, missing: int) -> Column:
    """Integers are quantities unless named as ids or telephones, or counting the rows."""
    texts = distinct.cast(pa.string())
    numbers = np.asarray(pc.cast(texts, pa.float64()))
    if birth_numbers.first_year(numbers) is not None:
        note = "Its digits are dates of birth (YYMMDD, 50 added to the month of some)."
        return replace(column, note=note)
    if pc.any(pc.starts_with(texts, "-")).as_py():
        return column
    present = rows - missing
    share = len(distinct) / present
    named = bool(ID_NAME.search(column.name)) or (
        _after_persons(column.name) and _are_persons_numbers(distinct, texts)
    )
    if len(distinct) > FEW_LEVELS:
        if personal.are_cards(texts):
            return _as_id(column, texts, "They pass the check of card numbers; new ones are made.")
        named_so = personal.named(column.name) in ("phone", "ssn", "card")
        if named_so and _mean_length(texts) >= PERSONS_DIGITS:
            note = "Its name speaks of a person's number, so new ones are made."
            return _as_id(column, texts, note)
    if named and share >= NEARLY_ALL:
        return _as_id(column, texts, _repeats(share))
    if named and _shared_by_rows(column.name, len(distinct), share):
        return as_reference(column, texts, SHARED)
    if named and len(distinct) < present:
        return replace(column, role="categorical", note="It is named like an id, but repeats.")
    counts = (
        share == 1
        and present == rows >= SEQUENCE_ROWS
        and not CALENDAR_NAME.search(column.name)
        and _are_consecutive(distinct)
    )
    return _as_id(column, texts, "It counts the rows.") if counts else column


def _repeats(share: float) -> str:
    """A note on an id of which a few values repeat: `share` of the rows have one of their own."""
    return "" if share == 1 else "A few of its values repeat; every row gets a new one."


def _shared_by_rows(name: str, distinct: int, share: float) -> bool:
    """Whether a column named like an id, which repeats, says which rows belong together.

    Else it is a category: a store or a district that many rows have.
    """
    speaks = PERSON_NAME.search(name) or EVENT_NAME.search(name) or OWNER_NAME.search(name)
    return share >= MANY_NAMED or (distinct > FEW_LEVELS and bool(speaks))


def _after_persons(name: str) -> bool:
    """Whether a column is called `customer` or `user` and nothing more: an id by its form alone."""
    return PERSON_NAME.fullmatch(name.strip()) is not None


def _are_persons_numbers(distinct: pa.Array, texts: pa.Array) -> bool:
    """Whether integers of a column named after persons are their numbers, not counts of them."""
    lengths = pc.min_max(pc.utf8_length(texts))
    span = pc.min_max(whole_numbers(distinct))
    within = int(span["max"].as_py()) - int(span["min"].as_py()) + 1
    long = lengths["min"].as_py() == lengths["max"].as_py() >= ID_DIGITS
    return len(distinct) > FEW_LEVELS and (
        long or (len(distinct) >= LEAST_IN_RANGE and within <= 2 * len(distinct))
    )


def _are_consecutive(distinct: pa.Array) -> bool:
    """Whether the numbers, in some order, follow one another without a gap."""
    span = pc.min_max(whole_numbers(distinct))
    return int(span["max"].as_py()) - int(span["min"].as_py()) == len(distinct) - 1


def _of_strings(column: Column, distinct: pa.Array, present: int) -> Column:
    """Text is an id by its form, personal by its content or name, else a category or free text."""
    share = len(distinct) / present
    many = len(distinct) > FEW_LEVELS or share > TEXT_SHARE
    repeats = len(distinct) <= max(FEW_LEVELS, TEXT_SHARE * present)
    kind = personal.kind(column.name, distinct)
    kind = kind or (gazetteer.likely(distinct, repeats) if many else "")
    note = column.note
    if kind in personal.IDENTIFYING and (kind in personal.UNIQUE or many):
        found = replace(column, role="text", pii=kind, note=f"It looks personal ({kind}).")
        return with_owners(found, len(distinct), present)
    code = bool(PERSON_CODE.search(column.name)) or (
        bool(OWNER_NAME.search(column.name)) and many and surrogates.are_codes(distinct)
    )
    named = code or bool(ID_NAME.search(column.name))
    likely = named or (_after_persons(column.name) and len(distinct) > FEW_LEVELS)
    shared = likely and _shared_by_rows(column.name, len(distinct), share)
    if (
        (shared or share >= NEARLY_ALL)
        and present >= (2 if named else UNNAMED_ROWS)
        and kind != "postcode"
    ):
        pattern = identifier_inference.derive(distinct)
        if pattern and (named or WITH_DIGITS.search(pattern)):
            if share < NEARLY_ALL:
                return replace(column, role="reference", pattern=pattern, note=SHARED)
            note = _repeats(share) or note
            return replace(column, role="id", pattern=pattern, note=note)
    if not repeats or (shared and code):
        return with_owners(as_text(column, kind, distinct), len(distinct), present)
    if len(distinct) > FEW_LEVELS and _mean_length(distinct) > LONG_TEXT:
        found = as_text(column, kind, distinct, "Its texts are long.")
        return with_owners(found, len(distinct), present)
    return column


def with_owners(column: Column, distinct: int, present: int) -> Column:
    """A column of text that is marked as shared where its values say whose the rows are: an e-mail
    address that repeats, a name, the text of a cookie. Of `present` rows, `distinct` differ."""
    share = distinct / max(1, present)
    few = FEW_OWNERS if column.pii in personal.UNIQUE else FEW_LEVELS
    if distinct <= few or share >= NEARLY_ALL:
        return column
    speaks = OWNER_NAME.search(column.name) or PERSON_NAME.search(column.name)
    told = column.pii in (*personal.UNIQUE, "user_name") or (not column.pii and speaks)
    if column.pii in personal.SELDOM_SHARED:
        told = share >= MANY_NAMED  # fewer are a staff's: teachers, drivers
    if not told:
        return column
    return replace(column, shared=True, note=f"{column.note} {SHARED}".strip())


def as_text(column: Column, kind: str, texts: pa.Array, why: str = "") -> Column:
    """The column as text of this kind, with what stands in for it in the note."""
    made = replace(column, role="text", pii=kind)
    said = f"Replaced by {surrogates.named(made, texts)}"
    note = f"{said}, its kind being unknown." if not kind else f"{said}."
    return replace(made, note=" ".join(filter(None, (why, column.note, note))))


def _mean_length(distinct: pa.Array) -> float:
    return float(pc.mean(pc.utf8_length(distinct)).as_py())


def as_reference(column: Column, texts: pa.Array, note: str) -> Column:
    """A column of numbers as ids that repeat; `texts` are the distinct ones."""
    return replace(_as_id(column, texts, note), role="reference")


def _as_id(column: Column, texts: pa.Array, note: str) -> Column:
    pattern = identifier_inference.fitting(
        identifier_inference.derive(texts) or "{number}", column.arrow
    )
    return replace(column, role="id", pattern=pattern, note=note or column.note)
