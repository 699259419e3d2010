"""Columns of few values that another one settles are as it says on every made row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core import model_folder as store
from augment.core import registry
from augment.core.errors import BadInput
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import numbers
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations

ROWS = 1_200
REGIONS = ("north", "east", "south", "west", "islands")
COLUMNS = (
    Column("region", "categorical", "string"),
    Column("city", "categorical", "string"),
    Column("zone", "numeric", "integer"),
    Column("coast", "boolean", "boolean"),
    Column("amount", "numeric", "float", max_decimals=2),
)


def places(rows: int = ROWS, seed: int = 0, gaps: bool = False) -> Table:
    """Forty cities in five regions, each region in a zone, some zones at the coast."""
    rng = np.random.default_rng(seed)
    city = np.minimum(rng.geometric(0.08, rows), 40)
    region = (7 * city) % 5
    zone = np.array([1, 2, 2, 3, 4])[region]
    missing = rng.random(rows) < 0.1 if gaps else np.zeros(rows, bool)
    arrays = [
        pa.array([REGIONS[r] for r in region]),
        pa.array([f"city {c}" for c in city], mask=missing),
        pa.array(zone),
        pa.array(zone % 2 == 1),
        pa.array(np.round(rng.gamma(2, 50, rows), 2)),
    ]
    return Table(pa.table(arrays, names=[c.name for c in COLUMNS]), Schema(COLUMNS))


def fitted(table: Table, folder: Path) -> TableModel:
    made = fit_model(registry.engine("independent"), table, Job(Seed(1), folder), True, len(table))
    return TableModel.restore(made.stored())


def agreeing(made: Table) -> np.ndarray:
    """(rows,) whether the region is that of the city, where the source knows the city."""
    known = places()
    pairs = set(zip(*(known.column(n).to_pylist() for n in ("city", "region")), strict=True))
    cities, regions = (made.column(n).to_pylist() for n in ("city", "region"))
    return np.array([(c, r) in pairs or c is None for c, r in zip(cities, regions, strict=True)])


@pytest.mark.parametrize("gaps", [False, True])
def test_a_city_lies_in_its_region(tmp_path: Path, gaps: bool) -> None:
    source = places(gaps=gaps)
    assert set(relations.mined(source).sentences) >= {
        "region follows from city",
        "zone follows from region",
        "coast follows from zone",
    }
    made = fitted(source, tmp_path).sample(0, 1_000, Seed(2), Condition(), silent)
    assert agreeing(made).mean() > (0.995 if not gaps else 0.99)
    zone = np.array([1, 2, 2, 3, 4])[[REGIONS.index(r) for r in made.column("region").to_pylist()]]
    assert (numbers(made, "zone") == zone).all()
    assert ((numbers(made, "zone") % 2 == 1) == numbers(made, "coast")).all()


def test_one_row_that_breaks_it_is_enough() -> None:
    table = places()
    region = table.column("region").to_pylist()
    region[17] = "north" if region[17] != "north" else "south"
    data = table.data.set_column(0, "region", pa.array(region))
    assert "region follows from city" not in relations.mined(Table(data, table.schema)).sentences


def test_columns_that_only_go_together_are_left_alone() -> None:
    table = places(rows=150)
    rng = np.random.default_rng(0)
    rare = pa.array((rng.random(150) < 0.03).astype(int))
    data = table.data.set_column(2, "zone", rare)
    named = relations.mined(Table(data, table.schema)).sentences
    assert not [sentence for sentence in named if sentence.startswith("zone")]


def test_the_target_is_never_set() -> None:
    found = relations.mined(places().with_target("region"))
    assert "region" not in {lookup.result for lookup in found.lookups}


def test_conditions_and_given_rows_stay_true(tmp_path: Path) -> None:
    model = fitted(places(), tmp_path)
    made = model.sample(0, 200, Seed(2), model.condition(Ask(where=("region = east",))), silent)
    assert set(made.column("region").to_pylist()) == {"east"}
    assert agreeing(made).all()
    data = places(200, seed=4).data
    for known in ("city", "region"):
        arrays = [data[n] if n == known else pa.nulls(200, data[n].type) for n in data.column_names]
        given = Table(pa.table(arrays, names=data.column_names), model.schema)
        made = model.sample(0, 200, Seed(3), Condition(partial=given), silent)
        assert made.column(known).equals(given.column(known))
        assert agreeing(made).mean() > 0.9


def test_models_of_before_know_of_none() -> None:
    document = relations.mined(places()).to_json()
    older = {name: part for name, part in document.items() if name != "lookups"}
    old = {"format": 6, "config": {"relations": older, "engine": {}}}
    upgraded = store.upgraded(old, Path("model"))["config"]["relations"]
    assert Relations.from_json(upgraded, list(places().schema.names)).lookups == ()


def test_damaged_lookups_are_refused() -> None:
    document = relations.mined(places()).to_json()
    names = list(places().schema.names)
    assert Relations.from_json(document, names).lookups == relations.mined(places()).lookups
    first, *others = document["lookups"]
    for damage in ({"at": []}, {"source": "x"}, {"result": "city"}, {"values": [[]] * 40}):
        with pytest.raises(BadInput):
            Relations.from_json({**document, "lookups": [{**first, **damage}, *others]}, names)
    with pytest.raises(BadInput):
        Relations.from_json({**document, "lookups": [*others, first]}, names)


def orders(rows: int = ROWS, seed: int = 0) -> Table:
    """Eighty products, each with a price of its own, and totals of quantity and price."""
    rng = np.random.default_rng(seed)
    prices = np.round(np.random.default_rng(1).gamma(3, 20, 80), 2)
    product = rng.integers(0, 80, rows)
    quantity = rng.integers(1, 9, rows)
    columns = (
        Column("product", "categorical", "string"),
        Column("price", "numeric", "float", max_decimals=2),
        Column("quantity", "numeric", "integer"),
        Column("total", "numeric", "float", max_decimals=2),
    )
    arrays = [
        pa.array([f"P{p:02d}" for p in product]),
        pa.array(prices[product]),
        pa.array(quantity),
        pa.array(np.round(quantity * prices[product], 2)),
    ]
    return Table(pa.table(arrays, names=[c.name for c in columns]), Schema(columns))


def test_a_product_has_its_price_and_totals_follow(tmp_path: Path) -> None:
    table = orders()
    sentences = relations.mined(table).sentences
    assert "price follows from product" in sentences
    made = fitted(table, tmp_path).sample(0, 2_000, Seed(3), Condition(), silent)
    products, prices = made.column("product").to_pylist(), numbers(made, "price")
    known = dict(zip(table.column("product").to_pylist(), numbers(table, "price"), strict=True))
    assert all(known[name] == price for name, price in zip(products, prices, strict=True))
    assert np.allclose(numbers(made, "quantity") * prices, numbers(made, "total"), atol=0.006)
    assert len(set(products)) > 70


def test_given_products_have_their_price_and_totals(tmp_path: Path) -> None:
    model = fitted(orders(), tmp_path)
    known = orders(50, 5)
    arrays = [
        known.column(name) if name == "product" else pa.nulls(50, known.data[i].type)
        for i, name in enumerate(known.schema.names)
    ]
    given = Table(pa.table(arrays, names=known.schema.names), model.schema)
    made = model.sample(0, 50, Seed(3), Condition(partial=given), silent)
    assert made.column("product").equals(known.column("product"))
    assert np.array_equal(numbers(made, "price"), numbers(known, "price"))
    of_rows = numbers(made, "quantity") * numbers(made, "price")
    assert np.allclose(of_rows, numbers(made, "total"), atol=0.006)


def test_numbers_of_many_values_settle_no_others() -> None:
    """Of 200 numbers each with 6 rows; what follows from such a number is a function."""
    code = np.repeat(np.arange(200) * 7, 6)
    columns = (Column("code", "numeric", "integer"), Column("height", "numeric", "integer"))
    arrays = [pa.array(code), pa.array(code * code % 150)]
    table = Table(pa.table(arrays, names=["code", "height"]), Schema(columns))
    assert relations.mined(table).lookups == ()


def test_what_a_computed_total_settles_follows_it(tmp_path: Path) -> None:
    """Engines do not see the total, so that nothing of it is too rare to be learnt."""
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 5, ROWS), rng.integers(0, 5, ROWS)
    words = np.array(["x", "y", "z", "z", "y", "w", "w", "x", "z"])
    columns = (
        *(Column(name, "numeric", "integer") for name in ("first", "second", "total")),
        Column("word", "categorical", "string"),
    )
    arrays = [pa.array(v) for v in (first, second, first + second, words[first + second])]
    table = Table(pa.table(arrays, names=[c.name for c in columns]), Schema(columns))
    assert "word follows from total" in relations.mined(table).sentences
    made = fitted(table, tmp_path).sample(0, 500, Seed(2), Condition(), silent)
    total = numbers(made, "first") + numbers(made, "second")
    assert made.column("word").to_pylist() == words[total.astype(int)].tolist()
