"""Tables in databases: read in their types, written whole or not at all, no password anywhere."""

from __future__ import annotations

import datetime
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from augment.core.errors import AugmentError, BadInput, UsageError
from augment.kinds.tables.io.formats import ReadOptions
from augment.kinds.tables.io.reading import read, read_like, suffix_like
from augment.kinds.tables.kind import TABLES
from augment.sources.databases.address import Address, is_address, parsed
from augment.sources.databases.connection import connected
from augment.sources.databases.session import Session, write
from tests.cli.in_process import augment
from tests.sources.databases.servers import PASSWORD

pytest.importorskip("adbc_driver_manager", reason="the extra [sql] is not installed")


def rows(place: str, table: str) -> list[tuple[object, ...]]:
    with connected(parsed(place + table)) as session:
        return session.rows(f"SELECT * FROM {table} ORDER BY 1")


def test_a_table_is_read_in_the_order_of_its_key_and_in_its_types(place: str) -> None:
    found = read(place + "orders", ReadOptions())
    table = found.table.data.to_pydict()
    assert table["id"] == list(range(1, 61))
    assert [float(price) for price in table["price"]] == [n / 4 for n in range(1, 61)]
    assert table["day"][0] == datetime.datetime(2024, 5, 2)
    assert [paid is None for paid in table["paid"]] == [n % 9 == 0 for n in range(1, 61)]
    roles = {column.name: column.role for column in found.table.schema}
    assert (roles["id"], roles["name"], roles["price"]) == ("id", "categorical", "numeric")
    assert found.files[0]["path"] == str(parsed(place + "orders"))
    assert found.files == read(place + "orders", ReadOptions()).files
    assert suffix_like(place + "orders") == ".parquet"
    again = read_like(place + "orders", found.table.schema)
    assert again.table.data.num_rows == 60
    few = read(place + "orders", ReadOptions(fit_rows=20)).table
    assert 20 <= len(few) < 60 and few.counts["name"]["name 3"] == 9


def test_a_query_is_read_and_changes_nothing(place: str) -> None:
    base = place.partition("table=")[0].rstrip("?&")
    found = read(base, ReadOptions(sql="select id, price from orders where id > 50 order by id;"))
    assert found.table.data.column("id").to_pylist() == list(range(51, 61))
    for sql in ("delete from orders returning id", "nonsense", "select * from nowhere"):
        with pytest.raises(BadInput):
            read(base, ReadOptions(sql=sql))
    assert len(rows(place, "orders")) == 60
    with pytest.raises(UsageError, match="contradict"):
        read(place + "orders", ReadOptions(sql="select 1 as a"))
    with pytest.raises(UsageError, match=r"--sql. There are: .*orders"):
        read(base, ReadOptions())
    with pytest.raises(BadInput, match="Did you mean 'orders'"):
        read(place + "ordrs", ReadOptions())


def as_written(place: str) -> pa.Table:
    """The orders as a writer hands them over."""
    return TABLES.writer.to_arrow([read(place + "orders", ReadOptions()).table])


def put(place: str, table: str, data: pa.Table, force: bool = False) -> int:
    with connected(parsed(place + table), write=True) as session:
        return write(session, iter([data.slice(0, 10), data.slice(10)]), force)


def test_rows_are_written_in_the_tables_own_types_and_only_as_asked(place: str) -> None:
    data = as_written(place)
    before = rows(place, "orders")
    assert put(place, "made&like=orders", data) == 60
    with connected(parsed(place + "made")) as session:
        assert session.key("made") == ["id"]
        assert session.fields("made") == session.fields("orders")
    assert rows(place, "made") == before
    with pytest.raises(UsageError, match="--force to replace"):
        put(place, "made", data)
    assert put(place, "made", data.slice(0, 20), force=True) == 20
    assert put(place, "made&mode=append", data.slice(20)) == 40
    assert rows(place, "made") == before
    with pytest.raises(BadInput, match="key or a check"):
        put(place, "made&mode=append", data.slice(0, 1))
    assert put(place, "other", data) == 60
    assert len(rows(place, "other")) == 60


def test_nothing_is_seen_of_what_fails(place: str, tmp_path: Path) -> None:
    data = as_written(place)
    twice = pa.concat_tables([data, data.slice(0, 1)])
    strange = data.append_column("extra", pa.array([1] * 60))
    before = rows(place, "orders")
    for wrong in (twice, strange):
        with pytest.raises(BadInput) as refused:
            put(place, "orders", wrong, force=True)
        assert "name 1" not in str(refused.value) and "(id)" not in str(refused.value)
        with pytest.raises(BadInput):
            put(place, "made&like=orders", wrong)

    def broken() -> Iterator[pa.Table]:
        yield data
        raise ZeroDivisionError

    with pytest.raises(AugmentError), connected(parsed(place + "new"), write=True) as session:
        write(session, broken(), False)
    with connected(parsed(place + "orders")) as session:
        assert session.tables() == ["orders"]
    assert rows(place, "orders") == before
    gone = tmp_path / "gone.db"
    with pytest.raises(AugmentError), connected(Address("sqlite", str(gone), "t"), write=True) as s:
        write(s, broken(), False)
    assert not gone.exists()


