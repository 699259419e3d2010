"""Totals of many columns and shares of a constant are found and kept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations

PARTS = ["fat", "sugar", "salt"]


def of(columns: dict[str, np.ndarray], digits: int = 1) -> Table:
    made = [Column(name, "numeric", "float", max_decimals=digits) for name in columns]
    return table_of(made, [from_numbers(c, columns[c.name]) for c in made], None)


def food(rows: int = 500) -> Table:
    """Three percentages of which some are zero, four prices with their total, and noise."""
    rng = np.random.default_rng(0)
    tenths = rng.multinomial(1000, [0.5, 0.3, 0.2], rows) * 1.0
    tenths[::5, 0] += tenths[::5, 2]
    tenths[::5, 2] = 0
    prices = np.round(rng.gamma(2, 30, (rows, 4)), 1)
    columns = dict(zip(PARTS, tenths.T / 10, strict=True))
    columns["total"] = np.round(prices.sum(axis=1), 1)
    columns |= {f"price_{i}": prices[:, i] for i in range(4)}
    return of({**columns, "noise": np.round(rng.normal(size=rows), 1)})


def test_totals_and_shares_are_found_and_nothing_else() -> None:
    data = food()
    found = relations.mined(data)
    assert set(found.sentences) == {
        "fat + sugar + salt = 100",
        "total = price_0 + price_1 + price_2 + price_3",
    }
    assert found.put_back(found.taken_out(data), list(data.schema), None).digest() == data.digest()
    assert Relations.from_json(found.to_json(), data.schema.names) == found


def test_one_row_that_does_not_add_up_is_enough() -> None:
    data = food()
    columns = {name: numbers(data, name).copy() for name in data.schema.names}
    columns["sugar"][3] += 0.1
    columns["price_2"][3] += 0.2  # as much would leave the difference of both sums true
    assert not relations.mined(of(columns)).sentences


def test_two_shares_and_whole_numbers_add_up_too() -> None:
    men = np.random.default_rng(1).integers(0, 41, 300) * 1.0
    found = relations.mined(of({"men": men, "women": 40 - men}, 0))
    assert found.sentences == ["men + women = 40"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TableModel:
    job = Job(Seed(1), tmp_path_factory.mktemp("scratch"))
    fitted = fit_model(registry.engine("independent"), food(), job, True, 500)
    return TableModel.restore(fitted.stored())


def tenths(table: Table, names: list[str]) -> np.ndarray:
    return np.rint(np.stack([numbers(table, name) for name in names]) * 10)


def test_made_rows_add_up_and_zeros_stay_zeros(model: TableModel) -> None:
    made = model.sample(0, 1000, Seed(2), Condition(), silent)
    shares = tenths(made, PARTS)
    assert (shares.sum(axis=0) == 1000).all() and shares.min() >= 0
    assert 0.1 < (shares[2] == 0).mean() < 0.3
    prices = [f"price_{i}" for i in range(4)]
    assert (tenths(made, prices).sum(axis=0) == tenths(made, ["total"])[0]).all()


def test_a_condition_on_a_share_holds_after_scaling(model: TableModel) -> None:
    clause = Clause("fat", "range", low=50.0, high=52.0)
    made = model.sample(0, 100, Seed(3), Condition((clause,)), silent)
    assert len(made) == 100 and mask(made, (clause,)).all()
    assert (tenths(made, PARTS).sum(axis=0) == 1000).all()


def test_given_shares_stay_and_the_others_make_up_the_rest(model: TableModel) -> None:
    columns = {name: np.full(3, np.nan) for name in food().schema.names}
    columns["fat"][:2], columns["salt"][1] = [40.0, 99.9], 12.0
    made = model.sample(0, 3, Seed(4), Condition(partial=of(columns)), silent)
    shares = tenths(made, PARTS)
    assert shares[0, :2].tolist() == [400, 999] and shares[2, 1] == 120
    assert shares.sum(axis=0)[[0, 2]].tolist() == [1000, 1000]


def test_shares_without_an_end_of_digits_add_up_as_well() -> None:
    parts = np.random.default_rng(2).dirichlet([1, 2, 3], 400)
    names = ["a", "b", "c"]
    columns = [Column(name, "numeric", "float") for name in names]
    data = table_of(columns, [pa.array(parts[:, i]) for i in range(3)], None)
    found = relations.mined(data)
    assert found.sentences == ["a + b + c = 1"]
    halved = table_of(columns, [pa.array(parts[:, i] * (i + 1)) for i in range(3)], None)
    made = found.put_back(halved, columns, None)
    assert np.allclose(np.sum([numbers(made, name) for name in names], axis=0), 1, atol=1e-12)
