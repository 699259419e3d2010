"""Laws of steps that are recorded: they end where plain ones do."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from augment.core.budget import Budget
from augment.core.seeds import Seed
from augment.core.types import Job
from augment.nets.descent import CapturedDescent, PlainDescent, descent
from augment.nets.player import LossInParts, Player, adamw
from augment.nets.schedule import Schedule
from augment.nets.streams import torch_stream
from augment.nets.training import TrainingOutcome, train
from tests.nets.fake_cuda import FakeCuda, cuda

__all__ = ["cuda"]  # a fixture

GOAL = (1.0, -2.0, 3.0)
SCHEDULE = Schedule(80, learning_rate=0.05, check_every=9, checkpoint_every=30)


class Killed(Exception):
    pass


def parted(weights: torch.Tensor, die_at: int | None = None) -> LossInParts:
    def draw(step: int) -> tuple[torch.Tensor]:
        if step == die_at:
            raise Killed
        noise = torch.randn(3, generator=torch_stream(Seed(1).child(step).integer()))
        return (0.1 * noise.to(weights.device),)

    goal = torch.tensor(GOAL, device=weights.device)
    return LossInParts(draw, lambda noise: ((weights - goal - noise) ** 2).sum())


def fit(
    scratch: Path, device: str, die_at: int | None = None, budget: Budget | None = None
) -> tuple[TrainingOutcome, torch.Tensor]:
    weights = torch.zeros(3, device=device).requires_grad_()
    goal = torch.tensor(GOAL, device=device)
    outcome = train(
        {"w": weights},
        parted(weights, die_at),
        lambda: float(((weights - goal) ** 2).sum()),
        SCHEDULE,
        Job(Seed(1), scratch, device, budget=Budget() if budget is None else budget),
    )
    return outcome, weights.detach().cpu()


def moving(device: str) -> tuple[PlainDescent | CapturedDescent, torch.Tensor]:
    weights = torch.zeros(3, device=device).requires_grad_()
    players = [Player({"w": weights}, parted(weights))]
    made = descent(players, [adamw(players[0], SCHEDULE)], SCHEDULE, 0)
    assert isinstance(made, PlainDescent | CapturedDescent)
    return made, weights


def test_steps_are_recorded_on_a_gpu_alone(cuda: FakeCuda) -> None:
    assert isinstance(moving("cuda")[0], CapturedDescent)
    assert isinstance(moving("cpu")[0], PlainDescent)


def test_recorded_steps_end_where_plain_ones_do(tmp_path: Path, cuda: FakeCuda) -> None:
    plain, there = fit(tmp_path / "a", "cpu"), fit(tmp_path / "b", "cuda")
    assert torch.allclose(plain[1], there[1], rtol=1e-4)
    assert [step for step, *_ in plain[0].history] == [step for step, *_ in there[0].history]
    for (_, *ours), (_, *theirs) in zip(plain[0].history, there[0].history, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3)


@pytest.mark.parametrize("die_at", [31, 62])
def test_a_killed_run_of_recorded_steps_ends_with_the_same_weights(
    tmp_path: Path, die_at: int, cuda: FakeCuda
) -> None:
    whole = fit(tmp_path / "a", "cuda")
    with pytest.raises(Killed):
        fit(tmp_path / "b", "cuda", die_at)
    again = fit(tmp_path / "b", "cuda")
    assert torch.equal(whole[1], again[1])
    assert whole[0] == again[0]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_probe_and_a_recording_change_no_weight(device: str, cuda: FakeCuda) -> None:
    tried, weights = moving(device)
    tried.probe(3)
    assert weights.tolist() == [0, 0, 0]
    straight, untried = moving(device)
    for each in (tried, straight):
        each.move(0, 0.1)
    assert weights.tolist() == untried.tolist() != [0, 0, 0]


def test_losses_come_in_order_and_all_of_them_when_they_must(cuda: FakeCuda) -> None:
    there, here = moving("cuda")[0], moving("cpu")[0]
    found: list[float] = []
    expected: list[float] = []
    for step in range(50):
        for each, seen in ((there, found), (here, expected)):
            each.move(step, 0.01)
            seen += each.losses(step == 49)
    assert found == pytest.approx(expected, rel=1e-4)


def test_a_budget_that_ends_stops_recorded_steps(tmp_path: Path, cuda: FakeCuda) -> None:
    looks = iter(range(10_000))
    budget = Budget(60.0, clock=lambda: float(next(looks)), start=0.0)
    outcome, _ = fit(tmp_path, "cuda", budget=budget)
    assert 0 < outcome.steps < SCHEDULE.steps
