"""Laws of engines for tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import UsageError
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Job, Model
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.values import codes, numbers
from augment.testing.engines import EngineLaws
from augment.testing.simulated import mixed_table, odd_table

CLAUSES = (
    Clause("job", "in", ("clerk", "cook")),
    Clause("age", "range", low=30.0, high=60.0, high_open=True),
    Clause("income", "null", negate=True),
)


class TableEngineLaws(EngineLaws[Table]):
    """What any engine for tables must keep.

    class TestMine(TableEngineLaws):
        recipe = Mine(epochs=1)
    """

    @classmethod
    def simulated(cls, rows: int | None = None) -> Table:
        return mixed_table() if rows is None else mixed_table(rows)

    def possible(self) -> tuple[Condition, ...]:
        return (Condition(CLAUSES),)

    def impossible(self) -> tuple[Condition, ...]:
        return (Condition((Clause("age", "range", low=1e6),)),)

    def holds(self, condition: Condition, made: Table) -> bool:
        return bool(mask(made, condition.clauses).all())

    def test_columns_keep_their_names_and_types(self, model: Model[Table], data: Table) -> None:
        _require_alike(model.sample(50, Seed(2)), data)

    def test_values_stay_in_the_domain(self, model: Model[Table], data: Table) -> None:
        _require_within(model.sample(300, Seed(3)), data)

    def test_given_cells_are_kept_and_gaps_are_filled(
        self, model: Model[Table], data: Table
    ) -> None:
        partial = data.select(["job", "age"]).slice(0, 30)
        given = Condition(partial=partial)
        if "given" not in self.recipe.about.conditions:
            with pytest.raises(UsageError):
                model.sample(30, Seed(10), given)
            return
        made = model.sample(30, Seed(10), given)
        known = partial.column("job").is_valid().to_numpy(zero_copy_only=False)
        kept = np.array(made.column("job").to_pylist())[known]
        assert (kept == np.array(partial.column("job").to_pylist())[known]).all()
        assert made.column("age").equals(partial.column("age"))

    @pytest.mark.parametrize("name", ["grade", "member", "income"])
    def test_a_single_column_is_a_table_too(self, data: Table, name: str, tmp_path: Path) -> None:
        self.require_restored(self.recipe.fit(data.select([name]), Job(Seed(1), tmp_path)))

    def test_columns_of_any_name_storage_and_content_are_kept(self, tmp_path: Path) -> None:
        data = odd_table()
        model = self.recipe.fit(data, Job(Seed(5), tmp_path / "many"))
        self.require_restored(model)
        self.require_learnt_or_refused(odd_table(3), tmp_path / "few")
        made = model.sample(300, Seed(1))
        _require_alike(made, data)
        _require_within(made, data)
        if "where" in self.recipe.about.conditions:
            clauses = Clause("latitude", "range", low=20, high=80), Clause("", "null", negate=True)
            assert mask(model.sample(30, Seed(1), Condition(clauses)), clauses).all()


def _require_alike(made: Table, data: Table) -> None:
    assert made.schema == data.schema
    assert made.data.schema == data.data.schema


def _require_within(made: Table, data: Table) -> None:
    """The law of a domain: no new category, nothing beyond the extremes or between the steps."""
    for column in data.schema:
        if column.role in ("categorical", "boolean"):
            assert set(codes(made, column.name)[1]) <= set(codes(data, column.name)[1])
            continue
        new, old = (numbers(table, column.name) for table in (made, data))
        new, old = new[~np.isnan(new)], old[~np.isnan(old)]
        if not len(old):
            assert not len(new)
            continue
        assert len(new)
        assert new.min() >= old.min() and new.max() <= old.max()
        if column.step_us:
            assert not (new % column.step_us).any()
