"""The one training loop: AdamW with warm-up and cosine, clipping, averaged weights, early stop.

It knows nothing of tables or images: the caller hands over named tensors, a loss for step `s`
and a loss on held-out rows; where several players have a loss each, they take turns. A killed run
that is given the same scratch folder goes on from its last checkpoint and ends with the same
weights, because every random choice of a step must come from the step's number and never from a
generator that lives across steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from augment.core.errors import OutOfResources, UsageError
from augment.core.ranks import Ranks
from augment.core.types import Job, Json, Tick
from augment.nets.checkpoint import (
    CHECKPOINT,
    Check,
    TrainingState,
    resume,
    run_digest,
    save_checkpoint,
)
from augment.nets.descent import Descent, descent
from augment.nets.devices import precision
from augment.nets.player import Player, adamw
from augment.nets.schedule import Schedule

if TYPE_CHECKING:
    from torch import Tensor

PROBE_STEPS = 4
MOST_CHECKS = 100  # that a model keeps of its training
SAFETY = 0.85  # share of the time left that training may plan for


class TooLittleTime(OutOfResources):
    """The budget has time for `affordable` steps, fewer than the `fewest` of the schedule."""

    def __init__(self, phase: str, affordable: int, fewest: int) -> None:
        self.affordable, self.fewest = affordable, fewest
        more = math.ceil(fewest / max(affordable, 1) + 0.5)
        super().__init__(
            f"The time left is enough for about {affordable:,} steps of training ({phase}), and "
            f"below {fewest:,} nothing is learnt. Give at least {more} times as much --max-time."
        )


@dataclass(frozen=True)
class TrainingOutcome:
    """What a training run did; `stopped` is "planned", "early" or "time".

    `planned` are the steps of the schedule, or as many of them as a probe said the budget has
    time for. No clock is read into it: two fits of one seed are one model.
    """

    steps: int
    best_step: int
    held_out: float
    stopped: str
    planned: int
    history: tuple[Check, ...] = ()

    def to_json(self) -> Json:
        """For the facts of a model, with at most `MOST_CHECKS` of its history; a loss that is not
        finite is absent."""
        every = -(-len(self.history) // MOST_CHECKS) or 1
        kept = self.history[::-1][::every][::-1]  # the last one among them
        history = [[step, _shown(loss), _shown(held)] for step, loss, held in kept]
        return {**asdict(self), "held_out": _known(self.held_out), "history": history}


def _shown(loss: float) -> float | None:
    known = _known(loss)
    return None if known is None else float(f"{known:.5g}")


def _known(loss: float) -> float | None:
    return loss if math.isfinite(loss) else None


def facts(outcomes: dict[str, TrainingOutcome], device: str, threads: int) -> Json:
    """What a model records of the training of its networks, by their names."""
    return {
        "training": {name: outcome.to_json() for name, outcome in outcomes.items()},
        "device": device,
        "precision": precision(device),
        "threads": threads,
    }


def train(
    parameters: dict[str, Tensor],
    loss: Callable[[int], Tensor],
    held_out: Callable[[], float],
    schedule: Schedule,
    job: Job,
    label: str = "",
    phase: str = "fit",
) -> TrainingOutcome:
    """Fit `parameters` in place; afterwards they hold the best averaged weights seen.

    `loss(step)` must draw all its randomness from `step`; where a step has several micro-batches,
    it is given their numbers instead, counted through all steps. `held_out()` is called while the
    parameters hold the averaged weights. `label` names the data and the model: a checkpoint made
    under another label, seed or schedule is not continued. `phase` is what progress calls it.
    """
    return play([Player(parameters, loss)], held_out, schedule, job, label, phase)


def play(
    players: Sequence[Player],
    held_out: Callable[[], float],
    schedule: Schedule,
    job: Job,
    label: str = "",
    phase: str = "fit",
) -> TrainingOutcome:
    """`train` for several players; no two of them share a tensor or a name.

    The loss that is shown is the last player's. Raises `UsageError` where no finite weights came
    out of it, and `TooLittleTime` before the first step where the budget makes it pointless.
    """
    import torch

    parameters = {name: tensor for each in players for name, tensor in each.parameters.items()}
    assert len(parameters) == sum(len(each.parameters) for each in players), "names repeat"
    names, tensors = list(parameters), list(parameters.values())

    def judged() -> float:
        return job.ranks.told_number(held_out)

    digest = run_digest(parameters, schedule, job, label)
    path = job.scratch / CHECKPOINT
    run = resume(path, digest, names, players, schedule)
    _require_agreement(job.ranks, f"{digest} {0 if run is None else run.step}")
    if run is None:
        _take_weights(job.ranks, tensors)
        copies = [[t.detach().clone() for t in tensors] for _ in range(2)]
        optimizers = [adamw(each, schedule) for each in players]
        run = TrainingState(0, schedule.steps, 0, math.inf, copies[0], copies[1], optimizers)
        moving = descent(players, optimizers, schedule, 0, job.ranks)
        run.steps = _affordable(schedule, moving, job, phase)
        if job.start is not None:  # what an older fit found may be the best that there is
            _check(run, tensors, judged)
    else:
        moving = descent(players, run.optimizers, schedule, run.step, job.ranks)
    stopped = "planned"
    while run.step < run.steps:
        moving.move(run.step, schedule.rate(run.step, run.steps))
        decay = min(schedule.average, (1 + run.step) / (10 + run.step))
        torch._foreach_lerp_(run.average, [t.detach() for t in tensors], 1 - decay)
        run.step += 1
        out_of_time = job.budget.left() <= 0
        checked = run.step % schedule.check_every == 0 or run.step == run.steps or out_of_time
        saved = run.step % schedule.checkpoint_every == 0 and run.step < run.steps
        values = moving.losses(checked or saved)
        for step, value in enumerate(values, run.step - len(values) + 1):
            run.loss += 0.02 * (value - run.loss) if step > 1 else value
        if checked:
            run.history.append((run.step, run.loss, _check(run, tensors, judged)))
            job.tick(Tick(phase, run.step, run.steps, loss=run.loss, held_out=run.best_loss))
            if run.step - run.best_step >= schedule.patience * schedule.check_every:
                stopped = "early"
                break
        if out_of_time:
            stopped = "time"
            if run.step < run.steps:
                cut = f"{_named(phase)} stopped at step {run.step:,} of {run.steps:,}"
                job.tick(Tick(phase, run.step, run.steps, shortened=cut))
            break
        if saved and job.ranks.rank == 0:
            save_checkpoint(path, digest, run, names, tensors)
    if not all(bool(weights.isfinite().all()) for weights in run.best):
        raise UsageError(
            "The training came to numbers that are not finite. Pass a smaller -p learning_rate."
        )
    with torch.no_grad():
        for tensor, weights in zip(tensors, run.best, strict=True):
            tensor.copy_(weights)
    job.ranks.finish()
    told = (run.step, run.best_step, run.best_loss, stopped, run.steps, tuple(run.history))
    return TrainingOutcome(*told)


def _require_agreement(ranks: Ranks, plan: str) -> None:
    """Raise where a rank would train otherwise than rank 0, or go on from elsewhere."""
    if ranks.told(lambda: plan) != plan:
        raise UsageError(
            "The processes that were to train together have made different plans. Give them "
            "machines and cards of one type, and a folder that all of them see."
        )


def _take_weights(ranks: Ranks, tensors: list[Tensor]) -> None:
    """Begin with rank 0's: what a library computes may differ by a bit between machines."""
    import torch

    if ranks.size > 1:
        with torch.no_grad():
            for tensor in tensors:
                tensor.copy_(ranks.gather(tensor.detach())[0])


