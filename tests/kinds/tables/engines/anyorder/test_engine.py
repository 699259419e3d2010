"""What `anyorder` promises beyond the laws of every engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core.errors import UsageError
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Job
from augment.kinds.tables.codecs.spans import Spans
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import numbers
from augment.kinds.tables.engines.anyorder import fitted_network, row_block
from augment.kinds.tables.engines.anyorder.calibration import GROUPS
from augment.kinds.tables.engines.anyorder.engine import Anyorder
from augment.kinds.tables.engines.anyorder.structure import (
    dependencies,
    interactions,
    preferred_order,
)
from augment.kinds.tables.engines.anyorder.tokenmodel import AnyorderModel
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel


def dependent_table(rows: int = 3000) -> Table:
    """A city settles its country; a price follows the city; a rare level; a spike of zeros."""
    rng = np.random.default_rng(0)
    city = rng.integers(0, 12, rows)
    price = np.where(rng.random(rows) < 0.3, 0.0, (city * 10 + rng.normal(0, 4, rows)).round(1))
    kind = np.where(rng.random(rows) < 0.5, "a", "b").astype(object)
    kind[:3] = "secret"
    arrays = [
        pa.array([f"city{c:02d}" for c in city]),
        pa.array([f"country{c % 4}" for c in city]),
        pa.array(price),
        pa.array(list(kind)),
    ]
    columns = (
        Column("city", "categorical", "string"),
        Column("country", "categorical", "string"),
        Column("price", "numeric", "float", max_decimals=1),
        Column("kind", "categorical", "string"),
    )
    return Table(pa.table(arrays, names=[c.name for c in columns]), Schema(columns))


@pytest.fixture(scope="module")
def data() -> Table:
    return dependent_table()


@pytest.fixture(scope="module")
def model(data: Table, tmp_path_factory: pytest.TempPathFactory) -> AnyorderModel:
    return Anyorder(epochs=30).fit(data, Job(Seed(1), tmp_path_factory.mktemp("scratch")))


def means(table: Table) -> dict[str, float]:
    price = numbers(table, "price")
    city = np.array(table.column("city").to_pylist())
    return {c: float(price[city == c].mean()) for c in sorted(set(city))}


def test_the_price_follows_the_city(model: AnyorderModel, data: Table) -> None:
    real, made = means(data), means(model.sample(3000, Seed(2)))
    assert made.keys() == real.keys()
    assert np.allclose(list(made.values()), list(real.values()), atol=8)


def test_shares_are_closer_than_independent_draws_would_be(
    model: AnyorderModel, data: Table
) -> None:
    real = np.unique(data.column("city").to_pylist(), return_counts=True)[1] / len(data)
    made = np.unique(model.sample(3000, Seed(2)).column("city").to_pylist(), return_counts=True)[1]
    noise = np.sqrt(real * (1 - real) / 3000).mean()
    assert np.abs(made / 3000 - real).mean() < 0.7 * noise


def test_a_dependency_is_kept_exactly(model: AnyorderModel) -> None:
    made = model.sample(2000, Seed(3))
    city, country = made.column("city").to_pylist(), made.column("country").to_pylist()
    assert all(int(c[4:]) % 4 == int(k[7:]) for c, k in zip(city, country, strict=True))


def test_what_is_asked_of_a_settled_column_settles_the_other(model: AnyorderModel) -> None:
    wanted = Condition((Clause("country", "in", ("country2",)),))
    made = model.sample(300, Seed(4), wanted)
    assert set(made.column("country").to_pylist()) == {"country2"}
    assert set(made.column("city").to_pylist()) == {"city02", "city06", "city10"}


def test_contradicting_conditions_are_named(model: AnyorderModel) -> None:
    clauses = Clause("country", "in", ("country2",)), Clause("city", "in", ("city01",))
    with pytest.raises(UsageError, match="contradict"):
        model.sample(5, Seed(4), Condition(clauses))


def test_a_rare_level_is_hidden_under_protection(model: AnyorderModel, data: Table) -> None:
    assert "secret" not in set(model.sample(5000, Seed(5)).column("kind").to_pylist())
    assert "secret" not in str(model.state().config)
    with pytest.raises(UsageError, match="kind"):
        model.sample(5, Seed(5), Condition((Clause("kind", "in", ("secret",)),)))


def test_gaps_are_filled_by_what_stands(model: AnyorderModel) -> None:
    schema = dependent_table(10).schema
    nothing = pa.nulls(200, pa.string())
    arrays = [nothing, nothing, pa.array(np.full(200, 80.0)), nothing]
    partial = Table(pa.table(arrays, names=schema.names), schema)
    made = model.sample(200, Seed(6), Condition(partial=partial))
    assert set(numbers(made, "price")) == {80.0}
    near = [c in ("city07", "city08", "city09") for c in made.column("city").to_pylist()]
    assert np.mean(near) > 0.8


def test_a_gap_that_another_cell_settles_to_be_empty_stays_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    asked = rng.random(400) < 0.5
    answer = [
        f"{level}" if was else None
        for was, level in zip(asked, rng.integers(1, 6, 400), strict=True)
    ]
    columns = (
        Column("asked", "categorical", "string"),
        Column("answer", "categorical", "string"),
    )
    known = pa.array(np.where(asked, "yes", "no"))
    schema = Schema(columns)
    data = Table(pa.table([known, pa.array(answer)], names=schema.names), schema)
    model = Anyorder(epochs=2).fit(data, Job(Seed(1), tmp_path))
    partial = Table(pa.table([known, pa.nulls(400, pa.string())], names=schema.names), schema)
    made = model.sample(400, Seed(2), Condition(partial=partial))
    assert made.column("asked").to_pylist() == known.to_pylist()
    assert [each is not None for each in made.column("answer").to_pylist()] == asked.tolist()


def test_blocks_of_one_row_follow_the_same_law(model: AnyorderModel, data: Table) -> None:
    made = [model.sample(1, Seed(7).child(i)).column("kind")[0].as_py() for i in range(200)]
    share = np.mean(np.array(data.column("kind").to_pylist()) == "a")
    assert np.mean(np.array(made) == "a") == pytest.approx(share, abs=0.12)


def test_a_model_says_how_its_training_went(data: Table, tmp_path: Path) -> None:
    fitted = fit_model(Anyorder(epochs=20), data, Job(Seed(1), tmp_path), True, len(data))
    report = TableModel.restore(fitted.stored()).facts
    training = report["training"]["network"]
    assert training["planned"] == 20 * (2_800 // 350)  # epochs of batches
    assert (training["steps"], training["stopped"]) == (training["planned"], "planned")
    assert np.isfinite(training["held_out"])
    assert (report["device"], report["threads"]) == ("cpu", 1)
    assert report["precision"] in ("bfloat16", "float32")


def test_a_calendar_in_three_columns_is_an_interaction() -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, (5, 12, 10), (12_000, 3))
    level = rng.normal(0, 10, 600)[rows @ np.array([120, 10, 1])]
    bins = np.digitize(level + rng.normal(0, 3, len(rows)), np.linspace(-20, 20, 30))
    noise = rng.integers(0, 4, len(rows))
    tokens = np.column_stack([rows, bins, noise]).astype(np.int32)
    sizes = [5, 12, 10, 31, 4]
    assert interactions(tokens, sizes)[0] == (0, 1, 2)
    assert interactions(tokens[:, [0, 1, 4]], [5, 12, 4]) == []


def test_a_column_of_many_values_is_in_an_interaction_only_where_it_is_said_to_matter() -> None:
    rng = np.random.default_rng(0)
    week, weekday = rng.integers(0, 100, 12_000), rng.integers(0, 7, 12_000)
    level = rng.normal(0, 10, (100, 7))[week, weekday] + rng.normal(0, 3, 12_000)
    bins = np.digitize(level, np.linspace(-20, 20, 30))
    tokens = np.column_stack([week, weekday, bins]).astype(np.int32)
    assert interactions(tokens, [100, 7, 31]) == []
    assert interactions(tokens, [100, 7, 31], many=frozenset({0}))[0] == (0, 1)


def test_the_order_runs_from_few_tokens_to_many_with_children_after_parents() -> None:
    rng = np.random.default_rng(0)
    parent = rng.integers(0, 9, 500)
    tokens = np.column_stack([parent, parent % 3, rng.integers(0, 5, 500)]).astype(np.int32)
    laws = dependencies(tokens, [9, 3, 5], [True] * 3)
    assert [(law.parent, law.child) for law in laws] == [(0, 1)]
    assert preferred_order(tokens, [9, 3, 5], laws, []) == [2, 0, 1]
    assert preferred_order(tokens, [9, 3, 5], laws, [(0, 2), (1, 2)]) == [2, 0, 1]
    assert preferred_order(tokens, [9, 3, 5], [], [(0, 2)]) == [2, 0, 1]
    assert preferred_order(tokens, [9, 3, 5], [], [(0, 1)]) == [1, 0, 2]
    assert preferred_order(tokens, [9, 3, 5], laws, [(0, 1)], frozenset({2})) == [2, 0, 1]


def test_columns_that_are_nearly_always_the_same_come_before_those_of_many_tokens() -> None:
    rng = np.random.default_rng(0)
    even, mostly_zero = rng.integers(0, 40, 500), rng.integers(0, 90, 500)
    mostly_zero[rng.random(500) < 0.92] = 0
    tokens = np.column_stack([even, mostly_zero, rng.integers(0, 20, 500)]).astype(np.int32)
    assert preferred_order(tokens, [40, 90, 20], [], []) == [2, 1, 0]
    assert preferred_order(tokens[mostly_zero > 0], [40, 90, 20], [], []) == [2, 0, 1]


def test_endings_come_as_often_as_in_training() -> None:
    rng = np.random.default_rng(0)
    plain = rng.uniform(0, 100_000, 4000).round()
    heaped = np.where(rng.random(4000) < 0.3, (plain / 100).round() * 100, plain)
    for values in (plain, heaped):
        spans = Spans.fit(values, 128, True)
        u = (np.arange(4000) * 0.618) % 1
        made = spans.decode(
            Column("x", "numeric", "integer"),
            spans.tokens(values).astype(np.int64),
            u,
            spans.everything(),
        ).to_numpy()
        for power in (10, 100, 1000):
            assert np.mean(made % power == 0) == pytest.approx(
                np.mean(values % power == 0), abs=0.02
            )


def test_numbers_have_no_more_digits_than_the_source() -> None:
    rng = np.random.default_rng(0)
    values = np.array([float(f"{v:.6g}") for v in np.exp(rng.normal(0, 4, 3000))])
    spans = Spans.fit(values, 128, True)
    made = spans.decode(
        Column("x", "numeric", "float"),
        spans.tokens(values).astype(np.int64),
        rng.random(3000),
        spans.everything(),
    ).to_numpy()
    assert np.mean([float(f"{v:.6g}") == v for v in made]) > 0.99


def test_rounding_that_another_column_tells_is_modelled(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    hand = rng.random(3000) < 0.5
    value = np.where(hand, rng.uniform(0, 100, 3000).round(), rng.uniform(0, 100, 3000).round(2))
    columns = (Column("by", "categorical", "string"), Column("x", "numeric", "float"))
    arrays = [pa.array(np.where(hand, "hand", "sensor").tolist()), pa.array(value)]
    data = Table(pa.table(arrays, names=["by", "x"]), Schema(columns))
    made = Anyorder(epochs=20).fit(data, Job(Seed(1), tmp_path)).sample(2000, Seed(2))
    assert made.schema.names == ["by", "x"]
    whole = numbers(made, "x") % 1 == 0
    by_hand = np.array(made.column("by").to_pylist()) == "hand"
    assert whole[by_hand].mean() > 0.8
    assert whole[~by_hand].mean() < 0.2


def test_the_transformer_learns_the_same_law(data: Table, tmp_path: Path) -> None:
    recipe = Anyorder(preset="transformer", width=32, blocks=1, epochs=8, learning_rate=5e-3)
    model = recipe.fit(data, Job(Seed(1), tmp_path))
    made = model.sample(2000, Seed(2))
    real, drawn = means(data), means(made)
    assert np.corrcoef([real[c] for c in drawn], list(drawn.values()))[0, 1] > 0.9
    again = AnyorderModel.from_state(model.state())
    assert again.sample(50, Seed(3)).digest() == model.sample(50, Seed(3)).digest()


def test_pairs_that_are_right_are_not_raked(tmp_path: Path) -> None:
    """Columns that have nothing to do with each other: the noise of their cells is not copied."""
    rng = np.random.default_rng(0)
    columns = Column("x", "numeric", "float"), Column("y", "numeric", "float")
    x, y = rng.normal(size=(2, 4000))
    data = Table(pa.table([x, y], names=["x", "y"]), Schema(columns))
    model = Anyorder(epochs=4).fit(data, Job(Seed(1), tmp_path))
    tables = [t for n, t in model.state().tensors.items() if n.endswith(".table") and len(t)]
    assert tables
    assert all(len(np.unique(row)) <= GROUPS for table in tables for row in table)


def test_rows_are_the_same_by_any_number_of_threads(
    model: AnyorderModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_block, "CHUNK", 100)
    made = []
    for count in (1, 2):
        monkeypatch.setattr(row_block, "cores", lambda count=count: count)
        made.append(model.sample(700, Seed(5)).digest())
    assert made[0] == made[1]


def test_contexts_are_told_apart_by_what_was_drawn() -> None:
    rng = np.random.default_rng(3)
    before, drawn = rng.integers(0, 9, 400), rng.integers(0, 6, 400)
    alike = np.lexsort((before, drawn))
    found = row_block._parted(before, drawn, alike)
    mixed = before * 6 + drawn
    assert np.array_equal(mixed[found.first][found.place], mixed)
    assert len(found.first) == len(np.unique(mixed))


def test_a_uniform_at_the_very_end_picks_the_last_token_with_any_mass() -> None:
    import torch

    cumulated = torch.tensor([[0.0, 0.25, 1.0, 1.0]]).repeat(5, 1)
    u = torch.tensor([0.0, 0.2499, 0.25, 0.9, 1 - 2**-53], dtype=torch.float64)
    assert row_block.pick(cumulated, u).tolist() == [1, 1, 2, 2, 2]


def test_the_sum_of_a_shared_context_is_that_of_each_of_its_rows(model: AnyorderModel) -> None:
    import torch
    from torch.nn.functional import embedding_bag

    network, n = model.network, 300
    known = np.full((n, network.layout.columns), -1)
    rng = np.random.default_rng(4)
    with torch.inference_mode():
        block = row_block.RowBlock(network, known, map)
        for j in network.layout.order:
            block.put(j, np.arange(n), rng.integers(0, network.layout.sizes[j], n))
            slots = network.layout.slots(torch.from_numpy(known))
            sums = embedding_bag(slots, network.embeddings, mode="sum")
            place = slice(None) if block.contexts is None else block.contexts.place
            assert torch.allclose(block.h[place], sums, atol=1e-4)


def test_a_pass_is_filled_up_so_that_few_numbers_of_rows_are_compiled(
    model: AnyorderModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {rows: fitted_network.filled_up(rows) for rows in range(5_000)}
    assert all(rows <= size <= max(2 * rows, rows + 255) for rows, size in sizes.items())
    assert len({*sizes.values()}) < 30
    drawn = model.sample(700, Seed(2))
    monkeypatch.setattr(fitted_network, "filled_up", lambda rows: rows)
    assert model.sample(700, Seed(2)).data.equals(drawn.data)
