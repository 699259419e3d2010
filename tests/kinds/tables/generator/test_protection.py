"""Rare categories and exact extremes reach no model and no output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.errors import BadInput
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import numbers
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.protection import least_rows, protect

ROWS = 400
SECRETS = ("Xanthippe", "Quilliam", "TheOnlyRemark")
EXTREMES = (987_654.25, -123_456.75)
SCARCE = 31_337.5  # the one value of a column that is otherwise empty


def planted() -> Table:
    """Common values, and in a few rows values that only those rows have."""
    rng = np.random.default_rng(0)
    name = rng.choice(["ann", "bob", "cy"], ROWS).tolist()
    name[7], name[8], name[9] = SECRETS[0], SECRETS[1], SECRETS[1]
    pay = np.round(rng.gamma(2, 900, ROWS), 2)
    pay[11], pay[12] = EXTREMES
    scarce: list[float | None] = [None] * ROWS
    scarce[3] = SCARCE
    remark: list[str | None] = [None] * ROWS
    remark[5] = SECRETS[2]
    schema = Schema(
        (
            Column("name", "categorical", "string"),
            Column("pay", "numeric", "float", max_decimals=2),
            Column("scarce", "numeric", "float", max_decimals=1),
            Column("remark", "constant", "string"),
        )
    )
    arrays = [pa.array(name), pa.array(pay)]
    arrays += [pa.array(scarce, pa.float64()), pa.array(remark, pa.string())]
    return Table(pa.table(arrays, names=schema.names), schema)


def everything(engine: str, protected: bool, tmp_path: Path) -> tuple[str, np.ndarray]:
    """All that a model stores and makes: as text, and as numbers."""
    recipe: Any = registry.engine(engine)
    model = fit_model(recipe, planted(), Job(Seed(1), tmp_path), protected, ROWS)
    stored = model.stored()
    made = model.sample(0, 3_000, Seed(2), Condition(), silent)
    tensors = stored.state.tensors.values()
    text = json.dumps([stored.state.config, stored.facts]) + str(made.data.to_pylist())
    text += "".join(t.tobytes().decode("latin-1") for t in tensors if t.dtype == np.uint8)
    values = [t.ravel().astype(np.float64) for t in tensors if t.dtype.kind == "f"]
    return text, np.concatenate([*values, numbers(made, "pay"), numbers(made, "scarce")])


@pytest.mark.parametrize("engine", ["independent", "bootstrap", "copula", "anyorder"])
def test_planted_values_are_in_no_model_and_no_output(engine: str, tmp_path: Path) -> None:
    text, values = everything(engine, True, tmp_path)
    for secret in SECRETS:
        assert secret not in text
    for extreme in (*EXTREMES, SCARCE):
        assert str(extreme) not in text
        assert not np.isclose(values, extreme, rtol=1e-9).any()


def test_without_protection_they_are_kept(tmp_path: Path) -> None:
    text, values = everything("bootstrap", False, tmp_path)
    assert all(secret in text for secret in SECRETS)
    assert np.isin([*EXTREMES, SCARCE], values).all()


def one_column(column: Column, array: pa.Array) -> Table:
    return Table(pa.table([array], names=[column.name]), Schema((column,)))


def extremes_of(table: Table) -> tuple[float, float]:
    values = numbers(table, table.schema.names[0])
    return float(np.nanmin(values)), float(np.nanmax(values))


@pytest.mark.parametrize(
    ("column", "array"),
    [
        (Column("c", "numeric", "integer"), pa.array(range(0, 2000, 10), pa.int64())),
        (Column("c", "numeric", "float"), pa.array(np.arange(200) ** 2.0)),
        (
            Column("c", "numeric", "decimal", max_decimals=2),
            pa.array([f"{i}.25" for i in range(200)]).cast(pa.decimal128(38, 2)),
        ),
        (
            Column("c", "numeric", "integer"),
            pa.array([str(10**20 + i * 10**18) for i in range(200)]).cast(pa.decimal128(38, 0)),
        ),
        (
            Column("c", "datetime", "datetime", format="%Y-%m-%d", step_us=86_400_000_000),
            pa.array(np.arange(200) * 86_400_000_000, pa.int64()).cast(pa.timestamp("us")),
        ),
    ],
)
def test_extremes_of_every_storage_are_pulled_in_and_nothing_else_moves(
    column: Column, array: pa.Array
) -> None:
    table = one_column(column, array)
    safe = protect(table, Seed(1)).table
    (low, high), (new_low, new_high) = extremes_of(table), extremes_of(safe)
    assert low < new_low < new_high < high
    assert safe.data.schema.types == table.data.schema.types
    before, after = numbers(table, "c"), numbers(safe, "c")
    inner = (before > new_low) & (before < new_high)
    assert inner.sum() >= 190
    assert (before[inner] == after[inner]).all()


def test_the_furthest_value_has_no_say_in_the_new_end() -> None:
    for furthest in (1e3, 1e9):
        values = np.append(np.arange(199.0), furthest)
        assert extremes_of(protect(one_column(Column("c", "numeric", "float"), pa.array(values)),
                                   Seed(0)).table)[1] == 196.0  # fmt: skip


def test_a_shared_extreme_stays() -> None:
    table = one_column(Column("c", "numeric", "integer"), pa.array([0] * 50 + [99] * 50))
    assert protect(table, Seed(1)).table.digest() == table.digest()


def test_a_flag_of_too_few_rows_is_said_to_be_lost() -> None:
    for rows, said in ((3, 1), (30, 0)):
        flags = pa.array([0] * (200 - rows) + [1] * rows)
        found = protect(one_column(Column("c", "numeric", "integer"), flags), Seed(1))
        assert len(found.notes) == said and (not said or "all but 3 rows" in found.notes[0])


@pytest.mark.parametrize("known", [0, 1, 4, 5, 11, 12])
def test_columns_with_few_values_tell_none_of_them(known: int) -> None:
    values = [1000.0 + 7.3 * i**2 for i in range(known)]
    array = pa.array(values + [None] * (200 - known), pa.float64())
    safe = protect(one_column(Column("c", "numeric", "float"), array), Seed(1)).table
    left = set(safe.column("c").drop_null().to_pylist())
    if known < 5:
        assert not left
    elif known < 12:
        assert len(left) == 1
    assert not left & {values[0], values[-1]} if values else not left


def test_rare_categories_are_redrawn_from_the_others_however_many_they_are() -> None:
    text = Column("c", "categorical", "string")
    few = one_column(text, pa.array(["a"] * 150 + ["b"] * 47 + ["rare1", "rare2", "rare2"]))
    many = one_column(text, pa.array(["a"] * 60 + ["b"] * 40 + [f"v{i}" for i in range(100)]))
    for table in (few, many):
        safe = protect(table, Seed(1))
        assert set(safe.table.column("c").to_pylist()) == {"a", "b"}
        assert not any("rare1" in note or "v1" in note for note in safe.notes)


def test_what_has_no_common_value_is_left_empty_only_where_gaps_are() -> None:
    column = Column("c", "categorical", "integer")
    gappy = one_column(column, pa.array([*range(100), *[None] * 100], pa.int64()))
    assert protect(gappy, Seed(1)).table.column("c").null_count == 200
    with pytest.raises(BadInput, match="--column 'c=text'"):
        protect(one_column(column, pa.array(range(200), pa.int64())), Seed(1))


def test_a_rare_value_becomes_one_of_a_row_that_is_like_its_own() -> None:
    """Rare towns become towns of their country; where a country has none, any other."""
    countries = ["DE"] * 100 + ["FR"] * 100 + ["IT"] * 3 + [None] * 10
    towns = ["Bonn"] * 90 + [f"d{i}" for i in range(10)] + ["Lyon"] * 90
    towns += [f"f{i}" for i in range(10)] + ["Pisa"] * 3 + [f"n{i}" for i in range(10)]
    names = ("country", "town", "noise")
    noise = ["x", "y"] * 106 + ["x"]
    arrays = [pa.array(countries, pa.string()), pa.array(towns), pa.array(noise)]
    schema = Schema(tuple(Column(name, "categorical", "string") for name in names))
    safe = protect(Table(pa.table(arrays, names=list(names)), schema), Seed(1)).table
    made = safe.column("town").to_pylist()
    assert made[:100] == ["Bonn"] * 100 and made[100:200] == ["Lyon"] * 100
    assert set(made[200:]) <= {"Bonn", "Lyon"}


@pytest.mark.parametrize("rows", [1, 2, 39, 40, 60])
def test_small_tables_protect_in_proportion_and_say_so(rows: int) -> None:
    table = one_column(Column("c", "numeric", "integer"), pa.array(range(rows), pa.int64()))
    safe = protect(table, Seed(1))
    assert len(safe.table) == rows
    assert least_rows(rows) == max(1, rows // 20)
    assert (safe.table.digest() == table.digest()) == (rows < 40)
    assert bool(safe.notes) == (rows < 40)


def test_new_ends_are_written_as_the_column_is() -> None:
    rng = np.random.default_rng(0)
    values = np.array([float(f"{v:.3g}") for v in np.exp(rng.normal(0, 2, 400))])
    table = one_column(Column("c", "numeric", "float", max_decimals=6), pa.array(values))
    made = numbers(protect(table, Seed(0)).table, "c")
    assert (made != values).any()
    assert all(float(f"{v:.3g}") == v for v in made)


def test_an_end_that_few_rows_share_is_not_their_value() -> None:
    """The four lowest rows were one person's: the median of six was that person's weight."""
    values = np.array(
        [38.33771] * 4 + [45.1, 46.2, 47.3] + list(np.linspace(50, 90, 80)) + [99.5] * 4
    )
    column = Column("weight", "numeric", "float", max_decimals=5)
    table = Table(pa.table([pa.array(values)], names=["weight"]), Schema((column,)))
    found = np.array(protect(table, Seed(0), 5).table.column("weight").to_pylist())
    assert 38.33771 < found.min() < 45.1 and 90 < found.max() < 99.5
    shared = np.concatenate([[38.33771], values])  # of five it is nobody's
    table = Table(pa.table([pa.array(shared)], names=["weight"]), Schema((column,)))
    assert min(protect(table, Seed(0), 5).table.column("weight").to_pylist()) == 38.33771