def _check(run: TrainingState, tensors: list[Tensor], held_out: Callable[[], float]) -> float:
    """Take the held-out loss on the averaged weights, and keep them if they are the best yet."""
    import torch

    with torch.no_grad():
        current = [t.detach().clone() for t in tensors]
        for tensor, average in zip(tensors, run.average, strict=True):
            tensor.copy_(average)
        loss = held_out()
        for tensor, value in zip(tensors, current, strict=True):
            tensor.copy_(value)
        if loss < run.best_loss or not math.isfinite(run.best_loss):
            run.best_loss, run.best_step = loss, run.step
            for best, average in zip(run.best, run.average, strict=True):
                best.copy_(average)
    return loss


def _affordable(schedule: Schedule, moving: Descent, job: Job, phase: str) -> int:
    """The planned steps, or as many as fit into the budget by a probe that changes no weight."""
    steps = schedule.steps
    if math.isinf(job.budget.left()):
        return steps
    moving.probe(0)
    before = job.budget.left()
    for step in range(PROBE_STEPS):
        moving.probe(step)
    seconds = max((before - job.budget.left()) / PROBE_STEPS, 1e-6)
    affordable = int(SAFETY * job.budget.left() / seconds)
    if affordable < min(schedule.fewest, steps):
        raise TooLittleTime(phase, affordable, min(schedule.fewest, steps))
    if affordable < steps:
        affordable = max(1, affordable)
        cut = f"{_named(phase)} gets {affordable:,} of {steps:,} steps"
        job.tick(Tick(phase, 0, affordable, shortened=cut))
    return min(affordable, steps)


def _named(phase: str) -> str:
    return "the training" if phase == "fit" else f"the training of the {phase}"
