"""A sample of rows that shows what all rows hold, whatever memory there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.core.errors import UsageError
from augment.core.seeds import Seed
from augment.core.source import Rows
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.generator import rare_categories
from augment.kinds.tables.generator.protection import protect
from augment.kinds.tables.io import large_sources, reservoir
from augment.kinds.tables.io.formats import Raw, ReadOptions, arrow_csv, parquet
from augment.kinds.tables.io.formats.delimited import Csv
from augment.kinds.tables.io.formats.parquet import Parquet
from augment.kinds.tables.io.reading import ReadTable, read
from augment.kinds.tables.io.reservoir import Part, Reservoir
from augment.kinds.tables.kind import TABLES
from augment.work import threads
from tests.cli.in_process import augment

ROWS, FIT = 20_000, 500


def columns() -> dict[str, list[object]]:
    """Columns of which a few rows are like no others."""
    rng = np.random.default_rng(5)
    found: dict[str, list[object]] = {
        "x": np.round(rng.normal(50, 5, ROWS), 2).tolist(),
        "n": rng.integers(0, 100_000, ROWS).tolist(),
        "city": rng.choice(["Rome", "Oslo"], ROWS).tolist(),
        "day": [f"2024-01-{day:02d}" for day in rng.integers(1, 29, ROWS)],
        "code": rng.integers(10_000, 99_999, ROWS).tolist(),
    }
    found["x"][777], found["x"][888] = -999.25, 1e6
    found["n"][12_345] = None
    for row in range(3_000, 3_006):
        found["city"][row] = "Bern"  # stands in six rows, mostly in none of the sample
    found["city"][9_000] = "Lund"
    found["code"][19_999] = "77-B"  # makes all of it text
    return found


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("large")
    held = columns()
    lines = [",".join(held)]
    lines += [
        ",".join("" if v is None else str(v) for v in row)
        for row in zip(*held.values(), strict=True)
    ]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    held["code"] = [str(code) for code in held["code"]]
    for number, place in enumerate(("part=a", "part=b")):
        (folder / "t" / place).mkdir(parents=True)
        half = slice(number * ROWS // 2, (number + 1) * ROWS // 2)
        table = pa.table({name: values[half] for name, values in held.items()})
        pq.write_table(table, folder / "t" / place / "0.parquet", row_group_size=3_000)
    return {"csv": str(folder / "t.csv"), "parquet": str(folder / "t")}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_csv, "BLOCK_BYTES", 1 << 16)


def drawn(source: str, **options: object) -> ReadTable:
    return read(source, ReadOptions(fit_rows=FIT, **options))


def without_notes(schema: Schema) -> list[tuple[object, ...]]:
    return [(c.name, c.role, c.storage, c.null, c.decimals, c.format) for c in schema]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_sample_is_typed_as_the_whole_and_shows_what_the_whole_holds(
    sources: dict[str, str], kind: str
) -> None:
    found, whole = drawn(sources[kind]), read(sources[kind], ReadOptions()).table
    table = found.table
    assert FIT <= len(table) <= FIT + 60
    assert found.notes[0].startswith(f"{len(table):,} of {ROWS:,} rows are fitted on, drawn evenly")
    assert without_notes(table.schema) == without_notes(whole.schema)
    for name in whole.schema.names:
        every, some = (each.data.column(name) for each in (whole, table))
        assert (some.null_count > 0) == (every.null_count > 0)
        if len(set(every.to_pylist())) < 50:
            assert set(some.to_pylist()) == set(every.to_pylist())
    assert {-999.25, 1e6} <= set(table.data.column("x").to_pylist())
    assert table.digest() == drawn(sources[kind]).table.digest()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_rare_is_judged_by_all_rows(sources: dict[str, str], kind: str) -> None:
    table = drawn(sources[kind]).table
    assert table.counts["city"]["Bern"] == 6 and table.counts["city"]["Lund"] == 1
    kept, _ = rare_categories.replaced(table, 5, ())
    assert kept.counts == table.counts
    one = Table(table.data.select(["city"]), table.schema.select(["city"]))
    safe = protect(one, Seed(1), 5, table.counts).table.data.column("city").to_pylist()
    assert "Bern" in safe and "Lund" not in safe
    alone = protect(one, Seed(1), 5).table.data.column("city").to_pylist()
    assert "Bern" not in alone  # as the sample alone would have it


def test_a_run_and_its_report_say_so(
    sources: dict[str, str], tmp_path: Path, few_trees: None
) -> None:
    out = tmp_path / "out"
    asked = ("--fit-rows", "120", "-e", "independent", "--gate", "none", "-q")
    assert augment("run", sources["csv"], "-o", out, *asked).returncode == 0
    said = "rows are fitted on, drawn evenly"
    for name in ("run.json", "report.json", "report.html"):
        assert said in (out / name).read_text("utf-8"), name
    assert said in " ".join(augment("inspect", sources["csv"], *asked[:2]).stdout.decode().split())
    loaded = TABLES.read(sources["csv"], {"fit_rows": 120})
    rows = Rows("t", (loaded.data,), loaded.files, sampled=loaded.sampled)  # as `reproduce` does
    again = TABLES.read(rows, {})
    assert said in again.sampled and again.data.counts == loaded.data.counts


def test_each_value_of_the_target_has_its_share(sources: dict[str, str]) -> None:
    target = columns()["day"]
    table = drawn(sources["csv"], target="day", stratify=True).table
    found = [str(day)[:10] for day in table.data.column("day").to_pylist()]
    for day in sorted(set(target)):
        assert found.count(day) >= min(
            large_sources.LEAST_OF_A_VALUE, FIT * target.count(day) / ROWS
        )
    rare = drawn(sources["csv"], target="city", stratify=True).table.data.column("city").to_pylist()
    assert (rare.count("Bern"), rare.count("Lund")) == (6, 1)
    share = FIT * columns()["city"].count("Rome") / ROWS
    assert share - 1 <= rare.count("Rome") <= share + 40
    for options, said in (
        ({}, "--target"), ({"target": "x"}, "over 1,000 values"), ({"target": "cty"}, "'city'"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=said):
            drawn(sources["csv"], stratify=True, **options)
    with pytest.raises(UsageError, match="--fit-rows"):
        read(sources["csv"], ReadOptions(stratify=True))


def test_it_is_drawn_where_memory_is_short_and_said(
    sources: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_sources, "DEFAULT_ROWS", 300)
    assert len(read(sources["parquet"], ReadOptions()).table) == ROWS
    monkeypatch.setattr(large_sources, "available_bytes", lambda: 1_000_000)
    found = read(sources["parquet"], ReadOptions())
    assert 300 <= len(found.table) <= 360
    assert "all would take too much memory" in found.notes[0]
    small = read(sources["csv"], ReadOptions(fit_rows=ROWS))
    assert len(small.table) == ROWS and not small.table.counts


@pytest.mark.parametrize("said", [FIT + 1, ROWS, 2 * ROWS, 10**6, None])
@pytest.mark.parametrize("stratify", [False, True])
def test_the_rows_do_not_depend_on_how_many_a_file_says_it_has(
    sources: dict[str, str], monkeypatch: pytest.MonkeyPatch, said: int | None, stratify: bool
) -> None:
    options = {"target": "day", "stratify": stratify}
    known = drawn(sources["parquet"], **options).table.digest()
    monkeypatch.setattr(Parquet, "rows", lambda *_: said)
    if stratify:  # fewer are held than are wanted, at first
        monkeypatch.setattr(reservoir, "SPARE", 0)
        monkeypatch.setattr(reservoir, "SPREADS", -2)
    assert drawn(sources["parquet"], **options).table.digest() == known


def test_as_many_rows_as_a_file_says_are_read_at_once(
    sources: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Parquet, "blocks", None)
    assert len(read(sources["parquet"], ReadOptions(fit_rows=ROWS)).table) == ROWS


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_rows_do_not_depend_on_the_parts(
    sources: dict[str, str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    found = drawn(sources[kind]).table
    monkeypatch.setattr(arrow_csv, "BLOCK_BYTES", 1 << 14)
    monkeypatch.setattr(parquet, "BATCH_ROWS", 700)
    assert drawn(sources[kind]).table.digest() == found.digest()


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("most_distinct", [-1, 2])
def test_the_rows_depend_neither_on_cores_nor_on_how_texts_are_held(
    sources: dict[str, str], monkeypatch: pytest.MonkeyPatch, cores: int, most_distinct: int
) -> None:
    known = drawn(sources["parquet"]).table.digest()
    monkeypatch.setattr(threads, "cores", lambda: cores)
    monkeypatch.setattr(parquet, "MOST_DISTINCT", most_distinct)
    (part, *_) = Parquet().blocks(
        Path(sources["parquet"]) / "part=a" / "0.parquet", "t", ReadOptions()
    )
    assert pa.types.is_dictionary(part.table.schema.field("city").type) == (most_distinct > 0)
    assert drawn(sources["parquet"]).table.digest() == known


@pytest.mark.parametrize("odd", ["", '1.5,2,Ro"me,2024-01-01,5\n', "\n\n1.5,2,Rome,2024-01-01,5\n"])
def test_the_parts_of_a_file_are_the_file(
    sources: dict[str, str], tmp_path: Path, odd: str
) -> None:
    """Also where the quick reader must give way to the strict one in the middle of it."""
    lines = Path(sources["csv"]).read_text().splitlines(keepends=True)
    path = tmp_path / "t.csv"
    path.write_text("".join([*lines[:9_000], odd, *lines[9_000:]]))
    whole = Csv().read(path, "t.csv", ReadOptions())
    same(list(Csv().blocks(path, "t.csv", ReadOptions())), whole)


def test_so_are_those_of_a_typed_file(sources: dict[str, str]) -> None:
    path = Path(sources["parquet"]) / "part=a" / "0.parquet"
    same(list(Parquet().blocks(path, "t", ReadOptions())), Parquet().read(path, "t", ReadOptions()))


def same(parts: list[Raw], whole: Raw) -> None:
    table = pa.concat_tables([part.decoded().table for part in parts])
    assert table.equals(whole.decoded().table)
    rows = np.concatenate([part.rows for part in parts])
    assert rows.tolist() == list(range(whole.table.num_rows))
    where = [part.where(row) for part in parts for row in range(part.table.num_rows)]
    assert where == [whole.where(row) for row in range(whole.table.num_rows)]
    assert tuple(note for part in parts for note in part.notes) == whole.notes
    assert all(part.dialect == whole.dialect for part in parts)


@pytest.mark.parametrize("known", [False, True])
def test_a_reservoir_holds_the_smallest_keys_of_each_stratum_and_little_more(known: bool) -> None:
    rng = np.random.default_rng(2)
    keys, strata = rng.random(10_000), rng.choice(3, 10_000, p=[0.7, 0.2999, 0.0001])
    of = np.bincount(strata, minlength=3)
    wanted = np.array([100, 50, 5])
    held = Reservoir(wanted, of if known else None)
    for first in range(0, 10_000, 500):
        part = slice(first, first + 500)
        raw = Raw("t", pa.table({"x": np.arange(10_000)[part]}), {}, rows=np.arange(500))
        held.add(Part(0, raw, keys[part]), strata[part])
        assert held._held <= 2 * 155 + 500
    if known:
        assert (held.counts() <= wanted + 8 * np.sqrt(wanted) + 150).all()
    found = [x for part in held.kept() for x in part.raw.table.column("x").to_pylist()]
    best = [np.argsort(np.where(strata == n, keys, 2))[: min(wanted[n], of[n])] for n in range(3)]
    assert found == sorted(np.concatenate(best).tolist())
    assert all((strata[part.raw.table.column("x")] == part.strata).all() for part in held.kept())
