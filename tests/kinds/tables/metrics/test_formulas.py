"""Formulas against independent implementations and against what must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from augment.core.seeds import Seed
from augment.evaluation.distances import prdc
from augment.evaluation.roc import auc, binomial, hits_at
from augment.kinds.tables.metrics import features
from augment.kinds.tables.metrics.axes import axis_of
from augment.kinds.tables.metrics.scoring import score
from augment.kinds.tables.metrics.shapes import ks, tvd
from augment.kinds.tables.metrics.views import View
from tests.kinds.tables.metrics.simulated import people


def test_equal_samples_are_perfect() -> None:
    table = people(500, 1)
    scores = score(table, table, table, Seed(1), metrics=["shapes", "trends", "neighbours"])
    values = {s.metric: s.value for s in scores if not s.where}
    assert values["shapes"] == 1 and values["trends"] == 1
    assert values["shapes.error"] == pytest.approx(0) and values["trends.error"] == pytest.approx(0)
    for name in ("precision", "recall", "coverage"):
        assert values[f"neighbours.{name}"] == 1


def test_shape_and_trend_errors_are_those_of_sdmetrics() -> None:
    from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
    from sdmetrics.reports.single_table._properties import ColumnShapes

    names = ["age", "city", "income", "spend", "bought"]
    train, fake = people(800, 1).select(names), people(700, 2).select(names)
    real, made = (pd.DataFrame(t.data.to_pandas()) for t in (train, fake))
    numerical = ["age", "income", "spend"]
    kinds = {n: {"sdtype": "numerical" if n in numerical else "categorical"} for n in names}
    scores = score(train, train, fake, Seed(1), metrics=["shapes", "trends"])
    values = {s.metric: s.value for s in scores if not s.where}

    shapes = ColumnShapes()
    theirs = shapes.get_score(real, made, {"columns": kinds})
    assert values["shapes.error"] == pytest.approx(1 - theirs)

    cut_real, cut_made = real.copy(), made.copy()
    for name in numerical:  # train's edges for both: see `Trends`
        edges = np.histogram_bin_edges(real[name].dropna())
        for cut, whole in ((cut_real, real), (cut_made, made)):
            cut[name] = np.where(whole[name].isna(), -1, np.digitize(whole[name], edges))
    each = []
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            if a in numerical and b in numerical:
                each.append(CorrelationSimilarity.compute(real[[a, b]], made[[a, b]]))
            else:
                each.append(ContingencySimilarity.compute(cut_real[[a, b]], cut_made[[a, b]]))
    assert values["trends.error"] == pytest.approx(1 - np.mean(each))


def test_ks_is_that_of_scipy() -> None:
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=300).round(1), rng.normal(0.3, 1, 170).round(1)
    assert ks(x, y) == pytest.approx(ks_2samp(x, y).statistic)


def test_a_wrong_missing_rate_costs_its_difference() -> None:
    x = np.arange(100.0)
    gone = np.where(np.arange(100) % 5 == 0, -np.inf, x)
    assert ks(x, gone) == pytest.approx(0.2)


def test_total_variation_of_disjoint_samples_is_one() -> None:
    assert tvd(np.array([0, 0]), np.array([1]), 2) == 1


def test_auc_is_that_of_scikit_learn_and_its_interval_covers() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        a, b = rng.normal(0.5, 1, 80), rng.normal(0, 1, 120)
        value, interval = auc(a, b)
        covered += interval.low <= 0.6382 <= interval.high  # P(N(.5, 2) > 0)
    assert value == pytest.approx(roc_auc_score(np.repeat([1, 0], [80, 120]), np.r_[a, b]))
    assert covered >= 180


def test_hits_at_few_false_alarms() -> None:
    rng = np.random.default_rng(0)
    same = [hits_at(rng.normal(size=2000), rng.normal(size=2000), 0.01)[1].low for _ in range(50)]
    assert max(same) < 0.01  # noise alone proves nothing
    assert hits_at(np.full(50, 9.0), np.arange(2000) % 7.0, 0.01)[0] == 1
    assert hits_at(np.zeros(50), np.zeros(2000), 0.01)[0] == 0  # a flood of ties is no success
    assert binomial(0, 10).low == 0 and binomial(10, 10).high == 1


def test_precision_recall_density_coverage_of_known_layouts() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(300, 2)).astype(np.float32)
    far = real + 100
    assert prdc(real, far, 5) == (0, 0, 0, 0)
    corner = real[:1] + rng.normal(0, 1e-3, (300, 2)).astype(np.float32)
    precision, recall, _, coverage = prdc(real, corner, 5)
    assert precision > 0.9 and recall < 0.1 and coverage < 0.1


def test_keys_are_equal_just_for_equal_rows() -> None:
    table = people(3_000, 1)
    axes = tuple(axis_of(c, table, table) for c in table.schema if c.modelled)
    view = View.of(table, axes)
    rows = np.r_[np.arange(3_000), np.arange(500)]
    keys = view.take(rows).keys
    frame = table.to_pandas().drop(columns="number").iloc[rows]
    assert len(np.unique(keys)) == len(frame.drop_duplicates())
    assert np.array_equal(keys[:500], keys[3_000:])


def test_encodings_come_from_train_alone() -> None:
    train, seen = people(500, 1), people(500, 2)
    columns = [c for c in train.schema if c.modelled]
    one = tuple(axis_of(c, train, people(50, 3)) for c in columns)
    two = tuple(axis_of(c, train, people(50, 4)) for c in columns)
    first, second = View.of(seen, one), View.of(seen, two)
    assert np.array_equal(first.points, second.points)
    assert np.array_equal(first.features, second.features, equal_nan=True)
    assert len(features.categorical(one)) == first.features.shape[1]
