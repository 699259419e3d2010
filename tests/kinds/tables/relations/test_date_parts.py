"""Columns that together form a date form a real one in every made row, whatever is asked for."""

from __future__ import annotations

import calendar
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.errors import BadInput, UsageError
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_codes, from_numbers, numbers, table_of
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.io import inference
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.formats import ReadOptions
from augment.kinds.tables.relations import Relations, date_columns

PARTS = ("year", "month", "day", "hour")


def hours(rows: int = 1500, names: tuple[str, ...] = PARTS, gaps: float = 0.0) -> Table:
    """Hours of three years in their parts, some of which are missing, and a warmth."""
    rng = np.random.default_rng(0)
    at = np.datetime64("2011-01-01T00", "h") + rng.integers(0, 3 * 8766, rows)
    days, months = at.astype("datetime64[D]"), at.astype("datetime64[M]")
    year = months.astype("datetime64[Y]").astype(int) + 1970
    month = months.astype(int) % 12 + 1
    day = (days - months.astype("datetime64[D]")).astype(int) + 1
    hour = (at - days.astype("datetime64[h]")).astype(int)
    warm = -np.cos(month / 6 * np.pi) * 10 + rng.normal(size=rows)
    parts = np.array([year, month, day, hour], dtype=float)
    parts[rng.random(parts.shape) < gaps] = np.nan
    columns = [Column(name, "numeric", "integer") for name in names]
    arrays = [from_numbers(c, part) for c, part in zip(columns, parts, strict=True)]
    return table_of(
        [*columns, Column("warm", "numeric", "float", max_decimals=1)], [*arrays, pa.array(warm)],
        None,
    )  # fmt: skip


def impossible(made: Table, names: tuple[str, ...] = PARTS) -> int:
    """Rows with a day that their month does not have; without a year, that of a leap year."""
    year, month, day = (numbers(made, name) for name in names[:3])
    rows = zip(np.where(np.isnan(year), 2000, year), month, day, strict=True)
    return sum(
        d > calendar.monthrange(int(y), int(m))[1] for y, m, d in rows if not np.isnan(m + d)
    )


def fitted(data: Table, scratch: Path, engine: str = "independent") -> TableModel:
    model = fit_model(registry.engine(engine), data, Job(Seed(1), scratch), True, len(data))
    return TableModel.restore(model.stored())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TableModel:
    return fitted(hours(gaps=0.05), tmp_path_factory.mktemp("scratch"))


def test_independent_columns_would_break_the_calendar() -> None:
    """The control: what the check below is for."""
    data = hours()
    rng = np.random.default_rng(1)
    mixed = [data.column(name).take(pa.array(rng.permutation(1500))) for name in PARTS]
    assert impossible(table_of(list(data.schema)[:4], mixed, None)) > 10


@pytest.mark.parametrize(
    "names",
    [
        ("YEAR", "MONTH", "DAY", "HOUR"),
        ("yr", "mo", "dy", "hr"),
        ("arrival_date_year", "arrival_date_month", "arrival_date_day_of_month", "arrival_hour"),
        ("OrderYear", "OrderMonth", "OrderDay", "OrderHour"),
        ("Jahr", "Monat", "Tag", "Stunde"),
        ("birthyear", "birthmonth", "birthday", "birthhour"),
        ("c1", "c2", "c3", "c4"),
    ],
)
def test_parts_are_found_by_name_and_by_content(names: tuple[str, str, str, str]) -> None:
    data = hours(names=names)
    found = relations.mined(data)
    members = [dated.members for dated in found.dates]
    assert members in ([names], [names[:3]])  # "arrival_hour" need not be of "arrival_date"
    assert found.put_back(found.taken_out(data), list(data.schema), None).digest() == data.digest()
    assert Relations.from_json(found.to_json(), data.schema.names) == found


