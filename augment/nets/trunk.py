"""A residual trunk of gated blocks, and a cross-entropy over many heads in one matrix product.

Weights are plain named tensors, so that a model's state is its weights and nothing else.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor

LOGIT_BOUND = 60.0  # exp(60) is far inside float32, so no row maximum needs to be taken off
RESIDUAL_SCALE = 0.3  # of a block's last layer at the start: the trunk begins near the identity


def uniform_matrix(
    generator: torch.Generator, rows: int, columns: int, scale: float = 1.0
) -> Tensor:
    """(rows, columns) a fresh matrix, its bound in proportion to 1/√columns."""
    import torch

    bound = scale * columns**-0.5
    drawn: Tensor = (torch.rand(rows, columns, generator=generator) * 2 - 1) * bound
    return drawn


def new_trunk(
    width: int, hidden: int, blocks: int, generator: torch.Generator
) -> dict[str, Tensor]:
    """Weights of `blocks` gated blocks (width → 2 × hidden → width) and the norms around them."""
    import torch

    uniform = partial(uniform_matrix, generator)
    weights: dict[str, Tensor] = {}
    for i in range(blocks):
        weights[f"trunk.{i}.norm"] = torch.ones(width)
        weights[f"trunk.{i}.shift"] = torch.zeros(width)
        weights[f"trunk.{i}.up"] = uniform(2 * hidden, width)
        weights[f"trunk.{i}.up_bias"] = torch.zeros(2 * hidden)
        weights[f"trunk.{i}.down"] = uniform(width, hidden, RESIDUAL_SCALE)
        weights[f"trunk.{i}.down_bias"] = torch.zeros(width)
    weights["trunk.norm"] = torch.ones(width)
    weights["trunk.shift"] = torch.zeros(width)
    return weights


def trunk(weights: dict[str, Tensor], h: Tensor) -> Tensor:
    """(rows, width) → (rows, width), in the type of `h`.

    Each block adds down(silu(a) · b) with (a, b) = up(norm(h)): the gate lets two blocks form
    products of inputs, which sums of embeddings followed by a plain MLP learn slowly.
    Shazeer 2020, arXiv 2002.05202.
    """
    from torch.nn.functional import layer_norm, linear, silu

    w = {name: tensor.to(h.dtype) for name, tensor in weights.items() if name.startswith("trunk.")}
    blocks = sum(name.endswith(".up") for name in w)
    shape = (h.shape[-1],)
    for i in range(blocks):
        z = layer_norm(h, shape, w[f"trunk.{i}.norm"], w[f"trunk.{i}.shift"])
        a, b = linear(z, w[f"trunk.{i}.up"], w[f"trunk.{i}.up_bias"]).chunk(2, -1)
        h = h + linear(silu(a) * b, w[f"trunk.{i}.down"], w[f"trunk.{i}.down_bias"])
    return layer_norm(h, shape, w["trunk.norm"], w["trunk.shift"])


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
    loss: Tensor = _heads_function().apply(h, heads, bias, owner, target, weight)
    return loss


@cache
def _heads_function() -> Any:
    """The autograd function behind `heads_loss`, made on first use since it subclasses torch."""
    import torch

    class Heads(torch.autograd.Function):
        @staticmethod
        def forward(ctx, h, heads, bias, owner, target, weight):  # type: ignore[no-untyped-def]
            logits = (h @ heads.t()).float().add_(bias).clamp_(-LOGIT_BOUND, LOGIT_BOUND)
            chosen = logits.gather(1, target)
            mass = logits.exp_()
            total = mass @ owner  # (rows, columns)
            slope = mass.mul_((weight / total) @ owner.t())
            slope.scatter_add_(1, target, -weight)
            ctx.save_for_backward(h, heads, slope)
            return ((total.log() - chosen) * weight).sum()

        @staticmethod
        def backward(ctx, upstream):  # type: ignore[no-untyped-def]
            h, heads, slope = ctx.saved_tensors
            slope = slope * upstream
            low = slope.to(h.dtype)
            return low @ heads, low.t() @ h, slope.sum(0), None, None, None

    return Heads
