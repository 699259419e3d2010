"""Draws are laid out over rows, but for models of few rows, which that would give away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from augment.core import registry
from augment.core.seeds import Seed
from augment.core.types import Job
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.engines.anyorder.tokenmodel import AnyorderModel
from augment.kinds.tables.engines.anyorder.tokenstate import model_parts


@pytest.mark.parametrize(("rows", "spread"), [(150, False), (400, True)])
def test_shares_vary_as_those_of_draws_do_where_few_rows_were_learnt(
    rows: int, spread: bool, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    columns = [Column("kind", "categorical", "string"), Column("size", "numeric", "float")]
    arrays = [pa.array(rng.choice(["a", "b"], rows)), pa.array(rng.normal(0, 1, rows))]
    fitted = registry.engine("anyorder").fit(
        table_of(columns, arrays, None), Job(Seed(1), tmp_path)
    )
    model = AnyorderModel(*model_parts(fitted.state()))
    shares = [
        pc.mean(
            pc.equal(model.sample(400, Seed(number)).column("kind"), "a").cast(pa.int8())
        ).as_py()
        for number in range(12)
    ]
    assert bool(np.std(shares) < 0.01) is spread  # of 400 draws apart, .025


def test_a_damaged_flag_is_refused(tmp_path: Path) -> None:
    columns = [Column("kind", "categorical", "string")]
    table = table_of(columns, [pa.array(["a", "b"] * 40)], None)
    state = registry.engine("anyorder").fit(table, Job(Seed(1), tmp_path)).state()
    assert state.config["spread"] is False
    state.config["spread"] = "no"
    with pytest.raises(ValueError, match="flag"):
        model_parts(state)
