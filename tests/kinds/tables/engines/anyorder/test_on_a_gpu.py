"""What a GPU computes in another way is what a CPU computes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from augment.core.errors import UsageError
from augment.core.seeds import Seed
from augment.core.types import Job
from augment.kinds.tables.engines.anyorder import device_rows
from augment.kinds.tables.engines.anyorder.chain import Chain
from augment.kinds.tables.engines.anyorder.device_batches import DeviceBatches
from augment.kinds.tables.engines.anyorder.engine import Anyorder
from augment.kinds.tables.engines.anyorder.layout import TokenLayout
from augment.kinds.tables.engines.anyorder.masked_loss import MaskedLoss
from augment.kinds.tables.engines.anyorder.network import TokenNetwork
from augment.kinds.tables.engines.anyorder.presets import Shape
from augment.kinds.tables.engines.anyorder.tokenmodel import AnyorderModel
from augment.nets.streams import initialised
from augment.nets.transformer import Transformer
from tests.kinds.tables.engines.anyorder.test_engine import dependent_table
from tests.nets.fake_cuda import FakeCuda, cuda

__all__ = ["cuda"]  # a fixture

LAYOUT = TokenLayout((3, 7, 2, 5), (2, 0, 3, 1), ((0, 2), (0, 1, 3)))  # of the CPU alone
TRUNKS = {"blocks": Shape(16, 24, 2), "transformer": Shape(16, 24, 2, attention=True)}


def lesson_on(device: str, rows: int = 300) -> MaskedLoss:
    rng = np.random.default_rng(0)
    tokens = np.stack([rng.integers(-1, size, rows) for size in LAYOUT.sizes], axis=1)
    binned, rare = np.zeros(LAYOUT.tokens, bool), np.zeros(LAYOUT.cells[-1] + 1, bool)
    binned[3:10], rare[-8:-1] = True, True
    return MaskedLoss(
        replace(LAYOUT),
        torch.from_numpy(tokens).to(device),
        Seed(5),
        0.7,
        torch.float32,
        torch.from_numpy(binned).to(device),
        torch.from_numpy(rare).to(device),
        torch.from_numpy(rng.random((9, 4)) < 0.3),
    )


def network_on(device: str, trunk: str) -> TokenNetwork:
    with initialised(7):
        network = TokenNetwork(replace(LAYOUT), TRUNKS[trunk], np.ones(LAYOUT.tokens), None)
    return network.to(device)


@pytest.mark.parametrize("trunk", TRUNKS)
def test_one_product_for_all_heads_gives_the_loss_and_the_slopes_of_many(
    trunk: str, cuda: FakeCuda
) -> None:
    found = []
    for device in ("cpu", "cuda"):
        lesson, network = lesson_on(device), network_on(device, trunk)
        loss = lesson.loss(network, 3, 64)
        slopes = torch.autograd.grad(loss, list(network.trained().values()))
        found.append((loss.detach().cpu(), [slope.cpu() for slope in slopes]))
    (loss, slopes), (theirs, their_slopes) = found
    assert torch.allclose(loss, theirs, rtol=1e-5)
    assert any(float(slope.abs().max()) > 1e-3 for slope in slopes)
    for ours, other in zip(slopes, their_slopes, strict=True):
        assert torch.allclose(ours, other, atol=1e-6)


@pytest.mark.parametrize("trunk", TRUNKS)
def test_held_out_rows_lose_as_much(trunk: str, cuda: FakeCuda) -> None:
    hidden = lesson_on("cpu").hide(300, torch.Generator().manual_seed(3))
    with torch.no_grad():
        losses = [
            lesson_on(device).held_out(network_on(device, trunk), hidden.to(device))
            for device in ("cpu", "cuda")
        ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_what_a_step_draws_depends_on_the_step_alone(cuda: FakeCuda) -> None:
    def drawn(batches: DeviceBatches, step: int) -> list[object]:
        return [each.cpu().tolist() for each in batches.draw(step)]

    walked, asked = DeviceBatches(lesson_on("cuda"), 40), DeviceBatches(lesson_on("cuda"), 40)
    seen = [drawn(walked, step) for step in range(40)]
    assert [drawn(asked, step) for step in (37, 2, 16, 15)] == [seen[s] for s in (37, 2, 16, 15)]
    assert len({str(each) for each in seen}) == 40


def test_batches_are_of_the_rows_that_a_cpu_takes_and_show_what_is_not_hidden(
    cuda: FakeCuda,
) -> None:
    lesson = lesson_on("cuda")
    batches, shares = DeviceBatches(lesson, 40), []
    for step in range(30):
        rows, hidden, slots = (each.cpu() for each in batches.draw(step))
        taken = lesson.rows.cpu()[lesson.batch(step, 40)]
        assert torch.equal(rows[:, 2], taken[:, 2]), (
            "columns without bins are asked for as they are"
        )
        seen = LAYOUT.slots(torch.where(hidden, -1, taken))[:, :4]
        assert torch.equal(slots[:, :4], seen)
        shares.append(float(hidden.float().mean()))
    stream = torch.Generator().manual_seed(1)
    expected = float(lesson_on("cpu").hide(20_000, stream).float().mean())
    assert np.mean(shares) == pytest.approx(expected, abs=0.05)


def test_one_place_of_a_transformer_is_what_it_is_among_all() -> None:
    with initialised(1):
        trunk = Transformer(64, 32, 3)
        x = torch.randn(6, 5, 64)
    with torch.no_grad():
        whole = trunk(x)
        for place in range(5):
            assert torch.allclose(trunk.at(x, place), whole[:, place], atol=1e-5)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AnyorderModel]:
    recipes = {
        "blocks": Anyorder(epochs=5),
        "transformer": Anyorder(preset="transformer", epochs=1, width=32, blocks=2),
    }
    table = dependent_table()
    return {
        name: recipe.fit(table, Job(Seed(1), tmp_path_factory.mktemp(name)))
        for name, recipe in recipes.items()
    }


def on_the_gpu(chain: Chain) -> Chain:
    """On the pretended device of this test; a layout keeps what it brought to another's."""
    network = replace(chain.network, layout=replace(chain.layout))
    return replace(chain, network=network).on("cuda")


