"""Laws that every engine must keep, built-in or from a plugin, as test classes for pytest.

class TestMine(TableEngineLaws):
    recipe = Mine(epochs=1)
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest

from augment.base import store
from augment.base.errors import AugmentError, BadInput, OutOfResources, UsageError
from augment.base.seeds import Seed
from augment.base.types import Clause, Condition, Engine, Job, Model, State
from augment.tables.conditions import mask
from augment.tables.dataset import Table
from augment.tables.schema import Column, Schema
from augment.tables.values import codes, numbers


def mixed_table(rows: int = 240, seed: int = 0) -> Table:
    """Simulated rows of every modelled role, with gaps, a spike, and dependence between columns."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, rows)
    income = np.round(np.exp(rng.normal(10 + age / 90, 0.5)), 2)
    loss = np.where(rng.random(rows) < 0.7, 0.0, np.round(rng.gamma(2, 300, rows), 1))
    job = np.array(["clerk", "cook", "nurse, night", "päron"])[rng.integers(0, 4, rows)]
    hours = 1_577_836_800_000_000 + rng.integers(0, 24 * 365, rows) * 3_600_000_000
    columns = (
        Column("age", "numeric", "integer"),
        Column("income", "numeric", "float", decimals=2, max_decimals=2),
        Column("loss", "numeric", "float", max_decimals=1),
        Column("job", "categorical", "string"),
        Column("grade", "categorical", "integer"),
        Column("member", "boolean", "boolean"),
        Column("seen", "datetime", "datetime", format="%Y-%m-%d %H:%M", step_us=3_600_000_000),
    )
    arrays = [
        pa.array(age, pa.int64()),
        pa.array(income, pa.float64(), mask=rng.random(rows) < 0.1),
        pa.array(loss, pa.float64()),
        pa.array(job, pa.string(), mask=rng.random(rows) < 0.05),
        pa.array(rng.integers(1, 4, rows), pa.int64()),
        pa.array(age + rng.normal(0, 10, rows) > 50, pa.bool_()),
        pa.array(hours, pa.int64(), mask=rng.random(rows) < 0.1).cast(pa.timestamp("us")),
    ]
    schema = Schema(columns, target="member")
    return Table(pa.table(arrays, names=schema.names), schema)


