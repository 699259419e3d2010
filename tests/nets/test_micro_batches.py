"""Laws of steps in micro-batches: their mean is the same to the bit whoever computes them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import Tensor

from augment.core.ranks import ALONE, Ranks
from augment.core.seeds import Seed
from augment.core.types import Job
from augment.nets.micro_batches import mean_slope
from augment.nets.player import LossInParts
from augment.nets.schedule import Schedule
from augment.nets.streams import torch_stream
from augment.nets.training import train
from tests.nets.fake_cuda import FakeCuda, cuda

__all__ = ["cuda"]  # a fixture

COUNT = 5


class Threads(Ranks):
    """Ranks that are threads of one process."""

    def __init__(self, rank: int, places: list[Tensor], barrier: threading.Barrier) -> None:
        self.rank, self.size = rank, len(places)
        self._places, self._barrier = places, barrier

    def gather(self, tensor: Tensor) -> list[Tensor]:
        self._places[self.rank] = tensor
        self._barrier.wait(30)
        found = [each.clone() for each in self._places]
        self._barrier.wait(30)
        return found

    def told(self, value: Callable[[], str]) -> str:
        raise AssertionError("nothing is told here")

    def finish(self) -> None:
        raise AssertionError("nothing is finished here")


def slope(number: int) -> Tensor:
    """Sizes that differ so much that another order of summing gives another sum."""
    return torch.randn(64, generator=torch_stream(number)) * 10.0 ** (number % 7)


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_the_mean_is_the_same_for_any_number_of_ranks(size: int) -> None:
    alone = mean_slope(slope, 3, COUNT, ALONE)
    places, barrier = [torch.zeros(0)] * size, threading.Barrier(size)
    with ThreadPoolExecutor(size) as pool:
        calls = [
            pool.submit(mean_slope, slope, 3, COUNT, Threads(rank, places, barrier))
            for rank in range(size)
        ]
        assert all(torch.equal(each.result(), alone) for each in calls)
    parts = [slope(3 * COUNT + part) for part in range(COUNT)]
    assert torch.allclose(alone, torch.stack(parts).mean(0))
    backwards = sum(reversed(parts), torch.zeros(64)) / COUNT
    assert not torch.equal(alone, backwards)  # the law could fail


def fit(scratch: Path, micro_batches: int, device: str = "cpu") -> tuple[Tensor, list[int]]:
    """The weights, and the numbers that the loss was given."""
    weights = torch.zeros(3, device=device).requires_grad_()
    goal = torch.tensor([1.0, -2.0, 3.0], device=device)
    numbers: list[int] = []

    def draw(number: int) -> tuple[Tensor]:
        numbers.append(number)
        noise = torch.randn(3, generator=torch_stream(Seed(1).child(number).integer()))
        return (noise.to(device),)

    loss = LossInParts(draw, lambda noise: ((weights - goal - noise) ** 2).sum())
    schedule = Schedule(30, learning_rate=0.05, micro_batches=micro_batches)
    train({"w": weights}, loss, lambda: 0.0, schedule, Job(Seed(1), scratch, device))
    return weights.detach().cpu(), numbers


def test_every_micro_batch_of_every_step_has_its_own_number(tmp_path: Path) -> None:
    assert fit(tmp_path / "a", 1)[1] == list(range(30))
    assert fit(tmp_path / "b", 4)[1] == list(range(120))


def test_recorded_steps_of_micro_batches_end_where_plain_ones_do(
    tmp_path: Path, cuda: FakeCuda
) -> None:
    plain, there = fit(tmp_path / "a", 3), fit(tmp_path / "b", 3, "cuda")
    assert torch.allclose(plain[0], there[0], rtol=1e-4)
    assert not torch.allclose(plain[0], fit(tmp_path / "c", 1)[0], rtol=1e-4)