def rows_of(
    chain: Chain, allowed: dict[int, NDArray[np.float64]], first: frozenset[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return chain.draw(2_000, np.random.default_rng(3), allowed, None, first)


@pytest.mark.parametrize("trunk", TRUNKS)
@pytest.mark.parametrize("asked", ["nothing", "a parent", "a child", "another"])
def test_rows_drawn_on_a_gpu_are_those_of_the_cpu(
    trunk: str,
    asked: str,
    models: dict[str, AnyorderModel],
    cuda: FakeCuda,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(device_rows, "PART", 300)
    chain = models[trunk]._chain
    law = chain.laws[0]
    other = next(j for j in range(4) if j not in (law.parent, law.child))
    column = {"a parent": law.parent, "a child": law.child, "another": other}.get(asked)
    allowed, first = {}, frozenset[int]()
    if column is not None:
        weight = np.ones(chain.layout.sizes[column])
        weight[0] = 0.0
        allowed, first = {column: weight}, frozenset([column])
    here = rows_of(chain, allowed, first)
    there = rows_of(on_the_gpu(chain), allowed, first)
    differ = (here[0] != there[0]).any(axis=1)
    assert differ.mean() < 0.005, "only where a rounding decides"
    if not differ.any():
        assert np.array_equal(here[1], there[1])
    if column is not None:
        assert there[0][:, column].min() > 0


def test_conditions_that_contradict_each_other_are_refused_on_a_gpu_too(
    models: dict[str, AnyorderModel], cuda: FakeCuda
) -> None:
    chain = on_the_gpu(models["blocks"]._chain)
    law = chain.laws[0]
    parent = np.zeros(chain.layout.sizes[law.parent])
    child = np.zeros(chain.layout.sizes[law.child])
    parent[0] = 1.0
    child[(law.child_of[0] + 1) % len(child)] = 1.0
    with pytest.raises(UsageError, match="contradict"):
        rows_of(chain, {law.parent: parent, law.child: child}, frozenset([law.child]))
