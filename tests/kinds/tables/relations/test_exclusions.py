"""Values that belong together in blocks do so on every synthetic row, and none is invented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.errors import BadInput
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations

ROWS = 1_500
SENTENCE = "values of streaming belong to some of line"


def subscribers(strays: int = 0, seed: int = 0) -> Table:
    """Lines, and who streams: nobody without a line, but for so many `strays`."""
    rng = np.random.default_rng(seed)
    line = rng.choice(["none", "slow", "fast"], ROWS, p=[0.2, 0.4, 0.4])
    streaming = np.where(line == "none", "no line", rng.choice(["yes", "no"], ROWS))
    streaming[np.flatnonzero(line == "none")[:strays]] = "yes"
    stars = np.clip(rng.normal(3, 1, ROWS).round(), 1, 5)
    again = np.clip((stars + rng.normal(0, 0.5, ROWS)).round(), 1, 5)
    columns = [Column(name, "categorical", "string") for name in ("line", "streaming")]
    columns += [Column(name, "numeric", "integer") for name in ("stars", "again")]
    arrays = [pa.array(line), pa.array(streaming), pa.array(stars.astype(np.int64))]
    arrays.append(pa.array(again.astype(np.int64)))
    return Table(pa.table(arrays, names=[c.name for c in columns]), Schema(tuple(columns)))


def fitted(table: Table, folder: Path) -> TableModel:
    made = fit_model(registry.engine("independent"), table, Job(Seed(1), folder), True, len(table))
    return TableModel.restore(made.stored())


def strayed(made: Table) -> int:
    line, streaming = (np.array(made.column(n).to_pylist()) for n in ("line", "streaming"))
    return int(((line == "none") != (streaming == "no line")).sum())


def test_they_are_found_and_hold_on_synthetic_rows(tmp_path: Path) -> None:
    assert relations.mined(subscribers()).sentences == [SENTENCE]
    model = fitted(subscribers(), tmp_path)
    made = model.sample(0, 2_000, Seed(2), Condition(), silent)
    assert strayed(made) == 0
    assert set(made.column("streaming").to_pylist()) == {"no line", "yes", "no"}
    asked = model.condition(Ask(where=("streaming = yes",)))
    some = model.sample(0, 200, Seed(3), asked, silent)
    assert strayed(some) == 0 and set(some.column("streaming").to_pylist()) == {"yes"}


def test_one_row_that_strays_is_enough() -> None:
    assert relations.mined(subscribers(strays=1)).sentences == []


def test_it_can_be_stored_and_damaged_ones_are_refused() -> None:
    table = subscribers()
    document = relations.mined(table).to_json()
    assert Relations.from_json(document, table.schema.names) == relations.mined(table)
    (own,) = document["exclusions"]
    for change in ({"source": "streaming"}, {"at": []}, {"column": "nowhere"}, {"barred": [[]]}):
        with pytest.raises(BadInput):
            Relations.from_json({**document, "exclusions": [{**own, **change}]}, table.schema.names)
