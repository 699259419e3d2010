"""What a category says of which rows have a value holds beside orders and sums, too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from augment.core import registry
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations

ROWS = 1_500
DATES = ("ordered", "shipped", "delivered")


def orders() -> Table:
    """Orders, of which those that are under way have one date more, and delivered ones two."""
    rng = np.random.default_rng(0)
    state = rng.integers(0, 4, ROWS)
    ordered = rng.integers(0, 500, ROWS)
    shipped = ordered + rng.integers(0, 6, ROWS)
    days = (ordered, shipped, shipped + rng.integers(1, 12, ROWS))
    lacking = (state < 0, state < 2, state < 3)
    columns = [Column("state", "categorical", "string")]
    columns += [Column(n, "datetime", "datetime", format="%Y-%m-%d", step_us=DAY_US) for n in DATES]
    arrays = [pa.array(np.array(["open", "cancelled", "under way", "done"])[state])]
    arrays += [
        pa.array(own * DAY_US, pa.int64(), mask=gap).cast(pa.timestamp("us"))
        for own, gap in zip(days, lacking, strict=True)
    ]
    return Table(pa.table(arrays, names=[c.name for c in columns]), Schema(tuple(columns)))


def plans() -> Table:
    """Bills, of which those of one plan have no extra, and no other is without."""
    rng = np.random.default_rng(1)
    plan = rng.integers(0, 3, ROWS)
    base, extra = np.round(rng.lognormal(3, 0.5, (2, ROWS)), 2)
    columns = [Column("plan", "categorical", "string")]
    columns += [Column(n, "numeric", "float", max_decimals=2) for n in ("base", "extra", "total")]
    arrays = [
        pa.array(np.array(["basic", "plus", "pro"])[plan]),
        pa.array(base),
        pa.array(extra, mask=plan == 0),
        pa.array(np.round(base + extra, 2)),
    ]
    return Table(pa.table(arrays, names=[c.name for c in columns]), Schema(tuple(columns)))


def fitted(table: Table, folder: Path) -> TableModel:
    made = fit_model(registry.engine("independent"), table, Job(Seed(1), folder), True, len(table))
    return TableModel.restore(made.stored())


def test_dates_in_order_are_there_where_the_state_says_so(tmp_path: Path) -> None:
    table = orders()
    found = relations.mined(table)
    assert "delivered has a value where state is done, and nowhere else" in found.sentences
    assert "ordered <= shipped" in found.sentences and "shipped <= delivered" in found.sentences
    made = fitted(table, tmp_path).sample(0, 2_000, Seed(2), Condition(), silent)
    state = np.array(made.column("state").to_pylist())
    first, second, third = (numbers(made, name) for name in DATES)
    assert (~np.isnan(second) == np.isin(state, ["under way", "done"])).all()
    assert (~np.isnan(third) == (state == "done")).all()
    assert not (first > second).any() and not (second > third).any()
    assert set(state.tolist()) == {"open", "cancelled", "under way", "done"}


def test_a_part_of_a_sum_is_there_where_the_plan_says_so(tmp_path: Path) -> None:
    table = plans()
    assert (
        "extra has a value where plan is plus, pro, and nowhere else"
        in relations.mined(table).sentences
    )
    made = fitted(table, tmp_path).sample(0, 2_000, Seed(2), Condition(), silent)
    basic = np.array(made.column("plan").to_pylist()) == "basic"
    base, extra, total = (numbers(made, name) for name in ("base", "extra", "total"))
    assert (np.isnan(extra) == basic).all()
    assert np.allclose((base + extra)[~basic], total[~basic], atol=0.006)


def test_one_row_that_breaks_it_is_enough() -> None:
    table = orders()
    place = table.schema.names.index("state")
    states = table.column("state").to_pylist()
    states[states.index("open")] = "done"
    data = table.data.set_column(place, "state", pa.array(states))
    sentences = relations.mined(Table(data, table.schema)).sentences
    assert not any("delivered has a value" in sentence for sentence in sentences)


def test_conditions_are_met_and_given_cells_stay(tmp_path: Path) -> None:
    table = orders()
    model = fitted(table, tmp_path)
    asked = model.condition(Ask(where=("delivered is not null",)))
    made = model.sample(0, 100, Seed(2), asked, silent)
    assert set(made.column("state").to_pylist()) == {"done"}
    assert made.column("delivered").null_count == 0
    known = table.slice(0, 60)
    arrays = [
        known.column(n) if n == "shipped" else pa.nulls(60, known.data.field(n).type)
        for n in known.schema.names
    ]
    given = Table(pa.table(arrays, names=known.schema.names), model.schema)
    made = model.sample(0, 60, Seed(3), Condition(partial=given), silent)
    has = known.column("shipped").is_valid()
    assert made.column("shipped").filter(has).equals(known.column("shipped").filter(has))


def test_it_can_be_stored() -> None:
    for table in (orders(), plans()):
        found = relations.mined(table)
        again = Relations.from_json(found.to_json(), list(table.schema.names))
        assert again.absences == found.absences and found.absences


def families(stray: bool = False) -> Table:
    """Children, how old the youngest is, and hours of work, with an employer where there are any;
    trips of which those that are cancelled have no time, and so no speed."""
    rng = np.random.default_rng(3)
    children = rng.choice([0, 1, 2, 3], ROWS, p=[0.4, 0.3, 0.2, 0.1])
    hours = np.where(rng.random(ROWS) < 0.3, 0.0, np.round(rng.normal(36, 6, ROWS), 1)).clip(0)
    cancelled = rng.random(ROWS) < 0.1
    way = np.round(rng.gamma(4, 100, ROWS))
    time = np.round(way / 7 + rng.normal(0, 5, ROWS)).clip(10)
    youngest = rng.integers(0, 18, ROWS)
    lacking = children == 0
    if stray:
        lacking[np.flatnonzero(lacking)[0]] = False
    own = {
        "children": pa.array(children),
        "youngest": pa.array(youngest, mask=lacking),
        "hours": pa.array(hours),
        "employer": pa.array(rng.choice(["public", "private"], ROWS), mask=hours == 0),
        "cancelled": pa.array(cancelled),
        "way": pa.array(way.astype(np.int64)),
        "time": pa.array(time.astype(np.int64), mask=cancelled),
        "speed": pa.array(np.round(60 * way / time, 1), mask=cancelled),
    }
    kinds = {"hours": "float", "speed": "float", "employer": "string", "cancelled": "boolean"}
    columns = [
        Column(n, "numeric", kinds.get(n, "integer"), max_decimals=1 if n in kinds else None)
        if n not in ("employer", "cancelled")
        else Column(n, "categorical" if n == "employer" else "boolean", kinds[n])
        for n in own
    ]
    return Table(pa.table(own), Schema(tuple(columns)))


def test_the_range_of_a_number_says_what_has_a_value(tmp_path: Path) -> None:
    found = relations.mined(families())
    assert "youngest has a value as the range of children says" in found.sentences
    assert "employer has a value as the range of hours says" in found.sentences
    assert Relations.from_json(found.to_json(), families().schema.names) == found
    made = fitted(families(), tmp_path).sample(0, 2_000, Seed(2), Condition(), silent)
    has = {n: np.array(made.column(n).is_valid()) for n in ("youngest", "employer")}
    assert (has["youngest"] == (numbers(made, "children") > 0)).all()
    assert (has["employer"] == (numbers(made, "hours") > 0)).all()
    assert 0.4 < has["youngest"].mean() < 0.8


def test_one_row_that_strays_is_enough_beside_ranges() -> None:
    found = relations.mined(families(stray=True)).sentences
    assert "youngest has a value as the range of children says" not in found


def test_gaps_are_right_before_others_are_computed(tmp_path: Path) -> None:
    assert "speed = 60 × way / time" in relations.mined(families()).sentences
    made = fitted(families(), tmp_path).sample(0, 2_000, Seed(2), Condition(), silent)
    cancelled = numbers(made, "cancelled") > 0
    way, time, speed = (numbers(made, n) for n in ("way", "time", "speed"))
    assert (np.isnan(time) == cancelled).all() and (np.isnan(speed) == cancelled).all()
    assert (np.abs(60 * way / time - speed)[~cancelled] <= 0.0501).all()


def test_parts_of_a_date_before_a_date_beside_gaps_that_come_together() -> None:
    rng = np.random.default_rng(0)
    hour, minute = rng.integers(5, 23, 800), rng.integers(0, 60, 800)
    day = np.datetime64("2013-01-01") + rng.integers(0, 700, 800)
    begun = day.astype("datetime64[m]") + (60 * hour + minute)
    month = day.astype("datetime64[M]")
    parts = {
        "year": day.astype("datetime64[Y]").astype(int) + 1970,
        "month": month.astype(int) % 12 + 1,
        "day": (day - month.astype("datetime64[D]")).astype(int) + 1,
        "hour": hour,
        "minute": minute,
    }
    columns = [Column(name, "numeric", "integer") for name in parts]
    columns.append(Column("landed", "datetime", "datetime", format="%Y-%m-%d %H:%M:%S"))
    columns += [Column(name, "numeric", "float", max_decimals=1) for name in ("delay", "late")]
    landed = (begun + rng.integers(0, 300, 800)).astype("datetime64[us]")
    delay = np.where(rng.random(800) < 0.1, np.nan, rng.integers(0, 900, 800) / 10)
    values = [*parts.values(), landed.astype(np.int64), delay, delay + rng.integers(0, 50, 800)]
    arrays = [from_numbers(c, np.asarray(v, float)) for c, v in zip(columns, values, strict=True)]
    said = relations.mined(table_of(columns, arrays, None)).sentences
    assert "year, month, day, hour and minute form a date" in said
    assert "late has a value where delay is not missing, and nowhere else" in said
