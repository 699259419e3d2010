"""Given rows that know what is otherwise computed: what is drawn agrees, where it can."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import numbers
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel

DAY = 86_400_000_000
COLUMNS = (
    Column("day", "datetime", "datetime", format="%Y-%m-%d", step_us=DAY),
    Column("weekday", "categorical", "string"),
    Column("price", "numeric", "float", max_decimals=2),
    Column("quantity", "numeric", "integer"),
    Column("subtotal", "numeric", "float", max_decimals=2),
    Column("discount", "numeric", "integer"),
    Column("net", "numeric", "float", max_decimals=2),
)
NAMES = [column.name for column in COLUMNS]


def orders(rows: int = 900, seed: int = 0) -> Table:
    """A weekday follows from a date, a subtotal from price and quantity, a net price from that."""
    rng = np.random.default_rng(seed)
    days = 19_000 + rng.integers(0, 500, rows)
    price, quantity = rng.integers(500, 9_000, rows) / 100, rng.integers(1, 9, rows)
    discount = rng.choice([0, 5, 10, 20], rows)
    subtotal = np.round(price * quantity, 2)
    arrays = [
        pa.array(days * DAY, pa.int64()).cast(pa.timestamp("us")),
        pa.array([f"day {day % 7}" for day in days]),
        pa.array(price),
        pa.array(quantity),
        pa.array(subtotal),
        pa.array(discount),
        pa.array(np.round(subtotal * (1 - discount / 100), 2)),
    ]
    return Table(pa.table(arrays, names=NAMES), Schema(COLUMNS))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TableModel:
    scratch = tmp_path_factory.mktemp("scratch")
    return fit_model(registry.engine("independent"), orders(), Job(Seed(1), scratch), True, 900)


def knowing(*names: str) -> Condition:
    """200 rows of which these columns alone are known."""
    data = orders(200, seed=3).data
    arrays = [
        data[name] if name in names else pa.nulls(200, data[name].type)
        for name in data.column_names
    ]
    return Condition(partial=Table(pa.table(arrays, names=NAMES), Schema(COLUMNS)))


def test_rows_are_filled_again_until_the_day_is_of_the_weekday_that_is_known(
    model: TableModel,
) -> None:
    given = knowing("weekday")
    made = model.sample(0, 200, Seed(4), given, silent)
    told = [f"day {int(day // DAY) % 7}" for day in numbers(made, "day")]
    known = given.partial.column("weekday").to_pylist()
    assert made.column("weekday").to_pylist() == known
    assert np.mean([one == other for one, other in zip(told, known, strict=True)]) > 0.85
    (note,) = model.notes(200, given)
    assert "weekday follows from the weekday of day" in note


def test_what_is_computed_from_a_known_result_follows_it(model: TableModel) -> None:
    given = knowing("subtotal")
    made = model.sample(0, 200, Seed(5), given, silent)
    assert made.column("subtotal").equals(given.partial.column("subtotal"))
    net = numbers(made, "subtotal") * (1 - numbers(made, "discount") / 100)
    assert np.allclose(net, numbers(made, "net"), atol=0.006)


def test_rows_that_know_no_result_are_filled_once_and_without_a_word(
    model: TableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, filled = knowing("day", "price", "discount"), []
    once = type(model._drawing)._filled_once
    monkeypatch.setattr(
        type(model._drawing), "_filled_once", lambda *a: filled.append(1) or once(*a)
    )
    model.sample(0, 200, Seed(6), given, silent)
    assert filled == [1]
    assert model.notes(200, given) == ()
