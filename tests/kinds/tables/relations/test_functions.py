"""Columns that follow from a column of many values are read off it after the draw."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from augment.core import registry
from augment.core.errors import BadInput
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations, functions

DAY = 86_400_000_000
ROWS = 1500


def area_of(radius: np.ndarray) -> np.ndarray:
    """Of a cylinder as high as two: a square and a multiple, which no formula of one term is."""
    return np.asarray(2 * np.pi * radius**2 + 4 * np.pi * radius)


def sales(rows: int = ROWS, seed: int = 0) -> Table:
    """A date with its average price, which no formula gives; a cylinder's radius and area."""
    rng = np.random.default_rng(seed)
    price = np.round(30 * np.exp(np.cumsum(np.random.default_rng(9).normal(0, 0.1, 100))), 2)
    day = rng.integers(0, 100, rows)
    radius = np.round(rng.gamma(5, 2, rows), 4)
    columns = [
        Column("date", "datetime", "datetime", format="%Y-%m-%d", step_us=DAY),
        Column("price", "numeric", "float", max_decimals=2),
        Column("radius", "numeric", "float", max_decimals=4),
        Column("area", "numeric", "float", max_decimals=2),
        Column("sold", "numeric", "integer"),
    ]
    values = [1.5e15 // DAY * DAY + day * DAY, price[day], radius, area_of(radius)]
    values.append(np.rint(rng.lognormal(6, 1, rows)))
    return table_of(
        columns, [from_numbers(c, v) for c, v in zip(columns, values, strict=True)], None
    )


def with_values(table: Table, name: str, values: np.ndarray) -> Table:
    place = table.schema.names.index(name)
    data = table.data.set_column(place, name, from_numbers(table.schema[name], values))
    return Table(data, table.schema)


def prices(table: Table) -> dict[float, float]:
    return dict(zip(numbers(table, "date"), numbers(table, "price"), strict=True))


def area_holds(table: Table) -> np.ndarray:
    radius, area = numbers(table, "radius"), numbers(table, "area")
    return np.asarray(np.abs(area - area_of(radius)) <= 0.02 + 2e-3 * area)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TableModel:
    recipe, folder = registry.engine("independent"), tmp_path_factory.mktemp("model")
    return TableModel.restore(fit_model(recipe, sales(), Job(Seed(1), folder), True, ROWS).stored())


def test_both_are_found() -> None:
    assert set(relations.mined(sales()).sentences) == {
        "price follows from date",
        "area follows from radius",
    }


def test_one_row_that_differs_is_enough() -> None:
    changed = numbers(sales(), "price").copy()
    changed[3] += 1
    found = relations.mined(with_values(sales(), "price", changed)).sentences
    assert "price follows from date" not in found


def test_rows_that_come_twice_prove_nothing() -> None:
    rng = np.random.default_rng(2)
    columns = [Column(name, "numeric", "float") for name in ("a", "b", "c")]
    arrays = [from_numbers(c, np.repeat(rng.normal(size=ROWS), 2)) for c in columns]
    assert not relations.mined(table_of(columns, arrays, None)).sentences


def test_the_target_is_no_function() -> None:
    assert "price" not in relations.mined(sales().with_target("price")).dependents.computed


def test_putting_back_undoes_taking_out_and_it_can_be_stored() -> None:
    table = sales()
    found = relations.mined(table)
    again = found.put_back(found.taken_out(table), list(table.schema), None)
    for name in ("date", "price", "radius", "sold"):
        assert again.column(name).equals(table.column(name)) or (
            name == "price" and np.mean(numbers(again, name) == numbers(table, name)) > 0.95
        )
    assert area_holds(again).mean() > 0.98
    document = found.to_json()
    assert Relations.from_json(document, table.schema.names) == found
    function = document["dependents"]["functions"][0]
    for broken in (
        {**function, "argument": "nowhere"},
        {**function, "argument": function["result"]},
        {**function, "at": []},
        {**function, "at": function["at"][::-1]},
        {**function, "values": [float("nan")] * len(function["values"])},
    ):
        damaged = {**document, "dependents": {**document["dependents"], "functions": [broken]}}
        with pytest.raises(BadInput):
            Relations.from_json(damaged, table.schema.names)


def test_a_pair_that_few_rows_share_is_not_kept() -> None:
    table = sales()
    rows = Counter(numbers(table, "date"))
    for function in relations.mined(table).dependents.functions:
        if function.argument == "date":
            assert min(rows[at] for at in function.at) >= LEAST_ROWS
        else:
            kept = np.isin(numbers(table, "radius"), function.at)
            assert kept.mean() < 0.1  # means of neighbours, equal to a value by chance only


def test_made_rows_follow_it(model: TableModel) -> None:
    made = model.sample(0, 2000, Seed(2), Condition(), silent)
    real = prices(sales())
    pairs = [*zip(numbers(made, "date"), numbers(made, "price"), strict=True)]
    assert np.mean([real.get(day) == price for day, price in pairs if day in real]) > 0.9
    assert len(set(pairs)) == len({day for day, _ in pairs})  # one price a day
    assert area_holds(made).mean() > 0.98


def test_conditions_on_results_are_searched_for(model: TableModel) -> None:
    clauses = (Clause("area", "range", low=200.0), Clause("price", "range", high=45.0))
    made = model.sample(0, 100, Seed(3), Condition(clauses), silent)
    assert len(made) == 100 and mask(made, clauses).all()


def test_given_results_stay_and_tell_their_arguments(tmp_path: Path) -> None:
    recipe = registry.engine("anyorder", {"epochs": "5"})
    model = fit_model(recipe, sales(), Job(Seed(1), tmp_path), True, ROWS)
    source = sales(60, seed=4)
    nothing = np.full(60, np.nan)
    filled = model.sample(
        0, 60, Seed(5), Condition(partial=with_values(source, "date", nothing)), silent
    )
    assert filled.column("price").equals(source.column("price"))
    real = prices(sales())
    days, found = numbers(filled, "date"), numbers(filled, "price")
    assert np.mean([real.get(d) == p for d, p in zip(days, found, strict=True)]) > 0.9
    open_price = with_values(source, "price", nothing)
    filled = model.sample(0, 60, Seed(5), Condition(partial=open_price), silent)
    assert np.mean(numbers(filled, "price") == numbers(source, "price")) > 0.9
    dear = (Clause("price", "range", low=20.0),)
    filled = model.sample(
        0, 60, Seed(6),
        Condition(dear, partial=with_values(open_price, "date", nothing)), silent,
    )  # fmt: skip
    assert mask(filled, dear).all()


def test_columns_without_repetitions_are_ruled_out_by_few_rows() -> None:
    """Of many columns of distinct values no pair but the smooth one is compared on all rows."""
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(size=(ROWS, 40)), rng.gamma(5, 2, (ROWS, 1))], axis=1)
    values = np.concatenate([values, np.log(values[:, -1:])], axis=1)
    argument, spreads = values[:, -2], values.std(axis=0)
    likely = functions._possible(argument, values, spreads, np.argsort(argument))
    assert likely == [40, 41]


@pytest.mark.parametrize("seed", range(4))
def test_a_rare_class_follows_from_nothing(seed: int) -> None:
    """A line that is 0 all along hits 99.7% of such rows."""
    rng = np.random.default_rng(seed)
    rare = rng.random(6_000) < 0.003
    columns = [
        Column("score", "numeric", "float", max_decimals=6),
        Column("fraud", "numeric", "integer"),
    ]
    score = np.round(rng.normal(0, 1, 6_000) + 2 * rare, 6)
    arrays = [
        from_numbers(column, own) for column, own in zip(columns, (score, 1.0 * rare), strict=True)
    ]
    table = table_of(columns, arrays, None)
    assert relations.mined(table).dependents.functions == ()
