"""Who learns in a training: named tensors and the loss that they go down by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augment.nets.schedule import Schedule

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class LossInParts:
    """A loss of a step, parted into what is drawn and what is computed.

    `draw(step)` gives tensors whose shapes are the same in every step; `loss` computes on them,
    and neither its operations nor their shapes depend on their values.
    """

    draw: Callable[[int], tuple[Tensor, ...]]
    loss: Callable[..., Tensor]

    def __call__(self, step: int) -> Tensor:
        return self.loss(*self.draw(step))


@dataclass(frozen=True)
class Player:
    """Named tensors that follow the slope of a loss of their own, at `rate_factor` times the rate,
    once `waits` steps are over.

    Within a step the players move one after another, each seeing what those before it did. A
    slope is taken for the player's own tensors only, so that losses may pass through another's.
    Where a step has several micro-batches, `loss` is given their numbers, counted through all
    steps, and the mean of their slopes is gone down by.
    """

    parameters: dict[str, Tensor]
    loss: Callable[[int], Tensor]
    rate_factor: float = 1.0
    waits: int = 0

    @property
    def tensors(self) -> list[Tensor]:
        return list(self.parameters.values())

    @property
    def captured(self) -> bool:
        """Whether its steps can be recorded and played back: not on a CPU, which has no launches
        to save."""
        return isinstance(self.loss, LossInParts) and self.tensors[0].device.type == "cuda"

    def factor(self, step: int) -> float:
        """What the learning rate of a step is multiplied by."""
        return self.rate_factor if step >= self.waits else 0.0

    def slope(self, number: int) -> Tensor:
        """Take the slope of a micro-batch's loss into the tensors' `grad`; the loss, ()."""
        for tensor in self.tensors:
            tensor.grad = None
        value = self.loss(number)
        value.backward(inputs=self.tensors)  # type: ignore[no-untyped-call]
        return value.detach()


def adamw(player: Player, schedule: Schedule) -> Any:
    """The player's optimizer: Loshchilov and Hutter 2019, arXiv 1711.05101.

    That of a step which is recorded reads its rate from the device.
    """
    import torch

    rate: Any = schedule.learning_rate
    if player.captured:
        rate = torch.tensor(rate, device=player.tensors[0].device)
    return torch.optim.AdamW(
        player.tensors,
        lr=rate,
        betas=schedule.betas,
        weight_decay=schedule.weight_decay,
        fused=True,
        capturable=player.captured,
    )
