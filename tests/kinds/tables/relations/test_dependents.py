"""Columns that an earlier one nearly settles, or whose value they repeat on some rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from augment.core import model_folder as store
from augment.core import registry
from augment.core.errors import BadInput
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

ROWS = 1500


def of(values: dict[str, np.ndarray], target: str | None = None) -> Table:
    columns = [Column(name, "numeric", "integer") for name in values]
    arrays = [from_numbers(c, values[c.name].astype(float)) for c in columns]
    return table_of(columns, arrays, target)


def bills(rows: int = ROWS, seed: int = 0) -> dict[str, np.ndarray]:
    """A bill, the next, a few percent off, and a payment: the whole of that on a fifth of rows."""
    rng = np.random.default_rng(seed)
    first = np.rint(rng.lognormal(9, 1.2, rows))
    first[rng.random(rows) < 0.1] = 0
    second = np.rint(first * (1 + rng.normal(-0.02, 0.02, rows)))
    paid = np.where(rng.random(rows) < 0.2, second, np.rint(rng.lognormal(7, 1, rows)))
    return {"first": first, "second": second, "paid": paid}


def repeated(table: Table) -> float:
    second, paid = numbers(table, "second"), numbers(table, "paid")
    return float(((second == paid) & (paid > 0)).mean())


def off(table: Table) -> float:
    """How far, usually, the second bill lies from the first."""
    first, second = numbers(table, "first"), numbers(table, "second")
    some = first > 100
    return float(np.median(np.abs(second[some] / first[some] - 0.98)))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TableModel:
    recipe = registry.engine("anyorder", {"epochs": "10"})
    folder = tmp_path_factory.mktemp("model")
    fitted = fit_model(recipe, of(bills()), Job(Seed(1), folder), True, ROWS)
    return TableModel.restore(fitted.stored())


def test_both_are_found_with_their_sources_and_shares() -> None:
    assert relations.mined(of(bills())).dependents.sentences == [
        "paid = second on 19% of rows",
        "second is near first",
    ]


def test_chance_ties_and_frequent_values_make_none() -> None:
    rng = np.random.default_rng(1)
    size, heat = rng.normal(size=(2, ROWS))
    table = of(
        {
            "few": rng.integers(0, 30, ROWS),
            "as few": rng.integers(0, 30, ROWS),
            "mostly zero": np.where(rng.random(ROWS) < 0.7, 0, rng.integers(1, 9999, ROWS)),
            "as often": np.where(rng.random(ROWS) < 0.7, 0, rng.integers(1, 9999, ROWS)),
            "size": np.rint(1000 * size),
            "follows": np.rint(1000 * size + rng.normal(size=ROWS) * 300),  # correlation .96
            "cool": np.rint(40 * heat),
            "warm": np.rint(40 * heat + rng.normal(size=ROWS) * 8),  # often equal, or one apart
        }
    )
    assert relations.mined(table).dependents == relations.Dependents()


def test_the_target_is_never_set_by_others() -> None:
    for target in ("paid", "second"):
        assert target not in relations.mined(of(bills(), target)).dependents.results


def test_putting_back_undoes_taking_out_and_it_can_be_stored() -> None:
    table = of(bills())
    found = relations.mined(table)
    again = found.put_back(found.taken_out(table), list(table.schema), None)
    assert again.digest() == table.digest()
    document = found.to_json()
    assert Relations.from_json(document, table.schema.names) == found
    residual, copy = document["dependents"]["residuals"][0], document["dependents"]["copies"][0]
    for key, broken in (
        ("residuals", {**residual, "base": "paid"}),  # stands behind what it settles
        ("residuals", {**residual, "slope": 0.0}),
        ("residuals", {**residual, "name": "first"}),
        ("copies", {**copy, "sources": []}),
        ("copies", {**copy, "column": "second"}),
        ("copies", 7),
    ):
        damaged = {**document, "dependents": {**document["dependents"], key: [broken]}}
        with pytest.raises(BadInput):
            Relations.from_json(damaged, table.schema.names)


def test_a_model_of_the_third_format_has_none() -> None:
    table = of({name: values for name, values in bills().items() if name == "first"})
    document = relations.mined(table).to_json()
    del document["dependents"]
    old = {"format": 3, "config": {"relations": document, "engine": {}}}
    config = store.upgraded(old, Path("model"))["config"]
    assert Relations.from_json(config["relations"], ["first"]) == relations.mined(table)


def test_made_rows_repeat_as_often_and_lie_as_near(model: TableModel) -> None:
    made = model.sample(0, 3000, Seed(2), Condition(), silent)
    real = of(bills())
    assert abs(repeated(made) - repeated(real)) < 0.04
    assert off(made) < 1.5 * off(real)
    values = numbers(made, "second")
    assert values.min() >= 0 and values.max() <= numbers(real, "second").max()
    shared = {*zip(*(numbers(real, n) for n in ("first", "second")), strict=True)}
    pairs = [*zip(*(numbers(made, n) for n in ("first", "second")), strict=True)]
    assert np.mean([pair in shared for pair in pairs if pair[0] > 0]) < 0.01  # none by heart


@pytest.mark.parametrize("engine", ["independent", "bootstrap"])
def test_every_engine_repeats_values(engine: str, tmp_path: Path) -> None:
    fitted = fit_model(registry.engine(engine), of(bills()), Job(Seed(1), tmp_path), True, ROWS)
    made = TableModel.restore(fitted.stored()).sample(0, 3000, Seed(2), Condition(), silent)
    assert abs(repeated(made) - repeated(of(bills()))) < 0.06


def test_conditions_hold_on_what_is_set_after_the_draw(model: TableModel) -> None:
    clauses = (Clause("second", "range", low=9000.0), Clause("paid", "range", high=2000.0))
    made = model.sample(0, 200, Seed(3), Condition(clauses), silent)
    assert len(made) == 200 and mask(made, clauses).all()
    partial = of(bills(40, seed=5))
    gaps = of({n: np.full(40, np.nan) for n in ("first", "second", "paid")})
    given = Table(partial.data.set_column(1, "second", gaps.column("second")), partial.schema)
    first = numbers(partial, "first")
    rows = given.take(np.flatnonzero((first > 4000) & (first < 20000)))
    low = (Clause("second", "range", low=3000.0),)
    filled = model.sample(0, len(rows), Seed(4), Condition(low, partial=rows), silent)
    assert mask(filled, low).all()
    assert off(filled) < 0.06


def test_what_a_given_value_comes_from_follows_from_it(model: TableModel) -> None:
    partial = of(bills(400, seed=6))
    gaps = of({"first": np.full(400, np.nan)})
    given = Table(partial.data.set_column(0, "first", gaps.column("first")), partial.schema)
    filled = model.sample(0, 400, Seed(5), Condition(partial=given), silent)
    assert filled.column("second").equals(partial.column("second"))
    assert filled.column("paid").equals(partial.column("paid"))
    assert off(filled) < 0.03
