"""Ids, text and constants: never copied, the same for any cut into blocks."""

from __future__ import annotations

import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.errors import BadInput, UsageError
from augment.core.kind import Wanted
from augment.core.seeds import Seed
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.generator.unmodelled import Unmodelled
from augment.kinds.tables.kind import TABLES

TEXT = Column("c", "text", "string")


def fitted(column: Column, values: list[object], least: int = 1) -> Unmodelled:
    table = Table(pa.table({column.name: pa.array(values)}), Schema((column,)))
    return Unmodelled.fit(table, table, column, least, Seed(0))


def test_ids_are_unique_over_blocks_and_seeds_agree() -> None:
    column = Column("c", "id", "string", pattern="K-{LETTERS:2}{digits:3}")
    ids = fitted(column, ["K-AB123", "K-CD456"])
    blocks = [ids.make(start, 700, Seed(1)) for start in range(0, 7000, 700)]
    whole = ids.make(0, 7000, Seed(1))
    assert pa.concat_arrays(blocks).equals(whole)
    assert len(whole.unique()) == 7000


def test_text_is_never_a_copy() -> None:
    real = [f"Patient {i} complains of a cold" for i in range(300)]
    made = fitted(TEXT, real).make(0, 1000, Seed(1)).to_pylist()
    assert not set(made) & set(real)
    assert sum(len(text.split()) for text in made) / 1000 == pytest.approx(6, abs=2)


def test_every_text_is_dealt_out_once_before_any_comes_again_whatever_the_blocks() -> None:
    texts = fitted(TEXT, [f"Patient {i} complains of a cold" for i in range(300)])
    size = len(texts.texts)
    whole = texts.make(0, 2 * size, Seed(1))
    assert len(whole[:size].unique()) == len(whole[size:].unique()) == size
    blocks = [texts.make(start, 500, Seed(1)) for start in range(0, 2 * size - 500, 500)]
    assert pa.concat_arrays(blocks).equals(whole[: 500 * len(blocks)])
    assert not texts.make(0, 100, Seed(2)).equals(whole[:100])


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("role", ["id", "text", "constant"])
def test_the_share_of_missing_values_is_kept(role: str, share: float) -> None:
    gaps = int(100 * share)
    values: list[object] = [None] * gaps + ["same"] * (100 - gaps)
    column = Column("c", role, "string", pattern="{uuid4}")
    table = Table(pa.table({"c": pa.array(values, pa.string())}), Schema((column,)))
    made = Unmodelled.fit(table, table, column, 5, Seed(0)).make(0, 4000, Seed(1))
    assert made.null_count / 4000 == pytest.approx(share, abs=0.03)


def test_a_constant_of_too_few_rows_is_forgotten() -> None:
    values: list[object] = ["secret"] * 4 + [None] * 96
    unmodelled = fitted(Column("c", "constant", "string"), values, least=5)
    assert "secret" not in str(unmodelled.to_json())
    assert unmodelled.make(0, 10, Seed(1)).null_count == 10


def test_a_constant_with_several_values_and_an_unknown_kind_are_refused() -> None:
    with pytest.raises(BadInput, match="2 values"):
        fitted(Column("c", "constant", "string"), ["a", "b"])
    with pytest.raises(UsageError, match="Did you mean 'email'"):
        fitted(Column("c", "text", "string", pii="emial"), ["a", "b"])


@pytest.mark.parametrize(
    "changed",
    [{"null_share": 2}, {"null_share": "x"}, {"texts": []}, {"texts": [1]}, {"constant": []}],
)
def test_a_damaged_document_is_bad_input(changed: dict[str, object]) -> None:
    document = fitted(TEXT, ["a b", "c d"]).to_json() | changed
    with pytest.raises(BadInput):
        Unmodelled.from_json(TEXT, document)
    with pytest.raises(BadInput):
        Unmodelled.from_json(Column("c", "constant", "integer"), document | {"constant": "a"})


@pytest.mark.parametrize("engine", ["anyorder", "independent"])
@pytest.mark.parametrize("role", ["id", "text", "constant"])
def test_a_table_without_a_column_to_model_is_refused_before_anything_is_planned(
    role: str, engine: str
) -> None:
    column = Column("c", role, "string", pattern="{uuid4}")
    data = Table(pa.table({"c": pa.array(["same"] * 100)}), Schema((column,)))
    with pytest.raises(BadInput, match="nothing to model"):
        TABLES.generator.foresee(data, Wanted(registry.find("engines", engine)(), 100))
