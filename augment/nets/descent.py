"""How players move: the slope of a loss, its clipping, and the optimizer's step.

On the CPU a step is taken operation by operation. On a GPU a step of a small network is some
hundred launches, each of which takes longer to ask for than to do; there the launches of a loss
whose tensors keep their shapes are recorded once and played back (CUDA graphs; PyTorch's notes,
"CUDA semantics").
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augment.core.ranks import ALONE, Ranks
from augment.nets.micro_batches import step_slope
from augment.nets.player import LossInParts, Player
from augment.nets.schedule import Schedule

if TYPE_CHECKING:
    import torch
    from torch import Tensor

LOSSES_KEPT = 20  # steps that may be asked for before the device has done them
WARM_UPS = 3  # runs before the recording, in which libraries choose and load what they need


class Descent(ABC):
    """Players and their optimizers, one for each."""

    def __init__(
        self,
        players: Sequence[Player],
        optimizers: Sequence[Any],
        schedule: Schedule,
        ranks: Ranks = ALONE,
    ) -> None:
        self.players, self.optimizers, self.schedule = players, optimizers, schedule
        self.ranks = ranks

    @abstractmethod
    def move(self, step: int, rate: float) -> None:
        """Take one step at this learning rate."""

    @abstractmethod
    def losses(self, all_: bool) -> list[float]:
        """The last player's losses of the steps since the last call, the oldest first; unless
        `all_`, those that it would take time to wait for may come with a later call."""

    @abstractmethod
    def probe(self, step: int) -> None:
        """Do the costly part of a step, and wait for its end; no weight changes."""


class PlainDescent(Descent):
    """Operation by operation."""

    _loss = 0.0

    def move(self, step: int, rate: float) -> None:
        import torch

        for player, optimizer in zip(self.players, self.optimizers, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * player.factor(step)
            self._loss = self._descend(player, step)
            torch.nn.utils.clip_grad_norm_(player.tensors, self.schedule.clip)
            optimizer.step()

    def losses(self, all_: bool) -> list[float]:
        return [self._loss]

    def probe(self, step: int) -> None:
        for player in self.players:
            self._descend(player, step)

    def _descend(self, player: Player, step: int) -> float:
        count = self.schedule.micro_batches
        return float(step_slope(player.slope, player.tensors, step, count, self.ranks))


@dataclass
class _Recorded:
    """One player's step: `draw` fills `inputs`, `slopes` and `steps` play back what is recorded."""

    inputs: tuple[Tensor, ...]
    loss: Tensor
    slopes: Callable[[], None]
    steps: Callable[[], None]


class CapturedDescent(Descent):
    """Recorded once, played back in every step. Each player's loss is a `LossInParts`."""

    def __init__(
        self,
        players: Sequence[Player],
        optimizers: Sequence[Any],
        schedule: Schedule,
        step: int,
        ranks: Ranks = ALONE,
    ) -> None:
        super().__init__(players, optimizers, schedule, ranks)
        self._recorded = [
            _record(player, optimizer, schedule, step)
            for player, optimizer in zip(players, optimizers, strict=True)
        ]
        self._waiting: list[Tensor] = []

    def move(self, step: int, rate: float) -> None:
        for player, optimizer, recorded in zip(
            self.players, self.optimizers, self._recorded, strict=True
        ):
            for group in optimizer.param_groups:
                group["lr"].fill_(rate * player.factor(step))
            self._descend(player, recorded, step)
            recorded.steps()
        self._waiting.append(self._recorded[-1].loss.clone())

    def losses(self, all_: bool) -> list[float]:
        import torch

        if not self._waiting or (len(self._waiting) < LOSSES_KEPT and not all_):
            return []
        found: list[float] = torch.stack(self._waiting).tolist()  # waits for the device
        self._waiting = []
        return found

    def probe(self, step: int) -> None:
        for player, recorded in zip(self.players, self._recorded, strict=True):
            self._descend(player, recorded, step)
        float(self._recorded[-1].loss)

    def _descend(self, player: Player, recorded: _Recorded, step: int) -> None:
        def slope(number: int) -> Tensor:
            _filled(recorded.inputs, _parts(player).draw(number))
            recorded.slopes()
            return recorded.loss

        count = self.schedule.micro_batches
        loss = step_slope(slope, player.tensors, step, count, self.ranks)
        if loss is not recorded.loss:
            recorded.loss.copy_(loss)


def descent(
    players: Sequence[Player],
    optimizers: Sequence[Any],
    schedule: Schedule,
    step: int,
    ranks: Ranks = ALONE,
) -> Descent:
    """What suits the players' losses and their device; `step` is the next one."""
    if all(player.captured for player in players):
        return CapturedDescent(players, optimizers, schedule, step, ranks)
    return PlainDescent(players, optimizers, schedule, ranks)


def _parts(player: Player) -> LossInParts:
    assert isinstance(player.loss, LossInParts), "only such losses are captured"
    return player.loss


def _filled(places: tuple[Tensor, ...], values: tuple[Tensor, ...]) -> None:
    for place, value in zip(places, values, strict=True):
        place.copy_(value)


def _record(player: Player, optimizer: Any, schedule: Schedule, step: int) -> _Recorded:
    import torch

    parts, tensors = _parts(player), player.tensors
    inputs = tuple(each.clone() for each in parts.draw(step))
    loss = torch.zeros((), device=tensors[0].device)

    def slopes() -> None:
        for tensor in tensors:
            tensor.grad = None
        value = parts.loss(*inputs)
        value.backward(inputs=tensors)  # type: ignore[no-untyped-call]
        loss.copy_(value.detach())

    def steps() -> None:
        torch.nn.utils.clip_grad_norm_(tensors, schedule.clip)
        optimizer.step()

    _with_moments(optimizer)
    recorded_slopes = recorded(slopes, tensors[0].device)
    moving = [*tensors, *(each for state in optimizer.state.values() for each in state.values())]
    before = [each.detach().clone() for each in moving]
    recorded_steps = recorded(steps, tensors[0].device)
    with torch.no_grad():
        for tensor, value in zip(moving, before, strict=True):
            tensor.copy_(value)
    return _Recorded(inputs, loss, recorded_slopes, recorded_steps)


def _with_moments(optimizer: Any) -> None:
    """Make the moments that the first step would make: a recording must not begin with them."""
    import torch

    for group in optimizer.param_groups:
        for tensor in group["params"]:
            if not optimizer.state[tensor]:
                optimizer.state[tensor] = {
                    "step": torch.zeros((), device=tensor.device),
                    "exp_avg": torch.zeros_like(tensor),
                    "exp_avg_sq": torch.zeros_like(tensor),
                }


def recorded(work: Callable[[], None], device: torch.device) -> Callable[[], None]:
    """`work`, run a few times and then recorded, as something that plays it back; where the
    device records nothing, `work` itself.

    It must launch the same kernels on the same memory whenever it runs, and never wait for them.
    """
    import torch

    if device.type != "cuda" or not torch.cuda.is_available():
        return work
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        for _ in range(WARM_UPS):
            work()
    torch.cuda.current_stream(device).wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        work()
    return graph.replay
