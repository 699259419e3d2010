"""What preset gpu learns from, at the size of a test and without a GPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from augment.core.errors import OutOfResources
from augment.core.seeds import Seed
from augment.core.types import Job, Tick
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.engines.conditioning import Conditioning
from augment.kinds.images.engines.flow import device_training
from augment.kinds.images.engines.flow.device_loss import DeviceLoss, changed, draw_times
from augment.kinds.images.engines.flow.dit import Dit
from augment.kinds.images.engines.flow.engine import SLOW, Flow
from augment.kinds.images.engines.flow.presets import LEAST_AT_ONCE, MOST_AT_ONCE, batch_for
from augment.nets import descent
from augment.nets.random_affine import MOVES
from augment.nets.streams import initialised, torch_stream
from augment.testing import simple_images
from tests.nets.fake_cuda import FakeCuda, cuda

__all__ = ["cuda"]  # a fixture

TINY = Flow(preset="gpu", width=8, batch=8, steps=6)


def lesson(data: Images, batch: int = 8) -> DeviceLoss:
    conditioning = Conditioning.of(data, True)
    with initialised(1):
        network = Dit(data.schema.shape, conditioning.condition_width, 16, 1)
        for weights in network.parameters():
            torch.nn.init.normal_(weights, std=0.2)  # at first it sees grey, whatever it is told
    pixels = torch.from_numpy(np.array(data.pixels))
    conditions = torch.from_numpy(conditioning.matrix_of(data))
    return DeviceLoss(network, pixels, conditions, conditioning.word_columns, batch, True, "cpu")


@pytest.mark.parametrize("canvas", [(8, 8), (17, 9), (32, 20)])
def test_the_network_gives_a_picture_of_the_canvas_and_hears_all_that_it_is_told(
    canvas: tuple[int, int],
) -> None:
    taught = lesson(simple_images(20, canvas, "rgb", 2))
    x, noised, t, length, c, told = taught.draw(torch_stream(1))
    network = taught.network
    seen = network(noised, t, c, told, length)
    assert seen.shape == x.shape == (8, 3, *canvas)
    for other in (
        network(noised, t + 0.1, c, told, length),
        network(noised, t, c.roll(1, 1), told, length),
        network(noised, t, c, told + 1, length),
        network(noised, t, c, told, length + 0.5),
        network(noised.flip(3), t, c, told, length),
    ):
        assert (other - seen).abs().amax((1, 2, 3)).min() > 0


def test_a_batch_is_its_streams_and_of_one_shape() -> None:
    taught = lesson(simple_images(20))
    one, again, other = (taught.draw(torch_stream(seed)) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert [each.shape for each in one] == [each.shape for each in other]
    assert not torch.equal(one[1], other[1])
    assert (one[3][: taught.jumps] > 0).all() and (one[3][taught.jumps :] == 0).all()


def test_half_of_the_pictures_are_changed_and_told_so() -> None:
    x = torch.rand(40, 1, 8, 8, generator=torch_stream(1))
    made, told = changed(x, torch_stream(2))
    assert torch.equal(made[20:], x[20:]) and not told[20:].any()
    assert (made[:20] - x[:20]).abs().amax((1, 2, 3)).min() > 0
    assert 0 < told[:20, MOVES].sum() < 20


def test_times_lie_on_the_path_and_reach_its_ends() -> None:
    t = draw_times(5_000, torch_stream(1))
    assert 0 <= t.min() < 0.02 and 0.98 < t.max() <= 1
    assert 0.3 < t.median() < 0.5


def test_a_jump_that_comes_where_two_of_its_half_come_has_nothing_to_learn() -> None:
    data = simple_images(20)
    taught = lesson(data)
    x, noised, t, length, c, told = taught.draw(torch_stream(1))
    straight = replace(taught, network=_Always(x))  # type: ignore[arg-type]
    assert float(straight.loss(x, noised, t, length, c, told)) < 1e-6
    assert taught.loss(x, noised, t, length, c, told).item() > 0.01


class _Always(torch.nn.Module):
    """Sees the pictures that are there, wherever it looks."""

    def __init__(self, pictures: torch.Tensor) -> None:
        super().__init__()
        self.pictures = pictures

    def forward(self, x: torch.Tensor, *rest: Any) -> torch.Tensor:
        return self.pictures[: len(x)]


def test_steps_are_recorded_on_a_gpu(
    tmp_path: Path, cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = []

    def recorded(work: Callable[[], None], device: torch.device) -> Callable[[], None]:
        devices.append(device.type)
        return work

    monkeypatch.setattr(descent, "recorded", recorded)
    TINY.fit(simple_images(40), Job(Seed(1), tmp_path / "here"))
    assert not devices
    TINY.fit(simple_images(40), Job(Seed(1), tmp_path / "there", "cuda"))
    assert set(devices) == {"cuda"}


def test_a_device_that_cannot_hold_the_pictures_is_told_of_before_the_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_training, "bytes_of", lambda device: 10_000)
    with pytest.raises(OutOfResources, match="preset=cpu"):
        TINY.fit(simple_images(400), Job(Seed(1), tmp_path))


def test_batches_grow_with_the_memory_between_their_bounds() -> None:
    sizes = [batch_for(gigabytes << 30, 256, 512, 8) for gigabytes in (1, 4, 16, 80, 800)]
    assert sizes == sorted(sizes) and len(set(sizes)) > 3
    assert sizes[0] == LEAST_AT_ONCE and sizes[-1] == MOST_AT_ONCE


def test_on_a_cpu_it_is_said_that_the_preset_is_slow_there(tmp_path: Path) -> None:
    ticks: list[Tick] = []
    TINY.fit(simple_images(20), Job(Seed(1), tmp_path, tick=ticks.append))
    Flow(width=8, batch=8, steps=6).fit(simple_images(20), Job(Seed(1), tmp_path / "small"))
    assert sum(tick.note == SLOW for tick in ticks) == 1


def test_a_gpu_learns_and_draws_faster_and_a_longer_fit_costs_more() -> None:
    data = simple_images(20, (32, 32), "rgb", 2)
    recipe = Flow(preset="gpu", batch=512)
    here, there = recipe.costs(data, "cpu"), recipe.costs(data, "cuda")
    assert there.fit_seconds < here.fit_seconds and there.row_seconds < here.row_seconds
    longer = replace(recipe, steps=12_000, sampling_steps=8).costs(data, "cuda")
    assert longer.fit_seconds > 1.9 * there.fit_seconds
    assert longer.row_seconds == pytest.approx(2 * there.row_seconds)
    assert 300 < there.fit_seconds < 1_200  # 537 by what was measured on one H200
    assert 1_000 < 1 / there.row_seconds < 5_000  # 2,536 there