def test_months_in_words_and_days_with_zeros_are_parts_too() -> None:
    data = hours()
    words = [name.upper() for name in calendar.month_abbr][1:]
    month = Column("month", "categorical", "string")
    day = Column("day", "categorical", "string")
    spelt = {
        "month": from_codes(month, numbers(data, "month").astype(int) - 1, [*words]),
        "day": from_codes(day, numbers(data, "day").astype(int), [f"{n:02d}" for n in range(32)]),
    }
    columns = [{"month": month, "day": day}.get(c.name, c) for c in data.schema]
    arrays = [spelt.get(c.name, data.column(c.name)) for c in data.schema]
    worded = table_of(columns, arrays, None)
    found = relations.mined(worded)
    assert [dated.members for dated in found.dates] == [PARTS]
    again = found.put_back(found.taken_out(worded), columns, None)
    assert again.digest() == worded.digest()


def test_what_is_no_date_is_left_alone() -> None:
    rng = np.random.default_rng(2)
    columns = {
        "day": rng.integers(1, 8, 2000),  # of the week
        "month": rng.integers(1, 13, 2000),
        "floor": rng.integers(1, 13, 2000),
        "age": rng.integers(1, 32, 2000),  # beside a floor it would make 31 June
        "hour": rng.integers(0, 24, 2000),
    }
    made = [Column(name, "numeric", "integer") for name in columns]
    arrays = [pa.array(values) for values in columns.values()]
    assert not relations.mined(table_of(made, arrays, None)).dates


def test_one_impossible_day_is_enough_and_told_of() -> None:
    data = hours()
    day = numbers(data, "day").copy()
    day[int(np.flatnonzero(numbers(data, "month") == 2)[0])] = 30
    arrays = [data.column(c.name) for c in data.schema]
    arrays[2] = from_numbers(data.schema["day"], day)
    found = relations.mined(table_of(list(data.schema), arrays, None))
    assert not found.dates
    assert [(near.sentence, near.broken) for near in found.near] == [
        ("year, month and day form a date", 1)
    ]


def test_a_year_that_never_changes_still_counts(tmp_path: Path) -> None:
    data = hours(4000)
    whole = data.take(np.flatnonzero(numbers(data, "year") == 2011))
    columns = [
        Column("year", "constant", "integer") if c.name == "year" else c for c in whole.schema
    ]
    arrays = [whole.column(c.name) for c in columns]
    only = table_of(columns, arrays, None)
    made = fitted(only, tmp_path).sample(0, 4000, Seed(3), Condition(), silent)
    assert not impossible(made)


@pytest.mark.parametrize("engine", ["independent", "bootstrap"])
@pytest.mark.parametrize("gaps", [0.0, 0.05])
def test_every_made_date_is_real(engine: str, gaps: float, tmp_path: Path) -> None:
    data = hours(gaps=gaps)
    made = fitted(data, tmp_path, engine).sample(0, 4000, Seed(2), Condition(), silent)
    assert not impossible(made)
    for name in PARTS:
        share = np.isnan(numbers(made, name)).mean()
        assert abs(share - np.isnan(numbers(data, name)).mean()) < 0.02
        assert gaps or not share


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("month = 2", {"month": {2}}),
        ("year = 2012 and month = 2 and day >= 28", {"month": {2}, "day": {28, 29}}),
        ("day = 31", {"day": {31}}),
        ("month in (4, 6) and hour = 3", {"month": {4, 6}, "hour": {3}}),
        ("month != 1 and year between 2012 and 2013", {"year": {2012, 2013}}),
    ],
)
def test_conditions_on_parts_hold(model: TableModel, where: str, holds: dict[str, set]) -> None:
    made = model.sample(0, 150, Seed(3), model.condition(Ask((where,))), silent)
    assert len(made) == 150 and not impossible(made)
    for name, values in holds.items():
        assert set(numbers(made, name)) <= values


def test_gaps_of_parts_can_be_asked_for(model: TableModel) -> None:
    made = model.sample(0, 50, Seed(3), model.condition(Ask(("day is null",))), silent)
    assert np.isnan(numbers(made, "day")).all()
    assert np.isfinite(numbers(made, "month")).mean() > 0.8


def test_a_day_that_no_month_has_is_refused(model: TableModel) -> None:
    with pytest.raises(UsageError, match=r"'month' and 'day'.*form a date"):
        model.condition(Ask(("month = 2 and day = 30",)))


