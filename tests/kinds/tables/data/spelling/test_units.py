"""Decorated numbers and times of day are quantities, and are written as they were read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.kinds.tables.data.conditions import parse
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.spelling.numerals import parse as numbers_of
from augment.kinds.tables.data.spelling.text import keeps, render
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.inference import from_text

NUMBERS = {
    "dollars": (["$1,234.50", "$3.20", "-$7.00"], [1234.5, 3.2, -7]),
    "per cent": (["12.5 %", "3.0 %", "150.1 %"], [12.5, 3, 150.1]),
    "thousands": (["1,234", "567", "12,345,678"], [1234, 567, 12345678]),
    "decimal comma": (["36,46", "12,00", "1,05"], [36.46, 12, 1.05]),
    "small decimal comma": (["0,123", "0,500", "0,750"], [0.123, 0.5, 0.75]),
    "euros": (["1.234,56 €", "3,20 €", "99,10 €"], [1234.56, 3.2, 99.1]),
    "spaces": (["1 234", "5", "66 000"], [1234, 5, 66000]),
    "apostrophes": (["1'234.5", "5.1", "66'000.0"], [1234.5, 5.1, 66000]),
    "weights": (["70 kg", "81 kg", "5 kg"], [70, 81, 5]),
    "brackets below zero": (
        ["1,234.50", "(35.05)", "0.00", "(1,200.00)"],
        [1234.5, -35.05, 0, -1200],
    ),
    "brackets around the sign": (["$1,234", "($12)", "$5"], [1234, -12, 5]),
    "brackets within the sign": (["$1,234", "$(12)", "$5"], [1234, -12, 5]),
    "brackets and per cent": (["5.5%", "(3.0%)", "2.1%"], [5.5, -3, 2.1]),
    "brackets and spaces": (["€ 5,10", "€ (3,00)", "€ 1.002,10"], [5.1, -3, 1002.1]),
    "minus behind": (["1,234", "37-", "0"], [1234, -37, 0]),
    "minus within": (["$-5", "$7", "$8"], [-5, 7, 8]),
    "plus": (["+5", "-3", "0", "+12"], [5, -3, 0, 12]),
    "plus and decimals": (["+5.5%", "-3.0%", "0.0%"], [5.5, -3, 0]),
    "codes of currencies": (["EUR 5", "EUR 7", "EUR 12"], [5, 7, 12]),
}


@pytest.mark.parametrize(("texts", "values"), NUMBERS.values(), ids=NUMBERS)
def test_decorated_numbers_are_numbers_and_keep_their_spelling(
    texts: list[str], values: list[float]
) -> None:
    column = from_text("x", pa.array(texts))
    assert column.role == "numeric"
    assert keeps(column, pa.array(texts))
    found = numbers_of(column, pa.array(texts)).cast(pa.float64()).to_pylist()
    assert found == values
    assert numbers_of(column, pa.array(["x", "€ 5 $"])).null_count == 2


@pytest.mark.parametrize(
    "texts",
    [
        ["12A", "14B", "15C"],  # no common ending
        ["05 kg", "07 kg", "12 kg"],  # leading zeros
        ["10.1.2", "10.3.4", "1.1.1"],
        ["$1234.50", "$1,234.50", "$3.00"],  # two spellings
        ["555 123 456", "555 987 654", "555 111 222"],  # telephone numbers
        ["75:30", "10:00", "11:11"],  # no times of day
        ["(5)", "(7)", "(12)"],  # nothing above zero
        ["5", "(7)", "-12"],  # two spellings of what is below it
        ["+5", "-3", "+0"],
        ["5 €", "(3) $", "1 €"],
    ],
)
def test_what_only_looks_like_a_decorated_number_stays_text(texts: list[str]) -> None:
    assert from_text("x", pa.array(texts)).storage == "string"


def test_numbers_below_zero_in_brackets_come_back_for_any_number() -> None:
    rng = np.random.default_rng(0)
    for spelt in (["1,234.50", "(35.05)", "0.00"], ["$1", "($2)", "$0"], ["+1.5", "-2.5", "0.0"]):
        column = from_text("x", pa.array(spelt))
        made = from_numbers(column, np.round(rng.normal(0, 10.0 ** rng.integers(0, 7, 500)), 2))
        texts = render(column, made)
        assert numbers_of(column, texts).equals(made)
        assert keeps(column, texts)


def test_a_column_with_brackets_can_be_asked_for_by_number_or_text() -> None:
    schema = Schema((from_text("pay", pa.array(["1,234.50", "(35.05)", "7.00"])),))
    for text in ("pay <= -35.05", "pay <= '(35.05)'"):
        assert parse([text], schema).clauses[0].high == -35.05
    assert Schema.from_json(schema.to_json()) == schema


def test_a_named_telephone_number_is_no_quantity() -> None:
    texts = pa.array([f"{k:,}".replace(",", " ") for k in range(1_000_000, 1_300_000, 7_001)])
    assert from_text("phone", texts).role in ("id", "text")


@pytest.mark.parametrize("texts", [["03:11", "23:59", "07:00"], ["3:11 PM", "12:59 AM", "7:00 PM"]])
def test_times_of_day_are_times(texts: list[str]) -> None:
    column = from_text("t", pa.array(texts))
    assert column.role == "datetime" and keeps(column, pa.array(texts))
    clause = parse(["t >= '" + texts[2] + "'"], Schema((column,))).clauses[0]
    assert clause.low in (7 * 3_600e6, 19 * 3_600e6)


def test_conditions_take_either_spelling() -> None:
    column = from_text("pay", pa.array(["$1,234.50", "$3.20", "$7.00"]))
    for text in ("pay >= 1234.5", "pay >= '$1,234.50'"):
        assert parse([text], Schema((column,))).clauses[0].low == 1234.5


def test_decorated_texts_of_a_typed_file_come_back_as_texts(tmp_path: Path) -> None:
    prices = pa.array([f"${k * 1.25:,.2f}" for k in range(900, 1000)])
    pq.write_table(pa.table({"price": prices}), tmp_path / "t.parquet")
    read = source.read(str(tmp_path / "t.parquet"), source.ReadOptions()).table
    assert read.schema["price"].role == "numeric"
    source.write(read, tmp_path / "again.parquet", "parquet")
    assert pq.read_table(tmp_path / "again.parquet")["price"].to_pylist() == prices.to_pylist()


def test_integers_beyond_64_bits_pass_through_numbers_and_join(tmp_path: Path) -> None:
    column = Column("n", "numeric", "integer")
    parts = [table_of([column], [from_numbers(column, np.array([v]))], None) for v in (3.0, 2e25)]
    joined = Table.join(parts)
    assert numbers(joined, "n").tolist() == [3.0, 2e25]
    source.write(joined, tmp_path / "n.csv", "csv")
    assert (tmp_path / "n.csv").read_text().split() == ["n", "3", f"{int(2e25)}"]


@pytest.mark.parametrize(
    "kind", [pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")]
)
def test_times_of_a_typed_file_are_times_and_come_back(kind: pa.DataType, tmp_path: Path) -> None:
    ticks = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]
    minutes = [k * 60 * 37 % 86_400 * ticks for k in range(50)]
    times = pa.array(minutes, pa.int32() if kind.bit_width == 32 else pa.int64()).cast(kind)
    pq.write_table(pa.table({"at": times}), tmp_path / "t.parquet")
    read = source.read(str(tmp_path / "t.parquet"), source.ReadOptions()).table
    assert read.schema["at"].role == "datetime" and read.schema["at"].step_us == 60_000_000
    source.write(read, tmp_path / "again.parquet", "parquet")
    assert (
        pq.read_table(tmp_path / "again.parquet")["at"]
        .combine_chunks()
        .equals(pq.read_table(tmp_path / "t.parquet")["at"].combine_chunks())
    )
    source.write(read, tmp_path / "t.csv", "csv")
    assert (tmp_path / "t.csv").read_text().split()[:3] == ["at", "00:00:00", "00:37:00"]
