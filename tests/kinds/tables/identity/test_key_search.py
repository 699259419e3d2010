"""A key is told where chance would have repeated it; a stamp where rows follow one another."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.identity.timeline import Timeline, time_columns
from augment.kinds.tables.io.assembly import gather
from augment.kinds.tables.io.formats import Raw, ReadOptions

RNG = np.random.default_rng(5)
ROWS = 600
HOURS = np.datetime64("2021-02-26T00:00:00", "s") + 3600 * np.arange(ROWS)


def read(**columns: object) -> Table:
    """A table as it is read from text."""
    texts = {name: pa.array([str(value) for value in values]) for name, values in columns.items()}  # type: ignore[attr-defined]
    return gather([Raw("t", pa.table(texts), {})], ReadOptions())[0]


def parts(stamps: object) -> dict[str, list[int]]:
    """Year, month, day and hour of each stamp."""
    moments = [stamp.astype(object) for stamp in stamps]  # type: ignore[attr-defined]
    names = ("year", "month", "day", "hour")
    return {name: [getattr(moment, name) for moment in moments] for name in names}


def noise(rows: int = ROWS) -> list[float]:
    return np.round(RNG.normal(size=rows), 3).tolist()


CASES: dict[str, tuple[Table, tuple[str, ...], tuple[str, ...]]] = {
    "hours in four columns": (
        read(**parts(HOURS), x=noise()),
        ("year", "month", "day", "hour"),
        ("year", "month", "day", "hour"),
    ),
    "hours in one column": (read(at=HOURS, x=noise()), ("at",), ("at",)),
    "shops by day": (
        read(
            shop=[f"s{n % 6}" for n in range(ROWS)],
            day=[np.datetime64("2020-01-01") + n // 6 for n in range(ROWS)],
            x=noise(),
        ),
        ("shop", "day"),
        ("day",),
    ),
    "patients by month": (
        read(
            patient_id=[n // 12 for n in range(ROWS)],
            when=[np.datetime64("2020-01", "M") + n % 12 for n in range(ROWS)],
            x=noise(),
        ),
        ("patient_id", "when"),
        ("when",),
    ),
    "purchases": (
        read(
            user_id=[n // 3 for n in range(ROWS)],
            date=np.datetime64("2020-01-01") + RNG.integers(0, 40, ROWS),
            x=noise(),
        ),
        (),
        ("date",),
    ),
    "roles of an account": (
        read(account_id=[n // 2 for n in range(ROWS)], type=["owner", "other"] * (ROWS // 2)),
        ("account_id", "type"),
        (),
    ),
    "lines of an order": (
        read(order_id=[n // 3 for n in range(ROWS)], line=[n % 3 for n in range(ROWS)]),
        ("order_id", "line"),
        (),
    ),
    "moments that are unique by chance": (
        read(
            at=np.datetime64("2020-01-01", "s") + RNG.choice(10**8, ROWS, replace=False),
            x=noise(),
        ),
        (),
        (),
    ),
    "births": (
        read(
            born=np.datetime64("1950-01-01") + RNG.integers(0, 20_000, ROWS),
            sex=["f", "m"] * (ROWS // 2),
        ),
        (),
        (),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_keys_and_stamps(case: str) -> None:
    table, key, stamp = CASES[case]
    assert (table.schema.key, table.schema.stamp) == (key, stamp)


def test_a_schema_holds_them_and_a_key_that_repeats_is_told_of() -> None:
    table = CASES["shops by day"][0]
    schema = Schema.from_json(table.schema.to_json())
    assert schema == table.schema
    texts = [table.column(name).cast(pa.string()).to_pylist() for name in schema.names]
    cells = {
        n: [text[:10] for text in column] for n, column in zip(schema.names, texts, strict=True)
    }
    twice = pa.concat_tables([pa.table(cells)] * 2)
    again, notes = gather([Raw("t", twice, {})], ReadOptions(schema=schema))
    assert again.schema.key == () and again.schema.stamp == ("day",)
    assert "shop + day repeats" in notes[-1]


@pytest.mark.parametrize(
    "stamps",
    [
        np.datetime64("2019-12-30T00", "h") + np.arange(0, 24 * 60, 6),
        np.datetime64("2020-01-06", "D") + 7 * np.arange(80),
        np.datetime64("1999-11", "M") + np.arange(0, 90, 3),
        np.datetime64("1960", "Y") + np.arange(60),
        np.datetime64("2024-02-28T23:58:30", "s") + 15 * np.arange(500),
    ],
)
@pytest.mark.parametrize("split", [True, False])
def test_positions_are_undone_by_columns(stamps: np.ndarray, split: bool) -> None:
    units = ("year", "month", "day", "hour", "minute", "second")
    moments = [stamp.astype("datetime64[s]").astype(object) for stamp in stamps]
    if split:
        table = read(**{unit: [getattr(moment, unit) for moment in moments] for unit in units})
    else:
        table = read(at=[moment.isoformat(sep=" ") for moment in moments])
    names = time_columns(table.schema)[-1]
    grid = Timeline.of(table, names)
    assert grid is not None and grid.count == len(stamps)
    assert grid.positions(table).tolist() == list(range(len(stamps)))
    columns = [table.schema[name] for name in names]
    made = grid.columns_at(np.arange(len(stamps)), columns)
    assert all(made[name].equals(table.column(name)) for name in names)
    assert Timeline.from_json(grid.to_json()) == grid


def test_a_grid_leaves_out_the_places_of_a_week_that_do_not_occur() -> None:
    days = np.datetime64("2020-01-01") + np.arange(400)
    weekdays = days[(days.astype(int) + 3) % 7 < 5]
    grid = Timeline.of(read(day=weekdays), ("day",))
    assert grid is not None and grid.open_count == len(weekdays) < grid.count
    wider = grid.widened(len(weekdays) + 50)
    assert wider.open_count >= len(weekdays) + 50
    made = wider.columns_at(wider.open_positions(), [read(day=weekdays).schema["day"]])["day"]
    assert all(moment.weekday() < 5 for moment in made.to_pylist())


def test_a_grid_of_month_ends_has_no_other_days() -> None:
    firsts = np.datetime64("2023-01", "M") + np.arange(1, 25)
    ends = firsts.astype("datetime64[D]") - 1  # of February 2024 the 29th
    parts = {
        "year": firsts.astype(int) + 1970 * 12 - 1,
        "month": (firsts.astype(int) - 1) % 12 + 1,
        "day": (ends - (firsts - 1).astype("datetime64[D]")).astype(int) + 1,
    }
    parts["year"] = parts["year"] // 12
    for table, names in (
        (read(day=ends), ("day",)),
        (read(**parts), ("year", "month", "day")),
    ):
        grid = Timeline.of(table, names)
        assert grid is not None and grid.count == 24
        columns = [table.schema[name] for name in names]
        made = grid.columns_at(np.arange(24), columns)
        assert all(made[name].equals(table.column(name)) for name in names)
        assert grid.positions(table).tolist() == list(range(24))
        assert Timeline.from_json(grid.to_json()) == grid


def test_no_stamp_is_made_of_parts_that_form_no_date() -> None:
    table = read(year=[2021] * 2 + [2020], month=[2, 2, 2], day=[28, 30, 29])
    grid = Timeline.of(table, ("year", "month", "day"))
    assert grid is not None
    assert np.isnan(grid.positions(table)).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("hours", "rows", "places"),
    [(range(24), 300, 0), (range(24), 900, 0), (range(8, 18), 300, 50), (range(8, 18), 6_000, 50)],
)
def test_few_stamps_close_no_hour_that_chance_left_out(
    hours: range, rows: int, places: int
) -> None:
    rng = np.random.default_rng(4)
    days = np.flatnonzero(np.is_busday(np.arange("2020-01-06", "2024-01-01", dtype="M8[D]")))
    day = rng.choice(days if places else days.max() + 1, rows)
    at = np.datetime64("2020-01-06T00", "h") + day * 24 + rng.choice(list(hours), rows)
    months, days = at.astype("M8[M]"), at.astype("M8[D]")
    table = read(
        year=(months.astype(int) // 12 + 1970).tolist(),
        month=(months.astype(int) % 12 + 1).tolist(),
        day=((days - months).astype(int) + 1).tolist(),
        hour=((at - days).astype(int)).tolist(),
    )
    grid = Timeline.of(table, ("year", "month", "day", "hour"), least=5)
    assert grid is not None and len(grid.slots) == places


def test_a_date_of_birth_is_no_stamp_where_another_date_is_there() -> None:
    rng = np.random.default_rng(1)
    patients = [f"p{n}" for n in rng.integers(0, 200, ROWS)]
    born = [np.datetime64("1950-01-01") + int(n) for n in rng.integers(0, 20_000, ROWS)]
    visited = [np.datetime64("2022-01-01") + int(n) for n in rng.integers(0, 700, ROWS)]
    table = read(patient_id=patients, birth_date=born, visited=visited, x=noise())
    assert table.schema.stamp == ("visited",)
