"""The search for the few forms of a column's texts: see `forms.py`.

Texts with the same literals around their numbers are taken together, then those with the same
marks inside these. A text is of a form if the form writes it back as it was read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import UsageError
from augment.kinds.tables.data.spelling.forms import (
    CURRENCY,
    MOST_DECIMALS,
    MOST_SLOTS,
    Form,
    Slot,
)
from augment.kinds.tables.data.spelling.units import MARKS, marks_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_FORMS = 20
LEAST_ROWS = 10  # of each form: what is kept of it points at nobody
MOST_ODD = 0.01  # of the rows, that are of no such form
LEAST_NUMBERS = 0.5  # of the rows, that have a number
MOST_PAIRED = 10_000  # numbers of two in one text lie below: codes do not
NUMBER = r"\d+(?:[' \x{a0}\x{202f}]\d{3})*(?:[.,]\d+)*"
SIGNED = rf"^-(?:{CURRENCY})?[ \x{{a0}}]?{NUMBER}\D*$"
WORDS = "about|approx|around|at least|at most|ca|circa|from|less than|max|min|more than|over|to"
WORDS += "|under|up to"
BEFORE = re.compile(rf"[^\w#]{{0,3}}(?:(?:{CURRENCY})[ \xa0]?|(?i:{WORDS})\.? ?)?[^\w#]{{0,2}}")
WITHIN = re.compile(r"[^\w#]{0,3}(?:[^\W\dA-Z_]+\.?)?[^\w#]{0,3}")
CODE = re.compile(r"(?![BCFGKLMTVW])[A-Z](?![^\W\d_])")  # a letter behind a number, but for units
BETWEEN, BEHIND = 8, 20  # characters
MOST_MARKS = 3  # ways to mark thousands and decimals between the same literals
MARKED = (
    r"^\d+(?:\.\d+)?$", r"^\d+(?:,\d+)?$",
    *(rf"^\d{{1,3}}(?:{re.escape(g)}\d{{3}})*(?:{re.escape(p)}\d+)?$" for g, p in MARKS),
)  # fmt: skip
ORDINALS = frozenset(("st", "nd", "rd", "th"))
SOME = 0.1  # of texts, that may be otherwise than what is said of all


@dataclass(frozen=True)
class Found:
    """The forms, the commonest first, and how many rows are of none."""

    forms: tuple[str, ...]
    odd: int


def has_few(sample: pa.Array) -> bool:
    """Whether a part of a column's texts leaves it open; free texts have as many forms as texts."""
    forms = pc.value_counts(pc.replace_substring_regex(sample, NUMBER, "0")).field(1)
    often = np.sort(np.asarray(forms))[::-1]
    return bool(often[:MOST_FORMS].sum() >= LEAST_NUMBERS * len(sample))


def begin_with_numbers(sample: pa.Array) -> bool:
    bodies = pc.replace_substring_regex(sample, NUMBER, "0").to_pylist()
    begun = sum(bool(BEFORE.fullmatch(body.partition("0")[0])) for body in bodies)
    return begun > (1 - SOME) * len(bodies)


def search(distinct: pa.Array, counts: NDArray[np.int64]) -> Found | None:
    rows = int(counts.sum())
    signed = pc.match_substring_regex(distinct, SIGNED)
    bare = pc.if_else(signed, pc.utf8_slice_codeunits(distinct, 1), distinct)
    skeletons = pc.replace_substring_regex(bare, NUMBER, "0").dictionary_encode()
    kinds = np.asarray(skeletons.indices, np.int64)
    often = np.bincount(kinds, weights=counts, minlength=len(skeletons.dictionary))
    common = np.flatnonzero(often >= LEAST_ROWS)
    if len(common) > MOST_FORMS or often[common].sum() < (1 - MOST_ODD) * rows:
        return None
    found: dict[Form, int] = defaultdict(int)
    numbered = 0
    order = np.argsort(kinds, kind="stable")
    ends = np.searchsorted(kinds[order], np.arange(len(often) + 1))
    behind = set()
    for kind in common.tolist():
        own = order[ends[kind] : ends[kind + 1]]
        texts, bodies = distinct.take(pa.array(own)), bare.take(pa.array(own))
        literals = skeletons.dictionary[kind].as_py().split("0")
        for form, places in _forms(literals, bodies):
            fits, numbers = form.numbers(texts)
            kept = fits & places
            if form.slots:
                known = [np.nan_to_num(column) for column in numbers]
                kept &= pc.equal(form.texts(known), texts).to_numpy(zero_copy_only=False)
            count = int(counts[own][kept].sum())
            if count >= LEAST_ROWS:
                found[form] += count
                numbered += count * bool(form.slots)
                behind |= {form.literals[-1]} if form.slots else set()
    odd = rows - sum(found.values())
    if odd > MOST_ODD * rows or numbered < LEAST_NUMBERS * rows or len(found) > MOST_FORMS:
        return None
    if behind <= ORDINALS:
        return None
    ordered = sorted(found, key=lambda form: (-found[form], form.template))
    return Found(tuple(form.template for form in ordered), odd)


