"""Laws of the weights that `anyorder` goes on from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from augment.core.errors import UsageError
from augment.core.seeds import Seed
from augment.core.types import Job, Start
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.engines.anyorder.encoding import encode, null_patterns
from augment.kinds.tables.engines.anyorder.engine import Anyorder
from augment.kinds.tables.engines.anyorder.layout import OffsetDays, TokenLayout
from augment.kinds.tables.engines.anyorder.masked_loss import MaskedLoss
from augment.kinds.tables.engines.anyorder.network import Features, TokenNetwork
from augment.kinds.tables.engines.anyorder.tokenmodel import AnyorderModel
from augment.kinds.tables.engines.anyorder.warm_start import Shared, start_from
from augment.kinds.tables.engines.independent import Independent
from augment.testing.simulated import mixed_table

RECIPE = Anyorder(epochs=4, width=16)


@pytest.fixture(scope="module")
def data() -> Table:
    table = mixed_table(400)
    return table.select([name for name in table.schema.names if name != "seen"])  # it is split


@pytest.fixture(scope="module")
def older(data: Table, tmp_path_factory: pytest.TempPathFactory) -> AnyorderModel:
    return RECIPE.fit(data, Job(Seed(1), tmp_path_factory.mktemp("older")))


def test_with_the_same_words_the_weights_are_the_older_ones(
    older: AnyorderModel, data: Table
) -> None:
    known, words = older.network, older.vocabularies
    layout, vocabularies = known.layout, list(words.values())
    assert list(words) == data.schema.names, "neither split dates nor grains are there"
    rows = torch.from_numpy(encode(data, vocabularies).astype(np.int64))
    binned = np.concatenate([each.binned() for each in vocabularies])
    features = Features.of(layout, [each.features() for each in vocabularies], binned, "cpu")
    network = TokenNetwork(layout, older.shape, np.ones(layout.tokens), features)
    lesson = MaskedLoss(
        layout,
        rows,
        Seed(3),
        0.7,
        torch.float32,
        torch.zeros(layout.tokens, dtype=torch.bool),
        torch.zeros(layout.cells[-1] + 1, dtype=torch.bool),
        torch.from_numpy(null_patterns(rows.numpy().astype(np.int32), vocabularies)),
    )
    hidden = lesson.hide(len(rows), torch.Generator().manual_seed(1))
    start_from(older, network, lesson, hidden, words)
    embeddings, heads = network.matrices()
    assert torch.allclose(embeddings, known.embeddings)
    assert torch.allclose(heads, known.heads.float())
    for mine, theirs in zip(network.trunk.parameters(), known.trunk.parameters(), strict=True):
        assert torch.equal(mine, theirs.float())
    expected, stand = lesson.expected(network, hidden)
    assert float((expected - stand).detach().abs().max()) < 0.1 * float(stand.max())


def test_what_older_rows_told_is_not_learnt_again(tmp_path: Path) -> None:
    rows = alike(900)
    older = replace(RECIPE, epochs=12).fit(rows.slice(0, 800), Job(Seed(1), tmp_path / "older"))
    start, few = Start(older, "digest", 800), rows.slice(800, 100)
    fresh = RECIPE.fit(few, Job(Seed(2), tmp_path / "fresh"))
    gone_on = RECIPE.fit(few, Job(Seed(2), tmp_path / "on", start=start))
    losses = [training(model)["held_out"] for model in (fresh, gone_on)]
    steps = [training(model)["planned"] for model in (fresh, gone_on)]
    assert losses[1] < losses[0] and steps[1] < steps[0] / 2


def alike(rows: int) -> Table:
    """Four columns of letters, each of which tells the others on most rows."""
    rng = np.random.default_rng(0)
    letter = rng.integers(0, 8, rows)
    columns = tuple(Column(name, "categorical", "string") for name in "abcd")
    arrays = [
        pa.array(np.array(list("ABCDEFGH"))[np.where(rng.random(rows) < 0.1, other, letter)])
        for other in rng.integers(0, 8, (4, rows))
    ]
    return Table(pa.table(arrays, names=list("abcd")), Schema(columns))


def training(model: AnyorderModel) -> dict[str, float]:
    found: dict[str, float] = model.state().config["facts"]["training"]["network"]
    return found


def test_another_engines_model_is_refused(data: Table, tmp_path: Path) -> None:
    other = Independent().fit(data, Job(Seed(1), tmp_path))
    with pytest.raises(UsageError, match="models of its own"):
        RECIPE.fit(data, Job(Seed(1), tmp_path, start=Start(other, "digest", 9)))


def test_cells_of_an_interaction_are_found_whatever_the_order_of_its_members() -> None:
    newer = TokenLayout((2, 3), (0, 1), ((0, 1),))
    old = TokenLayout((3, 2, 4), (0, 1, 2), ((1, 0),))
    shared = Shared((1, 0), (np.array([1, 0]), np.array([0, -1, 2])))
    cells, rows = shared.cells(newer, 0, old)
    # new (a, b) is old (b, a): a is column 1 of the older, its tokens swapped; b's token 1 is new
    assert cells.tolist() == [0, 2, 3, 5]
    assert (rows - old.cells[0]).tolist() == [1 * 3 + 0, 1 * 3 + 2, 0 * 3 + 0, 0 * 3 + 2]


def test_cells_of_days_that_begin_at_other_times_are_those_of_the_same_days() -> None:
    days = OffsetDays((0, 1, 2), days=2, first=0, begins=2)
    newer = TokenLayout((3, 2, 4), (0, 1, 2), (), (days,))
    old = TokenLayout((2, 2, 4), (0, 1, 2), (), (days,))
    unchanged = np.arange(2), np.arange(4)
    shared = Shared((0, 1, 2), (np.array([1, -1, -1]), *unchanged))  # its first week was the last
    cells, rows = shared.cells(newer, 0, old)
    assert cells.tolist() == [0, 1, 2] and (rows - old.cells[0]).tolist() == [2, 3, 4]
    assert not len(shared.cells(newer, 0, TokenLayout((2, 2, 4), (0, 1, 2)))[0])
