"""Files that declare types get the same types back, in Parquet and in Arrow."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from augment.core.errors import BadInput
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.formats.declared import arrow_type
from augment.kinds.tables.io.reading import ReadOptions

MOMENTS = [datetime(2024, 1, 1, 10), None, datetime(1999, 12, 31, 23)]
COLUMNS = {
    "int8": pa.array([1, None, -3], pa.int8()),
    "uint64": pa.array([1, 2**64 - 1, None], pa.uint64()),
    "int64": pa.array([2**53 + 1, None, -(2**53) - 1], pa.int64()),
    "float32": pa.array([0.1, None, 2.5], pa.float32()),
    "float64": pa.array([0.1, 1e300, None]),
    "bool": pa.array([True, None, False]),
    "text": pa.array(["007", None, "NA"]),
    "large": pa.array(["x", "", None], pa.large_string()),
    "category": pa.array(["a", "b", None]).dictionary_encode().cast(
        pa.dictionary(pa.int8(), pa.string())
    ),
    "date32": pa.array([date(2024, 2, 29), None, date(1, 1, 1)], pa.date32()),
    "date64": pa.array([date(2024, 2, 29), None, date(2, 1, 1)], pa.date64()),
    "ms": pa.array(MOMENTS, pa.timestamp("ms")),
    "ns_zone": pa.array(MOMENTS, pa.timestamp("ns", "Europe/Berlin")),
    "decimal": pa.array([Decimal("1.50"), None, Decimal("-2.25")], pa.decimal128(9, 2)),
    "time64": pa.array([time(10, 30), None, time(0)], pa.time64("us")),
    "time32": pa.array([time(10, 30), None, time(0)], pa.time32("s")),
    "nothing": pa.nulls(3),
}  # fmt: skip


def put(folder: Path, columns: dict[str, pa.Array], kind: str) -> Path:
    path = folder / f"t.{kind}"
    table = pa.table(columns)
    pq.write_table(table, path) if kind == "parquet" else feather.write_feather(table, str(path))
    return path


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_types_and_values_come_back(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path, COLUMNS, kind)
    original = pq.read_table(path) if kind == "parquet" else feather.read_table(str(path))
    loaded = source.read(str(path), ReadOptions())
    out = tmp_path / f"o.{kind}"
    source.write(iter([loaded.table.slice(0, 2), loaded.table.slice(2, 1)]), out, kind)
    again = pq.read_table(out) if kind == "parquet" else feather.read_table(str(out))
    for name in original.column_names:
        assert again.schema.field(name).type == original.schema.field(name).type, name
        assert again.column(name).to_pylist() == original.column(name).to_pylist(), name


@pytest.mark.parametrize("name", COLUMNS)
def test_type_names_are_understood(name: str) -> None:
    kind = COLUMNS[name].type
    assert arrow_type(str(kind)) == kind


def test_a_typed_file_can_be_written_as_text(tmp_path: Path) -> None:
    table = source.read(str(put(tmp_path, COLUMNS, "parquet")), ReadOptions()).table
    path = tmp_path / "o.csv"
    source.write(table, path, "csv")
    rows = path.read_text().splitlines()
    cells = dict(zip(rows[0].split(","), rows[1].split(","), strict=True))
    assert cells["text"] == "007" and cells["date32"] == "2024-02-29"
    assert cells["float32"] == "0.1" and cells["decimal"] == "1.50"
    assert cells["ms"] == "2024-01-01T10:00:00"


ODD = [[[1], [2]], [{"a": 1}, None], [b"x", b"y"], [1.0, float("inf")]]


@pytest.mark.parametrize("values", ODD)
def test_unheld_types_are_refused_or_dropped(tmp_path: Path, values: list[object]) -> None:
    path = put(tmp_path, {"a": pa.array([1, 2]), "odd": pa.array(values)}, "parquet")
    with pytest.raises(BadInput, match="--column odd=drop"):
        source.read(str(path), ReadOptions())
    loaded = source.read(str(path), ReadOptions(columns={"odd": "drop"}))
    assert loaded.table.schema.names == ["a"]


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    for name, content in (("t.parquet", b"PAR1 and no more"), ("t.arrow", b"ARROW1 and no more")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput, match="no whole"):
            source.read(str(tmp_path / name), ReadOptions())


def test_values_beyond_the_declared_type_are_refused_not_wrapped(tmp_path: Path) -> None:
    path = put(tmp_path, {"a": pa.array([1, 2], pa.int8())}, "parquet")
    table = source.read(str(path), ReadOptions()).table
    wide = type(table)(pa.table({"a": pa.array([1, 1000], pa.int64())}), table.schema)
    with pytest.raises(BadInput, match="do not fit"):
        source.write(wide, tmp_path / "o.parquet", "parquet")
    assert not (tmp_path / "o.parquet").exists()


def test_a_text_date_stays_text_in_a_typed_file(tmp_path: Path) -> None:
    path = put(tmp_path, {"a": pa.array(["01/02/2024", "13/02/2024", None])}, "parquet")
    table = source.read(str(path), ReadOptions()).table
    assert table.schema["a"].role == "datetime"
    source.write(table, tmp_path / "o.parquet", "parquet")
    assert pq.read_table(tmp_path / "o.parquet").to_pydict() == pq.read_table(path).to_pydict()
