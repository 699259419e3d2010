"""Relations that hold on every row are found, taken out, and put back true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core import model_folder as store
from augment.core import registry
from augment.core.errors import BadInput
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import numbers, table_of
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations

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
    assert set(relations.mined(stays()).sentences) == {
        "discharged = admitted + days",
        "bill = care + room",
    }
    ordered = stays().select(["admitted", "discharged", "noise"])
    assert relations.mined(ordered).sentences == ["admitted <= discharged"]


def test_one_row_that_breaks_a_relation_is_enough() -> None:
    table = stays()
    days = numbers(table, "days").astype(int)
    days[17] += 1
    data = table.data.set_column(1, "days", pa.array(days, pa.int64()))
    assert (
        "discharged = admitted + days" not in relations.mined(Table(data, table.schema)).sentences
    )


def test_the_target_is_never_taken_out() -> None:
    table = stays().with_target("bill")
    assert not relations.mined(table).computed("bill")


@pytest.mark.parametrize("names", [None, ["admitted", "discharged", "noise"]])
def test_putting_back_undoes_taking_out(names: list[str] | None) -> None:
    table = stays() if names is None else stays().select(names)
    found = relations.mined(table)
    assert found.sentences
    again = found.put_back(found.taken_out(table), list(table.schema), table.schema.target)
    assert again.digest() == table.digest()


def test_an_ordered_column_keeps_its_digits_and_its_place(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    low = np.round(rng.uniform(20, 90, 800), 2)
    high = np.array([float(f"{v:.4g}") for v in low * 1.15 + rng.gamma(2, 4, 800)])
    high = np.where(rng.random(800) < 0.1, low, high)  # 10.00 to 99.99, then 100.1, 100.2, …
    columns = (Column("low", "numeric", "float", max_decimals=2),)
    columns += (Column("high", "numeric", "float", max_decimals=2),)
    table = Table(pa.table([pa.array(low), pa.array(high)], names=["low", "high"]), Schema(columns))
    assert relations.mined(table).sentences == ["low <= high"]
    recipe = registry.engine("independent")
    fitted = fit_model(recipe, table, Job(Seed(1), tmp_path), True, len(table))
    made = TableModel.restore(fitted.stored()).sample(0, 2000, Seed(2), Condition(), silent)
    base, result = numbers(made, "low"), numbers(made, "high")
    assert (result >= base).all()
    assert 0.05 < (result == base).mean() < 0.15
    assert ((result < 100) | (np.round(result, 1) == result)).all()
    assert (np.round(result[result < 100], 1) != result[result < 100]).mean() > 0.8


def test_stored_relations_come_back_and_damaged_ones_are_refused() -> None:
    table = stays()
    found = relations.mined(table)
    document = found.to_json()
    assert Relations.from_json(document, table.schema.names) == found
    circle = [
        {"result": "room", "base": "care", "step": "", "unit": 1.0},
        {"result": "care", "base": "room", "step": "", "unit": 1.0},
    ]
    nowhere = [{**document["links"][0], "base": "nowhere"}]
    endless = [{**document["links"][0], "digits": 400}]
    for broken in (nowhere, endless, [{"result": "room"}], circle, 7):
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
    fitted = fit_model(recipe, stays(), Job(Seed(1), tmp_path), True, 600)
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
    model = fit_model(recipe, stays(), Job(Seed(1), tmp_path), True, 600)
    source = stays(40, seed=5)
    empty = pa.nulls(40, pa.float64())
    partial = Table(source.data.set_column(5, "bill", empty), source.schema)
    made = model.sample(0, 40, Seed(4), Condition(partial=partial), silent)
    assert made.column("room").equals(source.column("room"))
    bills = numbers(made, "room") + numbers(made, "care")
    assert np.allclose(bills, numbers(made, "bill"), atol=0.006)


def hostile(rows: int = 400) -> dict[str, tuple[Column, pa.Array]]:
    """Columns among which careless arithmetic sees sums and orders that are none."""
    rng = np.random.default_rng(4)
    small = {f"small_{i}": rng.random(rows) / 10 for i in range(3)}
    few = np.full(rows, np.nan)
    few[:5] = [1, 2, 3, 4, 5]
    vast = np.sort(rng.integers(2**60, 2**62, (3, rows)), axis=0)
    moments = pa.array(rng.integers(0, 700, rows) * DAY, pa.int64()).cast(pa.timestamp("us"))
    date = {"role": "datetime", "storage": "datetime", "format": "%Y-%m-%d", "step_us": DAY}
    huge = [str(10**25 + 3 * int(x)) for x in vast[1]]
    return {
        **{name: (Column(name, "numeric", "float"), pa.array(v)) for name, v in small.items()},
        "empty": (Column("empty", "numeric", "float"), pa.nulls(rows, pa.float64())),
        "never": (Column("never", **date), pa.nulls(rows, pa.timestamp("us"))),  # type: ignore[arg-type]
        "seen": (Column("seen", **date), moments),  # type: ignore[arg-type]
        "zero": (Column("zero", "numeric", "integer"), pa.array([0] * rows)),
        "few": (Column("few", "numeric", "float", max_decimals=0), pa.array(few, from_pandas=True)),
        "low": (Column("low", "numeric", "integer"), pa.array(vast[0])),
        "high": (Column("high", "numeric", "integer"), pa.array(vast[1])),
        "huge": (
            Column("huge", "numeric", "integer"),
            pa.array(huge, pa.string()).cast(pa.decimal128(38, 0)),
        ),
        "endless": (Column("endless", "numeric", "float"), pa.array(np.full(rows, np.inf))),
        "": (Column("", "numeric", "float"), pa.array(rng.normal(size=rows))),
    }


def of_columns(parts: dict[str, tuple[Column, pa.Array]]) -> Table:
    schema = Schema(tuple(column for column, _ in parts.values()))
    return Table(pa.table([a for _, a in parts.values()], names=schema.names), schema)


@pytest.mark.filterwarnings("error")
def test_columns_that_prove_nothing_make_no_relation() -> None:
    assert relations.mined(of_columns(hostile())).sentences == []


def test_a_sum_of_floats_without_end_and_one_of_decimals_are_found() -> None:
    parts = hostile()
    first, second = (np.array(parts[f"small_{i}"][1]) for i in (0, 1))
    parts["sum"] = (Column("sum", "numeric", "float"), pa.array(first + second))
    pence = {"net": np.arange(400) * 3 % 97, "tax": np.arange(400) * 7 % 97}
    pence["gross"] = pence["net"] + pence["tax"]
    for name, whole in pence.items():
        spelt = pa.array([f"{x / 100:.2f}" for x in whole]).cast(pa.decimal128(38, 2))
        parts[name] = (Column(name, "numeric", "decimal", max_decimals=2), spelt)
    table = of_columns(parts)
    found = relations.mined(table)
    assert {"sum = small_0 + small_1", "gross = net + tax"} <= set(found.sentences)
    again = found.put_back(found.taken_out(table), list(table.schema), None)
    for name in ("gross", "sum"):
        assert again.column(name).equals(table.column(name))


def test_wide_tables_are_searched_too() -> None:
    rng = np.random.default_rng(5)
    parts = {
        f"c{i}": (Column(f"c{i}", "numeric", "float", max_decimals=1), pa.array(v))
        for i, v in enumerate(np.round(rng.normal(0, 9, (150, 300)), 1))
    }
    total = np.round(np.array(parts["c7"][1]) + np.array(parts["c90"][1]), 1)
    parts["total"] = (Column("total", "numeric", "float", max_decimals=1), pa.array(total))
    assert relations.mined(of_columns(parts)).sentences == ["total = c7 + c90"]


@pytest.mark.parametrize("written", [True, False])
def test_a_shifted_column_holds_the_very_values_that_stand_there(written: bool) -> None:
    """Less a mean, to the bit; and, of values written with 15 digits, those of the table."""
    rng = np.random.default_rng(0)
    size = rng.integers(3, 40, 800)
    shifted = size - 23.100568430257981
    shifted = np.array([float(f"{value:.15g}") for value in shifted]) if written else shifted
    columns = [Column("size", "numeric", "integer"), Column("centred", "numeric", "float")]
    source = table_of(columns, [pa.array(size), pa.array(shifted)], None)
    found = relations.mined(source)
    assert found.sentences
    drawn = found.taken_out(source)
    again = found.put_back(drawn, list(source.schema), None)
    assert again.column("centred").equals(source.column("centred"))
