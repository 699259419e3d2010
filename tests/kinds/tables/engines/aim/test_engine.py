"""The laws of engines on `aim`, as far as noise that no seed repeats lets them hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("opendp", reason="the extra [dp] is not installed")
pytest.importorskip("mbi", reason="the extra [dp] is not installed")

from augment.core.seeds import Seed
from augment.core.types import Job, Model, Tick
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.engines.aim.engine import Aim
from augment.kinds.tables.engines.aim.ledger import NAME
from augment.testing import TableEngineLaws, mixed_table, odd_table
from augment.testing.fitting import Fitting, Killed, digest_of, fitted
from tests.kinds.tables.engines.aim.private_tables import two_columns, with_public

pytestmark = pytest.mark.slow  # each inference is compiled for seconds


class TestAimLaws(TableEngineLaws):
    """On rows whose schema gives levels and ends, so that no noise moves these."""

    recipe = Aim(epsilon=20.0, intervals=4)

    @classmethod
    def simulated(cls, rows: int | None = None) -> Table:
        return with_public(mixed_table() if rows is None else mixed_table(rows))

    def test_the_same_seed_gives_the_same_model_in_another_process(
        self, model: Model[Table], data: Table, tmp_path: Path
    ) -> None:
        """It must not: who knows the seed could take the noise off."""
        other = self.recipe.fit(data, Job(Seed(1), tmp_path))
        assert digest_of(other.state()) != digest_of(model.state())

    def test_a_killed_fit_that_is_taken_up_gives_the_same_model(
        self, fitting: Fitting[Table], data: Table, tmp_path: Path
    ) -> None:
        """What was drawn is drawn once: the second half of a fit joins the first."""
        moments = iter(range(3))

        def kill(tick: Tick) -> None:
            if next(moments, None) is None:
                raise Killed

        with pytest.raises(Killed):
            fitted(self.recipe, data, tmp_path, tick=kill)
        begun = (tmp_path / NAME).read_text()
        again = fitted(self.recipe, data, tmp_path)
        assert (tmp_path / NAME).read_text().startswith(begun.removesuffix("]}\n").rstrip("]}\n "))
        whole = fitted(self.recipe, data, tmp_path)
        assert digest_of(again.model.state()) == digest_of(whole.model.state())

    def test_columns_of_any_name_storage_and_content_are_kept(self, tmp_path: Path) -> None:
        data = with_public(odd_table())
        made = self.recipe.fit(data, Job(Seed(5), tmp_path)).sample(300, Seed(1))
        assert made.schema == data.schema and made.data.schema == data.data.schema


def test_cells_that_no_schema_gives_are_found_under_the_budget(tmp_path: Path) -> None:
    rows = mixed_table(4_000)
    model = Aim(epsilon=8.0, delta=1e-5).fit(rows, Job(Seed(1), tmp_path))
    told = model.facts["privacy"]
    assert told["spent"]["epsilon"] <= 8 and told["spent"]["delta"] <= 1e-5
    assert {"values of job", "ends of age", "parts of loss"} <= {
        each["what"] for each in told["mechanisms"]
    }
    cells = {each.column.name: each for each in model.cells}
    assert set(cells["job"].values) == {"clerk", "cook", "nurse, night", "päron"}
    assert 0.0 in cells["loss"].values  # which seven of ten rows hold
    assert abs(model.rows - 4_000) < 200
    assert model.facts["notes"] == []
    made = model.sample(4_000, Seed(2))
    ages = [np.asarray(table.column("age")) for table in (rows, made)]
    members = [np.asarray(table.column("member").fill_null(False)) for table in (rows, made)]
    real, synthetic = (np.corrcoef(a, m)[0, 1] for a, m in zip(ages, members, strict=True))
    assert real > 0.6 and abs(real - synthetic) < 0.1


def test_dependence_is_kept_and_the_junction_tree_bounded(tmp_path: Path) -> None:
    model = Aim(epsilon=8.0, max_cells=1_000).fit(two_columns(3_000), Job(Seed(1), tmp_path))
    assert sum(clique.table.size for clique in model.tree.cliques) <= 1_000
    made = model.sample(3_000, Seed(2)).to_pandas()
    assert abs((made["x"] == made["y"]).mean() - 0.8) < 0.05


def test_columns_of_which_too_small_a_budget_finds_nothing_are_named(tmp_path: Path) -> None:
    model = Aim(epsilon=0.05, delta=1e-9).fit(mixed_table(200), Job(Seed(1), tmp_path))
    (said,) = model.facts["notes"]
    assert "'job'" in said and "found none of the values" in said
    assert model.sample(50, Seed(2)).column("job").null_count == 50