def _forms(literals: list[str], bodies: pa.Array) -> Iterator[tuple[Form, NDArray[np.bool_]]]:
    """The forms of texts with these literals around numbers, and (texts,) which are of each."""
    if len(literals) == 1:
        yield from _checked(tuple(literals), (), np.ones(len(bodies), bool))
        return
    literals, columns = _without_constants(literals, _numbers(literals, bodies))
    if not 1 <= len(columns) <= MOST_SLOTS or not _fit(literals):
        return
    for own, pairs in _by_marks(columns):
        chosen = [column.filter(pa.array(own)) for column in columns]
        if len(columns) > 1 and any(_large(c, m) for c, m in zip(chosen, pairs, strict=True)):
            continue
        decimals = [_decimals(c, point) for c, (_, point) in zip(chosen, pairs, strict=True)]
        every = np.ones(len(chosen[0]), bool)
        for some in [every] if all(map(_alike, decimals)) else _by_length(decimals):
            slots = []
            for place, (grouping, point) in enumerate(pairs):
                lengths = [len(decimals[place][row]) for row in np.flatnonzero(some)]
                padded = place and not max(lengths) and not grouping
                width = _width(chosen[place].filter(pa.array(some))) if padded else 1
                slots.append(Slot(grouping, point, width, min(lengths), max(lengths)))
            rows = np.zeros(len(own), bool)
            rows[np.flatnonzero(own)[some]] = True
            yield from _checked(tuple(literals), tuple(slots), rows)


def _by_marks(
    columns: list[pa.Array],
) -> Iterator[tuple[NDArray[np.bool_], list[tuple[str, str]]]]:
    """(texts,) which have the same marks inside their numbers, and these for each number; most
    texts first."""
    left = np.ones(len(columns[0]), bool)
    for _ in range(MOST_MARKS):
        rows = left
        for column in columns:
            chosen = column.filter(pa.array(rows))
            if marks_of(chosen) is None:
                fits = [pc.match_substring_regex(chosen, pattern) for pattern in MARKED]
                best = max(fits, key=lambda each: pc.sum(each).as_py() or 0)
                places = np.flatnonzero(rows)[best.to_numpy(zero_copy_only=False)]
                rows = np.isin(np.arange(len(rows)), places)
        pairs = [marks_of(column.filter(pa.array(rows))) for column in columns]
        if not rows.any() or None in pairs:
            return
        yield rows, [pair for pair in pairs if pair is not None]
        left = left & ~rows
        if not left.any():
            return


def _checked(
    literals: tuple[str, ...], slots: tuple[Slot, ...], rows: NDArray[np.bool_]
) -> Iterator[tuple[Form, NDArray[np.bool_]]]:
    """The form, if its template means it and nothing else."""
    if max((slot.most for slot in slots), default=0) > MOST_DECIMALS:
        return
    form = Form(literals, slots)
    try:
        if Form.of(form.template) == form:
            yield form, rows
    except UsageError:
        return


def _numbers(literals: list[str], bodies: pa.Array) -> list[pa.Array]:
    names = [f"n{place}" for place in range(len(literals) - 1)]
    pattern = "".join(
        f"{re.escape(a)}(?P<{n}>{NUMBER})" for a, n in zip(literals, names, strict=False)
    )
    parts = pc.extract_regex(bodies, f"^{pattern}{re.escape(literals[-1])}$")
    return [pc.struct_field(parts, name) for name in names]


def _without_constants(
    literals: list[str], columns: list[pa.Array]
) -> tuple[list[str], list[pa.Array]]:
    """Second numbers that never change, as that of kg/m2, are literal. No columns where a number
    of some text is none."""
    made, kept = [literals[0]], []
    for place, column in enumerate(columns):
        if column.null_count:
            return literals, []
        same = pc.unique(column)
        if place and len(same) == 1 and len(column) > 2 and "0" not in same[0].as_py():
            made[-1] += same[0].as_py() + literals[place + 1]
        else:
            kept.append(column)
            made.append(literals[place + 1])
    return made, kept


def _fit(literals: list[str]) -> bool:
    """Whether the literals may stand around numbers: letters before one show a code."""
    first, *between, last = literals
    short = all(0 < len(text) <= BETWEEN for text in between) and len(last) <= BEHIND
    if not short or "#" in "".join(literals) or CODE.match(last):
        return False
    return bool(BEFORE.fullmatch(first)) and all(map(WITHIN.fullmatch, between))


def _decimals(bodies: pa.Array, point: str) -> list[str]:
    return [text.partition(point)[2] for text in bodies.to_pylist()]


def _alike(decimals: list[str]) -> bool:
    """Whether all have as many, or those with more than the fewest do not end in a zero."""
    least = min(map(len, decimals))
    return not any(text.endswith("0") for text in decimals if len(text) > least)


def _by_length(decimals: list[list[str]]) -> Iterator[NDArray[np.bool_]]:
    lengths = np.array([[len(text) for text in column] for column in decimals])
    for each in np.unique(lengths, axis=1).T:
        yield (lengths == each[:, None]).all(axis=0)


def _large(bodies: pa.Array, marks: tuple[str, str]) -> bool:
    slot = Slot(marks[0], marks[1])
    return bool(pc.max(slot.values(bodies)).as_py() >= MOST_PAIRED)


def _width(bodies: pa.Array) -> int:
    """How many digits all have, where some begin with a zero; else 1."""
    lengths = pc.min_max(pc.utf8_length(bodies))
    padded = pc.any(pc.match_substring_regex(bodies, r"^0\d")).as_py()
    same = lengths["min"].as_py() == lengths["max"].as_py()
    return int(lengths["max"].as_py()) if padded and same else 1
