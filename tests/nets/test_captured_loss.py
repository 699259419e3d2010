"""A loss that is recorded once and replayed teaches what the loss itself teaches."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from augment.core.seeds import Seed
from augment.core.types import Job
from augment.nets.captured_loss import Recording, Take, captured
from augment.nets.schedule import Schedule
from augment.nets.training import train
from tests.nets.fake_cuda import FakeCuda, cuda

__all__ = ["cuda"]  # a fixture


def recorded(take: Take) -> Recording:
    """As a device does it: what is replayed reads and writes the memory of the recording."""
    loss, slopes = take()
    loss, slopes = loss.clone(), [each.clone() for each in slopes]

    def replay() -> None:
        value, found = take()
        loss.copy_(value)
        for place, slope in zip(slopes, found, strict=True):
            place.copy_(slope)

    return Recording(replay, loss, slopes)


def draw(step: int) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(Seed(1).child(step).integer())
    x = torch.randn(16, 3, generator=generator)
    return x, (x * torch.tensor([1.0, -2.0, 3.0])).sum(1)


def learnt(scratch: Path, replayed: bool, steps: int = 200) -> dict[str, Tensor]:
    weights = {"w": torch.zeros(3, requires_grad=True), "b": torch.zeros((), requires_grad=True)}

    def loss(x: Tensor, y: Tensor) -> Tensor:
        return (x @ weights["w"] + weights["b"] - y).square().mean()

    step = lambda step: loss(*draw(step))  # noqa: E731
    if replayed:
        step = captured(draw, loss, list(weights.values()), recorded)
    schedule = Schedule(steps, learning_rate=0.1, weight_decay=0.0, check_every=20)
    scratch.mkdir()
    train(weights, step, lambda: float(loss(*draw(10_000))), schedule, Job(Seed(1), scratch))
    return {name: each.detach() for name, each in weights.items()}


def test_a_replayed_training_ends_with_the_same_weights(tmp_path: Path) -> None:
    plain = learnt(tmp_path / "plain", replayed=False)
    again = learnt(tmp_path / "replayed", replayed=True)
    assert (plain["w"] - torch.tensor([1.0, -2.0, 3.0])).abs().max() < 0.2
    assert all(torch.equal(plain[name], again[name]) for name in plain)


def test_slopes_that_were_handed_out_are_not_written_into_by_the_next_step() -> None:
    w = torch.zeros(3, requires_grad=True)
    step = captured(draw, lambda x, y: (x @ w - y).square().mean(), [w], recorded)
    (first,) = torch.autograd.grad(step(1), [w])
    kept = first.clone()
    (second,) = torch.autograd.grad(step(2), [w])
    assert torch.equal(first, kept) and not torch.equal(first, second)


def test_what_is_replayed_lies_where_it_was_recorded(cuda: FakeCuda) -> None:
    w = torch.zeros(3, device="cuda", requires_grad=True)

    def there(step: int) -> tuple[Tensor, ...]:
        return tuple(each.to("cuda") for each in draw(step))

    step = captured(there, lambda x, y: (x @ w - y).square().mean(), [w], recorded)
    (slope,) = torch.autograd.grad(step(3), [w])
    assert slope.is_cuda and cuda.products["cpu"] == 0
