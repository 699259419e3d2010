"""Newer rows in the columns of an older table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from augment.core.errors import BadInput, UsageError
from augment.core.source import External
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.io.formats import ReadOptions
from augment.kinds.tables.io.reading import read, read_newer

OLD = "zip;price;code;flat\n" + "".join(f"0{n % 3};{n % 7},50;{n % 4};x\n" for n in range(40))


@pytest.fixture
def schema(tmp_path: Path) -> Schema:
    path = tmp_path / "old.csv"
    path.write_text(OLD)
    roles = {"zip": "category", "code": "category"}
    return read(str(path), ReadOptions(columns=roles, target="zip")).table.schema


def newer(tmp_path: Path, text: str) -> str:
    path = tmp_path / "new.csv"
    path.write_text(text)
    return str(path)


def test_columns_are_what_the_older_schema_says_in_the_order_of_the_file(
    schema: Schema, tmp_path: Path
) -> None:
    path = newer(tmp_path, "flat;code;price;zip;extra\nx;1;2,50;00;a\nx;2;3,50;01;b\n")
    table = read_newer(path, schema, ReadOptions()).table
    assert table.schema.names == ["flat", "code", "price", "zip", "extra"]
    assert [table.schema[name] for name in schema.names] == list(schema)
    assert (table.schema.target, table.schema.dialect) == ("zip", schema.dialect)
    assert table.column("price").to_pylist() == [2.5, 3.5]
    dropped = read_newer(path, schema, ReadOptions(columns={"extra": "drop"}))
    assert "extra" not in dropped.table.schema.names and "left out" in dropped.notes[-1]


def test_numbers_and_categories_may_be_stored_otherwise_and_a_constant_may_vary(
    schema: Schema, tmp_path: Path
) -> None:
    path = newer(tmp_path, "zip;price;code;flat\n00;2,505;A;x\n01;3,5;1;y\n")
    table = read_newer(path, schema, ReadOptions()).table
    assert table.column("code").to_pylist() == ["A", "1"]
    assert (table.schema["code"].role, table.schema["code"].storage) == ("categorical", "string")
    assert table.schema["price"].role == "numeric"
    assert schema["flat"].role == "constant" != table.schema["flat"].role


def test_what_does_not_fit_is_refused_with_its_place(schema: Schema, tmp_path: Path) -> None:
    path = newer(tmp_path, "zip;price;code;flat\n00;2,50;1;x\n01;dear;1;x\n")
    with pytest.raises(BadInput, match=r"new\.csv:3: .*'price'") as raised:
        read_newer(path, schema, ReadOptions())
    assert "dear" not in str(raised.value) and "without --from" in str(raised.value)
    with pytest.raises(BadInput, match=r"no column 'price'.*'prise'"):
        read_newer(newer(tmp_path, "zip;prise;code;flat\n00;2,50;1;x\n"), schema, ReadOptions())
    with pytest.raises(BadInput, match="no rows"):
        read_newer(newer(tmp_path, "zip;price;code;flat\n"), schema, ReadOptions())


def test_a_frame_is_read_by_the_schema_too(schema: Schema) -> None:
    frame = pd.DataFrame({"zip": ["00"], "price": [2.5], "code": [1], "flat": ["x"]})
    table = read_newer(External(frame), schema, ReadOptions()).table
    assert [column.role for column in table.schema] == [column.role for column in schema]


@pytest.mark.parametrize(
    "options",
    [
        ReadOptions(target="price"),
        ReadOptions(locale="de_DE"),
        ReadOptions(columns={"price": "id"}),
        ReadOptions(schema=Schema(())),
    ],
)
def test_options_that_say_otherwise_are_refused(schema: Schema, options: ReadOptions) -> None:
    frame = pd.DataFrame({"zip": ["00"], "price": [2.5], "code": [1], "flat": ["x"]})
    with pytest.raises(UsageError, match="older model"):
        read_newer(External(frame), schema, options)
