"""A training run on disk: what a killed one is gone on with, to the same weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from augment.core.files import atomic
from augment.core.types import Job
from augment.nets.player import Player, adamw
from augment.nets.schedule import Schedule

if TYPE_CHECKING:
    from torch import Tensor

CHECKPOINT = "training.safetensors"


Check = tuple[int, float, float]
"""A step, and the losses of training and on held-out rows by then."""


@dataclass
class TrainingState:
    """The moving parts of one run: all of it is in a checkpoint."""

    step: int
    steps: int
    best_step: int
    best_loss: float
    average: list[Tensor]
    best: list[Tensor]
    optimizers: list[Any]  # one for each player
    loss: float = 0.0  # of training, averaged over the last steps
    history: list[Check] = field(default_factory=list)


def run_digest(parameters: dict[str, Tensor], schedule: Schedule, job: Job, label: str) -> str:
    """Names one run, so that a checkpoint of another one is never continued."""
    shapes = {name: [*tensor.shape] for name, tensor in parameters.items()}
    start = [] if job.start is None else [job.start.digest]
    text = json.dumps([shapes, asdict(schedule), job.seed.value, [*job.seed.path], label, *start])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def save_checkpoint(
    path: Path, digest: str, state: TrainingState, names: list[str], tensors: list[Tensor]
) -> None:
    from safetensors.torch import save

    arrays: dict[str, Tensor] = {}
    moments: dict[Tensor, Any] = {}
    for optimizer in state.optimizers:
        moments |= optimizer.state
    for i, (name, tensor) in enumerate(zip(names, tensors, strict=True)):
        adam = moments[tensor]
        arrays |= {
            f"now/{name}": tensor.detach(),
            f"average/{name}": state.average[i],
            f"best/{name}": state.best[i],
            f"first/{name}": adam["exp_avg"],
            f"second/{name}": adam["exp_avg_sq"],
            f"count/{name}": adam["step"],
        }
    facts = {
        "digest": digest,
        "step": state.step,
        "steps": state.steps,
        "best_step": state.best_step,
        "best_loss": state.best_loss.hex(),
        "loss": state.loss.hex(),
        "history": [[step, loss.hex(), held.hex()] for step, loss, held in state.history],
    }
    with atomic(path) as stream:
        stream.write(
            save({k: v.contiguous() for k, v in arrays.items()}, {"run": json.dumps(facts)})
        )


def resume(
    path: Path, digest: str, names: list[str], players: Sequence[Player], schedule: Schedule
) -> TrainingState | None:
    """The run in a checkpoint with this digest; the tensors then hold its weights. Else None."""
    import torch

    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as stored:
            facts = json.loads(stored.metadata()["run"])
            if facts["digest"] != digest:
                return None
            arrays = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, KeyError, TypeError):
        return None  # a damaged checkpoint is worth a fresh start, not an error
    optimizers = [adamw(player, schedule) for player in players]
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
    try:
        best_loss, loss = float.fromhex(facts["best_loss"]), float.fromhex(facts["loss"])
        history = [(s, float.fromhex(a), float.fromhex(b)) for s, a, b in facts["history"]]
    except (KeyError, TypeError, ValueError):
        return None  # of a version that kept no losses
    return TrainingState(
        facts["step"], facts["steps"], facts["best_step"], best_loss, average, best, optimizers,
        loss, history,
    )  # fmt: skip
