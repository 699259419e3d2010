"""The one training loop: AdamW with warm-up and cosine, clipping, averaged weights, early stop.

It knows nothing of tables or images: the caller hands over named tensors, a loss for step `s`
and a loss on held-out rows; where several players have a loss each, they take turns. A killed run
that is given the same scratch folder goes on from its last checkpoint and ends with the same
weights, because every random choice of a step must come from the step's number and never from a
generator that lives across steps.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from augment.core.errors import OutOfResources, UsageError
from augment.core.files import atomic
from augment.core.types import Job, Json, Tick
from augment.nets.machine import precision

if TYPE_CHECKING:
    from torch import Tensor

CHECKPOINT = "training.safetensors"
PROBE_STEPS = 4
SAFETY = 0.85  # share of the time left that training may plan for


@dataclass(frozen=True)
class Schedule:
    """How long and how fast. `check_every` steps the held-out loss is taken on averaged weights;
    after `patience` checks without a new best the run stops. `checkpoint_every` is in steps."""

    steps: int
    learning_rate: float = 3e-3
    warmup: int = 50
    weight_decay: float = 0.1
    clip: float = 1.0
    average: float = 0.999
    check_every: int = 100
    patience: int = 5
    checkpoint_every: int = 500
    betas: tuple[float, float] = (0.9, 0.99)
    lowest: float = 0.01  # share of the full rate that it falls to
    fewest: int = 0  # steps, below which nothing is learnt that is worth having

    def rate(self, step: int, steps: int) -> float:
        """Linear warm-up, then half a cosine down to the lowest rate."""
        rise = min(1.0, (step + 1) / max(1, min(self.warmup, steps // 4)))
        fall = 0.5 + 0.5 * math.cos(math.pi * step / steps)
        return self.learning_rate * rise * max(fall, self.lowest)


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
class Outcome:
    """What a training run did; `stopped` is "planned", "early" or "time".

    `planned` are the steps of the schedule, or as many of them as a probe said the budget has
    time for. No clock is read into it: two fits of one seed are one model.
    """

    steps: int
    best_step: int
    held_out: float
    stopped: str
    planned: int

    def to_json(self) -> Json:
        """For the facts of a model; a loss that is not finite is absent."""
        return {**asdict(self), "held_out": self.held_out if math.isfinite(self.held_out) else None}


def facts(outcomes: dict[str, Outcome], device: str, threads: int) -> Json:
    """What a model records of the training of its networks, by their names."""
    return {
        "training": {name: outcome.to_json() for name, outcome in outcomes.items()},
        "device": device,
        "precision": precision(device),
        "threads": threads,
    }


@dataclass(frozen=True)
class Player:
    """Named tensors that follow the slope of a loss of their own, at `pace` times the rate.

    Within a step the players move one after another, each seeing what those before it did. A
    slope is taken for the player's own tensors only, so that losses may pass through another's.
    """

    parameters: dict[str, Tensor]
    loss: Callable[[int], Tensor]
    pace: float = 1.0

    @property
    def tensors(self) -> list[Tensor]:
        return list(self.parameters.values())

    def descended(self, step: int) -> float:
        """Take the slope of the step's loss into the tensors' `grad`; the loss."""
        value = self.loss(step)
        value.backward(inputs=self.tensors)  # type: ignore[no-untyped-call]
        return float(value.detach())


@dataclass
class _Run:
    """The moving parts of one run: all of it is in a checkpoint."""

    step: int
    steps: int
    best_step: int
    best_loss: float
    average: list[Tensor]
    best: list[Tensor]
    optimizers: list[Any]  # one for each player


def train(
    parameters: dict[str, Tensor],
    loss: Callable[[int], Tensor],
    held_out: Callable[[], float],
    schedule: Schedule,
    job: Job,
    label: str = "",
    phase: str = "fit",
) -> Outcome:
    """Fit `parameters` in place; afterwards they hold the best averaged weights seen.

    `loss(step)` must draw all its randomness from `step`. `held_out()` is called while the
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
) -> Outcome:
    """`train` for several players; no two of them share a tensor or a name.

    The loss that is shown is the last player's. Raises `UsageError` where no finite weights came
    out of it, and `TooLittleTime` before the first step where the budget makes it pointless.
    """
    import torch

    parameters = {name: tensor for each in players for name, tensor in each.parameters.items()}
    assert len(parameters) == sum(len(each.parameters) for each in players), "names repeat"
    names, tensors = list(parameters), list(parameters.values())
    mark = _mark(parameters, schedule, job, label)
    path = job.scratch / CHECKPOINT
    run = _resumed(path, mark, names, players, schedule)
    if run is None:
        steps = _affordable(schedule, players, job, phase)
        copies = [[t.detach().clone() for t in tensors] for _ in range(2)]
        optimizers = [_adamw(each, schedule) for each in players]
        run = _Run(0, steps, 0, math.inf, copies[0], copies[1], optimizers)
    stopped, mean = "planned", 0.0
    while run.step < run.steps:
        value = 0.0
        for player, optimizer in zip(players, run.optimizers, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate(run.step, run.steps) * player.pace
            optimizer.zero_grad(set_to_none=True)
            value = player.descended(run.step)
            torch.nn.utils.clip_grad_norm_(player.tensors, schedule.clip)
            optimizer.step()
        decay = min(schedule.average, (1 + run.step) / (10 + run.step))
        torch._foreach_lerp_(run.average, [t.detach() for t in tensors], 1 - decay)
        run.step += 1
        mean += 0.02 * (value - mean) if run.step > 1 else value
        out_of_time = job.budget.left() <= 0
        if run.step % schedule.check_every == 0 or run.step == run.steps or out_of_time:
            _check(run, tensors, held_out)
            job.tick(Tick(phase, run.step, run.steps, loss=mean, held_out=run.best_loss))
            if run.step - run.best_step >= schedule.patience * schedule.check_every:
                stopped = "early"
                break
        if out_of_time:
            stopped = "time"
            if run.step < run.steps:
                cut = f"{_named(phase)} stopped at step {run.step:,} of {run.steps:,}"
                job.tick(Tick(phase, run.step, run.steps, shortened=cut))
            break
        if run.step % schedule.checkpoint_every == 0 and run.step < run.steps:
            _save(path, mark, run, names, tensors)
    if not all(bool(weights.isfinite().all()) for weights in run.best):
        raise UsageError(
            "The training came to numbers that are not finite. Pass a smaller -p learning_rate."
        )
    with torch.no_grad():
        for tensor, weights in zip(tensors, run.best, strict=True):
            tensor.copy_(weights)
    return Outcome(run.step, run.best_step, run.best_loss, stopped, run.steps)


def _check(run: _Run, tensors: list[Tensor], held_out: Callable[[], float]) -> None:
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


def _affordable(schedule: Schedule, players: Sequence[Player], job: Job, phase: str) -> int:
    """The planned steps, or as many as fit into the budget by a probe that changes no weight."""
    steps = schedule.steps
    if math.isinf(job.budget.left()):
        return steps
    for player in players:
        player.descended(0)
    before = job.budget.left()
    for step in range(PROBE_STEPS):
        for player in players:
            player.descended(step)
    seconds = max((before - job.budget.left()) / PROBE_STEPS, 1e-6)
    for player in players:
        for tensor in player.tensors:
            tensor.grad = None
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


def _adamw(player: Player, schedule: Schedule) -> Any:
    import torch

    return torch.optim.AdamW(
        player.tensors,
        lr=schedule.learning_rate,
        betas=schedule.betas,
        weight_decay=schedule.weight_decay,
        fused=True,
    )


def _mark(parameters: dict[str, Tensor], schedule: Schedule, job: Job, label: str) -> str:
    """Names one run, so that a checkpoint of another one is never continued."""
    shapes = {name: [*tensor.shape] for name, tensor in parameters.items()}
    text = json.dumps([shapes, asdict(schedule), job.seed.value, [*job.seed.path], label])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _save(path: Path, mark: str, run: _Run, names: list[str], tensors: list[Tensor]) -> None:
    from safetensors.torch import save

    arrays: dict[str, Tensor] = {}
    states: dict[Tensor, Any] = {}
    for optimizer in run.optimizers:
        states |= optimizer.state
    for i, (name, tensor) in enumerate(zip(names, tensors, strict=True)):
        state = states[tensor]
        arrays |= {
            f"now/{name}": tensor.detach(),
            f"average/{name}": run.average[i],
            f"best/{name}": run.best[i],
            f"first/{name}": state["exp_avg"],
            f"second/{name}": state["exp_avg_sq"],
            f"count/{name}": state["step"],
        }
    facts = {"mark": mark, "step": run.step, "steps": run.steps, "best_step": run.best_step}
    text = json.dumps(facts | {"best_loss": run.best_loss.hex()})
    with atomic(path) as stream:
        stream.write(save({k: v.contiguous() for k, v in arrays.items()}, {"run": text}))


def _resumed(
    path: Path, mark: str, names: list[str], players: Sequence[Player], schedule: Schedule
) -> _Run | None:
    """The run in a checkpoint with this mark; the tensors then hold its weights. Else None."""
    import torch

    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as stored:
            facts = json.loads(stored.metadata()["run"])
            if facts["mark"] != mark:
                return None
            arrays = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, KeyError, TypeError):
        return None  # a damaged checkpoint is worth a fresh start, not an error
    optimizers = [_adamw(player, schedule) for player in players]
    device = players[0].tensors[0].device
    with torch.no_grad():
        for player, optimizer in zip(players, optimizers, strict=True):
            for name, tensor in player.parameters.items():
                tensor.copy_(arrays[f"now/{name}"])
                optimizer.state[tensor] = {
                    "step": arrays[f"count/{name}"].to(device),
                    "exp_avg": arrays[f"first/{name}"].to(device),
                    "exp_avg_sq": arrays[f"second/{name}"].to(device),
                }
    average, best = (
        [arrays[f"{kind}/{name}"].to(device) for name in names] for kind in ("average", "best")
    )
    loss = float.fromhex(facts["best_loss"])
    return _Run(facts["step"], facts["steps"], facts["best_step"], loss, average, best, optimizers)
