"""Tables of odd names and types, files that are no databases, and what is said of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pytest

from augment.core.errors import BadInput
from augment.kinds.tables.io.formats import ReadOptions
from augment.kinds.tables.io.reading import read
from augment.sources.databases.address import parsed
from augment.sources.databases.connection import connected
from augment.sources.databases.session import write
from tests.cli.in_process import augment
from tests.sources.databases.servers import PASSWORD

pytest.importorskip("adbc_driver_manager", reason="the extra [sql] is not installed")


@pytest.mark.parametrize(
    ("asked", "said", "code"),
    [
        ("/none?{}", "no database of this name", 4),
        ("/postgres?{}&colour=red", "does not take this address", 2),
        ("/postgres?{}&table=nowhere.t", "no table 'nowhere.t'", 4),
    ],
)
def test_what_is_wrong_in_an_address_is_told(
    server: str, asked: str, said: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    done = augment("ping", f"postgresql://shop@{asked.format(server)}")
    assert done.returncode == code
    assert said in " ".join(done.stderr.decode().split())


def test_files_that_are_no_databases_are_told(tmp_path: Path) -> None:
    rows = tmp_path / "t.csv"
    rows.write_text("a,b\n" * 2_000)
    with sqlite3.connect(tmp_path / "t.db") as base:
        base.execute("CREATE TABLE t (x)")
    for address in (f"sqlite:///{rows}", f"duckdb:///{rows}", f"duckdb:///{tmp_path}/t.db"):
        done = augment("ping", address)
        assert done.returncode == 4
        assert b"the file is no database of" in done.stderr, done.stderr


def test_a_server_that_never_answers_does_not_hold_a_command_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from augment.sources.databases import adbc

    monkeypatch.delenv("PGCONNECT_TIMEOUT", raising=False)
    assert adbc._in_time("postgresql://h/db") == "postgresql://h/db?connect_timeout=30"
    assert adbc._in_time("postgresql://h/db?a=b") == "postgresql://h/db?a=b&connect_timeout=30"
    for own in ("postgresql://h/db?connect_timeout=5", "postgresql:///?service=shop"):
        assert adbc._in_time(own) == own


@pytest.mark.parametrize("name", ["my.table", 'a "b".c', '"q"', "t%&="])
def test_tables_of_any_name_are_listed_as_they_are_asked_for(place: str, name: str) -> None:
    written = '"' + name.replace('"', '""') + '"'
    with connected(parsed(place + "orders"), write=True) as session:
        before = set(session.tables())
        session.rows(f"CREATE TABLE {written} (n int)")
        session.rows(f"INSERT INTO {written} VALUES (1), (2)")
        session.end(commit=True)
    with connected(parsed(place + "orders")) as session:
        (shown,) = set(session.tables()) - before
    try:
        assert len(read(place + quote(shown), ReadOptions()).table) == 2
        assert len(read(place + quote(written), ReadOptions()).table) == 2
    finally:
        with connected(parsed(place + "orders"), write=True) as session:
            session.rows(f"DROP TABLE {written}")
            session.end(commit=True)


def test_columns_that_the_server_fills_and_money_are_written_as_they_were_read(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    base = f"postgresql://shop@/postgres?{server}&table="
    with connected(parsed(base + "paid"), write=True) as session:
        session.rows(
            "CREATE TABLE paid (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, price money, "
            "twice money GENERATED ALWAYS AS (price * 2) STORED)"
        )
        session.rows("INSERT INTO paid (price) SELECT n::money FROM generate_series(1, 40) n")
        session.end(commit=True)
    table = read(base + "paid", ReadOptions()).table.data
    assert table.column("price").to_pylist() == list(range(1, 41))
    with connected(parsed(base + "made&like=paid"), write=True) as session:
        assert write(session, iter([table]), False) == 40
    sql = "SELECT id, price::numeric::int, twice::numeric::int FROM made ORDER BY id"
    made = parsed(f"postgresql://shop@/postgres?{server}")
    with connected(made, write=True) as session:
        assert session.rows(sql) == [(n, n, 2 * n) for n in range(1, 41)]
        session.rows("DROP TABLE paid, made")
        session.end(commit=True)


def test_a_value_that_a_column_cannot_hold_is_told(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    base = f"postgresql://shop@/postgres?{server}&table=lists"
    with connected(parsed(base), write=True) as session:
        session.rows("CREATE TABLE lists (a int[])")
        session.end(commit=True)
    rows = pa.table({"a": ["secret word"]})
    told = pytest.raises(BadInput, match="a value is none of the column's type")
    with told as refused, connected(parsed(base), write=True) as session:
        write(session, iter([rows]), True)
    assert "secret" not in str(refused.value)
