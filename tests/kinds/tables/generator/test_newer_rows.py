"""What of newer rows is not as an older model knows it, and the rules that it keeps for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa

from augment.core.schema_drift import SchemaDrift
from augment.core.seeds import Seed
from augment.core.types import Job, Start
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.engines.bootstrap import Bootstrap
from augment.kinds.tables.generator import newer_rows
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel

COLUMNS = (
    Column("word", "categorical", "string"),
    Column("size", "numeric", "integer"),
    Column("unit", "constant", "string"),
)


def rows(word: list[str | None], size: Any, unit: str = "cm") -> Table:
    arrays = [pa.array(word, pa.string()), pa.array(size, pa.int64()), pa.array([unit] * len(word))]
    return Table(pa.table(arrays, names=["word", "size", "unit"]), Schema(COLUMNS))


def older(tmp_path: Path) -> TableModel:
    data = rows(["a", "b"] * 100, np.arange(200) % 50)
    return fit_model(Bootstrap(), data, Job(Seed(1), tmp_path), True, 200)


def drift(model: TableModel, table: Table) -> list[SchemaDrift]:
    known = (model.schema, model.domain, model.unmodelled, 200)
    return list(newer_rows.drift(table, *known))


def test_rows_of_the_same_kind_have_not_drifted(tmp_path: Path) -> None:
    assert drift(older(tmp_path), rows(["b", "a"] * 30, np.arange(60) % 45 + 2)) == []


def test_each_change_is_counted_and_its_values_are_apart(tmp_path: Path) -> None:
    newer = rows(["a"] * 30 + ["c"] * 20 + [None] * 10, [5] * 57 + [900] * 3, "inch")
    found = {(each.column, each.change): each for each in drift(older(tmp_path), newer)}
    assert set(found) == {
        ("word", "unseen values"),
        ("word", "nulls"),
        ("size", "range"),
        ("unit", "unseen values"),
    }
    unseen = found["word", "unseen values"]
    assert unseen.values == ("c",) and "1 of 2 values" in unseen.sentence
    assert "20 rows" in unseen.sentence and "They are: c." in unseen.told(True)
    assert "16.7%" in found["word", "nulls"].sentence
    assert "3 of 60 rows" in found["size", "range"].sentence
    assert "inch" not in found["unit", "unseen values"].told(False)
    assert "values" not in unseen.to_json() and unseen.to_json(True)["values"] == ["c"]


def test_a_model_without_shares_of_gaps_knows_whether_there_were_any(tmp_path: Path) -> None:
    model = older(tmp_path)
    for known in model.domain.values():
        del known["null_share"]
    newer = rows(["a"] * 30 + [None] * 30, [5] * 60)
    assert [(each.column, each.change) for each in drift(model, newer)] == [("word", "nulls")]


def test_few_newer_rows_are_protected_as_the_many_older_ones_were(tmp_path: Path) -> None:
    few = rows(["a"] * 15 + ["b"] * 11 + ["rare"] * 4, np.arange(30))
    alone = fit_model(Bootstrap(), few, Job(Seed(1), tmp_path / "alone"), True, 30)
    start = Start(cast("Any", None), "digest", 200)  # bootstrap asks nothing of it
    job = Job(Seed(1), tmp_path / "on", start=start)
    gone_on = fit_model(Bootstrap(), few, job, True, 30)
    assert "rare" in alone.domain["word"]["levels"]
    assert gone_on.domain["word"]["levels"] == ["a", "b"]
    assert gone_on.facts["seen_rows"] == 230 and gone_on.facts["started_from"] == "digest"
