"""Ids keep their form, are all different, and depend on the row's number and the seed alone."""

from __future__ import annotations

import random
import re
import uuid

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.errors import UsageError
from augment.core.seeds import Seed
from augment.kinds.tables.data import identifier_inference, identifiers
from augment.kinds.tables.data.schema import Column

DRAW = random.Random(7)
SOURCES = {
    r"P-\d{6}": [f"P-{n:06d}" for n in range(1, 3000)],
    r"[1-9]\d{3}": [str(n) for n in range(1000, 3000)],
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}": [
        str(uuid.UUID(int=DRAW.getrandbits(128), version=4)) for _ in range(300)
    ],
    r"[0-9a-f]{24}": [f"{DRAW.getrandbits(96):024x}" for _ in range(300)],
    r"[A-Z]{2}\d{3}-X": [
        "".join(DRAW.choices("ABCDEFG", k=2)) + f"{DRAW.randrange(1000):03d}-X" for _ in range(99)
    ],
    r"\d{3}-\d{2}-\d{4}": [
        f"{DRAW.randrange(100, 999)}-{DRAW.randrange(10, 99)}-{DRAW.randrange(1000, 9999)}"
        for _ in range(99)
    ],
    r"[1-9]\d{7}": [str(DRAW.randrange(10**7, 10**8)) for _ in range(500)],
    r"\{a\}/\d+": [f"{{a}}/{n}" for n in range(8, 40)],
}


def ids(pattern: str, start: int, n: int, seed: int = 1, storage: str = "string") -> pa.Array:
    return identifiers.render(Column("c", "id", storage, pattern=pattern), start, n, Seed(seed))


@pytest.mark.parametrize("form", SOURCES)
def test_new_ids_have_the_form_of_the_old_and_are_new(form: str) -> None:
    old = SOURCES[form]
    assert all(re.fullmatch(form, text) for text in old)
    new = ids(identifier_inference.derive(pa.array(list(dict.fromkeys(old)))), 0, 2000).to_pylist()
    assert all(re.fullmatch(form, text) for text in new)
    assert len(set(new)) == len(new)
    if not form.startswith("[1-9]"):  # drawn numbers may meet by chance
        assert len(set(new) & set(old)) <= 1


PATTERNS = [
    "{number}",
    "N{number+5:04d}",
    "{uuid4}",
    "{hex:3}",
    "{LETTERS:1}",
    "{Alnum:9}-{digits:1}",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_shards_agree_and_all_rows_differ(pattern: str) -> None:
    whole = ids(pattern, 0, 20_000)
    assert len(set(whole.to_pylist())) == 20_000
    assert ids(pattern, 7_000, 50).equals(whole.slice(7_000, 50))
    assert ids(pattern, 0, 20_000).equals(whole)
    if "number" not in pattern:
        assert not ids(pattern, 0, 100, seed=2).equals(whole.slice(0, 100))


@given(st.integers(0, 10**9 - 50), st.sampled_from(PATTERNS))
def test_far_rows_differ_from_near_ones(start: int, pattern: str) -> None:
    far, near = ids(pattern, start, 50).to_pylist(), ids(pattern, 0, 50).to_pylist()
    assert len(set(far)) == 50
    assert not set(far[: max(0, min(50, 2 * start))]) & set(near) or start < 50


def test_integers_stay_integers() -> None:
    assert ids("{number+10}", 0, 3, storage="integer").to_pylist() == [11, 12, 13]
    drawn = ids("{digits:8}", 0, 1000, storage="integer").to_pylist()
    assert all(10**7 <= number < 10**8 for number in drawn) and len(set(drawn)) == 1000


@pytest.mark.parametrize("texts", [[], ["apple", "a pear"], ["", "a"], ["-", "--"], ["é1", "ü2"]])
def test_what_has_no_common_form_has_no_pattern(texts: list[str]) -> None:
    assert identifier_inference.derive(pa.array(texts)) == ""


@pytest.mark.parametrize("pattern", ["{row}", "{hex}", "{hex:0}", "{number}{number}", "{", "a}b"])
def test_unknown_fields_are_refused(pattern: str) -> None:
    with pytest.raises(UsageError):
        identifiers.parts_of(pattern)
