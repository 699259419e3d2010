"""A record is never taken for a header without a word; honest headers are not doubted."""

from __future__ import annotations

from pathlib import Path

import pytest

from augment.core.errors import BadInput
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.reading import ReadOptions, WriteOptions
from tests.places import SHARED

TABLES = sorted((SHARED / "data").glob("**/*.csv"))

RECORDS = {
    "numbers": "3,1.5\n4,2.5\n5,3.5\n",
    "one number": "Ann,41\nBob,17\nCy,30\n",
    "amounts": "Ann,$3.50\nBob,$4.00\nCy,$1.25\n",
    "a decimal comma": "Ann;3,5\nBob;4,1\nCy;1,2\n",
    "dates": "Ann,2024-01-31\nBob,2024-02-29\nCy,2023-12-01\n",
    "times": "Ann,08:30\nBob,09:15\nCy,10:00\n",
    "e-mails": "Ann,ann@example.org\nBob,bob@example.org\nCy,cy@example.org\n",
    "web addresses": "Ann,https://a.example\nBob,https://b.example\n",
    "levels": "Ann,Sales\nBob,Sales\nCy,Stock\nDi,Sales\nEd,Stock\n",
    "letters": "p,x,s\ne,x,s\ne,b,t\np,x,t\n",
    "codes": "AB-001,red\nAB-002,blue\nAB-003,green\nAB-004,grey\n",
    "years over numbers": "2019,2020,2021\n5,6,7\n1,2,3\n4,4,4\n",
    "years beside a word over words": "country,2019\nPeru,5\nChad,7\nCuba,4\n",
    "counts in each record": "Ann,red,1,2,3,4\nBob,blue,2,3,4,5\nCy,red,7,8,9,10\n",
    "nothing below": "Ann,41\n",
}

HEADERS = {
    "words": "name,age\nAnn,41\nBob,17\n",
    "a word over its own only value": "Linux,Windows\nLinux,\n,Windows\nLinux,\n",
    "short names": "a1,b2\n5,x\n6,y\n7,z\n",
    "answers": "Q1,Q2\nA1,B2\nA1,B1\nB2,A1\nA1,B2\n",
    "years beside a word over numbers": "id,2019,2020\n1,5,6\n2,6,6\n3,7,8\n",
    "years beside words over words and numbers": "country,code,2019,2020,2021,2022\n"
    "Peru,A,5,6,9,8\nPeru,B,1,2,9,3\nChad,A,4,4,4,4\n",
    "one column": "height\n1.5\n1.6\n",
    "only words": "city,job\nRome,cook\nOslo,nurse\nBern,cook\n",
}


def load(folder: Path, content: str, **options: object):
    path = folder / "t.csv"
    path.write_text(content, encoding="utf-8")
    return source.read(str(path), ReadOptions(**options))


@pytest.mark.parametrize("case", RECORDS)
def test_a_first_row_that_reads_like_a_record_is_refused(tmp_path: Path, case: str) -> None:
    with pytest.raises(BadInput, match=r"--no-header.*--header") as refused:
        load(tmp_path, RECORDS[case])
    assert refused.value.where.endswith("t.csv:1")
    first = RECORDS[case].splitlines()[0].replace(";", ",").split(",")
    assert not [cell for cell in first if len(cell) > 2 and cell in refused.value.what]


@pytest.mark.parametrize("case", RECORDS)
def test_no_header_keeps_every_record_and_counts_the_columns(tmp_path: Path, case: str) -> None:
    lines = RECORDS[case].splitlines()
    table = load(tmp_path, RECORDS[case], header=False).table
    assert len(table) == len(lines)
    assert table.schema.names == [f"c{i + 1}" for i in range(len(table.schema))]
    source.write(table, tmp_path / "o.csv", "csv", force=True)
    assert (tmp_path / "o.csv").read_text() == RECORDS[case]


@pytest.mark.parametrize("case", [*RECORDS, *HEADERS])
def test_a_header_can_be_insisted_on(tmp_path: Path, case: str) -> None:
    content = (RECORDS | HEADERS)[case]
    if content.count("\n") == 1:
        content += "Bob,1\n"
    table = load(tmp_path, content, header=True).table
    mark = ";" if ";" in content else ","
    assert table.schema.names == content.splitlines()[0].split(mark)


@pytest.mark.parametrize("case", HEADERS)
def test_an_honest_header_is_taken_unasked(tmp_path: Path, case: str) -> None:
    content = HEADERS[case]
    loaded = load(tmp_path, content)
    assert loaded.table.schema.names == content.splitlines()[0].split(",")
    assert any("numbers or dates" in note for note in loaded.notes) == ("2019" in content)


def test_whoever_names_a_column_says_that_there_is_a_header(tmp_path: Path) -> None:
    content = RECORDS["years over numbers"]
    assert load(tmp_path, content, target="2019").table.schema.target == "2019"
    assert load(tmp_path, content, columns={"2020": "drop"}).table.schema.names == ["2019", "2021"]
    schema = load(tmp_path, content, header=True).table.schema
    assert load(tmp_path, content, schema=schema).table.schema.names == schema.names


def test_lines_are_counted_from_the_first_record(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        load(tmp_path, "\n1,2\n3\n", header=False)
    assert refused.value.where.endswith("t.csv:3")
    with pytest.raises(BadInput) as refused:
        load(tmp_path, "1\nx\n", header=False, columns={"c1": "number"})
    assert refused.value.where.endswith("t.csv:2")


def test_rows_beside_a_table_without_header_have_none_or_its_names(tmp_path: Path) -> None:
    schema = load(tmp_path, RECORDS["numbers"], header=False).table.schema
    for content in ("7,8.5\n9,1.5\n", "c1,c2\n7,8.5\n9,1.5\n"):
        (tmp_path / "s.csv").write_text(content)
        made = source.read_like(str(tmp_path / "s.csv"), schema).table
        assert made.data.to_pydict() == {"c1": [7, 9], "c2": [8.5, 1.5]}


def test_rows_beside_a_table_with_odd_names_may_have_those_names(tmp_path: Path) -> None:
    schema = load(tmp_path, RECORDS["years over numbers"], header=True).table.schema
    (tmp_path / "s.csv").write_text("2021,2019,2020\n1,2,3\n")
    made = source.read_like(str(tmp_path / "s.csv"), schema).table
    assert made.data.to_pydict() == {"2021": [1], "2019": [2], "2020": [3]}


@pytest.mark.slow
@pytest.mark.skipif(not TABLES, reason="the shared tables are not here")
@pytest.mark.parametrize("file", TABLES, ids=lambda file: file.stem)
def test_real_tables(tmp_path: Path, file: Path) -> None:
    """As they are they are read; without their first line they are refused."""
    lines = file.read_text("utf-8").splitlines()[:400]
    assert load(tmp_path, "\n".join(lines)).table.schema.names == lines[0].split(",")
    with pytest.raises(BadInput, match="--no-header"):
        load(tmp_path, "\n".join(lines[1:]))


def test_a_header_is_written_where_there_was_one(tmp_path: Path) -> None:
    table = load(tmp_path, "a;b\n1;2\n").table
    source.write(table, tmp_path / "o.csv", "csv", options=WriteOptions(delimiter="tab"))
    assert (tmp_path / "o.csv").read_text() == "a\tb\n1\t2\n"
