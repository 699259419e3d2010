"""Relations that hold on every row are found, taken out, and put back true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.base import registry, store
from augment.base.errors import BadInput
from augment.base.seeds import Seed
from augment.base.types import Clause, Condition, Job, silent
from augment.tables import relations
from augment.tables.conditions import mask
from augment.tables.dataset import Table
from augment.tables.model import TableModel
from augment.tables.relations import Relations
from augment.tables.schema import Column, Schema
from augment.tables.values import numbers

DAY = 86_400_000_000


def stays(rows: int = 600, seed: int = 0) -> Table:
    """Admission, length of stay, discharge (missing for some), and a bill with its two parts."""
    rng = np.random.default_rng(seed)
    start = 1_577_836_800_000_000 + rng.integers(0, 700, rows) * DAY
    days = rng.geometric(0.2, rows)
    open_stay = rng.random(rows) < 0.1
    room, care = np.round(rng.gamma(3, 100, rows), 2), np.round(rng.gamma(2, 300, rows), 2)
    columns = (
        Column("admitted", "datetime", "datetime", format="%Y-%m-%d", step_us=DAY),
        Column("days", "numeric", "integer"),
        Column("discharged", "datetime", "datetime", format="%Y-%m-%d", step_us=DAY),
        Column("room", "numeric", "float", max_decimals=2),
        Column("care", "numeric", "float", max_decimals=2),
        Column("bill", "numeric", "float", max_decimals=2),
        Column("noise", "numeric", "float"),
    )
    arrays = [
        pa.array(start, pa.int64()).cast(pa.timestamp("us")),
        pa.array(days, pa.int64()),
        pa.array(start + days * DAY, pa.int64(), mask=open_stay).cast(pa.timestamp("us")),
        pa.array(room),
        pa.array(care),
        pa.array(np.round(room + care, 2)),
        pa.array(rng.normal(size=rows)),
    ]
    schema = Schema(columns)
    return Table(pa.table(arrays, names=schema.names), schema)


def test_sums_and_orders_are_found_and_nothing_else() -> None:
    assert set(relations.mined(stays()).words) == {
        "discharged = admitted + days",
        "bill = care + room",
    }
    ordered = stays().select(["admitted", "discharged", "noise"])
    assert relations.mined(ordered).words == ["admitted <= discharged"]


def test_one_row_that_breaks_a_relation_is_enough() -> None:
    table = stays()
    days = numbers(table, "days").astype(int)
    days[17] += 1
    data = table.data.set_column(1, "days", pa.array(days, pa.int64()))
    assert "discharged = admitted + days" not in relations.mined(Table(data, table.schema)).words


def test_the_target_is_never_taken_out() -> None:
    table = stays().with_target("bill")
    assert not relations.mined(table).computed("bill")


@pytest.mark.parametrize("names", [None, ["admitted", "discharged", "noise"]])
def test_putting_back_undoes_taking_out(names: list[str] | None) -> None:
    table = stays() if names is None else stays().select(names)
    found = relations.mined(table)
    assert found.words
    again = found.put_back(found.taken_out(table), list(table.schema), table.schema.target)
    assert again.digest() == table.digest()


def test_stored_relations_come_back_and_damaged_ones_are_refused() -> None:
    table = stays()
    found = relations.mined(table)
    document = found.to_json()
    assert Relations.from_json(document, table.schema.names) == found
    circle = [
        {"result": "room", "base": "care", "step": "", "unit": 1.0, "gaps": False},
        {"result": "care", "base": "room", "step": "", "unit": 1.0, "gaps": False},
    ]
    nowhere = [{**document["links"][0], "base": "nowhere"}]
    for broken in (nowhere, [{"result": "room"}], circle, 7):
        with pytest.raises(BadInput):
            Relations.from_json({**document, "links": broken}, table.schema.names)


def test_relations_of_the_first_format_are_links_without_groups() -> None:
    links = relations.mined(stays()).to_json()["links"]
    old = {"format": 1, "config": {"relations": links, "engine": {}}}
    config = store.upgraded(old, Path("model"))["config"]
    assert Relations.from_json(config["relations"], stays().schema.names) == relations.mined(
        stays()
    )


def test_a_model_keeps_relations_and_meets_conditions_on_computed_columns(tmp_path: Path) -> None:
    recipe = registry.engine("independent")
    fitted = TableModel.fit(recipe, stays(), Job(Seed(1), tmp_path), True, 600)
    model = TableModel.restore(fitted.stored())
    made = model.sample(0, 400, Seed(2), Condition(), silent)
    days = (numbers(made, "discharged") - numbers(made, "admitted")) / DAY
    known = ~np.isnan(days)
    assert 0.02 < 1 - known.mean() < 0.25
    assert (days[known] == numbers(made, "days")[known]).all()
    bills = numbers(made, "room") + numbers(made, "care")
    assert np.allclose(bills, numbers(made, "bill"), atol=0.006)
    clause = Clause("bill", "range", low=900.0)
    dear = model.sample(0, 50, Seed(3), Condition((clause,)), silent)
    assert len(dear) == 50 and mask(dear, (clause,)).all()


def test_given_cells_stay_and_computed_gaps_are_filled_from_their_parts(tmp_path: Path) -> None:
    recipe = registry.engine("independent")
    model = TableModel.fit(recipe, stays(), Job(Seed(1), tmp_path), True, 600)
    source = stays(40, seed=5)
    empty = pa.nulls(40, pa.float64())
    partial = Table(source.data.set_column(5, "bill", empty), source.schema)
    made = model.sample(0, 40, Seed(4), Condition(partial=partial), silent)
    assert made.column("room").equals(source.column("room"))
    bills = numbers(made, "room") + numbers(made, "care")
    assert np.allclose(bills, numbers(made, "bill"), atol=0.006)
