"""A date that some rows have is the day of a moment beside it, on made rows too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.errors import BadInput
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.data.values import numbers
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations

ROWS = 1_000
COLUMNS = (
    Column("admitted", "datetime", "datetime", format="%Y-%m-%d %H:%M", step_us=60_000_000),
    Column("discharged", "datetime", "datetime", format="%Y-%m-%d %H:%M", step_us=60_000_000),
    Column("died_on", "datetime", "datetime", format="%Y-%m-%d", step_us=DAY_US),
)


def stays(share: float, other_days: int = 0) -> Table:
    """Stays in hospital, of which a share ends with a death; some deaths lie `other_days` later."""
    rng = np.random.default_rng(0)
    admitted = rng.integers(0, 600 * 24 * 60, ROWS) * 60_000_000
    discharged = admitted + rng.integers(60, 9_000, ROWS) * 60_000_000
    died = discharged // DAY_US * DAY_US
    died[:5] += other_days * DAY_US
    known = rng.random(ROWS) < share
    known[:5] = True
    arrays = [
        pa.array(admitted, pa.int64()).cast(pa.timestamp("us")),
        pa.array(discharged, pa.int64()).cast(pa.timestamp("us")),
        pa.array(died, pa.int64(), mask=~known).cast(pa.timestamp("us")),
    ]
    return Table(pa.table(arrays, names=[c.name for c in COLUMNS]), Schema(COLUMNS))


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_made_deaths_are_on_the_day_of_discharge(share: float, tmp_path: Path) -> None:
    table = stays(share)
    assert "died_on = the day of discharged" in relations.mined(table).sentences
    fitted = fit_model(
        registry.engine("independent"), table, Job(Seed(1), tmp_path), True, len(table)
    )
    made = TableModel.restore(fitted.stored()).sample(0, 2_000, Seed(2), Condition(), silent)
    died, ended = numbers(made, "died_on"), numbers(made, "discharged")
    known = ~np.isnan(died)
    assert known.mean() == pytest.approx(share, abs=0.04)
    assert (died[known] == ended[known] // DAY_US * DAY_US).all()


def test_one_other_day_is_enough_and_days_of_all_rows_are_left_alone() -> None:
    for table in (stays(0.3, other_days=1), stays(1.0)):
        sentences = relations.mined(table).sentences
        assert not any("the day of" in sentence for sentence in sentences)


def test_damaged_days_are_refused() -> None:
    document = relations.mined(stays(0.3)).to_json()
    place = next(i for i, link in enumerate(document["links"]) if "moment" in link)
    document["links"][place]["moment"] = "died_on"
    with pytest.raises(BadInput):
        Relations.from_json(document, [column.name for column in COLUMNS])
