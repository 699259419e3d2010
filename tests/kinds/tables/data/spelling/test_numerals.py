"""Numbers as text: what is told of a whole column at once is what single numbers would tell."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling import numerals
from augment.kinds.tables.personal import detection as personal

FLOAT = Column("c", "numeric", "float")
STYLES = [
    FLOAT,
    Column("c", "numeric", "float", format=numerals.PLAIN),
    *(Column("c", "numeric", "float", decimals=digits) for digits in (0, 1, 2, 6)),
]
digits = st.text("0123456789", max_size=17)
texts = st.builds(
    lambda sign, whole, point, fraction, tail: sign + whole + point + fraction + tail,
    st.sampled_from(["", "-"]), st.sampled_from(["0", "1", "12", "123456789012345"]) | digits,
    st.sampled_from(["", "."]), digits, st.sampled_from(["", "", "", "e5", "e-05"]),
)  # fmt: skip


@given(st.lists(texts, min_size=1, max_size=4, unique=True))
def test_a_style_told_by_the_look_of_numbers_is_that_of_writing_them(found: list[str]) -> None:
    distinct = pa.array(found, pa.string())
    if not numerals.are_numbers(distinct):
        return
    quick = numerals.spelt(FLOAT, distinct)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numerals, "_clearly_kept", lambda column, texts: False)
        assert quick == numerals.spelt(FLOAT, distinct)


@given(
    st.lists(
        st.none()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.decimals(-(10**9), 10**9, places=2).map(float),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(STYLES),
)
def test_a_column_is_written_as_its_numbers_are(values: list[float | None], style: Column) -> None:
    written = numerals.render(style, pa.array(values, pa.float64())).to_pylist()
    assert written == [numerals._spell(style, value) for value in values]


def test_usual_numbers_are_neither_tried_nor_written_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object) -> str:
        raise AssertionError("a single number was written")

    monkeypatch.setattr(numerals, "_spell", never)
    for style, spelt in (
        (FLOAT, ["1.0", "-2.5", "0.001", "123.25"]),
        (STYLES[1], ["1", "-2.5", "0.001", "123.25"]),
        (STYLES[4], ["1.00", "-2.50", "0.25", "123.25"]),
    ):
        distinct = pa.array(spelt)
        column, kept = numerals.spelt(FLOAT, distinct)
        assert kept and (column.decimals, column.format) == (style.decimals, style.format)
        assert numerals.render(column, distinct.cast(pa.float64())).equals(distinct)


@given(st.lists(st.sampled_from(["a@b", "ab"]), max_size=40))
def test_a_part_of_a_column_settles_what_all_of_it_would(found: list[str]) -> None:
    values = pa.array(found, pa.string())
    assert personal._mostly(values, "@") == (personal._share(values, "@") >= personal.SHARE)
