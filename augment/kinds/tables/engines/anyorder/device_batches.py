"""The batches of a training, drawn on the device that learns from them.

Import it only where torch is needed.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from augment.kinds.tables.engines.anyorder.masked_loss import MaskedLoss
from augment.kinds.tables.engines.anyorder.network import TokenNetwork
from augment.nets.player import LossInParts
from augment.nets.streams import torch_stream

STEPS_AT_ONCE = 16  # what is drawn is small, so that asking for it is what takes time


class DeviceBatches:
    """What the steps hide and ask for, of several steps at a time.

    The rows of a step are those that a CPU takes. The rest is drawn on the device, from a stream
    that is named by the steps it is for.
    """

    def __init__(self, lesson: MaskedLoss, size: int) -> None:
        self._lesson, self._size = lesson, size
        self._group = -1
        self._drawn: tuple[Tensor, ...] = ()

    def draw(self, step: int) -> tuple[Tensor, ...]:
        """Tokens (rows, columns) that are asked for, which are hidden, and (rows, places) the
        embeddings that are seen."""
        group, place = divmod(step, STEPS_AT_ONCE)
        if group != self._group:
            self._group, self._drawn = group, self._drawn_for(group)
        return tuple(each[place] for each in self._drawn)

    def _drawn_for(self, group: int) -> tuple[Tensor, ...]:
        lesson, size = self._lesson, self._size
        device = lesson.rows.device
        generator = torch_stream(lesson.seed.child("steps", group).integer(), str(device))
        steps = range(group * STEPS_AT_ONCE, (group + 1) * STEPS_AT_ONCE)
        rows = lesson.rows[torch.cat([lesson.batch(step, size) for step in steps]).to(device)]
        hidden, slots = lesson.shown(rows, generator)
        drawn = lesson.blurred(rows, generator), hidden, slots
        return tuple(each.view(STEPS_AT_ONCE, size, -1) for each in drawn)


def loss_of(lesson: MaskedLoss, network: TokenNetwork, size: int) -> Callable[[int], Tensor]:
    """The loss of a step of `size` rows; on a GPU one that can be recorded."""
    if lesson.rows.device.type == "cpu":
        return lambda step: lesson.loss(network, step, size)
    batches = DeviceBatches(lesson, size)

    def loss(rows: Tensor, hidden: Tensor, slots: Tensor) -> Tensor:
        return lesson.of_all(network, rows, hidden, slots)

    return LossInParts(batches.draw, loss)
