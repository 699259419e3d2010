"""Dates of fixed width: read and written as the field by field way does."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling import dates, fixed_width

FORMATS = ["%Y-%m-%d", "%d/%m/%y", "%Y%m%d", "%Y-%m-%dT%H:%M:%S.%3fZ", "%I:%M", "%Y-%-m-%-d"]
ODD = ["", "2024-02-30", "0000-01-01", "20241301", "2024-2-3", "99:99", "2024-01-0x", "٢٠٢٤-01-01"]
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))


@given(
    st.lists(moments, max_size=5), st.lists(st.sampled_from(ODD)), st.sampled_from(FORMATS),
    st.integers(0, 3),
)  # fmt: skip
def test_both_ways_give_the_same(
    found: list[datetime], odd: list[str], format: str, start: int
) -> None:
    column = Column("c", "datetime", "datetime", format=format)
    values = pa.array([*found, None], pa.timestamp("us"))
    quick = dates.render(column, values)
    texts = pa.concat_arrays([quick.drop_null(), pa.array(odd, pa.string())]).slice(start)
    read = dates.parse(format, texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fixed_width, "texts", lambda pieces, parts: None)
        patch.setattr(fixed_width, "numbers", lambda pieces, texts: None)
        assert quick.equals(dates.render(column, values))
        assert read.equals(dates.parse(format, texts))
