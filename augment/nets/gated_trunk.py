"""A residual trunk of gated blocks. Import it only where torch is needed."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, linear, silu

RESIDUAL_SCALE = 0.3  # of a block's last layer at the start: the trunk begins near the identity


def uniform_matrix(rows: int, columns: int, scale: float = 1.0) -> nn.Parameter:
    """(rows, columns) from torch's global stream, the bound in proportion to 1/√columns."""
    numbers, bound = torch.rand(rows, columns), scale * columns**-0.5
    if numbers.is_meta:  # a shape alone: to compute with it would load torch's compiler
        return nn.Parameter(numbers)
    return nn.Parameter((numbers * 2 - 1) * bound)


class GatedBlock(nn.Module):
    """x + down(silu(a) · b) with (a, b) = up(norm(x)), in the type of `x`.

    The gate lets two blocks form products of inputs, which sums of embeddings followed by a plain
    MLP learn slowly. Shazeer 2020, arXiv 2002.05202.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.Parameter(torch.ones(width))
        self.shift = nn.Parameter(torch.zeros(width))
        self.up = uniform_matrix(2 * hidden, width)
        self.up_bias = nn.Parameter(torch.zeros(2 * hidden))
        self.down = uniform_matrix(width, hidden, RESIDUAL_SCALE)
        self.down_bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        z = layer_norm(x, x.shape[-1:], self.norm.to(x.dtype), self.shift.to(x.dtype))
        if torch.is_inference_mode_enabled() and x.device.type == "cpu":
            return self._in_place(x, z)
        a, b = linear(z, self.up.to(x.dtype), self.up_bias.to(x.dtype)).chunk(2, -1)
        return x + linear(silu(a) * b, self.down.to(x.dtype), self.down_bias.to(x.dtype))

    def _in_place(self, x: Tensor, z: Tensor) -> Tensor:
        """The same numbers in less memory, so that more of it stays in a core's cache."""
        half = self.down.shape[1]
        up, bias, down = self.up.to(x.dtype), self.up_bias.to(x.dtype), self.down.to(x.dtype)
        a = silu(linear(z, up[:half], bias[:half]), inplace=True)
        a.mul_(linear(z, up[half:], bias[half:]))
        return linear(a, down, self.down_bias.to(x.dtype)).add_(x)


class GatedTrunk(nn.ModuleList):
    """(rows, width) → the same shape, in the type of the input: gated blocks, then a norm."""

    def __init__(self, width: int, hidden: int, blocks: int) -> None:
        super().__init__(GatedBlock(width, hidden) for _ in range(blocks))
        self.norm = nn.Parameter(torch.ones(width))
        self.shift = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        for block in self:
            x = block(x)
        return layer_norm(x, x.shape[-1:], self.norm.to(x.dtype), self.shift.to(x.dtype))
