"""Workbooks keep the types of their cells; what a sheet cannot hold is refused."""

from __future__ import annotations

import datetime
import sys
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from augment.core.errors import BadInput, MissingExtra, OutOfResources, UsageError
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.formats import excel
from augment.kinds.tables.io.reading import ReadOptions

xlsxwriter = pytest.importorskip("xlsxwriter", reason="the extra 'excel' is not installed")
pytest.importorskip("python_calamine", reason="the extra 'excel' is not installed")

DAY, NOON = datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 30)
ROWS = [
    ["id", "x", "ok", "day", "at", "clock", "zip", "mix"],
    [1, 1.5, True, DAY, NOON, datetime.time(8, 30), "01234", 5],
    [2, None, False, DAY, datetime.datetime(2024, 3, 1), datetime.time(9), "00501", "n"],
    [3, 2.0, None, DAY, NOON, datetime.time(23, 59), "99999", 2.5],
]


def book(path: Path, sheets: dict[str, list[list[Any]]]) -> str:
    """A workbook as another tool writes it."""
    work = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"})
    formats = {
        datetime.datetime: work.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        datetime.time: work.add_format({"num_format": "hh:mm"}),
    }
    for name, rows in sheets.items():
        sheet = work.add_worksheet(name)
        for place, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(place, column, cell, formats.get(type(cell)))
    work.close()
    return str(path)


def test_cells_keep_their_types_there_and_back(tmp_path: Path) -> None:
    loaded = source.read(book(tmp_path / "t.xlsx", {"Blatt": ROWS}), ReadOptions())
    table = loaded.table
    assert {c.name: c.storage for c in table.schema} == {
        "id": "integer", "x": "float", "ok": "boolean", "day": "datetime", "at": "datetime",
        "clock": "datetime", "zip": "string", "mix": "string",
    }  # fmt: skip
    assert table.column("x").to_pylist() == [1.5, None, 2.0]
    assert table.column("mix").to_pylist() == ["5", "n", "2.5"]
    assert ["mix" in note for note in loaded.notes] == [True]
    source.write(table, tmp_path / "o.xlsx", "xlsx")
    again = source.read(str(tmp_path / "o.xlsx"), ReadOptions(sheet="Blatt")).table
    assert again.data.equals(table.data)
    first = (tmp_path / "o.xlsx").read_bytes()
    source.write(table, tmp_path / "o.xlsx", "xlsx", force=True)
    assert (tmp_path / "o.xlsx").read_bytes() == first


def test_workbooks_to_text_and_back(tmp_path: Path) -> None:
    table = source.read(book(tmp_path / "t.xlsx", {"Blatt": ROWS}), ReadOptions()).table
    source.write(table, tmp_path / "o.csv", "csv")
    assert (tmp_path / "o.csv").read_text().splitlines()[1] == (
        "1,1.5,true,2024-02-29,2024-02-29T12:30:00,08:30:00,01234,5"
    )
    text = source.read(str(tmp_path / "o.csv"), ReadOptions()).table
    source.write(text, tmp_path / "p.xlsx", "xlsx")
    assert source.read(str(tmp_path / "p.xlsx"), ReadOptions()).table.data.equals(table.data)


def test_the_sheet_is_the_only_filled_one_or_asked_for(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", {"a": [], "b": ROWS})
    assert len(source.read(path, ReadOptions()).table) == 3
    path = book(tmp_path / "t.xlsx", {"a": [["n"], [1]], "b": ROWS})
    with pytest.raises(BadInput, match=r"'a', 'b'.*--sheet"):
        source.read(path, ReadOptions())
    table = source.read(path, ReadOptions(sheet="b")).table
    assert source.read_like(path, table.schema).table.data.equals(table.data)
    with pytest.raises(UsageError, match="--sheet"):
        source.read(path, ReadOptions(sheet="c"))


def test_places_are_those_of_the_sheet(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", {"a": [[], ["n", "m"], [1, 2], [], [3, 4, None, 5]]})
    with pytest.raises(BadInput) as refused:
        source.read(path, ReadOptions())
    assert refused.value.where.endswith("sheet 'a':2")  # two columns without a name
    path = book(tmp_path / "t.xlsx", {"a": [["n"], ["1"], [], ["x"]]})
    with pytest.raises(BadInput) as refused:
        source.read(path, ReadOptions(columns={"n": "number"}))
    assert refused.value.where.endswith("sheet 'a':4")


def test_a_sheet_without_header_is_refused_and_can_be_read(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", {"a": ROWS[1:]})
    with pytest.raises(BadInput, match="--no-header"):
        source.read(path, ReadOptions())
    table = source.read(path, ReadOptions(header=False)).table
    assert table.schema.names[0] == "c1" and len(table) == 3
    source.write(table, tmp_path / "o.xlsx", "xlsx")
    again = source.read_like(str(tmp_path / "o.xlsx"), table.schema).table
    assert again.data.equals(table.data)


BEYOND = {
    "digits": (Column("a", "numeric", "integer"), [10**15]),
    "characters": (Column("a", "text", "string"), ["x" * 32_768]),
    "1900": (Column("a", "datetime", "datetime"), [datetime.datetime(1899, 1, 1)]),
}


@pytest.mark.parametrize("case", BEYOND)
def test_what_excel_cannot_hold_is_refused(tmp_path: Path, case: str) -> None:
    column, values = BEYOND[case]
    kind = pa.timestamp("us") if column.storage == "datetime" else None
    with pytest.raises(BadInput, match=case) as refused:
        source.write(
            table_of([column], [pa.array(values, kind)], None), tmp_path / "o.xlsx", "xlsx"
        )
    assert "'a'" in str(refused.value) and not list(tmp_path.iterdir())


def test_two_cells_far_apart_do_not_take_the_memory(tmp_path: Path) -> None:
    work = xlsxwriter.Workbook(str(tmp_path / "t.xlsx"))
    sheet = work.add_worksheet()
    sheet.write(0, 0, "a")
    sheet.write(1_048_575, 16_383, 1)
    work.close()
    with pytest.raises(OutOfResources, match="1,048,576 by 16,384"):
        source.read(str(tmp_path / "t.xlsx"), ReadOptions())


def test_a_workbook_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = book(tmp_path / "t.xlsx", {"a": ROWS})
    monkeypatch.setattr(excel, "MOST_UNPACKED_BYTES", 1000)
    with pytest.raises(OutOfResources, match="unpacks"):
        source.read(path, ReadOptions())


def test_damaged_workbooks_and_other_documents_are_refused(tmp_path: Path) -> None:
    path = Path(book(tmp_path / "t.xlsx", {"a": ROWS}))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="workbook"):
        source.read(str(path), ReadOptions())
    with zipfile.ZipFile(tmp_path / "w.docx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
    with pytest.raises(BadInput, match="workbook"):
        source.read(str(tmp_path / "w.docx"), ReadOptions())


@pytest.mark.parametrize("module", ["python_calamine", "xlsxwriter"])
def test_a_missing_extra_is_told_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    path = book(tmp_path / "t.xlsx", {"a": ROWS})
    table = source.read(path, ReadOptions()).table
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=r"pip install 'augment-synth\[excel\]'"):
        source.read(path, ReadOptions())
        source.write(table, tmp_path / "o.xlsx", "xlsx")
    assert not (tmp_path / "o.xlsx").exists()
