"""A loss whose slope a CUDA device records once, as a graph, and replays at every step.

No time goes into launching kernels one by one. Import it only where torch is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

WARM_UPS = 3  # before a graph is recorded: kernels are chosen and compiled in them

Draw = Callable[[int], tuple[Tensor, ...]]
"""What a step computes on, of the same shapes at every step."""


class Recording(NamedTuple):
    """`replay` computes anew what the tensors `loss` and `slopes` hold."""

    replay: Callable[[], None]
    loss: Tensor
    slopes: Sequence[Tensor]


Take = Callable[[], tuple[Tensor, Sequence[Tensor]]]
Record = Callable[[Take], Recording]


def captured(
    draw: Draw, loss: Callable[..., Tensor], tensors: list[Tensor], record: Record
) -> Callable[[int], Tensor]:
    """`loss(*draw(step))` by the number of a step, whose slope for `tensors` is recorded.

    `loss` launches the same kernels whatever was drawn, and waits for none of them.
    """
    inputs = tuple(each.clone() for each in draw(0))

    def take() -> tuple[Tensor, Sequence[Tensor]]:
        value = loss(*inputs)
        return value.detach(), torch.autograd.grad(value, tensors)

    recording = record(take)

    def replayed(step: int) -> Tensor:
        for place, drawn in zip(inputs, draw(step), strict=True):
            place.copy_(drawn)
        recording.replay()
        found: Tensor = _Taken.apply(  # type: ignore[no-untyped-call]
            recording.loss, recording.slopes, *tensors
        )
        return found

    return replayed


class _Taken(torch.autograd.Function):
    """A loss whose slope for the tensors is known already."""

    @staticmethod
    def forward(ctx: Any, loss: Tensor, slopes: Sequence[Tensor], *tensors: Tensor) -> Tensor:
        ctx.slopes = slopes
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Any:
        # Copies: the next replay writes into the slopes.
        return None, None, *torch._foreach_mul(list(ctx.slopes), upstream[0])


def cuda_graph(take: Take) -> Recording:
    """Recorded by the current CUDA device."""
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UPS):
            take()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss, slopes = take()
    return Recording(graph.replay, loss, slopes)
