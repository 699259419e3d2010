"""Relations hold wherever a row has their columns, and rows lack them as often as in the source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from augment.core import registry
from augment.core.errors import BadInput
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations

DAY = 86_400_000_000
ROWS = 1500
Holds = Callable[[dict[str, np.ndarray]], np.ndarray]


def stay(rng: np.random.Generator) -> dict[str, np.ndarray]:
    start = 1_577_836_800_000_000 + rng.integers(0, 700, ROWS) * DAY
    days = rng.geometric(0.2, ROWS)
    return {"admitted": start, "days": days, "discharged": start + days * DAY}


def bill(rng: np.random.Generator) -> dict[str, np.ndarray]:
    room, care = rng.integers(100, 9999, ROWS), rng.integers(100, 99999, ROWS)
    return {"room": room, "care": care, "bill": room + care}


def basket(rng: np.random.Generator) -> dict[str, np.ndarray]:
    prices = rng.integers(1, 500, (4, ROWS))
    return {"total": prices.sum(axis=0)} | {f"price_{i}": price for i, price in enumerate(prices)}


def waits(rng: np.random.Generator) -> dict[str, np.ndarray]:
    asked = 1_577_836_800_000_000 + rng.integers(0, 700, ROWS) * DAY
    return {"asked": asked, "answered": asked + rng.geometric(0.1, ROWS) * DAY}


def food(rng: np.random.Generator) -> dict[str, np.ndarray]:
    parts = rng.multinomial(100, [0.5, 0.3, 0.2], ROWS).T
    return dict(zip(["fat", "sugar", "salt"], parts, strict=True))


def kinds(rng: np.random.Generator) -> dict[str, np.ndarray]:
    kind = rng.integers(0, 4, ROWS)
    return {f"kind_{i}": (kind == i) * 1 for i in range(4)}


CASES: dict[str, tuple[Callable[[np.random.Generator], dict[str, np.ndarray]], str, Holds]] = {
    "a date and a duration": (
        stay, "discharged = admitted + days",
        lambda v: v["discharged"] == v["admitted"] + v["days"] * DAY,
    ),
    "a sum": (bill, "bill = care + room", lambda v: v["bill"] == v["room"] + v["care"]),
    "a total": (
        basket, "total = price_0 + price_1 + price_2 + price_3",
        lambda v: v["total"] == sum(v[f"price_{i}"] for i in range(4)),
    ),
    "an order": (waits, "asked <= answered", lambda v: v["asked"] <= v["answered"]),
    "shares": (
        food, "fat + sugar + salt = 100", lambda v: v["fat"] + v["sugar"] + v["salt"] == 100
    ),
    "one of several": (
        kinds, "exactly one of kind_0, …, kind_3 (4 columns) is 1",
        lambda v: sum(v.values()) == 1,
    ),
}  # fmt: skip


def of(values: dict[str, np.ndarray]) -> Table:
    dated = {"admitted", "discharged", "asked", "answered"}
    columns = [
        Column(name, "datetime", "datetime", format="%Y-%m-%d", step_us=DAY)
        if name in dated
        else Column(name, "numeric", "integer")
        for name in values
    ]
    return table_of(columns, [from_numbers(c, values[c.name]) for c in columns], None)


def gappy(case: str, share: float) -> Table:
    """The case's columns, each of which lacks some cells of its own, and one beside them."""
    rng = np.random.default_rng(7)
    values = {name: v.astype(float) for name, v in CASES[case][0](rng).items()}
    for column in values.values():
        column[rng.random(ROWS) < share] = np.nan
    return of({**values, "other": rng.integers(0, 1000, ROWS).astype(float)})


def read(table: Table) -> dict[str, np.ndarray]:
    return {name: numbers(table, name).copy() for name in table.schema.names if name != "other"}


def missing(table: Table) -> dict[str, np.ndarray]:
    return {name: np.isnan(values) for name, values in read(table).items()}


def fitted(data: Table, scratch: Path, engine: str) -> TableModel:
    model = fit_model(registry.engine(engine), data, Job(Seed(1), scratch), True, len(data))
    return TableModel.restore(model.stored())


@pytest.mark.parametrize("case", CASES)
def test_a_relation_is_found_although_one_row_lacks_a_column(case: str) -> None:
    rng = np.random.default_rng(7)
    values = {name: v.astype(float) for name, v in CASES[case][0](rng).items()}
    for name in values:
        broken = {other: column.copy() for other, column in values.items()}
        broken[name][11] = np.nan
        assert CASES[case][1] in relations.mined(of(broken)).sentences


