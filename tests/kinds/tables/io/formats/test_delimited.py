"""Any table of text goes through CSV unchanged, and the known hard files read as they should."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.formats import ReadOptions, WriteOptions
from augment.kinds.tables.io.formats.delimited import Csv, Tsv
from tests.places import SHARED

CORPORA = SHARED / "corpora"
SPECTRUM = sorted((CORPORA / "csv-spectrum" / "csvs").glob("*.csv"))
SLOW = pytest.mark.slow  # the other formats share all but their writers
NAUGHTY = CORPORA / "naughty-strings" / "blns.json"

cells = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=8)
marks = st.sampled_from([",", ";", "\t", "|", "^", " ", "x", "é", "'"])


@st.composite
def text_tables(draw: st.DrawFn) -> tuple[list[str], list[list[str | None]]]:
    names = draw(st.lists(cells.filter(bool), min_size=1, max_size=4, unique=True))
    row = st.lists(cells.filter(bool) | st.none(), min_size=len(names), max_size=len(names))
    return names, draw(st.lists(row, min_size=1, max_size=6))


def text_table(names: list[str], rows: list[list[str | None]]):
    columns = [Column(name, "text", "string") for name in names]
    arrays = [pa.array([row[i] for row in rows], pa.string()) for i in range(len(names))]
    return table_of(columns, arrays, None)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv") / "t.csv"


def write(table, path: Path, writer: Csv | Tsv) -> None:
    with path.open("wb") as stream:
        writer.write(iter([table]), stream, table.schema, WriteOptions())


@given(text_tables())
def test_any_text_reads_back_unasked(path: Path, table) -> None:
    names, rows = table
    for writer in (Csv(), Tsv()):
        write(text_table(names, rows), path, writer)
        raw = writer.read(path, "t", ReadOptions(header=True))
        assert raw.table.column_names == names
        assert [list(row.values()) for row in raw.table.to_pylist()] == rows


@given(text_tables(), marks)
def test_any_text_reads_back_with_any_delimiter(path: Path, table, mark: str) -> None:
    names, rows = table

    class Marked(Csv):
        delimiter = mark

    write(text_table(names, rows), path, Marked())
    raw = Csv().read(path, "t", ReadOptions(delimiter=mark, header=True))
    assert raw.table.column_names == names
    assert [list(row.values()) for row in raw.table.to_pylist()] == rows


@given(text_tables())
def test_typing_changes_no_text(path: Path, table) -> None:
    """Whatever the columns are taken for, writing gives the cells back."""
    write(text_table(*table), path, Csv())
    before = path.read_bytes()
    loaded = source.read(str(path), ReadOptions(header=True))
    write(loaded.table, path, Csv())
    if not any(column.note for column in loaded.table.schema):
        assert path.read_bytes() == before


numbers = st.one_of(
    st.integers(-(10**30), 10**30).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(-(10**9), 10**9, places=2).map(str),
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat(" ", "seconds")),
    st.sampled_from(["NA", "", "null", "007", "-0", "1.", ".5", "1e5", "+1", "0x10", "1_000"]),
)


@given(st.lists(numbers, min_size=1, max_size=6))
def test_spellings_are_kept_or_the_loss_is_said(path: Path, texts: list[str]) -> None:
    write(text_table(["a", "b"], [[text or None, "x"] for text in texts]), path, Csv())
    before = path.read_bytes()
    loaded = source.read(str(path), ReadOptions())
    write(loaded.table, path, Csv())
    assert path.read_bytes() == before or loaded.table.schema["a"].note


@pytest.mark.skipif(not SPECTRUM, reason="the shared corpora are not here")
@pytest.mark.parametrize("file", SPECTRUM, ids=lambda file: file.stem)
def test_csv_spectrum(file: Path, path: Path) -> None:
    expected = json.loads((file.parents[1] / "json" / f"{file.stem}.json").read_text("utf-8"))
    content = file.read_bytes()
    if file.stem.endswith("_crlf"):  # as published; a checkout may have changed the line ends
        content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    path.write_bytes(content)
    table = Csv().read(path, file.name, ReadOptions()).table
    found = [{key: value or "" for key, value in row.items()} for row in table.to_pylist()]
    if file.stem == "location_coordinates":  # its JSON, one object, cites another telephone number
        expected = [expected | {"Contact Phone Number": "2095257564"}]
    assert found == expected


@pytest.mark.skipif(not NAUGHTY.exists(), reason="the shared corpora are not here")
@pytest.mark.parametrize(
    "suffix",
    [".csv", *(pytest.param(s, marks=SLOW) for s in (".tsv", ".jsonl", ".arrow", ".parquet"))],
)
def test_naughty_strings_as_values_and_as_names(tmp_path: Path, suffix: str) -> None:
    strings = [text for text in json.loads(NAUGHTY.read_text("utf-8")) if text]
    unique = list(dict.fromkeys(strings))
    for names, rows in (
        (["text", "x"], [[s, "1"] for s in strings]),
        (unique, [unique, strings[: len(unique)]]),
    ):
        table = text_table(names, rows)
        path = tmp_path / f"t{suffix}"
        source.write(table, path, source.format_of(path), force=True)
        as_text = dict.fromkeys(names, "text")
        again = source.read(str(path), ReadOptions(columns=as_text)).table
        assert again.schema.names == names
        assert again.data.to_pylist() == table.data.to_pylist()


def test_one_column_keeps_its_missing_values(path: Path) -> None:
    path.write_bytes(b"a\n1\n\n3\n\n")
    loaded = source.read(str(path), ReadOptions())
    assert loaded.table.data.to_pydict() == {"a": [1, None, 3, None]}
    write(loaded.table, path, Csv())
    assert source.read(str(path), ReadOptions()).table.data.equals(loaded.table.data)


def test_blank_lines_and_marks_are_told(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbfa;b\r\n1;2,5\r\n\r\n3;4,5\r\n")
    raw = Csv().read(path, "t", ReadOptions())
    assert raw.table.to_pydict() == {"a": ["1", "3"], "b": ["2,5", "4,5"]}
    assert len(raw.notes) == 2 and raw.lines is not None and raw.lines.tolist() == [2, 4]


def test_other_encodings(path: Path) -> None:
    for encoding in ("utf-16", "cp1252", "latin-1"):
        path.write_bytes("a,b\né,ü\n".encode(encoding))
        assert Csv().read(path, "t", ReadOptions(encoding=encoding)).table.to_pydict() == {
            "a": ["é"],
            "b": ["ü"],
        }
