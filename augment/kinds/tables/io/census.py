"""What all rows of a table hold, found in one pass, beside a sample of them.

Of each column: missing values, ends, how often each of few values stands there, and the forms of
what is no number. For each a row is remembered that shows it; those that the sample lacks are added
to it, so that no column is judged, and no value left out, by chance.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.data.spelling import numerals
from augment.kinds.tables.data.spelling.text import NULL_TOKENS

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_VALUES = 1_000  # of a column of which each is counted
MOST_SPREAD = 1 << 16  # from least to greatest, of whole numbers that are counted by place
DIGITS, LETTERS = "[0-9]+", "[A-Za-z]+"
MISSING_FORMS = frozenset(re.sub(LETTERS, "a", token) for token in NULL_TOKENS)
LEAST_A_VALUE = 10  # rows of the sample, on average, if each value is to be in it
MOST_FORMS = 64  # a column with more is free text, whatever else it holds
Place = tuple[int, int]  # a file of the source, a row in it


@dataclass
class ColumnCensus:
    """One column over the parts so far; `places` names for each thing to be shown a row."""

    levels: pa.Array | None = None  # distinct values so far (levels,)
    # How often each stands there (levels,); None: too many values.
    level_counts: NDArray[np.int64] | None = field(default_factory=lambda: np.zeros(0, np.int64))
    forms: set[str] | None = field(default_factory=set)  # of texts that are no numbers
    mixed: bool = False  # whether a text was seen that is no number
    ends: dict[str, Any] = field(default_factory=dict)
    places: dict[Hashable, Place] = field(default_factory=dict)

    def add(self, values: pa.Array, file: int, numbers: NDArray[np.int64]) -> list[int]:
        """Count a part, whose rows have these numbers in their file; the rows to remember."""
        shown: list[int] = []

        def show(what: Hashable, row: int) -> None:
            self.places[what] = (file, int(numbers[row]))
            shown.append(row)

        if values.null_count and "null" not in self.places:
            show("null", _first(pc.is_null(values), True))
        if self.level_counts is not None:
            new = self._count(values, show)
        else:
            indexed = pa.types.is_dictionary(values.type)
            new = _in_order(_tallied(values)[0], values) if indexed else values
        if pa.types.is_string(new.type):
            self._texts(values, new, show)
        elif not pa.types.is_boolean(values.type):
            self._ends(values, values, "", show)
        return shown

    def _count(self, values: pa.Array, show: Callable[[Hashable, int], None]) -> pa.Array:
        """Count a part; its values that no part before it had, or all where they are too many."""
        found, counts = _tallied(values)
        assert self.level_counts is not None
        if self.levels is None:
            self.levels = found.slice(0, 0)
        places = pc.index_in(found, self.levels)
        new = found.filter(pc.is_null(places)) if places.null_count else found.slice(0, 0)
        if len(self.levels) + len(new) > MOST_VALUES:
            self.levels = self.level_counts = None
            self.places = {k: v for k, v in self.places.items() if not isinstance(k, tuple)}
            return _in_order(found, values)
        if len(new):
            new = _in_order(new, values) if pa.types.is_dictionary(values.type) else new
            for level in new.to_pylist():
                show(("value", level), _first(values, level))
            self.levels = pa.concat_arrays([self.levels, new])
            self.level_counts = np.append(self.level_counts, np.zeros(len(new), np.int64))
            places = pc.index_in(found, self.levels)
        np.add.at(self.level_counts, np.asarray(places), counts)
        return new

    @property
    def counts(self) -> dict[Any, int] | None:
        """How often each value stands there; None where there are too many."""
        if self.level_counts is None:
            return None
        found: dict[Any, int] = defaultdict(int)
        levels = [] if self.levels is None else self.levels.to_pylist()
        for level, count in zip(levels, self.level_counts.tolist(), strict=True):
            found[level] += count
        return dict(found)

    def _ends(
        self, values: pa.Array, order: pa.Array, kind: str, show: Callable[[Hashable, int], None]
    ) -> None:
        """Note the least and the greatest of `values` by `order`."""
        for end, value, beyond in zip(
            ("min", "max"), _least_and_greatest(order), (pc.less, pc.greater), strict=True
        ):
            known = self.ends.get(kind + end)
            if value.is_valid and (known is None or beyond(value, known).as_py()):
                self.ends[kind + end] = value
                show(kind + end, _first(order, value))

    def _texts(
        self, values: pa.Array, new: pa.Array, show: Callable[[Hashable, int], None]
    ) -> None:
        """Note the ends and forms of `new` texts, which stand somewhere among `values`."""
        if not len(new):
            return

        def shown(what: Hashable, row: int) -> None:
            show(what, row if new is values else _first(values, new[row]))

        self._ends(new, pc.binary_length(new), "length ", shown)
        if self.forms is None:
            return
        if not self.mixed:
            try:
                self._ends(new, new.cast(pa.float64()), "number ", shown)
                return
            except pa.ArrowInvalid:
                self.mixed = True
        distinct = pc.unique(new.drop_null())
        plain = pc.match_substring_regex(distinct, numerals.NUMBER)
        numbers = pc.if_else(plain, distinct, None).cast(pa.float64())

        def at(what: Hashable, row: int) -> None:
            show(what, _first(values, distinct[row]))

        self._ends(distinct, numbers, "number ", at)
        odd = pc.if_else(plain, None, distinct)
        self._ends(distinct, odd, "text ", at)
        if self.forms:  # one pattern takes a tenth of two replacements
            odd = pc.if_else(pc.match_substring_regex(odd, _pattern(self.forms)), None, odd)
        for row, form in zip(*_firsts(_forms(odd)), strict=True):
            if form not in self.forms:
                self.forms.add(form)
                at(f"form {form}", row)
        if len(self.forms) > MOST_FORMS or any(_is_free(form) for form in self.forms):
            self.forms = None
            self.places = {
                k: v for k, v in self.places.items() if not str(k).startswith(("form ", "text "))
            }

    def lacking(self, sampled: pa.Array) -> set[Place]:
        """The rows that a sample of the column needs besides its own.

        Values only of a column that has few for so many rows, as a category has.
        """
        levels = 0 if self.levels is None else len(self.levels)
        few = levels * LEAST_A_VALUE <= len(sampled)
        has = set(pc.unique(sampled.drop_null()).to_pylist()) if few else set()
        return {
            place
            for what, place in self.places.items()
            if not (what == "null" and sampled.null_count)
            and not (isinstance(what, tuple) and (not few or what[1] in has))
        }


def _least_and_greatest(values: pa.Array) -> tuple[pa.Scalar, pa.Scalar]:
    """Null where every value is missing."""
    if pa.types.is_floating(values.type):  # Arrow's own takes twenty times as long for them
        known = np.asarray(values.drop_null())
        if len(known) and not np.isnan(least := known.min()):
            return pa.scalar(least, values.type), pa.scalar(known.max(), values.type)
    found = pc.min_max(values)
    return found["min"], found["max"]


def _tallied(values: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """The distinct values (levels,) that are none missing, and how often each stands there."""
    if pa.types.is_dictionary(values.type):
        codes = np.asarray(values.indices.drop_null())
        counts = np.bincount(codes, minlength=len(values.dictionary))
        present = np.flatnonzero(counts)
        return values.dictionary.take(pa.array(present)), counts[present]
    if pa.types.is_integer(values.type):
        ends = pc.min_max(values)
        least, greatest = ends["min"].as_py(), ends["max"].as_py()
        if least is not None and greatest - least < MOST_SPREAD:
            counts = np.bincount(np.asarray(values.drop_null()) - least)
            present = np.flatnonzero(counts)
            return pa.array(present + least, values.type), counts[present]
    found = pc.value_counts(values.drop_null())
    return found.field(0), np.asarray(found.field(1))


def _in_order(levels: pa.Array, values: pa.Array) -> pa.Array:
    """Some levels of a dictionary by the first row of each, as it is a file's choice in which
    order they stand there; what is no dictionary as it is."""
    if not pa.types.is_dictionary(values.type):
        return values
    codes = np.asarray(values.indices.drop_null())
    rows = np.full(len(values.dictionary), len(codes))
    rows[codes[::-1]] = np.arange(len(codes))[::-1]  # of a code that repeats the last one stays
    places = np.asarray(pc.index_in(levels, values.dictionary))
    return levels.take(pa.array(np.argsort(rows[places], kind="stable")))


def _first(values: pa.Array, value: Any) -> int:
    if pa.types.is_dictionary(values.type):
        value, values = pc.index(values.dictionary, value), values.indices
    return int(pc.index(values, value).as_py())


def _forms(texts: pa.Array) -> pa.Array:
    """Each text with runs of digits as 9 and runs of letters as a."""
    digits = pc.replace_substring_regex(texts, DIGITS, "9")
    return pc.replace_substring_regex(digits, LETTERS, "a")


def _pattern(forms: set[str]) -> str:
    """What matches the texts of these forms, and no others."""
    parts = {"9": DIGITS, "a": LETTERS}
    each = ("".join(parts.get(part) or re.escape(part) for part in form) for form in sorted(forms))
    return rf"\A(?:{'|'.join(each)})\z"


def _firsts(values: pa.Array) -> tuple[list[int], list[str]]:
    """The first row of each distinct value that is none, and the value."""
    encoded = values.dictionary_encode()
    indices = np.asarray(pc.fill_null(encoded.indices, -1))
    found, rows = np.unique(indices, return_index=True)
    return rows[found >= 0].tolist(), encoded.dictionary.to_pylist()


def _is_free(form: str) -> bool:
    """Whether a text of this form shows its column to be words."""
    return "9" not in form and form not in MISSING_FORMS
