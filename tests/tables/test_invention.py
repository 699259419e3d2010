"""Ids, text and constants are made anew, whole, and never copied."""

from __future__ import annotations

import pyarrow as pa
import pytest

from augment.base.errors import BadInput, UsageError
from augment.base.seeds import Seed
from augment.tables import personal
from augment.tables.invention import FAKER_METHODS, Invention
from augment.tables.schema import Column
from augment.tables.values import table_of


def _made(column: Column, values: list[object], rows: int = 50) -> pa.Array:
    table = table_of([column], [pa.array(values)], None)
    return Invention.fit(table, column).make(0, rows, Seed(3))


def test_every_kind_of_personal_text_can_be_invented() -> None:
    assert set(FAKER_METHODS) == {"", *personal.KINDS}
    for kind in personal.KINDS:
        made = _made(Column("x", "text", "string", pii=kind), ["a b c"] * 5)
        assert made.null_count == 0
        assert all(text and "\n" not in text for text in made.to_pylist())


def test_text_is_not_copied_and_keeps_its_share_of_gaps() -> None:
    source = [None if n % 2 else f"secret remark number {n}" for n in range(400)]
    made = _made(Column("x", "text", "string"), source, rows=2_000).to_pylist()
    assert not set(made) & (set(source) - {None})
    assert 0.45 < sum(text is None for text in made) / len(made) < 0.55


def test_ids_are_unique_over_blocks() -> None:
    column = Column("x", "id", "string", pattern="P-{number:06d}")
    invention = Invention(column, 0.0)
    blocks = [invention.make(start, 100, Seed(1).child(start)) for start in (0, 100, 200)]
    ids = [value for block in blocks for value in block.to_pylist()]
    assert len(set(ids)) == 300


def test_a_constant_is_repeated_and_two_values_are_none() -> None:
    assert set(_made(Column("x", "constant", "string"), ["v", "v"]).to_pylist()) == {"v"}
    with pytest.raises(BadInput, match="constant"):
        _made(Column("x", "constant", "string"), ["v", "w"])


def test_an_unknown_kind_of_text_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="email"):
        _made(Column("x", "text", "string", pii="emial"), ["a"])
