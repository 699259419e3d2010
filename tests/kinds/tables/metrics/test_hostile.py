"""Odd tables beyond the laws of metrics: two of them, their report, wide ones, other columns."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from augment.core.seeds import Seed
from augment.core.types import Score, silent
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.kind import TABLES
from augment.kinds.tables.metrics.scoring import score
from augment.kinds.tables.metrics.trees import class_odds, values
from augment.report import facts, html, markdown
from augment.testing.odd_data import numbers, odd_tables, words
from tests.kinds.tables.metrics.simulated import people

pytestmark = pytest.mark.usefixtures("few_trees")


def table(*columns: tuple[Column, pa.Array], target: str | None = None) -> Table:
    return table_of([column for column, _ in columns], [array for _, array in columns], target)


def checked(scores: list[Score]) -> None:
    """The law: a finite value, or none and a reason."""
    assert scores
    for found in scores:
        assert found.value is None or np.isfinite(found.value), found
        assert found.value is not None or found.note, found
    keys = [(found.metric, found.where) for found in scores]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("classes", [0, 2])
def test_a_feature_with_one_value_is_learnt_without_where_rows_are_held_out(classes: int) -> None:
    """A tenth of the rows is held out at random, and with it, in the end, the only value."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 2))
    x[1:, 1] = np.nan
    y = np.arange(300.0) % 2
    for number in range(25):
        seed, codes = Seed(number), [False, False]
        if classes:
            odds = class_odds(x, y, x, codes, 2, seed, iterations=1, stop_early=True)
            assert odds.shape == (300, 2)
        else:
            assert values(x, y, x, codes, seed, iterations=1).shape == (300,)


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 11, 30, 50])
def test_two_tiny_tables(rows: int) -> None:
    checked(score(people(rows, 1), None, people(rows, 3), Seed(1)))


@pytest.mark.parametrize("name", ["names", "all null", "only ids", "infinite"])
def test_a_report_of_odd_tables(name: str) -> None:
    data = odd_tables()[name]
    rows = np.arange(len(data))
    parts = [data.take(rows[at::3]) for at in range(3)]
    found = TABLES.evaluator.score(*parts, Seed(1), silent, {})
    checked(list(found.scores))
    document = facts.document(found, {"source": "<b>odd</b>.csv", "seed": 1})
    json.dumps(document, allow_nan=False)
    page = html.render(document)
    assert "<script" not in page and "<b>odd" not in page
    assert markdown.render(document)


def test_a_wide_table() -> None:
    rng = np.random.default_rng(0)
    columns = [numbers(f"x{i}", rng.normal(size=150).tolist()) for i in range(300)]
    data = table(*columns)
    parts = [data.take(np.arange(at, 150, 3)) for at in range(3)]
    names = ["shapes", "trends", "neighbours", "validity", "copies"]
    scores = score(*parts, Seed(1), metrics=names)
    checked(scores)
    whole = next(s for s in scores if s.metric == "trends" and not s.where)
    assert "4,950 of 44,850 pairs" in whole.note


def test_a_class_that_the_made_rows_lack_costs_utility_and_does_not_raise() -> None:
    rng = np.random.default_rng(0)

    def made(classes: int, rows: int) -> Table:
        group = rng.integers(0, classes, rows)
        return table(
            numbers("x", (group + rng.normal(0, 0.3, rows)).tolist()),
            words("c", [f"g{i}" for i in group]),
            target="c",
        )

    train, test = made(3, 400), made(3, 200)
    whole = score(train, test, made(3, 400), Seed(1), metrics=["utility"])[0].value
    lacking = score(train, test, made(2, 400), Seed(1), metrics=["utility"])[0].value
    single = score(train, test, made(1, 400), Seed(1), metrics=["utility"])[0].value
    assert whole is not None and lacking is not None and single is not None
    assert whole > 0.95 > lacking > single
    assert single == 0.5


@pytest.mark.parametrize("number", [False, True])
def test_rows_without_a_target_teach_nothing(number: bool) -> None:
    rng = np.random.default_rng(0)

    def made(rows: int, known: int) -> Table:
        x = rng.normal(0, 1, rows)
        answers = [float(value) if i < known else None for i, value in enumerate(x)]
        groups = ["b" if value > 0 else "a" for value in x]
        known_groups = [group if i < known else None for i, group in enumerate(groups)]
        target = numbers("y", answers) if number else words("y", known_groups)
        return table(numbers("x", x.tolist()), target, target="y")

    train, test = made(400, 400), made(200, 200)
    (whole,) = score(train, test, made(400, 400), Seed(1), metrics=["utility"])
    (lacking,) = score(train, test, made(400, 3), Seed(1), metrics=["utility"])
    (unknown,) = score(made(400, 3), test, made(400, 3), Seed(1), metrics=["utility"])
    assert whole.value is not None and whole.value > 0.7
    assert lacking.value == pytest.approx(0.0 if number else 0.5)
    assert "Only 3 of 400 rows have a target." in lacking.note
    assert unknown.value is None  # nor do real ones: nothing is asked of it


def test_other_columns_and_types_are_violations() -> None:
    train, test = people(200, 1), people(60, 2)
    other = people(200, 3)
    names = [name for name in other.schema.names if name != "city"]
    thinner = other.select(names)
    place = thinner.schema.names.index("age")
    texts = ["old" if i % 4 == 0 else "50" for i in range(200)]
    schema = thinner.schema.replace(Column("age", "categorical", "string"))
    changed = Table(thinner.data.set_column(place, "age", pa.array(texts)), schema)
    columns = [*changed.schema, Column("more", "numeric", "float")]
    arrays = [changed.column(name) for name in changed.schema.names]
    wider = table_of(columns, [*arrays, pa.array([1.0] * 200)], None)
    scores = score(train, test, wider, Seed(1), metrics=["validity", "shapes", "copies"])
    checked(scores)
    found = {(s.metric, s.where): s.value for s in scores}
    assert found["validity.missing_columns", "city"] == 1
    assert found["validity.extra_columns", "more"] == 1
    assert found["validity.unfit_values", "age"] == 50
