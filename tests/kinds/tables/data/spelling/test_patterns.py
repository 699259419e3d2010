"""What is told without a pattern is what the pattern tells."""

from __future__ import annotations

import re

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from augment.kinds.tables.data.spelling import numerals
from augment.kinds.tables.data.spelling.patterns import FIRST, all_match, are_digits

texts = st.lists(st.text("+-0129.e١１ \n", max_size=4), min_size=1, max_size=3)


@given(texts)
@example(["0"])
@example(["1\n"])
@example(["١"])
def test_digits_are_what_the_pattern_takes_for_digits(values: list[str]) -> None:
    expected = all(re.fullmatch(r"[0-9]+", value) for value in values)
    assert are_digits(pa.array(values)) == expected


@given(texts)
@example(["-01"])
@example(["0.5"])
@example(["+"])
@example(["12", "-0"])
def test_padded_numbers_are_what_the_pattern_takes_for_padded(values: list[str]) -> None:
    expected = any(re.match(numerals.PADDED, value, re.ASCII) for value in values)
    assert numerals.are_padded(pa.array(values)) == expected


def test_all_texts_count_not_only_the_first() -> None:
    many = ["1"] * (2 * FIRST)
    assert all_match(pa.array(many), r"^\d$")
    assert not all_match(pa.array([*many, "x"]), r"^\d$")
    assert not all_match(pa.array(["x", *many]), r"^\d$")
    assert all_match(pa.array([], pa.string()), r"^\d$")
