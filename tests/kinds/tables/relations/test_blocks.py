"""Columns that several rows share, as the facts of an area, are shared by as many made rows."""

from __future__ import annotations

from collections import Counter
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
from augment.kinds.tables.relations.blocks import Block
from augment.lifecycle.sampling import Sample

ROWS = 900
FACTS = tuple(f"area_{i}" for i in range(10))


def of(values: dict[str, np.ndarray]) -> Table:
    columns = [Column(name, "numeric", "integer") for name in values]
    arrays = [from_numbers(c, values[c.name].astype(float)) for c in columns]
    return table_of(columns, arrays, None)


def areas(rows: int = ROWS, mean: float = 3.0, seed: int = 0) -> Table:
    """Ten facts of an area, which three rows share on average, and what differs between rows."""
    rng = np.random.default_rng(seed)
    size = rng.geometric(1 / mean, rows)
    area = rng.permutation(np.repeat(np.arange(rows), size)[:rows])
    wealth, age = rng.normal(size=(2, rows))
    direction = np.linspace(-1, 1, len(FACTS))
    mixed = wealth[:, None] * direction + age[:, None] * (1 - direction**2)
    facts = np.clip(np.rint(4.5 + 1.5 * mixed + rng.normal(size=mixed.shape)), 0, 9)
    values = {name: facts[area, i] for i, name in enumerate(FACTS)}
    values["income"] = np.rint(100 * np.exp(0.5 * wealth[area] + 0.3 * rng.normal(size=rows)))
    values["cars"] = rng.integers(0, 3, rows)
    return of(values)


def blocks_of(table: Table) -> Counter[tuple[float, ...]]:
    return Counter(zip(*(numbers(table, name) for name in FACTS), strict=True))


def going_together(table: Table) -> float:
    facts = numbers(table, "area_9") - numbers(table, "area_0")
    return float(np.corrcoef(facts, np.log(numbers(table, "income")))[0, 1])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TableModel:
    recipe = registry.engine("anyorder", {"epochs": "8"})
    folder = tmp_path_factory.mktemp("model")
    fitted = fit_model(recipe, areas(), Job(Seed(1), folder), True, ROWS)
    return TableModel.restore(fitted.stored())


def test_the_block_is_found_and_named(model: TableModel) -> None:
    block = relations.mined(areas()).block
    assert block is not None
    assert block.columns == FACTS
    named = "10 columns (area_0 … area_9) are shared by 3.3 rows on average"
    assert model.facts["closely"] == [named]


def test_chance_few_levels_keys_and_gaps_make_none() -> None:
    rng = np.random.default_rng(3)
    town, alike = rng.integers(0, 40, ROWS), rng.normal(size=(ROWS, 1))
    facts = rng.integers(0, 9, (40, 3))[town]
    lacking = np.where((rng.random(ROWS) < 0.3)[:, None], np.nan, rng.normal(size=(ROWS, 6)) * 9)
    likely = np.clip(np.rint(alike + rng.normal(size=(ROWS, 8)) * 0.5), -1, 1)
    own = rng.integers(0, 90, ROWS)
    for values in (likely, np.rint(lacking), np.column_stack([town, facts])):
        table = of({**{f"c{j}": column for j, column in enumerate(values.T)}, "own": own})
        assert relations.mined(table).block is None
    assert relations.mined(areas(mean=1.02)).block is None
    assert relations.mined(areas().select(list(FACTS))).block is None  # nothing but whole rows


def test_made_rows_share_new_blocks_as_often_and_the_rest_goes_with_them(
    model: TableModel,
) -> None:
    made = model.sample(0, 2 * ROWS, Seed(2), Condition(), silent)
    real = blocks_of(areas())
    shared = blocks_of(made)
    assert len(shared) == pytest.approx(2 * len(real), rel=0.06)
    alone = [sum(n for n in found.values() if n == 1) for found in (real, shared)]
    assert alone[1] == pytest.approx(2 * alone[0], rel=0.25)
    by_chance = len(real.keys() & blocks_of(areas(2 * ROWS, seed=7)).keys())
    assert len(real.keys() & shared.keys()) <= max(2 * by_chance, 0.01 * len(shared))
    assert max(shared.values()) <= max(real.values())
    assert going_together(made) > 0.7 * going_together(areas())


@pytest.mark.parametrize("engine", ["independent", "bootstrap"])
def test_every_engine_shares_and_changes_nothing_else(engine: str, tmp_path: Path) -> None:
    fitted = fit_model(registry.engine(engine), areas(), Job(Seed(1), tmp_path), True, ROWS)
    plain = fitted.inner.sample(ROWS, Seed(2).child("engine"), Condition(), silent)
    made = TableModel.restore(fitted.stored()).sample(0, ROWS, Seed(2), Condition(), silent)
    assert made.column("income").equals(plain.column("income"))
    assert len(blocks_of(made)) < 0.45 * ROWS
    assert blocks_of(made).keys() <= blocks_of(plain).keys()


def test_conditions_hold_and_known_cells_stay(model: TableModel) -> None:
    clauses = (Clause("area_3", "range", low=5.0), Clause("income", "range", high=120.0))
    made = model.sample(0, 300, Seed(3), Condition(clauses), silent)
    assert len(made) == 300 and mask(made, clauses).all()
    assert len(blocks_of(made)) < 270
    given = areas(40, seed=5)
    gaps = of({"income": np.full(40, np.nan)})
    open_ = Table(given.data.set_column(10, "income", gaps.column("income")), given.schema)
    filled = model.sample(0, 40, Seed(4), Condition(partial=open_), silent)
    assert filled.select(list(FACTS)).digest() == given.select(list(FACTS)).digest()
    assert not filled.column("income").null_count


def test_shards_are_the_whole(model: TableModel) -> None:
    whole = Sample(model, 101, Seed(6), Condition()).made(0, 101).data
    shards = [Sample(model, 101, Seed(6), Condition(), (i, 3)) for i in (1, 2, 3)]
    parts = [shard.made(*span).data for shard in shards for span in shard.spans()]
    assert Table.join(parts).digest() == whole.digest()


def test_few_rows_share_too() -> None:
    block = Block(FACTS, (1, 4), (1, 3))
    for rows in (0, 1, 2, 7):
        made = block.shared(areas().take(np.arange(rows)), np.random.default_rng(0))
        assert len(made) == rows


def test_it_can_be_stored_and_older_models_have_none() -> None:
    table = areas()
    found = relations.mined(table)
    document = found.to_json()
    assert Relations.from_json(document, table.schema.names) == found
    for broken in (
        {**document["block"], "sizes": []},
        {**document["block"], "counts": [0] * len(document["block"]["counts"])},
        {**document["block"], "columns": ["area_0"] * 3},
        {"columns": ["area_0", "area_1", "area_2"]},
        7,
    ):
        with pytest.raises(BadInput):
            Relations.from_json({**document, "block": broken}, table.schema.names)
    older = {key: value for key, value in document.items() if key != "block"}
    old = {"format": 4, "config": {"relations": older, "engine": {}}}
    config = store.upgraded(old, Path("model"))["config"]
    assert Relations.from_json(config["relations"], table.schema.names).block is None


def test_a_model_whose_block_is_not_there_is_refused(model: TableModel) -> None:
    stored = model.stored()
    stored.state.config["relations"]["block"]["columns"] = ["area_0", "area_1", "gone"]
    with pytest.raises(BadInput):
        TableModel.restore(stored)
