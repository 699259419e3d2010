"""Tables of many columns: what is looked at is bounded, drawn by the seed, and said."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from augment.core.seeds import Seed
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.metrics import detection, prediction, trends, views
from augment.kinds.tables.metrics.scoring import score


def wide(rows: int, seed: int) -> Table:
    numbers = np.random.default_rng(seed).normal(size=(12, rows)).round(2)
    names = [f"x{i}" for i in range(len(numbers))]
    schema = Schema(tuple(Column(name, "numeric", "float", max_decimals=2) for name in names), "x0")
    return Table(pa.table(list(numbers), names=names), schema)


def test_pairs_are_drawn_without_listing_them_all() -> None:
    pairs, note = trends._pairs(1_000_000, Seed(1))
    assert len(set(pairs)) == trends.MOST_PAIRS and "drawn by the seed" in note
    assert all(0 <= i < j < 1_000_000 for i, j in pairs)
    assert pairs == trends._pairs(1_000_000, Seed(1))[0] != trends._pairs(1_000_000, Seed(2))[0]
    assert trends._pairs(4, Seed(1)) == ([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], "")


def test_classifiers_are_given_so_many_columns_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    for module, name in ((detection, "class_odds"), (prediction, "values")):
        real = getattr(module, name)

        def counted(x: np.ndarray, *rest: object, _real: object = real, **more: object) -> object:
            seen.append(x.shape[1])
            return _real(x, *rest, **more)  # type: ignore[operator]

        monkeypatch.setattr(module, name, counted)
    monkeypatch.setattr(views, "MOST_PREDICTORS", 5)
    tables = wide(60, 0), wide(40, 1), wide(60, 2)
    scores = score(*tables, Seed(1), metrics=["detection", "utility"])
    assert seen and max(seen) <= 2 * 5  # a number and how it ends
    assert all("On 5 of 12 columns" in each.note for each in scores)
    monkeypatch.setattr(views, "MOST_PREDICTORS", 12)
    assert not any("On " in each.note for each in score(*tables, Seed(1), metrics=["detection"]))
