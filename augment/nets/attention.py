"""A small bidirectional transformer over the places of a row, as plain named tensors.

Vaswani et al. 2017, arXiv 1706.03762; norms before each part (Xiong et al. 2020, arXiv
2002.04745); gated feed-forward parts (Shazeer 2020, arXiv 2002.05202), as in `trunk`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from augment.nets.trunk import RESIDUAL_SCALE, uniform_matrix

if TYPE_CHECKING:
    import torch
    from torch import Tensor

HEAD_WIDTH = 32  # about; as many heads as divide the width


def new_attention(
    width: int, hidden: int, layers: int, generator: torch.Generator
) -> dict[str, Tensor]:
    """Weights of `layers` layers (width → 2 × hidden → width) and the norms around them."""
    import torch

    uniform = partial(uniform_matrix, generator)
    weights: dict[str, Tensor] = {}
    for i in range(layers):
        weights[f"trunk.{i}.before"] = torch.ones(width)
        weights[f"trunk.{i}.mixed"] = uniform(3 * width, width)
        weights[f"trunk.{i}.back"] = uniform(width, width, RESIDUAL_SCALE)
        weights[f"trunk.{i}.norm"] = torch.ones(width)
        weights[f"trunk.{i}.up"] = uniform(2 * hidden, width)
        weights[f"trunk.{i}.down"] = uniform(width, hidden, RESIDUAL_SCALE)
    weights["trunk.norm"] = torch.ones(width)
    return weights


def attention(weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """(rows, places, width) → the same shape, in the type of `x`; every place sees every other."""
    from torch.nn.functional import linear, rms_norm, scaled_dot_product_attention, silu

    w = {name: tensor.to(x.dtype) for name, tensor in weights.items() if name.startswith("trunk.")}
    layers = sum(name.endswith(".mixed") for name in w)
    rows, places, width = x.shape
    heads = max(1, width // HEAD_WIDTH)
    while width % heads:
        heads -= 1
    for i in range(layers):
        z = rms_norm(x, (width,), w[f"trunk.{i}.before"])
        q, k, v = (
            part.view(rows, places, heads, -1).transpose(1, 2)
            for part in linear(z, w[f"trunk.{i}.mixed"]).chunk(3, -1)
        )
        seen = scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        x = x + linear(seen, w[f"trunk.{i}.back"])
        z = rms_norm(x, (width,), w[f"trunk.{i}.norm"])
        a, b = linear(z, w[f"trunk.{i}.up"]).chunk(2, -1)
        x = x + linear(silu(a) * b, w[f"trunk.{i}.down"])
    return rms_norm(x, (width,), w["trunk.norm"])


def attends(weights: dict[str, Tensor]) -> bool:
    """Whether these weights are `new_attention`'s."""
    return any(name.endswith(".mixed") for name in weights)
