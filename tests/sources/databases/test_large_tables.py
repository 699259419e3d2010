"""Of a table in a database that memory need not hold rows are drawn, as of files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core.errors import BadInput, OutOfResources, UsageError
from augment.kinds.tables.io import database, large_sources
from augment.kinds.tables.io.database import Query
from augment.kinds.tables.io.formats import Raw, ReadOptions
from augment.kinds.tables.io.reading import read
from augment.kinds.tables.kind import TABLES
from augment.sources.databases.address import parsed
from augment.sources.databases.connection import connected
from augment.sources.databases.session import write
from tests.cli.in_process import augment

pytest.importorskip("adbc_driver_manager", reason="the extra [sql] is not installed")
ROWS, FEW = 3_000, 200


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PART_ROWS", 700)
    monkeypatch.setattr(large_sources, "DEFAULT_ROWS", FEW)
    monkeypatch.setattr(large_sources, "SCORED_ROWS", FEW)


def put(place: str, table: str, seed: int) -> str:
    """A table of `ROWS` rows, of which one has a city of its own; its address."""
    rng = np.random.default_rng(seed)
    city = rng.choice(["Rome", "Oslo"], ROWS)
    city[-1] = "Bern"
    data = pa.table({"n": np.arange(ROWS), "x": rng.normal(50, 5, ROWS).round(2), "city": city})
    with connected(parsed(place + table), write=True) as session:
        write(session, iter([data]), force=False)
    return place + table


@pytest.fixture
def made(place: str) -> str:
    return put(place, "made", 1)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that were read."""
    found: list[str] = []
    parts = Query.parts

    def noted(self: Query) -> Iterator[Raw]:
        found.append(str(self.address.table))
        yield from parts(self)

    monkeypatch.setattr(Query, "parts", noted)
    return found


def test_where_memory_is_short_rows_are_drawn_in_one_pass_and_said(
    made: str, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(made, ReadOptions())
    assert (len(whole.table), whole.sampled, asked) == (ROWS, "", ["made"])
    monkeypatch.setattr(large_sources, "available_bytes", lambda: 10_000)
    found = read(made, ReadOptions())
    assert asked == ["made"] * 2
    assert FEW <= len(found.table) <= FEW + 20 and found.rows == ROWS
    assert found.sampled == found.notes[0]
    assert f"of {ROWS:,} rows are fitted on" in found.sampled
    assert "all would take too much memory" in found.sampled
    assert (
        sum(found.table.counts["city"].values()) == ROWS and found.table.counts["city"]["Bern"] == 1
    )
    assert {0, ROWS - 1} <= set(found.table.data.column("n").to_pylist())
    assert found.table.digest() == read(made, ReadOptions()).table.digest()
    assert found.table.digest() == read(made, ReadOptions(fit_rows=FEW)).table.digest()
    monkeypatch.setattr(large_sources, "DEFAULT_ROWS", ROWS)
    asked.clear()
    assert read(made, ReadOptions()).table.digest() == whole.table.digest() and asked == ["made"]


@pytest.mark.parametrize("batches", [1, 300, 1_900, ROWS])
def test_the_rows_drawn_do_not_depend_on_how_a_driver_hands_them_over(
    batches: int, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB's batches differ with its threads, others' with their versions."""
    plain = [raw.table for raw in Query.of(made, ReadOptions()).parts()]
    assert [table.num_rows for table in plain] == [0, 700, 700, 700, 700, 200]

    def cut(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
        table = reader.read_all().combine_chunks()
        return table.to_reader(max_chunksize=batches)

    tables = database._tables
    monkeypatch.setattr(database, "_tables", lambda reader: tables(cut(reader)))
    assert [raw.table for raw in Query.of(made, ReadOptions()).parts()] == plain


def test_rows_that_no_memory_holds_are_refused(made: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "available_bytes", lambda: 10_000)
    monkeypatch.setattr(large_sources, "DEFAULT_ROWS", ROWS)
    with pytest.raises(OutOfResources, match="--fit-rows N"):
        read(made, ReadOptions())
    with pytest.raises(UsageError, match="--fit-rows"):
        read(made, ReadOptions(stratify=True, target="city"))


def test_each_value_of_the_target_has_its_share_by_a_second_pass(
    made: str, asked: list[str]
) -> None:
    options = ReadOptions(fit_rows=FEW, stratify=True, target="city")
    cities = read(made, options).table.data.column("city").to_pylist()
    assert asked == ["made"] * 2 and cities.count("Bern") == 1
    assert abs(cities.count("Rome") - cities.count("Oslo")) < 30


def test_to_be_scored_rows_are_drawn_of_both_sides_and_all_are_counted(
    made: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = TABLES.read(made, {"scored": True}).data
    assert (len(real), real.whole) == (ROWS, None)  # 32 MB are far
    monkeypatch.setattr(large_sources, "SCORED_BYTES", 10_000)
    real = TABLES.read(made, {"scored": True}).data
    again = TABLES.reader.read_like(made, real, {"scored": True, "bad_rows": "skip"})
    for side in (real, again.data):
        assert FEW <= len(side) <= FEW + 20 and side.whole.rows == ROWS
        assert sum(len(part) for part in side.whole.parts()) == ROWS
    assert "are scored" in again.sampled
    assert len(TABLES.reader.read_like(made, real, {}).data) == ROWS
    with connected(parsed(made), write=True) as session:
        session.rows("DELETE FROM made WHERE n = 7")
        session.end(commit=True)
    with pytest.raises(BadInput, match="when it was read again"):
        list(real.whole.parts())


def test_commands_and_their_records_say_so(
    tmp_path: Path, few_trees: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"duckdb:///{tmp_path / 'shop.db'}?table="
    made, other = put(place, "made", 1), put(place, "other", 2)
    monkeypatch.setattr(large_sources, "available_bytes", lambda: 10_000)
    monkeypatch.setattr(large_sources, "SCORED_BYTES", 10_000)
    said = f"of {ROWS:,} rows are fitted on, drawn evenly (all would take too much memory)"
    out = tmp_path / "out"
    assert augment("run", made, "-o", out, "-e", "independent", "--gate", "none").returncode == 0
    for name in ("run.json", "report.json", "report.html"):
        assert said in (out / name).read_text("utf-8"), name
    assert said in " ".join(augment("inspect", made).stdout.decode().split())
    done = augment("evaluate", made, other, "--workers", "1", "--seed", "1", "--json", "-q")
    document = json.loads(done.stdout)
    assert document["report"]["all_rows"] == {"real": ROWS, "synthetic": ROWS}
    assert document["sampled"].count("are scored") == 2
