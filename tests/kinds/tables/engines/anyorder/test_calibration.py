"""Corrections follow the structure of the training rows, and not their noise."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier

from augment.core.seeds import Seed
from augment.core.types import Job
from augment.evaluation.roc import auc
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import codes
from augment.kinds.tables.engines.anyorder.calibration import prior_rows
from augment.kinds.tables.engines.anyorder.engine import Anyorder
from augment.kinds.tables.engines.anyorder.tokenmodel import AnyorderModel

ROWS, COLUMNS, LEVELS = 600, 6, 8
NAMES = [f"c{j}" for j in range(COLUMNS)]


def random_table(seed: int) -> Table:
    """Six columns that have nothing to do with each other, save that c1 often repeats c0."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, LEVELS, (ROWS, COLUMNS))
    tokens[:, 1] = np.where(rng.random(ROWS) < 0.5, tokens[:, 0], tokens[:, 1])
    schema = Schema(tuple(Column(name, "categorical", "string") for name in NAMES))
    arrays = [pa.array([f"l{k}" for k in tokens[:, j]]) for j in range(COLUMNS)]
    return Table(pa.table(arrays, names=NAMES), schema)


def tokens_of(table: Table) -> np.ndarray:
    found = []
    for name in NAMES:
        token, levels = codes(table, name)
        found.append(np.array([int(str(level)[1:]) for level in levels])[token])
    return np.stack(found, axis=1)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> AnyorderModel:
    return Anyorder(epochs=6).fit(random_table(0), Job(Seed(1), tmp_path_factory.mktemp("fit")))


def attacked(model: AnyorderModel) -> float:
    """The AUC of a forest that tells made rows from reference rows, on members and outsiders."""
    hot = np.eye(LEVELS)
    made, reference, members, outsiders = (
        hot[tokens_of(table)].reshape(len(table), -1)
        for table in (model.sample(4 * ROWS, Seed(2)), *(random_table(i) for i in (9, 0, 10)))
    )
    forest = RandomForestClassifier(100, class_weight="balanced", random_state=0)
    forest.fit(np.concatenate([made, reference]), np.arange(5 * ROWS) < 4 * ROWS)
    members, outsiders = (forest.predict_proba(x)[:, 1] for x in (members, outsiders))
    return auc(members, outsiders)[0]


def test_cells_off_by_noise_alone_have_no_evidence_and_others_have() -> None:
    rng = np.random.default_rng(0)
    drawn = torch.full((8, 8), 10.0)
    noise = [
        prior_rows(torch.tensor(rng.multinomial(80, np.full(8, 1 / 8), 8)).float(), drawn)
        for _ in range(40)
    ]
    assert np.median(noise) > 100
    off = drawn.clone()
    off[:, :4] *= 1.5
    off[:, 4:] *= 0.5
    assert prior_rows(off, drawn) < 10
    assert prior_rows(off * 100, drawn * 100) < 5  # the same factors, seen on more rows


def test_pairs_that_are_unrelated_are_not_corrected(model: AnyorderModel) -> None:
    corrections = model.network.corrections
    strength = {
        tuple(sorted((j, q))): float(each.table[group].abs().mean())
        for j, each in corrections.items()
        for q, group in zip(each.columns, each.group, strict=True)
    }
    assert strength.pop((0, 1)) > 0.1
    assert np.mean(list(strength.values())) < 0.03


def test_a_forest_does_not_find_who_was_among_the_rows(model: AnyorderModel) -> None:
    assert attacked(model) < 0.56