class TableEngineLaws:
    """What `fit`, `sample`, `state` and `from_state` of any engine for tables must keep."""

    recipe: ClassVar[Engine[Any]]

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> Table:
        return mixed_table()

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, data: Table, tmp_path_factory: pytest.TempPathFactory) -> Model[Table]:
        return cls.recipe.fit(data, cls.job(tmp_path_factory.mktemp("scratch")))

    @staticmethod
    def job(scratch: Path, seed: int = 1) -> Job:
        return Job(Seed(seed), scratch)

    def test_a_recipe_is_frozen_and_every_parameter_explains_itself(self) -> None:
        assert dataclasses.is_dataclass(self.recipe)
        for field in dataclasses.fields(self.recipe):
            assert field.default is not dataclasses.MISSING, field.name
            assert field.metadata.get("help"), field.name
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(self.recipe, field.name, None)

    @pytest.mark.parametrize("n", [1, 7, 300])
    def test_n_asked_is_n_given(self, model: Model[Table], data: Table, n: int) -> None:
        made = model.sample(n, Seed(2))
        assert len(made) == n
        assert made.schema.names == data.schema.names

    def test_columns_keep_their_storage(self, model: Model[Table], data: Table) -> None:
        made = model.sample(50, Seed(2))
        assert [f.type for f in made.data.schema] == [f.type for f in data.data.schema]

    def test_values_stay_in_the_domain(self, model: Model[Table], data: Table) -> None:
        made = model.sample(300, Seed(3))
        for column in data.schema:
            if column.role in ("categorical", "boolean"):
                assert set(codes(made, column.name)[1]) <= set(codes(data, column.name)[1])
                continue
            new, old = numbers(made, column.name), numbers(data, column.name)
            assert np.nanmin(new) >= np.nanmin(old)
            assert np.nanmax(new) <= np.nanmax(old)
            if column.step_us:
                assert not (new[~np.isnan(new)] % column.step_us).any()

    def test_same_seed_same_bytes_and_another_seed_others(self, model: Model[Table]) -> None:
        assert model.sample(60, Seed(4)).digest() == model.sample(60, Seed(4)).digest()
        assert model.sample(60, Seed(4)).digest() != model.sample(60, Seed(5)).digest()

    def test_fitting_again_with_the_same_seed_gives_the_same_model(
        self, model: Model[Table], data: Table, tmp_path: Path
    ) -> None:
        again = self.recipe.fit(data, self.job(tmp_path))
        assert again.sample(60, Seed(4)).digest() == model.sample(60, Seed(4)).digest()

    def test_global_generators_are_left_alone(
        self, model: Model[Table], data: Table, tmp_path: Path
    ) -> None:
        random.seed(11)
        np.random.seed(11)
        before = random.getstate(), np.random.get_state(legacy=True)
        self.recipe.fit(data.slice(0, 100), self.job(tmp_path))
        model.sample(10, Seed(6))
        after = random.getstate(), np.random.get_state(legacy=True)
        assert str(before) == str(after)

    def test_a_stored_model_samples_the_same_bytes(
        self, model: Model[Table], tmp_path: Path
    ) -> None:
        state = model.state()
        json.dumps(state.config, allow_nan=False)
        store.save(tmp_path, store.Stored("table", self.recipe.about.name, state, {}))
        again = self.recipe.model.from_state(store.load(tmp_path).state)
        assert again.sample(60, Seed(7)).digest() == model.sample(60, Seed(7)).digest()

    def test_an_incomplete_state_is_refused(self, model: Model[Table]) -> None:
        state = model.state()
        for broken in _broken(state):
            with pytest.raises(BadInput):
                self.recipe.model.from_state(broken)

    def test_conditions_hold_on_every_row(self, model: Model[Table]) -> None:
        if "where" not in self.recipe.about.conditions:
            pytest.skip("takes no conditions")
        clauses = (
            Clause("job", "in", ("clerk", "cook")),
            Clause("age", "range", low=30.0, high=60.0, high_open=True),
            Clause("income", "null", negate=True),
        )
        made = model.sample(40, Seed(8), Condition(clauses))
        assert len(made) == 40
        assert mask(made, clauses).all()

    def test_an_impossible_condition_is_an_error_not_fewer_rows(self, model: Model[Table]) -> None:
        if "where" not in self.recipe.about.conditions:
            pytest.skip("takes no conditions")
        never = Condition((Clause("age", "range", low=1e6),))
        with pytest.raises((UsageError, OutOfResources)):
            model.sample(5, Seed(9), never)

    def test_given_cells_are_kept_and_gaps_are_filled(
        self, model: Model[Table], data: Table
    ) -> None:
        if "given" not in self.recipe.about.conditions:
            pytest.skip("fills no partial rows")
        partial = data.select(["job", "age"]).slice(0, 30)
        made = model.sample(30, Seed(10), Condition(partial=partial))
        known = partial.column("job").is_valid().to_numpy(zero_copy_only=False)
        kept = np.array(made.column("job").to_pylist())[known]
        assert (kept == np.array(partial.column("job").to_pylist())[known]).all()
        assert made.column("age").equals(partial.column("age"))

    @pytest.mark.parametrize("rows", [1, 2, 5])
    def test_tiny_tables_work_or_are_refused_clearly(self, rows: int, tmp_path: Path) -> None:
        tiny = mixed_table(rows)
        try:
            model = self.recipe.fit(tiny, self.job(tmp_path))
        except AugmentError as error:
            assert str(rows) in str(error)
            return
        assert len(model.sample(10, Seed(0))) == 10
        again = self.recipe.model.from_state(model.state())
        assert again.sample(10, Seed(0)).digest() == model.sample(10, Seed(0)).digest()

    @pytest.mark.parametrize("name", ["grade", "member", "income"])
    def test_a_single_column_is_a_table_too(self, data: Table, name: str, tmp_path: Path) -> None:
        model = self.recipe.fit(data.select([name]), self.job(tmp_path))
        again = self.recipe.model.from_state(model.state())
        assert again.sample(10, Seed(0)).digest() == model.sample(10, Seed(0)).digest()

    def test_a_column_without_a_single_value_is_no_obstacle(
        self, data: Table, tmp_path: Path
    ) -> None:
        empty = pa.nulls(len(data), pa.float64())
        table = data.data.set_column(2, "loss", empty)
        made = self.recipe.fit(Table(table, data.schema), self.job(tmp_path)).sample(20, Seed(0))
        assert made.column("loss").null_count == 20


def _broken(state: State) -> Iterator[State]:
    """The state with one part of its JSON or one tensor missing."""
    for key in state.config:
        if key != "facts":
            yield State({k: v for k, v in state.config.items() if k != key}, state.tensors)
    for name in list(state.tensors)[:3]:
        yield State(state.config, {k: v for k, v in state.tensors.items() if k != name})
