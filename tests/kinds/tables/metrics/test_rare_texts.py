"""Names and addresses of training rows are found among synthetic rows, whatever stands beside."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from augment.core.seeds import Seed
from augment.core.types import Score
from augment.evaluation.scoring import measures, metrics
from augment.evaluation.verdict import verdict
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.metrics.rare_texts import RareTexts
from augment.kinds.tables.metrics.scoring import score, shuffled

COLUMNS = (
    Column("email", "text", "string", pii="email"),
    Column("town", "text", "string", pii="city"),
    Column("remark", "text", "string"),
    Column("x", "numeric", "float"),
    Column("y", "numeric", "float"),
)


def letters(rows: int, seed: int) -> Table:
    """Rows with an address of their own, a town of many, a remark that is everybody's and noise."""
    rng = np.random.default_rng(seed)
    arrays = [
        pa.array([f"{seed}.{row}@example.org" for row in range(rows)]),
        pa.array([f"Town {n}" for n in rng.integers(0, 5_000, rows)]),
        pa.array([f"remark {n}" for n in rng.integers(0, 400, rows)]),
        pa.array(rng.normal(size=rows)),
        pa.array(rng.normal(size=rows)),
    ]
    return Table(pa.table(arrays, names=[c.name for c in COLUMNS]), Schema(COLUMNS))


def found(scores: list[Score]) -> dict[str, float | None]:
    return {s.metric: s.value for s in scores if not s.where}


@pytest.fixture(scope="module")
def sides() -> tuple[Table, Table]:
    return letters(400, 1), letters(200, 2)


def test_columns_that_are_shuffled_apart_fail_by_their_texts(sides: tuple[Table, Table]) -> None:
    train, unseen = sides
    made = shuffled(train, 400, Seed(5))
    scores = score(train, unseen, made, Seed(1), metrics=["copies"])
    assert found(scores)["copies.cells"] == 1.0 and found(scores)["copies.texts"] == 0.0
    assert "copies.cells" in verdict(scores, measures(metrics("table"))).failed()


def test_fresh_rows_have_none(sides: tuple[Table, Table]) -> None:
    scores = score(*sides, letters(400, 3), Seed(1), metrics=["copies"])
    assert found(scores)["copies.cells"] == 0.0
    assert not verdict(scores, measures(metrics("table"))).failed()


def test_a_few_are_found_in_their_own_column(sides: tuple[Table, Table]) -> None:
    """Towns are everybody's, and remarks are what unseen rows have as well."""
    train, unseen = sides
    rare = RareTexts.of(train, unseen)
    assert rare is not None and set(rare.texts) == {"email"}
    assert (rare.unseen_hits, rare.unseen_rows) == (0, len(unseen))
    assert rare.hits(Table.join([letters(100, 4), train.slice(0, 7)])) == 7


def test_a_text_of_five_rows_is_no_rare_one() -> None:
    names = pa.array(["often"] * 5 + ["seldom"] * 4)
    schema = Schema((Column("who", "text", "string", pii="name"),))
    train = Table(pa.table([names], names=["who"]), schema)
    other = Table(pa.table([pa.array(["nobody"] * 4)], names=["who"]), schema)
    rare = RareTexts.of(train, other)
    assert rare is not None and rare.texts["who"].to_pylist() == ["seldom"]
    assert RareTexts.of(train, other.slice(0, 0)) is None
    staff = Table(pa.table([pa.array([*"abc" * 5, "d"])], names=["who"]), schema)
    assert RareTexts.of(staff, other) is None