def test_given_parts_stay_and_the_others_fit_them(model: TableModel) -> None:
    columns = list(hours().schema)
    given = {c.name: np.full(90, np.nan) for c in columns}
    given["month"][:60] = 2
    given["year"][30:60] = 2013
    given["day"][60:] = 31
    rows = table_of(columns, [from_numbers(c, given[c.name]) for c in columns], None)
    made = model.sample(0, 90, Seed(4), Condition(partial=rows), silent)
    assert not impossible(made)
    assert set(numbers(made, "month")[:60]) == {2} and set(numbers(made, "day")[60:]) == {31}
    assert set(numbers(made, "year")[30:60]) == {2013}
    both = Condition(model.condition(Ask(("year = 2012",))).clauses, partial=rows.slice(0, 30))
    asked = model.sample(0, 30, Seed(4), both, silent)
    assert set(numbers(asked, "year")) == {2012} and not impossible(asked)


def test_damaged_dates_are_refused() -> None:
    data = hours()
    document = relations.mined(data).to_json()
    dated = document["dates"][0]
    for broken in (
        {**dated, "parts": dated["parts"][:1]},
        {**dated, "parts": [*dated["parts"], dated["parts"][0]]},
        {**dated, "name": "warm"},
        {**dated, "step_us": 0},
        {**dated, "low": 1e300},
        {**dated, "parts": [{**part, "spelling": "?"} for part in dated["parts"]]},
        {"name": "x"},
        7,
    ):
        with pytest.raises(BadInput):
            Relations.from_json({**document, "dates": [broken]}, data.schema.names)


def births(rows: int = 400) -> Table:
    rng = np.random.default_rng(3)
    at = np.datetime64("1911-01-01", "D") + rng.integers(0, 77 * 365, rows)
    months = at.astype("datetime64[M]")
    year = months.astype("datetime64[Y]").astype(int) + 1970
    month = months.astype(int) % 12 + 1 + 50 * rng.integers(0, 2, rows)
    day = (at - months.astype("datetime64[D]")).astype(int) + 1
    digits = year % 100 * 10_000 + month * 100 + day
    column = inference.from_text("birth_number", pa.array([str(number) for number in digits]))
    assert column.modelled and column.note
    return table_of([column], [pa.array(digits, pa.int64())], None)


def real_births(made: Table) -> bool:
    digits = numbers(made, "birth_number").astype(int)
    month = digits // 100 % 100
    plain = np.where(month > 50, month - 50, month)
    rows = zip(1900 + digits // 10_000, plain, digits % 100, strict=True)
    return all(1 <= d <= calendar.monthrange(y, m)[1] for y, m, d in rows)


def test_birth_numbers_stay_real(tmp_path: Path) -> None:
    data = births()
    found = relations.mined(data)
    assert found.put_back(found.taken_out(data), list(data.schema), None).digest() == data.digest()
    assert Relations.from_json(found.to_json(), data.schema.names) == found
    made = fitted(data, tmp_path).sample(0, 2000, Seed(2), Condition(), silent)
    assert real_births(made)
    raised = numbers(made, "birth_number") // 100 % 100 > 50
    assert 0.4 < raised.mean() < 0.6


def test_hours_of_beijing_and_birth_numbers_of_a_bank(shared: Path, tmp_path: Path) -> None:
    data = source.read(str(shared / "data" / "tables" / "beijing.csv"), ReadOptions()).table
    found = relations.mined(data)
    assert found.sentences == ["year, month, day and hour form a date"]
    nameless = [Column(f"c{i}", c.role, c.storage) for i, c in enumerate(data.schema)]
    arrays = [data.column(c.name) for c in data.schema]
    dates, _ = date_columns.found(table_of(nameless, arrays, None), {})
    assert [dated.members for dated in dates] == [("c0", "c1", "c2", "c3")]
    part = data.take(np.random.default_rng(0).permutation(len(data))[:3000])
    made = fitted(part, tmp_path).sample(0, 5000, Seed(2), Condition(), silent)
    assert not impossible(made)
    bank = shared / "data" / "related" / "berka" / "client.csv"
    clients = source.read(str(bank), ReadOptions()).table
    made = fitted(clients, tmp_path).sample(0, 3000, Seed(2), Condition(), silent)
    assert real_births(made)
