"""Scores of rows that belong together or follow one another, on tables whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from augment.core.holdout import split
from augment.core.seeds import Seed
from augment.core.types import Score
from augment.evaluation.scoring import measures, metrics
from augment.evaluation.verdict import verdict
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.metrics.scoring import score
from tests.kinds.tables.metrics.simulated import people

METRICS = ["rows_per_id", "keys", "autocorrelation"]


def panel(seed: int, ids: int = 400) -> Table:
    """Ids with a constant group, seen on consecutive days by a number that remembers itself."""
    rng = np.random.default_rng(seed)
    sizes = 1 + rng.poisson(6, ids)
    owner = np.repeat(np.arange(ids), sizes)
    day = np.concatenate([rng.integers(0, 60) + np.arange(size) for size in sizes])
    value = rng.normal(size=len(owner))
    for row in range(1, len(owner)):
        if owner[row] == owner[row - 1]:
            value[row] = 0.9 * value[row - 1] + np.sqrt(1 - 0.81) * value[row]
    stamps = (np.datetime64("2020-01-01") + day).astype("datetime64[us]")
    columns = (
        Column("id", "reference", "integer"),
        Column("group", "categorical", "string"),
        Column("day", "datetime", "datetime", format="%Y-%m-%d", step_us=86_400_000_000),
        Column("value", "numeric", "float"),
    )
    arrays = [
        pa.array(owner),
        pa.array(np.array(["a", "b", "c"])[rng.integers(0, 3, ids)[owner]]),
        pa.array(stamps),
        pa.array(value),
    ]
    names = [column.name for column in columns]
    return Table(pa.table(arrays, names=names), Schema(columns, key=("id", "day"), stamp=("day",)))


@pytest.fixture(scope="module")
def parts() -> tuple[Table, Table]:
    return split(panel(1), 0.3, Seed(1))


def scored(parts: tuple[Table, Table], fake: Table) -> dict[str, Score]:
    found = score(*parts, fake, Seed(2), metrics=METRICS)
    return {one.metric: one for one in found if not one.where}


def changed(table: Table, name: str, values: np.ndarray) -> Table:
    place = table.schema.names.index(name)
    array = pa.array(values).cast(table.column(name).type)
    return Table(table.data.set_column(place, name, array), table.schema)


def failed(scores: dict[str, Score]) -> set[str]:
    checks = verdict(list(scores.values()), measures(metrics("table"))).checks
    return {check.metric for check in checks if check.state != "pass"}


def test_fresh_real_rows_pass_and_stand_beside_floor_and_ceiling(
    parts: tuple[Table, Table],
) -> None:
    scores = scored(parts, panel(3))
    assert failed(scores) == set()
    assert scores["keys"].value == scores["keys"].ceiling == 0
    assert scores["keys"].floor is not None and scores["keys"].floor > 0
    constant, likeness = scores["rows_per_id.constant"], scores["autocorrelation"]
    assert constant.value == constant.ceiling == 1
    assert constant.floor is not None and constant.floor < 0.3
    assert likeness.value == pytest.approx(0.9, abs=0.05)
    assert likeness.ceiling == pytest.approx(0.9, abs=0.05)
    assert likeness.floor == pytest.approx(0, abs=0.15)


def test_a_new_id_in_every_row_fails(parts: tuple[Table, Table]) -> None:
    scores = scored(parts, changed(panel(3), "id", np.arange(len(panel(3)))))
    assert "rows_per_id" in failed(scores)
    assert scores["rows_per_id.constant"].value is None
    assert scores["autocorrelation"].value is None and scores["autocorrelation"].note


def test_shuffled_ids_break_what_is_constant_and_repeat_keys(parts: tuple[Table, Table]) -> None:
    fake = panel(3)
    ids = np.random.default_rng(4).permutation(fake.column("id").to_numpy())
    scores = scored(parts, changed(fake, "id", ids))
    assert failed(scores) == {"rows_per_id.constant", "keys", "autocorrelation"}
    frame = changed(fake, "id", ids).to_pandas()
    assert scores["keys"].value == pytest.approx(frame.duplicated(["id", "day"]).mean())


def test_numbers_in_any_order_fail_autocorrelation_alone(parts: tuple[Table, Table]) -> None:
    fake = panel(3)
    values = np.random.default_rng(5).permutation(fake.column("value").to_numpy())
    assert failed(scored(parts, changed(fake, "value", values))) == {"autocorrelation"}


def test_a_gap_in_a_key_counts(parts: tuple[Table, Table]) -> None:
    fake = panel(3)
    days = fake.column("day").to_pandas().mask(np.arange(len(fake)) % 10 == 0)
    scores = scored(parts, changed(fake, "day", days.to_numpy()))
    assert scores["keys"].value == pytest.approx(0.1, abs=0.001)


def test_lag_one_is_a_step_of_the_clock_however_many_rows_there_are() -> None:
    hours = pd.date_range("2020-01-01", periods=6000, freq="h").to_numpy()
    value = np.sin(np.arange(6000) / 5)
    columns = (
        Column("at", "datetime", "datetime", format="%Y-%m-%d %H:%M", step_us=3_600_000_000),
        Column("value", "numeric", "float"),
    )
    data = pa.table([pa.array(hours).cast(pa.timestamp("us")), pa.array(value)], ["at", "value"])
    table = Table(data, Schema(columns, key=("at",), stamp=("at",)))
    train, unseen = split(table, 0.2, Seed(1))
    one = np.cos(1 / 5)
    for fake in (table, train, unseen):
        likeness = scored((train, unseen), fake)["autocorrelation"]
        assert likeness.value == pytest.approx(one, abs=0.02)
        assert likeness.ceiling == pytest.approx(one, abs=0.02)


def test_two_files_are_compared_by_entities(parts: tuple[Table, Table]) -> None:
    found = score(panel(1), None, panel(3), Seed(2), metrics=METRICS)
    assert failed({one.metric: one for one in found if not one.where}) == set()


def test_tables_of_single_rows_have_none_of_these_scores() -> None:
    assert score(people(300, 1), people(100, 2), people(300, 3), Seed(1), metrics=METRICS) == []
