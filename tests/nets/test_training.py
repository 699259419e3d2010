"""Laws of the training loop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from augment.core.budget import Budget
from augment.core.errors import UsageError
from augment.core.seeds import Seed
from augment.core.types import Job, Start, Tick
from augment.nets.checkpoint import run_digest
from augment.nets.heads_loss import heads_loss
from augment.nets.player import Player
from augment.nets.schedule import Schedule
from augment.nets.training import TooLittleTime, TrainingOutcome, play, train

OLDER = Start(cast("Any", None), "digest", 9)  # nothing is asked of its model
GOAL = torch.tensor([1.0, -2.0, 3.0])


class Killed(Exception):
    pass


def fit(
    scratch: Path, schedule: Schedule, die_at: int | None = None
) -> tuple[TrainingOutcome, torch.Tensor]:
    weights = {"w": torch.zeros(3, requires_grad=True)}

    def loss(step: int) -> torch.Tensor:
        if step == die_at:
            raise Killed
        generator = torch.Generator().manual_seed(Seed(1).child(step).integer())
        noise = torch.randn(3, generator=generator)
        return ((weights["w"] - GOAL - 0.1 * noise) ** 2).sum()

    outcome = train(
        weights,
        loss,
        lambda: float(((weights["w"] - GOAL) ** 2).sum()),
        schedule,
        Job(Seed(1), scratch),
    )
    return outcome, weights["w"].detach()


def test_it_finds_the_minimum(tmp_path: Path) -> None:
    outcome, weights = fit(tmp_path, Schedule(600, learning_rate=0.05, weight_decay=0.0))
    assert torch.allclose(weights, GOAL, atol=0.05)
    assert outcome.stopped == "planned"
    assert outcome.held_out < 0.01


@pytest.mark.parametrize("die_at", [25, 41, 79])
def test_a_killed_run_resumed_ends_with_the_same_weights(tmp_path: Path, die_at: int) -> None:
    schedule = Schedule(80, learning_rate=0.05, check_every=7, checkpoint_every=10)
    whole = fit(tmp_path / "whole", schedule)
    with pytest.raises(Killed):
        fit(tmp_path / "killed", schedule, die_at)
    resumed = fit(tmp_path / "killed", schedule)
    assert torch.equal(resumed[1], whole[1])
    assert resumed[0] == whole[0]


def test_another_plan_does_not_continue_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        fit(tmp_path, Schedule(80, checkpoint_every=10), 30)
    other = Schedule(80, learning_rate=0.01, checkpoint_every=10)
    assert torch.equal(fit(tmp_path, other)[1], fit(tmp_path / "fresh", other)[1])


def test_a_damaged_checkpoint_means_a_fresh_start(tmp_path: Path) -> None:
    schedule = Schedule(40, checkpoint_every=10)
    (tmp_path / "training.safetensors").write_bytes(b"not a checkpoint")
    assert torch.equal(fit(tmp_path, schedule)[1], fit(tmp_path / "fresh", schedule)[1])


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    weights = {"w": torch.zeros(1, requires_grad=True)}

    def loss(step: int) -> torch.Tensor:
        return (weights["w"] * torch.inf).sum()

    with pytest.raises(UsageError, match="learning_rate"):
        train(weights, loss, lambda: float(weights["w"].sum()), Schedule(20), _job(tmp_path))


def test_the_best_weights_are_kept_and_a_worsening_run_stops_early(tmp_path: Path) -> None:
    weights = {"w": torch.zeros(1, requires_grad=True)}
    seen: list[float] = []

    def held_out() -> float:
        seen.append(float((weights["w"] - 0.3).abs().sum()))
        return seen[-1]

    schedule = Schedule(400, 0.02, weight_decay=0.0, check_every=10, patience=3, average=0.5)
    outcome = train(
        weights, lambda step: (weights["w"] - 5).pow(2).sum(), held_out, schedule, _job(tmp_path)
    )
    assert outcome.stopped == "early"
    assert outcome.steps < 400
    assert float((weights["w"] - 0.3).abs().sum().detach()) == pytest.approx(min(seen))


def test_time_that_runs_out_ends_the_run_with_weights_that_were_checked(tmp_path: Path) -> None:
    weights = {"w": torch.zeros(1, requires_grad=True)}
    now = [0.0]

    def loss(step: int) -> torch.Tensor:
        now[0] += 1.0
        return (weights["w"] - 1).pow(2).sum()

    ticks: list[Tick] = []
    job = Job(Seed(1), tmp_path, budget=Budget(100.0, lambda: now[0], 0.0), tick=ticks.append)
    outcome = train(weights, loss, lambda: 1.0, Schedule(10_000), job)
    assert 50 < outcome.steps <= 100
    assert ticks[-1].steps == outcome.steps


def test_a_shortened_training_says_so_under_the_name_of_its_phase(tmp_path: Path) -> None:
    weights = {"w": torch.zeros(1, requires_grad=True)}
    now, ticks = [0.0], []

    def loss(step: int) -> torch.Tensor:
        now[0] += 1.0
        return (weights["w"] - 1).pow(2).sum()

    def fitted(schedule: Schedule) -> TrainingOutcome:
        budget = Budget(100.0, lambda: now[0], now[0])
        job = Job(Seed(1), tmp_path, budget=budget, tick=ticks.append)
        return train(weights, loss, lambda: 1.0, schedule, job, phase="prior")

    fitted(Schedule(10_000))
    assert {tick.phase for tick in ticks} == {"prior"}
    assert "prior" in ticks[0].shortened and "10,000" in ticks[0].shortened
    with pytest.raises(TooLittleTime, match="prior") as raised:
        fitted(Schedule(10_000, fewest=500))
    assert raised.value.exit_code == 6 and raised.value.affordable < 100


def duel(
    scratch: Path, schedule: Schedule, die_at: int | None = None
) -> tuple[TrainingOutcome, torch.Tensor]:
    """One player chases the other, who flees from a moving point."""
    hound = torch.zeros(2, requires_grad=True)
    hare = torch.ones(2, requires_grad=True)

    def hounds(step: int) -> torch.Tensor:
        if step == die_at:
            raise Killed
        return (hound - hare).square().sum()

    def hares(step: int) -> torch.Tensor:
        stream = torch.Generator().manual_seed(Seed(2).child(step).integer())
        return (hare - GOAL[:2] - 0.1 * torch.randn(2, generator=stream)).square().sum() - (
            0.1 * (hound - hare).square().sum()
        )

    players = [Player({"hound": hound}, hounds, rate_factor=2.0), Player({"hare": hare}, hares)]
    outcome = play(
        players,
        lambda: float((hound - hare).detach().square().sum()),
        schedule,
        Job(Seed(1), scratch),
    )
    return outcome, torch.cat([hound, hare]).detach()


def test_players_each_go_down_their_own_loss(tmp_path: Path) -> None:
    schedule = Schedule(600, learning_rate=0.05, weight_decay=0.0, patience=100)
    outcome, weights = duel(tmp_path, schedule)
    assert torch.allclose(weights, GOAL[:2].repeat(2), atol=0.1)
    assert outcome.stopped == "planned"


@pytest.mark.parametrize("die_at", [25, 79])
def test_a_killed_duel_resumed_ends_with_the_same_weights(tmp_path: Path, die_at: int) -> None:
    schedule = Schedule(80, learning_rate=0.05, check_every=7, checkpoint_every=10)
    whole = duel(tmp_path / "whole", schedule)
    with pytest.raises(Killed):
        duel(tmp_path / "killed", schedule, die_at)
    resumed = duel(tmp_path / "killed", schedule)
    assert torch.equal(resumed[1], whole[1])
    assert resumed[0] == whole[0]


def test_a_player_that_waits_moves_only_when_its_steps_are_over(tmp_path: Path) -> None:
    seen: list[float] = []

    def run_away(step: int) -> torch.Tensor:
        seen.append(float(runner.detach()[0]))
        return -runner.sum()

    runner, other = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    players = [
        Player({"other": other}, lambda step: other.square().sum()),
        Player({"runner": runner}, run_away, waits=5),
    ]
    schedule = Schedule(10, learning_rate=0.1, warmup=1, weight_decay=0.0)
    play(players, lambda: float(-runner.detach()), schedule, Job(Seed(1), tmp_path))
    assert seen[:6] == [0.0] * 6 and seen[6:] == sorted(seen[6:]) and seen[6] > 0


def test_what_a_fit_starts_from_is_kept_where_training_finds_nothing_better(
    tmp_path: Path,
) -> None:
    schedule = Schedule(20, learning_rate=0.1, check_every=2)
    for job, step in ((Job(Seed(1), tmp_path, start=OLDER), 0), (Job(Seed(1), tmp_path), 2)):
        weights = torch.full((3,), 2.0, requires_grad=True)
        outcome = train(
            {"w": weights},
            lambda step, w=weights: (w - 9).square().sum(),
            lambda w=weights: float((w.detach() - 2).square().sum()),
            schedule,
            job,
        )
        assert outcome.best_step == step
        assert bool((weights == 2).all()) == (step == 0)


def test_a_checkpoint_is_of_what_a_fit_starts_from(tmp_path: Path) -> None:
    starts = (None, OLDER, replace(OLDER, digest="another"))
    jobs = [Job(Seed(1), tmp_path, start=start) for start in starts]
    digests = {run_digest({}, Schedule(9), job, "") for job in jobs}
    assert len(digests) == 3


def test_many_heads_at_once_agree_with_one_cross_entropy_each() -> None:
    generator = torch.Generator().manual_seed(3)
    sizes = [2, 5, 3]
    h = torch.randn(7, 4, generator=generator, requires_grad=True)
    heads = torch.randn(10, 4, generator=generator, requires_grad=True)
    bias = torch.randn(10, generator=generator, requires_grad=True)
    starts = torch.tensor([0, 2, 7])
    target = torch.stack([torch.randint(0, s, (7,), generator=generator) for s in sizes], 1)
    weight = torch.rand(7, 3, generator=generator)
    owner = torch.zeros(10, 3)
    owner[torch.arange(10), torch.repeat_interleave(torch.tensor(sizes))] = 1.0
    ours = heads_loss(h, heads, bias, owner, target + starts, weight)
    ours_slopes = torch.autograd.grad(ours * 2, [h, heads, bias])
    logits = (h @ heads.t() + bias).split(sizes, 1)
    each = [
        torch.nn.functional.cross_entropy(x, target[:, j], reduction="none")
        for j, x in enumerate(logits)
    ]
    theirs = (torch.stack(each, 1) * weight).sum()
    assert torch.allclose(ours, theirs, rtol=1e-5)
    for a, b in zip(ours_slopes, torch.autograd.grad(theirs * 2, [h, heads, bias]), strict=True):
        assert torch.allclose(a, b, atol=1e-5)


def _job(scratch: Path) -> Job:
    return Job(Seed(1), scratch)