def test_a_sample_goes_into_a_database_at_the_command_line(place: str, tmp_path: Path) -> None:
    model = str(tmp_path / "m")
    done = [
        augment("fit", place + "orders", "-o", model, "-e", "independent"),
        augment("sample", model, "-n", "25", "--seed", "1", "-o", place + "made&like=orders"),
        augment("inspect", place + "orders", "--json"),
        augment("sample", model, "-n", "25", "-o", place + "made"),
        augment("sample", model, "-n", "5", "-o", place + "x", "--format", "csv"),
    ]
    assert [each.returncode for each in done] == [0, 0, 0, 2, 2], done
    assert len(rows(place, "made")) == 25
    written = [path.read_bytes() for path in Path(model).glob("*.json")]
    said = [text for each in done for text in (each.stdout, each.stderr)]
    assert PASSWORD.encode() not in b"".join((*written, *said))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://shop:geheim@host/db?table=t",
        "postgres://host/db?table=t&password=geheim",
        "postgresql://:geheim@/db",
        "sqlite:///x.db?table=t&token=geheim",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(address: str, tmp_path: Path) -> None:
    done = augment("run", address, "-o", str(tmp_path / "out"))
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert b"PGPASSWORD" in said and b"geheim" not in said
    assert not any("geheim" in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


def test_a_server_that_refuses_or_is_not_there_is_told(
    server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGPASSWORD", "wrong one")
    for address, said in (
        (f"postgresql://shop@/postgres?{server}&table=t", "refuses this user"),
        (f"postgresql://shop@/postgres?host={tmp_path}&table=t", "cannot be reached"),
        (f"sqlite:///{tmp_path}/none.db?table=t", "no such file"),
    ):
        with pytest.raises(BadInput, match=said) as refused:
            read(address, ReadOptions())
        assert "wrong one" not in str(refused.value)
    (tmp_path / "text.db").write_text("no database " * 200)
    for scheme in ("sqlite", "duckdb"):
        with pytest.raises(BadInput):
            read(f"{scheme}:///{tmp_path}/text.db?table=t", ReadOptions())


def test_numbers_of_any_length_and_odd_types_come_as_they_are(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    sql = (
        "SELECT n AS \"a.b\", (n * 1e30)::numeric AS long, '00' || n AS code, "
        "md5(n::text)::uuid AS u, json_build_object('n', n) AS j, now() AS at "
        "FROM generate_series(1, 30) n ORDER BY n"
    )
    found = read(f"postgresql://shop@/postgres?{server}", ReadOptions(sql=sql)).table
    assert found.data.column("a.b").to_pylist() == list(range(1, 31))
    assert int(found.data.column("long")[1].as_py()) == 2 * 10**30
    assert found.data.column("code")[0].as_py() == "001"
    assert len(found.data.column("u")[0].as_py()) == 36
    assert json.loads(found.data.column("j")[4].as_py()) == {"n": 5}


def test_addresses() -> None:
    assert not is_address("data/a=b.csv") and not is_address("s3://bucket/key")
    assert str(parsed("sqlite:////tmp/my%20shop.db?table=t")) == "sqlite:////tmp/my shop.db?table=t"
    found = parsed("postgres://me@h:5433/db?sslmode=require&table=sales.t&mode=append&like=sales.u")
    assert found.place == "postgresql://me@h:5433/db?sslmode=require"
    assert (found.table, found.append, found.like) == ("sales.t", True, "sales.u")
    assert parsed(str(found)) == found
    for wrong in ("sqlite://x.db", "sqlite:///x.db?tabel=t", "duckdb:///", "sqlite:///x?mode=drop"):
        with pytest.raises(UsageError):
            parsed(wrong)


@pytest.mark.parametrize(
    ("scheme", "module"), [("sqlite", "adbc"), ("duckdb", "duckdb_file"), ("postgresql", "adbc")]
)
def test_a_driver_that_is_missing_is_told_with_the_install_line(
    scheme: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, f"augment.sources.databases.{module}", None)
    monkeypatch.delattr(f"augment.sources.databases.{module}", raising=False)
    (tmp_path / "t.db").touch()
    done = augment("inspect", f"{scheme}:///{tmp_path}/t.db?table=t")
    assert done.returncode == 5
    assert b"pip install 'augment-synth[sql]'" in done.stderr


def test_any_cell_of_sqlite_may_be_of_any_type(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "t.db") as base:
        base.execute("CREATE TABLE t (x)")
        base.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(2_000)] + [(0.5,)])
    table = read(f"sqlite:///{tmp_path}/t.db?table=t", ReadOptions()).table
    assert table.data.column("x")[2_000].as_py() == 0.5


def test_tables_of_schemas_can_be_named(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    base = f"postgresql://shop@/postgres?{server}&table=sales.orders"
    with connected(parsed(base), write=True) as session:
        session.rows("CREATE SCHEMA IF NOT EXISTS sales")
        session.rows(
            "CREATE TABLE sales.orders AS SELECT n, n % 3 AS k FROM generate_series(1, 20) n"
        )
        session.end(commit=True)
    assert len(read(base, ReadOptions()).table) == 20
    assert isinstance(session, Session)
