"""What a census says is what a look at every value says, however parts and values are held."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from augment.kinds.tables.io import census
from augment.kinds.tables.io.census import ColumnCensus

RNG = np.random.default_rng(7)
CODES = ["A-1", "B-22", "C.3", "Ü-4", "x y 5", "", "(7)", "1.5", "9\n", "a+9", "[9]", "-"]
WORDS = [CODES[n] for n in RNG.integers(0, len(CODES), 600)]
COLUMNS = {
    "few": RNG.integers(-3, 40, 600).tolist(),
    "far apart": [(-(2**62), 2**62, 5)[n] for n in RNG.integers(0, 3, 600)],
    "decimals": np.round(RNG.normal(size=600), 1).tolist(),
    "zeros": [(0.0, -0.0, 1.0)[n] for n in RNG.integers(0, 3, 600)],
    "many": RNG.permutation(60_000)[:600].tolist(),
    "truths": (RNG.random(600) < 0.1).tolist(),
    "texts": WORDS,
}


def counted(values: pa.Array, size: int, dictionary: bool) -> ColumnCensus:
    found = ColumnCensus()
    for first in range(0, len(values), size):
        part = values.slice(first, size)
        found.add(part.dictionary_encode() if dictionary else part, 0, np.arange(600)[first:])
    return found


@pytest.mark.parametrize("size", [1, 70, 600])
@pytest.mark.parametrize("name", COLUMNS)
def test_values_ends_and_gaps_are_those_of_all_rows(
    name: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(census, "MOST_VALUES", 100)
    values: list[Any] = [None if n % 9 == 4 else v for n, v in enumerate(COLUMNS[name])]
    known = [value for value in values if value is not None]
    found = counted(pa.array(values), size, False)
    if len(set(known)) > 100:
        assert found.counts is None
        assert not any(isinstance(what, tuple) for what in found.places)
    else:
        assert found.counts == Counter(known)
        for level in set(known):
            assert values[found.places["value", level][1]] == level
    assert values[found.places["null"][1]] is None
    if name not in ("texts", "truths"):
        ends = [found.ends[end].as_py() for end in ("min", "max")]
        assert ends == [min(known), max(known)]
        assert [values[found.places[end][1]] for end in ("min", "max")] == ends


@pytest.mark.parametrize("size", [1, 70, 600])
def test_texts_as_dictionaries_are_counted_as_texts(size: int) -> None:
    values = pa.array([None if n % 9 == 4 else v for n, v in enumerate(WORDS)])
    plain, encoded = (counted(values, size, each) for each in (False, True))
    assert plain.counts == encoded.counts
    assert (plain.ends, plain.forms, plain.places) == (encoded.ends, encoded.forms, encoded.places)


def test_a_dictionary_may_hold_a_value_twice_and_values_that_stand_nowhere() -> None:
    levels = pa.array(["a", "b", "a", "c"])
    values = pa.DictionaryArray.from_arrays(pa.array([2, 0, None, 1, 2], pa.int32()), levels)
    found = ColumnCensus()
    found.add(values, 0, np.arange(5))
    found.add(values.slice(2), 0, np.arange(5)[2:])
    assert found.counts == {"a": 4, "b": 2}


@pytest.mark.parametrize("values", [[np.nan, 1.0, 2.0], [1.0, None, np.nan], [np.nan], [None], []])
def test_no_number_is_no_end(values: list[float | None]) -> None:
    least, greatest = census._least_and_greatest(pa.array(values, pa.float64()))
    known = [value for value in values if value is not None and value == value]
    if known:
        assert (least.as_py(), greatest.as_py()) == (min(known), max(known))
    else:
        assert all(not end.is_valid or end.as_py() != end.as_py() for end in (least, greatest))


def test_the_pattern_of_some_forms_is_met_by_texts_of_these_forms_alone() -> None:
    texts = [*CODES, "AB-12", "12-AB", "x  y 5", "A-1 ", "A-1\n", "a9", "9a", "\\9", "^a$", "a|b"]
    forms = census._forms(pa.array(texts)).to_pylist()
    for some in ({forms[0]}, set(forms[:5]), set(forms[4:12]), set(forms[8:])):
        met = pa.compute.match_substring_regex(pa.array(texts), census._pattern(some)).to_pylist()
        assert met == [form in some for form in forms]
    assert all(re.sub("[A-Za-z]+", "a", re.sub("[0-9]+", "9", t)) == f
               for t, f in zip(texts, forms, strict=True))  # fmt: skip
