"""Dates: rendering undoes parsing, and both agree with Python's calendar."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.errors import UsageError
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling import date_formats, dates

FORMATS = [
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%-d.%-m.%Y", "%d %b %Y", "%B %-d, %Y", "%Y%m%d",
    "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %I:%M %p",
    "%d-%b-%Y %-H:%M:%S+02:00", "%d/%m/%Y %-I:%M:%S%P", "%Y%m%dT%H%M%S", "%Y%m%d %H%MZ",
]  # fmt: skip
STRPTIME = {"%-d": "%d", "%-m": "%m", "%-H": "%H", "%-I": "%I", "%P": "%p"}
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))


def column(format: str) -> Column:
    return Column("c", "datetime", "datetime", format=format)


@given(st.lists(moments, min_size=1, max_size=5), st.sampled_from(FORMATS))
def test_parsing_undoes_rendering(moments: list[datetime], format: str) -> None:
    texts = dates.render(column(format), pa.array(moments, pa.timestamp("us")))
    again = dates.parse(format, texts)
    assert again.null_count == 0
    assert dates.render(column(format), again).equals(texts)
    plain = format
    for ours, theirs in STRPTIME.items():
        plain = plain.replace(ours, theirs)
    expected = [datetime.strptime(text, plain) for text in texts.to_pylist()]
    assert again.to_pylist() == expected


@given(moments, st.sampled_from(FORMATS))
def test_the_format_is_among_those_found(moment: datetime, format: str) -> None:
    if format == "%Y%m%d":
        return
    texts = dates.render(column(format), pa.array([moment], pa.timestamp("us")))
    found = date_formats.found(texts)
    assert found
    stamps = {dates.parse(name, texts)[0].as_py() for name in found}
    assert dates.parse(format, texts)[0].as_py() in stamps


@pytest.mark.parametrize("text", ["2023-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "x"])
def test_no_such_day(text: str) -> None:
    assert dates.parse("%Y-%m-%d", pa.array([text])).null_count == 1


def test_day_and_month_are_told_apart_by_the_values() -> None:
    assert date_formats.found(pa.array(["01/02/2024", "13/02/2024"])) == ["%d/%m/%Y"]
    assert date_formats.found(pa.array(["01/02/2024", "02/13/2024"])) == ["%m/%d/%Y"]
    both = ["%d/%m/%Y", "%m/%d/%Y"]
    assert date_formats.found(pa.array(["01/02/2024", "03/02/2024"])) == both
    ordered = pa.array(["01/02/2024", "05/02/2024", "02/03/2024"])
    assert date_formats.likelier(both, ordered) == "%d/%m/%Y"
    assert date_formats.likelier(both, pa.array(["01/02/2024", "02/01/2024"])) is None


@pytest.mark.parametrize(
    ("stamps", "step"),
    [
        ([3_600_000_000, 7_200_000_000 * 5], 3_600_000_000),
        ([86_400_000_000 * 9], 86_400_000_000),
        ([7], 1),
        ([], 86_400_000_000),
    ],
)
def test_step(stamps: list[int], step: int) -> None:
    assert dates.step(np.array(stamps, dtype=np.int64)) == step


@pytest.mark.parametrize("format", ["%Q", "%d %d", "no field"])
def test_bad_formats_are_refused(format: str) -> None:
    with pytest.raises(UsageError):
        dates.parse(format, pa.array(["1"]))
