"""Reading and writing undo each other; what cannot be read exactly is refused with its place."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.core.errors import BadInput, UsageError
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.reading import ReadOptions, WriteOptions
from tests.places import ROOT

TABLES = ROOT.parent / "shared" / "data" / "tables"
FORMATS = {
    "csv": ".csv",
    "tsv": ".tsv",
    "jsonl": ".jsonl",
    "parquet": ".parquet",
    "arrow": ".arrow",
    "json": ".json",
    "xlsx": ".xlsx",
}


def put(folder: Path, content: str | bytes, name: str = "t.csv") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def load(folder: Path, content: str | bytes, name: str = "t.csv", **options: object):
    return source.read(put(folder, content, name), ReadOptions(**options))


def out(folder: Path, table, name: str = "o.csv", **options: bool) -> bytes:
    path = folder / name
    source.write(table, path, source.format_of(path), force=True, options=WriteOptions(**options))
    return path.read_bytes()


MIXED = """id,zip,big,na,country,amount,shortest,python,flag,answer,day,at,gap
A-001,01234,9007199254740993,NA,NA,1.50,1,-11.0,true,yes,2024-02-29,2024-02-29 10:00,
A-002,00501,,3,DE,20.00,0.25,0.5,false,no,1999-12-31,1999-12-31 23:00,
A-003,99999,-9007199254740995,NA,None,3.10,3,1e-05,true,no,0001-01-01,2200-01-01 00:00,
A-004,00501,12345678901234567890123,-4,DE,7.77,-2.5,58.76522929500342,,yes,,2000-01-01 00:00,
"""


def test_writing_undoes_reading_byte_for_byte(tmp_path: Path) -> None:
    loaded = load(tmp_path, MIXED)
    assert out(tmp_path, loaded.table) == MIXED.encode()
    kinds = {c.name: (c.role, c.storage) for c in loaded.table.schema}
    assert kinds["zip"][1] == kinds["country"][1] == "string"
    assert kinds["big"] == ("numeric", "integer")
    assert kinds["na"] == ("numeric", "integer")
    assert kinds["flag"][1] == kinds["answer"][1] == "boolean"
    assert kinds["day"] == kinds["at"] == ("datetime", "datetime")
    assert loaded.table.column("country").to_pylist() == ["NA", "DE", "None", "DE"]
    assert loaded.table.column("na").to_pylist() == [None, 3, None, -4]
    assert loaded.table.schema["at"].step_us == 3_600_000_000


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_gives_the_table_back(tmp_path: Path, format: str) -> None:
    table = load(tmp_path, MIXED).table.select(
        ["id", "zip", "na", "country", "amount", "shortest", "flag", "day", "at"]
    )
    if format == "xlsx":  # it counts days from 1900
        table = table.select([name for name in table.schema.names if name != "day"])
    path = tmp_path / f"o{FORMATS[format]}"
    source.write(iter([table.slice(0, 1), table.slice(1, 3)]), path, format)
    again = source.read(str(path), ReadOptions()).table
    assert again.schema.names == table.schema.names
    for name in table.schema.names:
        assert again.column(name).to_pylist() == table.column(name).to_pylist(), name
    first = path.read_bytes()
    source.write(again, path, format, force=True)
    assert source.read(str(path), ReadOptions()).table.data.equals(again.data)
    if format not in ("parquet", "arrow"):
        assert path.read_bytes() == first


def test_a_schema_given_back_reads_the_same(tmp_path: Path) -> None:
    loaded = load(tmp_path, MIXED)
    schema = Schema.from_json(json.loads(json.dumps(loaded.table.schema.to_json())))
    assert load(tmp_path, MIXED, schema=schema).table.data.equals(loaded.table.data)


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.zst", ".jsonl.gz", ".tsv.zst"])
def test_packed_text(tmp_path: Path, suffix: str) -> None:
    table = load(tmp_path, "a,b\n1,x\n2,y\n").table
    packed = out(tmp_path, table, "o" + suffix)
    assert packed == out(tmp_path, table, "o" + suffix)
    assert source.read(str(tmp_path / ("o" + suffix)), ReadOptions()).table.data.equals(table.data)


@pytest.mark.parametrize("name", ["adult", "beijing", "pbc", "shoppers"])
def test_real_tables_are_written_back_byte_for_byte(tmp_path: Path, name: str) -> None:
    path = TABLES / f"{name}.csv"
    if not path.exists():
        pytest.skip("the shared tables are not here")
    table = source.read(str(path), ReadOptions()).table
    assert out(tmp_path, table) == path.read_bytes()


REFUSED = {
    "ragged": ("a,b\n1,2\n3\n", {}, "t.csv:3", "1 cells"),
    "ragged, too long": ("a,b\n1,2,3\n", {}, "t.csv:2", "--bad-rows skip"),
    "ragged behind a quoted newline": ('a,b\n"1\n1",2\n3\n', {}, "t.csv:4", "--bad-rows"),
    "NUL": ("a,b\n1,2\n3,\0\n", {}, "t.csv:3", "NUL"),
    "NUL in the header": ("a,\0b\n1,2\n", {}, "t.csv:1", "NUL"),
    "encoding": ("a,b\n1,\xe9\n".encode("latin-1"), {}, "t.csv:2", "--encoding cp1252"),
    "utf-16": ("a,b\n1,2\n".encode("utf-16"), {}, "t.csv:1", "--encoding utf-16"),
    "open quote": ('a,b\n1,"2\n3,4\n', {}, "t.csv:2", "never closes"),
    "text behind a quote": ('a,b\n1,"2"x\n', {}, "t.csv:2", "closing quote"),
    "odd delimiter": ("a^b\n1^2\n", {}, "t.csv:1", "--delimiter '^'"),
    "delimiter in the header, ragged": ("a;b\n1;2\n3\n", {}, "t.csv:1", "--delimiter ';'"),
    "column twice": ("a,b,a\n1,2,3\n", {}, "t.csv:1", "'a'"),
    "column without a name": ("a,,c\n1,2,3\n", {}, "t.csv:1", "column 2 of 3"),
    "no rows": ("a,b\n", {}, "t.csv", "no rows"),
    "empty": ("", {}, "t.csv", "empty"),
    "spreadsheet": (b"PK\x03\x04rest", {}, "t.csv", "Save or export"),
    "parquet under a wrong name": (b"PAR1rest", {}, "t.csv", "--format parquet"),
    "broken gzip": (gzip.compress(b"a,b\n1,2\n")[:-9], {}, "t.csv", "Restore"),
    "not a number": ("a\n1\n2\nx\n", {"columns": {"a": "number"}}, "t.csv:4", "--column a="),
    "not a date": ("a\n2024-01-01\n\n2024-02-30\n", {"columns": {"a": "date:%Y-%m-%d"}},
                   "t.csv:4", "date of the form %Y-%m-%d"),
    "not a boolean": ("a\nyes\nno\nperhaps\n", {"columns": {"a": "bool"}}, "t.csv:4", "boolean"),
    "not constant": ("a\n1\n1\n2\n", {"columns": {"a": "constant"}}, "t.csv:4", "a=category"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_place_and_way_out(tmp_path: Path, case: str) -> None:
    content, options, where, hint = REFUSED[case]
    with pytest.raises(BadInput) as refused:
        load(tmp_path, content, **options)
    assert refused.value.where.endswith(where)
    assert hint in str(refused.value)
    assert "perhaps" not in str(refused.value) and "02-30" not in str(refused.value)


def test_missing_things_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "a\n1\n", "adult.csv")
    for name, hint in (("adlt.csv", "adult.csv"), ("no*.csv", ""), ("no/t.csv", "")):
        with pytest.raises(BadInput, match="no such file") as refused:
            source.read(str(tmp_path / name), ReadOptions())
        assert hint in refused.value.hint
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="no table"):
        source.read(str(tmp_path / "empty"), ReadOptions())
    for options in ({"columns": {"b": "id"}}, {"columns": {"a": "idd"}}, {"target": "b"},
                    {"delimiter": "ab"}, {"encoding": "utf-9"}, {"format": "xml"},
                    {"columns": {"a": "drop"}}):  # fmt: skip
        with pytest.raises(UsageError):
            source.read(str(tmp_path / "adult.csv"), ReadOptions(**options))


def test_bad_rows_are_set_aside_up_to_a_number(tmp_path: Path) -> None:
    content = 'a,b\n1,2\n3\n4,5,6\n7,\0\n8,"x"y\n9,10\n'
    rejects = tmp_path / "rejects.txt"
    options = {"bad_rows": "skip", "rejects": rejects}
    loaded = load(tmp_path, content, max_bad=4, **options)
    assert loaded.table.data.to_pydict() == {"a": [1, 9], "b": [2, 10]}
    assert loaded.rejected == 4
    kept = rejects.read_text()
    assert [line.split(":")[1] for line in kept.splitlines() if line.startswith("#")] == list(
        "3456"
    )
    assert "\n3\n" in kept and '\n8,"x"y\n' in kept
    with pytest.raises(BadInput, match="at most 3"):
        load(tmp_path, content, max_bad=3, **options)


def test_the_lines_that_a_runaway_quote_swallows_are_counted(tmp_path: Path) -> None:
    content = 'a,b\n1,"2\n' + "3,4\n" * 10
    with pytest.raises(BadInput, match="at most 5"):
        load(tmp_path, content, bad_rows="skip", max_bad=5)


def test_folders_and_globs_are_one_table(tmp_path: Path) -> None:
    put(tmp_path, "a,b\n1,01\n", "1.csv")
    put(tmp_path, "b,a\n02,2\n", "2.csv")
    put(tmp_path, "not a table", "readme.txt")
    folder = source.read(str(tmp_path), ReadOptions())
    assert folder.table.data.to_pydict() == {"a": [1, 2], "b": ["01", "02"]}
    assert [Path(file["path"]).name for file in folder.files] == ["1.csv", "2.csv"]
    assert source.read(str(tmp_path / "*.csv"), ReadOptions()).table.data.equals(folder.table.data)
    put(tmp_path, "a,c\n1,2\n", "3.csv")
    with pytest.raises(BadInput, match="only in"):
        source.read(str(tmp_path), ReadOptions())


def test_files_that_differ_are_named_with_what_differs(tmp_path: Path) -> None:
    put(tmp_path, "a,b\n1,01\n", "1.csv")
    other = put(tmp_path, "a,c,d\n1,2,3\n", "2.csv")
    with pytest.raises(BadInput) as refused:
        source.read(str(tmp_path), ReadOptions())
    assert refused.value.where == other
    assert "'b' only in" in str(refused.value) and "'c', 'd' only in this file" in str(
        refused.value
    )
    typed = tmp_path / "typed"
    typed.mkdir()
    for name, kind in (("1", pa.int32()), ("2", pa.int64())):
        pq.write_table(pa.table({"a": pa.array([1, 2], kind)}), typed / f"{name}.parquet")
    with pytest.raises(BadInput, match="'a' is of type int64 here, and of type int32") as refused:
        source.read(str(typed), ReadOptions())
    assert refused.value.where == str(typed / "2.parquet")
    with pytest.raises(BadInput, match="'a' is of type int64 here"):
        source.read(str(typed), ReadOptions(fit_rows=100))
    pq.write_table(pa.table({"a": ["x", "y"], "b": [1, 2]}), typed / "1.parquet")
    pq.write_table(pa.table({"a": [1.5, 2.5], "b": [3, 4]}), typed / "2.parquet")
    dropped = source.read(str(typed), ReadOptions(columns={"a": "drop"})).table
    assert dropped.data.to_pydict() == {"b": [1, 2, 3, 4]}


def partitioned(folder: Path) -> None:
    """A table in files whose folders name the values of two columns, made in no order."""
    for number, names in enumerate(
        ("year=2024/at=b", "year=2023/at=a%2Fb", "year=2023/at=__HIVE_DEFAULT_PARTITION__")
    ):
        place = folder / names
        place.mkdir(parents=True)
        pq.write_table(pa.table({"x": [number + 0.5] * 2}), place / "part-0.parquet")
        (place / ".part-0.parquet.crc").write_bytes(b"sum")
    (folder / "_SUCCESS").touch()


@pytest.mark.parametrize("named", ["t", "t/**/*.parquet", "t/year=*/*/*.parquet"])
def test_the_folders_of_partitions_are_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    partitioned(tmp_path / "t")
    monkeypatch.chdir(tmp_path)
    found = source.read(named, ReadOptions())
    assert found.table.data.to_pydict() == {
        "x": [2.5, 2.5, 1.5, 1.5, 0.5, 0.5],
        "year": [2023, 2023, 2023, 2023, 2024, 2024],
        "at": [None, None, "a/b", "a/b", "b", "b"],
    }
    assert [file["path"] for file in found.files] == sorted(file["path"] for file in found.files)
    assert source.suffix_like("t") == ".parquet"


def test_partitions_that_differ_are_refused_and_a_files_own_column_counts(tmp_path: Path) -> None:
    partitioned(tmp_path / "t")
    for number, path in enumerate(sorted((tmp_path / "t").rglob("*.parquet"))):
        own = pa.table({"x": [0.5, 1.5], "at": [number, number]})  # as Polars writes them
        pq.write_table(own, path)
    found = source.read(str(tmp_path / "t"), ReadOptions()).table
    assert found.data.column("at").to_pylist() == [0, 0, 1, 1, 2, 2]
    assert found.schema["at"].arrow == "int64"
    odd = tmp_path / "t" / "year=2023" / "part-1.parquet"
    pq.write_table(pa.table({"x": [0.5]}), odd)
    with pytest.raises(BadInput, match=r"it lies in the partitions year, .* in year / at") as no:
        source.read(str(tmp_path / "t"), ReadOptions())
    assert no.value.where == str(odd)


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = load(tmp_path, "a,b\n1,x\n2,y\n").table
    for name in ("o.csv", "o.jsonl", "o.parquet", "o.arrow", "o.csv.gz"):
        content = io.BytesIO(out(tmp_path, table, name))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content))
        loaded = source.read("-", ReadOptions())
        assert loaded.table.data.equals(table.data), name
        assert loaded.files[0]["path"] == "stdin"


def test_a_closed_pipe_is_the_callers_to_handle() -> None:
    script = (
        "import pyarrow as pa, sys\n"
        "from augment.kinds.tables.io import reading as source\n"
        "from augment.kinds.tables.data.values import table_of\n"
        "from augment.kinds.tables.data.schema import Column\n"
        "table = table_of([Column('a', 'numeric', 'integer')], [pa.array(range(200_000))], None)\n"
        "try:\n    source.write(iter([table] * 3), None, sys.argv[1])\n"
        "except BrokenPipeError:\n    sys.stderr.write('closed'); sys.stderr.flush()\n"
        "    import os; os._exit(0)\n"
    )
    for format in ("csv", "parquet"):
        reading, writing = os.pipe()
        os.close(reading)
        run = subprocess.run(
            [sys.executable, "-c", script, format],
            stdout=writing, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False,
        )  # fmt: skip
        os.close(writing)
        assert run.stderr == "closed", format


def test_outputs_are_private_and_never_replaced_unasked(tmp_path: Path) -> None:
    table = load(tmp_path, "a\n1\n").table
    path = tmp_path / "o.csv"
    source.write(table, path, "csv")
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="--force"):
        source.write(table, path, "csv")
    with pytest.raises(UsageError, match="suffix"):
        source.format_of(Path("o.xls"))


def test_formulas_are_disarmed_when_asked(tmp_path: Path) -> None:
    table = load(tmp_path, "a,b\n=1+1,-5\n@x,6\nok,-7\n").table
    assert out(tmp_path, table) == b"a,b\n=1+1,-5\n@x,6\nok,-7\n"
    assert out(tmp_path, table, excel_safe=True) == b"a,b\n'=1+1,-5\n'@x,6\nok,-7\n"


def test_dropped_columns_are_gone_and_said(tmp_path: Path) -> None:
    loaded = load(tmp_path, "a,b\n1,2\n3,4\n", columns={"b": "drop"})
    assert loaded.table.schema.names == ["a"]
    assert any("'b'" in note for note in loaded.notes)


def test_a_target_is_no_id(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i}\n" for i in range(1, 31))
    schema = load(tmp_path, "a,b\n" + rows, target="b").table.schema
    assert (schema["a"].role, schema["b"].role) == ("id", "numeric")


def test_empty_tables_in_memory_are_written(tmp_path: Path) -> None:
    table = load(tmp_path, "a,b\n1,x\n").table.slice(0, 0)
    assert out(tmp_path, table) == b"a,b\n"
    for name in ("o.parquet", "o.arrow", "o.jsonl"):
        out(tmp_path, table, name)
    assert isinstance(table.data, pa.Table)