@pytest.mark.parametrize("engine", ["independent", "bootstrap"])
@pytest.mark.parametrize("case", CASES)
def test_made_rows_keep_it_and_lack_as_much(case: str, engine: str, tmp_path: Path) -> None:
    data = gappy(case, 0.08)
    assert CASES[case][1] in relations.mined(data).sentences
    made = fitted(data, tmp_path, engine).sample(0, 4000, Seed(2), Condition(), silent)
    gaps, wanted = missing(made), missing(data)
    whole = ~np.logical_or.reduce([*gaps.values()])
    assert whole.mean() > 0.4
    assert CASES[case][2](read(made))[whole].all()
    for name in wanted:
        assert abs(gaps[name].mean() - wanted[name].mean()) < 0.025
    first, *_, last = wanted  # a part that is missing beside a result that is there
    for one, other in ((first, last), (last, first)):
        alone, real = gaps[one] & ~gaps[other], wanted[one] & ~wanted[other]
        assert abs(alone.mean() - real.mean()) < 0.025


@pytest.mark.parametrize("case", CASES)
def test_putting_back_undoes_taking_out_and_the_model_can_be_stored(case: str) -> None:
    data = gappy(case, 0.08)
    found = relations.mined(data)
    assert found.gaps
    assert Relations.from_json(found.to_json(), data.schema.names) == found
    again = read(found.put_back(found.taken_out(data), list(data.schema), None))
    for name, values in read(data).items():
        assert (np.isnan(again[name]) == np.isnan(values)).all()
        same = again[name] == values
        assert same[~np.isnan(values)].mean() > 0.99  # a row that lacks several parts may differ


def test_columns_that_are_missing_together_stay_together(tmp_path: Path) -> None:
    data = gappy("a total", 0.0)
    values = read(data)
    gone = np.random.default_rng(1).random(ROWS) < 0.3
    for name in ("price_1", "price_2"):
        values[name] = np.where(gone, np.nan, values[name])
    together = of(values)
    (gap,) = relations.mined(together).gaps
    assert gap.columns == ("price_1", "price_2")
    made = fitted(together, tmp_path, "independent").sample(0, 1000, Seed(2), Condition(), silent)
    gaps = missing(made)
    assert (gaps["price_1"] == gaps["price_2"]).all() and 0.25 < gaps["price_1"].mean() < 0.35
    assert not gaps["total"].any()


def test_a_sum_that_lacks_what_its_parts_lack_keeps_to_it(tmp_path: Path) -> None:
    values = read(gappy("a sum", 0.0))
    values["room"][::9] = np.nan
    values["bill"] = values["room"] + values["care"]
    data = of(values)
    found = relations.mined(data)
    assert found.sentences and not found.gaps
    model = fitted(data, tmp_path, "independent")
    made = missing(model.sample(0, 900, Seed(2), Condition(), silent))
    assert (made["bill"] == made["room"]).all() and made["room"].any()


@pytest.mark.parametrize(
    "where", ["room >= 5000", "room is null", "room is not null", "bill > 50000"]
)
def test_conditions_hold_on_columns_with_gaps(where: str, tmp_path: Path) -> None:
    model = fitted(gappy("a sum", 0.08), tmp_path, "independent")
    made = model.sample(0, 80, Seed(3), model.condition(Ask((where,))), silent)
    values = read(made)
    tests = {
        "room >= 5000": values["room"] >= 5000,
        "room is null": np.isnan(values["room"]),
        "room is not null": ~np.isnan(values["room"]),
        "bill > 50000": values["bill"] > 50000,
    }
    assert len(made) == 80 and tests[where].all()


def test_given_cells_are_no_gaps(tmp_path: Path) -> None:
    data = gappy("a sum", 0.08)
    model = fitted(data, tmp_path, "independent")
    given = {name: np.full(60, np.nan) for name in data.schema.names}
    given["room"][:] = 1234
    rows = of(given)
    made = read(model.sample(0, 60, Seed(4), Condition(partial=rows), silent))
    assert (made["room"] == 1234).all()
    whole = ~np.isnan(made["bill"] + made["care"])
    assert whole.any() and (made["bill"] == 1234 + made["care"])[whole].all()


@pytest.mark.parametrize("case", CASES)
def test_what_nearly_holds_is_told_with_the_rows_that_break_it(case: str) -> None:
    values = {name: v.astype(float) for name, v in CASES[case][0](np.random.default_rng(7)).items()}
    last = [*values][-1]
    spoilt = np.arange(30) * 50  # 2 % of the rows
    if case == "one of several":
        values[last][spoilt] = 1 - values[last][spoilt]
    else:
        values[last][spoilt] -= 300 * DAY if values[last][0] > 1e12 else 7
    found = relations.mined(of(values))
    assert CASES[case][1] not in found.sentences
    (near,) = [near for near in found.near if near.sentence == CASES[case][1]]
    assert (near.rows, near.broken) == (ROWS, 30)
    assert near.to_json()["share"] == 0.98


def test_damaged_gaps_are_refused() -> None:
    data = gappy("a sum", 0.08)
    document = relations.mined(data).to_json()
    gap = document["gaps"][0]
    for broken in (
        {**gap, "columns": ["nowhere"]},
        {**gap, "columns": []},
        {**gap, "flag": "room"},
        {**gap, "flag": 3},
        7,
    ):
        with pytest.raises(BadInput):
            Relations.from_json({**document, "gaps": [broken]}, data.schema.names)
