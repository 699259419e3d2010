"""A step's slope as the mean of those of its micro-batches, which several ranks may share.

One process that takes them one after another accumulates gradients; several that take some each
train data-parallel (Li et al. 2020, arXiv 2006.15704). DIFFERS: slopes are gathered and added up
in the order of the micro-batches, not reduced in an order that goes by the ranks, so that the sum
is the same to the bit however many ranks there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from augment.core.parameters import parameter
from augment.core.ranks import Ranks

if TYPE_CHECKING:
    from torch import Tensor


def micro_batches_parameter() -> Any:
    """The option of an engine whose batches can be parted."""
    return parameter(
        1,
        "parts of a batch, which as many devices or processes may compute side by side",
        least=1,
        most=1_024,
        searched=False,
    )


def step_slope(
    slope: Callable[[int], Tensor], tensors: Sequence[Tensor], step: int, count: int, ranks: Ranks
) -> Tensor:
    """Take the slope of a step into the tensors' `grad`; the loss, ().

    `slope(number)` does so for one of its `count` micro-batches. Where there is one alone, nothing
    is copied, and a tensor without a slope has no `grad`.
    """
    if count == 1:
        return slope(step)

    def flattened(number: int) -> Tensor:
        loss = slope(number)
        return flat(tensors, loss)

    return spread(mean_slope(flattened, step, count, ranks), tensors)


def mean_slope(slope: Callable[[int], Tensor], step: int, count: int, ranks: Ranks) -> Tensor:
    """The mean of `slope(number)`, (weights,), over the `count` micro-batches of a step, which are
    numbered through all steps. There are at most as many ranks."""
    assert ranks.size <= count, "every rank has a micro-batch in the first round"
    mine, total = None, None
    for first in range(0, count, ranks.size):
        if first + ranks.rank < count:
            mine = slope(step * count + first + ranks.rank)
        assert mine is not None
        for each in ranks.gather(mine)[: count - first]:
            total = each.clone() if total is None else total.add_(each)
    assert total is not None
    return total.div_(count)


def flat(tensors: Sequence[Tensor], loss: Tensor) -> Tensor:
    """(weights + 1,) the tensors' slopes, zero where one has none, and the loss."""
    import torch

    slopes = [torch.zeros_like(each) if each.grad is None else each.grad for each in tensors]
    return torch.cat([*(each.reshape(-1) for each in slopes), loss.detach().reshape(1).float()])


def spread(slopes: Tensor, tensors: Sequence[Tensor]) -> Tensor:
    """Undo `flat` into the tensors' `grad`, in place where there is one; the loss, ()."""
    start = 0
    for tensor in tensors:
        value = slopes[start : start + tensor.numel()].view(tensor.shape)
        start += tensor.numel()
        if tensor.grad is None:
            tensor.grad = value.clone()
        else:
            tensor.grad.copy_(value)
    return slopes[-1]
