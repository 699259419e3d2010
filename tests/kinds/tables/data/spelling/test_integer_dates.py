"""Whole numbers that are dates are read as dates; whole numbers that are none stay numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from augment.core import registry
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.spelling import dates
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.io import inference
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.alignment import aligned
from augment.kinds.tables.io.formats import ReadOptions

DRAW = random.Random(5)
N = 300


def days(first: int = 1993, count: int = 3000) -> list[date]:
    return [date(first, 1, 1) + timedelta(DRAW.randrange(count)) for _ in range(N)]


def hours() -> list[datetime]:
    return [datetime(2020, 1, 1) + timedelta(hours=DRAW.randrange(9000)) for _ in range(N)]


def spelt(moments: list[date], format: str) -> list[str]:
    return [moment.strftime(format) for moment in moments]


def texts(values: list[object]) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values], pa.string())


DATES: dict[str, tuple[str, Callable[[], list[object]], str]] = {
    "eight digits": ("a", lambda: [*spelt(days(), "%Y%m%d")], "%Y%m%d"),
    "still open": ("a", lambda: [*spelt(days(), "%Y%m%d"), 99991231], "%Y%m%d"),
    "one month": ("orderDate", lambda: [20240100 + n % 31 + 1 for n in range(N)], "%Y%m%d"),
    "with gaps": ("a", lambda: [*spelt(days(), "%Y%m%d.0"), None], "%Y%m%d.0"),
    "a key": ("date_key", lambda: [*spelt(days(), "%Y%m%d")], "%Y%m%d"),
    "six digits": ("a", lambda: [*spelt(days(), "%y%m%d")], "%y%m%d"),
    "this century": ("a", lambda: [*spelt(days(2001, 9000), "%y%m%d")], "%y%m%d"),
    "months": ("a", lambda: [*spelt(days(), "%Y%m")], "%Y%m"),
    "one year": ("period", lambda: [202401 + n % 12 for n in range(N)], "%Y%m"),
    "hours": ("a", lambda: [*spelt([*hours()], "%Y%m%d%H")], "%Y%m%d%H"),
    "minutes": ("a", lambda: [*spelt([*hours()], "%Y%m%d%H30")], "%Y%m%d%H%M"),
    "seconds": (
        "timestamp",
        lambda: [DRAW.randrange(874724710, 893286638) for _ in range(N)],
        "%s",
    ),
    "milliseconds": (
        "created_at",
        lambda: [1_600_000_000_000 + n * 977 for n in range(N)],
        "%s%3f",
    ),
}
NUMBERS: dict[str, tuple[str, Callable[[], list[object]]]] = {
    "any eight digits": ("a", lambda: [DRAW.randrange(10**7, 10**8) for _ in range(30)]),
    "one month, no name": ("amount", lambda: [20240100 + n % 28 + 1 for n in range(N)]),
    "weeks": ("a", lambda: [y * 100 + w for y in range(2015, 2024) for w in range(1, 53)]),
    "codes": ("a", lambda: [DRAW.choice([101010, 151010, 201010, 201020]) for _ in range(N)]),
    "round": ("a", lambda: [DRAW.randrange(150, 250) * 100_000 for _ in range(N)]),
    "people": ("a", lambda: [DRAW.randrange(10**9, 2 * 10**9) for _ in range(N)]),
    "serial": ("order_no", lambda: [f"{d:%Y%m%d}{DRAW.randrange(1, 20):02d}" for d in days()]),
    "one is no date": ("a", lambda: [*spelt(days(), "%Y%m%d"), 20210229]),
    "some are zero": ("date", lambda: [*spelt(days(), "%Y%m%d"), 0]),
}  # fmt: skip


@pytest.mark.parametrize("case", DATES)
def test_dates_are_read_as_dates(case: str) -> None:
    name, make, format = DATES[case]
    column = inference.from_text(name, texts(make()))
    assert (column.role, column.storage, column.format) == ("datetime", "datetime", format)
    assert column.note


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_stay_numbers(case: str) -> None:
    name, make = NUMBERS[case]
    assert inference.from_text(name, texts(make())).storage == "integer"


def test_numbers_that_mostly_are_dates_are_told_of() -> None:
    for case in ("one is no date", "some are zero"):
        name, make = NUMBERS[case]
        assert "not all" in inference.from_text(name, texts(make())).note


def test_a_typed_column_of_dates_keeps_its_type(tmp_path: Path) -> None:
    ints = pa.array([int(text) for text in spelt(days(), "%Y%m%d")], pa.int32())
    gappy = pa.array([*ints.to_pylist()[1:], None], pa.float64())
    table = pa.table({"day": ints, "paid": gappy, "note": spelt(days(), "%Y%m%d")})
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    read = source.read(str(tmp_path / "t.parquet"), ReadOptions()).table
    assert {column.storage for column in read.schema} == {"datetime"}
    source.write(read, tmp_path / "again.parquet", "parquet")
    assert pa.parquet.read_table(tmp_path / "again.parquet").equals(table)
    asked = ReadOptions(columns={"day": "number", "paid": "number"})
    kept = source.read(str(tmp_path / "t.parquet"), asked).table
    assert [column.storage for column in kept.schema] == ["integer", "float", "datetime"]


def test_json_numbers_stay_numbers_and_strings_strings(tmp_path: Path) -> None:
    lines = [f'{{"a": {d:%Y%m%d}, "b": "{d:%Y%m%d}"}}\n' for d in days()]
    (tmp_path / "t.jsonl").write_text("".join(lines))
    read = source.read(str(tmp_path / "t.jsonl"), ReadOptions()).table
    assert {column.storage for column in read.schema} == {"datetime"}
    source.write(read, tmp_path / "again.jsonl", "jsonl")
    assert (tmp_path / "again.jsonl").read_text() == "".join(lines)


def test_a_person_may_say_that_numbers_are_dates(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n20240101\n20240102\n20240103\n")
    asked = ReadOptions(columns={"a": "date"})
    assert source.read(str(tmp_path / "t.csv"), asked).table.schema["a"].format == "%Y%m%d"


def test_numbers_of_another_tool_are_no_moments_of_1970() -> None:
    column = Column("a", "datetime", "datetime", format="%Y%m%d")
    made = Column("a", "numeric", "integer")
    numbers = pa.array([20210542, 20210501], pa.int64())
    table = Table(pa.table({"a": numbers}), Schema((made,)))
    found = aligned(table, Schema((column,)))
    assert found.table.column("a").to_pylist() == [None, datetime(2021, 5, 1)]
    assert found.unfit == {"a": 1}


@pytest.mark.parametrize("format", ["%Y%m%d", "%y%m%d", "%Y%m"])
def test_every_made_number_is_a_date(format: str, tmp_path: Path) -> None:
    rows = "".join(f"{d:{format}},{DRAW.random()}\n" for d in days())
    (tmp_path / "t.csv").write_text("when,x\n" + rows)
    data = source.read(str(tmp_path / "t.csv"), ReadOptions()).table
    recipe = registry.engine("independent")
    model = fit_model(recipe, data, Job(Seed(1), tmp_path), True, len(data))
    made = model.sample(0, 2000, Seed(2), Condition(), silent)
    source.write(made, tmp_path / "made.csv", "csv")
    lines = (tmp_path / "made.csv").read_text().splitlines()[1:]
    assert dates.parse(format, texts([line.partition(",")[0] for line in lines])).null_count == 0
