"""A cross-entropy over many softmax heads in one matrix product.

Import it only where torch is needed.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

LOGIT_BOUND = 60.0  # exp(60) is far inside float32, so no row maximum needs to be taken off


def heads_loss(
    h: Tensor, heads: Tensor, bias: Tensor, owner: Tensor, target: Tensor, weight: Tensor
) -> Tensor:
    """The weighted sum of the cross-entropies of many softmax heads that lie side by side.

    h (rows, width) · heads (logits, width) + bias (logits,); `owner` (logits, columns) is 1 where
    a logit belongs to a column; `target` (rows, columns) points into the logits and `weight` has
    its shape. The gradient is formed in the forward pass: one product for all heads, where
    autograd over slices would allocate the whole logit matrix once per head (three times the
    cost of a step, measured).
    """
    loss: Tensor = _Heads.apply(  # type: ignore[no-untyped-call]
        h, heads, bias, owner, target, weight
    )
    return loss


class _Heads(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        h: Tensor,
        heads: Tensor,
        bias: Tensor,
        owner: Tensor,
        target: Tensor,
        weight: Tensor,
    ) -> Tensor:
        logits = (h @ heads.t()).float().add_(bias).clamp_(-LOGIT_BOUND, LOGIT_BOUND)
        chosen = logits.gather(1, target)
        mass = logits.exp_()
        total = mass @ owner  # (rows, columns)
        slope = mass.mul_((weight / total) @ owner.t())
        slope.scatter_add_(1, target, -weight)
        ctx.save_for_backward(h, heads, slope)
        return ((total.log() - chosen) * weight).sum()

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        h, heads, slope = ctx.saved_tensors
        slope = slope * upstream[0]
        low = slope.to(h.dtype)
        return low @ heads, low.t() @ h, slope.sum(0), None, None, None
