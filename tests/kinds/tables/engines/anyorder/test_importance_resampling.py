"""Rows under conditions are as the model's own, whatever the order of the columns asked for."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Job
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.engines.anyorder import importance_resampling
from augment.kinds.tables.engines.anyorder.engine import Anyorder
from augment.kinds.tables.engines.anyorder.tokenmodel import AnyorderModel

SHIFTS = np.linspace(0.2, 1.0, 10)  # of ten numbers that each say a little of the class
HIGH = (Clause("x9", "range", low=2.2),)  # some 3% of the rows, of which most are of the class
TWO_HIGH = (Clause("x8", "range", low=1.6), Clause("x9", "range", low=1.6))


def classes(rows: int, seed: int) -> Table:
    """A class of 30% of the rows, and numbers that are independent given it."""
    rng = np.random.default_rng(seed)
    drawn = rng.random(rows) < 0.3
    numbers = (rng.normal(size=(rows, len(SHIFTS))) + drawn[:, None] * SHIFTS).round(3)
    names = [f"x{i}" for i in range(len(SHIFTS))]
    columns = [Column(name, "numeric", "float", max_decimals=3) for name in names]
    columns.append(Column("class", "boolean", "boolean"))
    arrays = [*(pa.array(column) for column in numbers.T), pa.array(drawn)]
    return Table(pa.table(arrays, names=[*names, "class"]), Schema(tuple(columns)))


def shares(table: Table) -> np.ndarray:
    """(rows,) true probabilities of the class, by Bayes' rule."""
    x = np.column_stack([table.data[f"x{i}"].to_numpy() for i in range(len(SHIFTS))])
    odds = np.log(0.3 / 0.7) + x @ SHIFTS - (SHIFTS**2).sum() / 2
    return np.asarray(1 / (1 + np.exp(-odds)))


def of_class(table: Table) -> float:
    return float(np.mean(table.data["class"].to_numpy(zero_copy_only=False)))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> AnyorderModel:
    return Anyorder().fit(classes(1000, 1), Job(Seed(1), tmp_path_factory.mktemp("scratch")))


@pytest.fixture(scope="module")
def own(model: AnyorderModel) -> Table:
    return model.sample(40_000, Seed(2))


def test_a_gap_is_filled_by_all_that_the_later_columns_say(model: AnyorderModel) -> None:
    rows = classes(2000, 3)
    nothing = pa.nulls(len(rows), pa.bool_())
    data = rows.data.set_column(rows.data.num_columns - 1, "class", nothing)
    filled = model.sample(len(rows), Seed(4), Condition(partial=Table(data, rows.schema)))
    chosen = filled.data["class"].to_numpy(zero_copy_only=False)
    true = shares(rows)
    best = float((true**2).sum() / true.sum())  # .69, of rows that are filled by the truth
    assert true[chosen].mean() > best - 0.12  # asked directly, the network reaches .36
    assert abs(chosen.mean() - true.mean()) < 0.05


@pytest.mark.parametrize(("clauses", "off"), [(HIGH, 0.05), (TWO_HIGH, 0.08)])
def test_rows_under_a_rare_condition_are_as_those_left_of_the_models_own(
    clauses: tuple[Clause, ...], off: float, model: AnyorderModel, own: Table
) -> None:
    left = own.take(np.flatnonzero(mask(own, clauses)))
    placed = model.sample(1500, Seed(5), Condition(clauses))
    assert mask(placed, clauses).all()
    assert abs(of_class(placed) - of_class(left)) < off  # .3 lower where columns are asked directly


def test_what_stands_first_in_order_needs_no_resampling(
    model: AnyorderModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("resampled")

    monkeypatch.setattr(importance_resampling, "_resampled", forbidden)
    clause = (Clause("class", "in", (True,)),)
    assert of_class(model.sample(50, Seed(6), Condition(clause))) == 1.0
    assert model.placing_cost(clause) == 1.0
    assert model.placing_cost(HIGH) > 10
    with pytest.raises(AssertionError, match="resampled"):
        model.sample(50, Seed(6), Condition(HIGH))


def test_chances_of_all_rows_that_a_gap_allows_sum_to_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, 300), rng.integers(0, 3, 300)
    columns = tuple(Column(name, "categorical", "string") for name in "abc")
    levels = [pa.array([f"{v}" for v in each]) for each in (a, b, (a + b) % 3)]
    table = Table(pa.table(levels, names=list("abc")), Schema(columns))
    chain = Anyorder(epochs=2).fit(table, Job(Seed(1), tmp_path))._chain
    every = np.array(list(product(*(range(size) for size in chain.layout.sizes))))
    nothing, known = np.full_like(every, -1), np.full_like(every, -1)
    chances = np.exp(chain.log_chances(every, nothing, {}, frozenset(), 3))
    assert chances.sum() == pytest.approx(1, abs=1e-3)
    known[:, 1] = every[:, 1]
    chances = np.exp(chain.log_chances(every, known, {}, frozenset(), 3))
    assert chances.sum() == pytest.approx(chain.layout.sizes[1], abs=1e-3)
