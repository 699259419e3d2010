"""Which columns of text are measurements: of few forms with numbers, each in enough rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.data import measurements
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.identifiers import ID_NAME
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling import form_search
from augment.kinds.tables.data.spelling.form_search import LEAST_ROWS, MOST_FORMS, Found
from augment.kinds.tables.data.spelling.forms import LONGEST, described

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_LEVELS, FEW_LEVELS = 200, 20  # fewer make a category, where most of them are common
MOST_RARE = 0.1  # of the rows, that hold a value of fewer than `LEAST_ROWS`
SAMPLE = 1_000
UNSURE = ("", "company", "city", "country", "job")  # kinds of which a unit may remind: 5 kg, 5 KG
TOO_MANY = "Its numbers are spelt in too many ways, or codes, so what they say is lost."


def decided(column: Column, texts: pa.DictionaryArray) -> Column:
    """A text, or a category of many values, as a column of measurements where it is one."""
    wordy = column.role == "text" and column.pii in UNSURE
    if not (wordy or column.role == "categorical") or ID_NAME.search(column.name):
        return column
    counts = _counts(texts)
    if not wordy and not _many(counts):
        return column
    distinct = texts.dictionary
    sample = distinct.slice(0, SAMPLE)
    digits = pc.mean(pc.match_substring_regex(sample, r"\d")).as_py() or 0.0
    if digits < form_search.LEAST_NUMBERS or pc.mean(pc.utf8_length(sample)).as_py() > LONGEST:
        return column
    found = form_search.search(distinct, counts) if form_search.has_few(sample) else None
    if found is None:
        odd = (
            wordy
            and not column.pii
            and digits > 1 - MOST_RARE
            and form_search.begin_with_numbers(sample)
        )
        return replace(column, note=f"{TOO_MANY} {column.note}") if odd else column
    return as_measurement(column, found, texts)


def notes(table: Table) -> Iterator[str]:
    """What of texts with numbers is not learnt."""
    for name, count in measurements.odd_rows(table):
        rows = "1 row holds a text" if count == 1 else f"{count:,} rows hold texts"
        yield f"Column {name!r}: {rows} of another form than are learnt; rows like others stand in."
    for column in table.schema:
        if column.note.startswith(TOO_MANY):
            yield (
                f"Column {column.name!r}: {TOO_MANY[0].lower()}{TOO_MANY[1:]} Up to {MOST_FORMS} "
                f"forms of {LEAST_ROWS} rows or more each are learnt: spell them alike, or split "
                "the column."
            )


def as_measurement(column: Column, found: Found, texts: pa.DictionaryArray) -> Column:
    note = f"Numbers in {described(found.forms)}."
    if found.odd:
        other = (
            "1 row of another form is" if found.odd == 1 else f"{found.odd:,} rows of others are"
        )
        note += f" {other} not learnt."
    return Column(
        column.name,
        "measurement",
        "string",
        null="" if texts.null_count else None,
        arrow=column.arrow,
        note=note,
        forms=found.forms,
    )


def declared(column: Column, texts: pa.DictionaryArray) -> Column | None:
    """The column as the user says it is: its few forms may be of as many rows as there are of
    other columns, and of few values; None where it has none."""
    found = form_search.search(texts.dictionary, _counts(texts))
    return None if found is None else as_measurement(column, found, texts)


def _counts(texts: pa.DictionaryArray) -> NDArray[np.int64]:
    """(distinct,) the rows of each."""
    indices = np.asarray(texts.indices.drop_null(), np.int64)
    return np.bincount(indices, minlength=len(texts.dictionary))


def _many(counts: NDArray[np.int64]) -> bool:
    """Whether values are too many, or too many of them rare, for a good category."""
    rare = counts[counts < LEAST_ROWS].sum() / max(1, counts.sum())
    return len(counts) > MOST_LEVELS or (len(counts) > FEW_LEVELS and bool(rare >= MOST_RARE))
