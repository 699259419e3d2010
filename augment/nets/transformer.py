"""A small bidirectional transformer over the places of a row. Import it only where torch is needed.

Vaswani et al. 2017, arXiv 1706.03762; norms before each part (Xiong et al. 2020, arXiv
2002.04745); gated feed-forward parts (Shazeer 2020, arXiv 2002.05202), as in `gated_trunk`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import linear, rms_norm, scaled_dot_product_attention, silu

from augment.nets.gated_trunk import RESIDUAL_SCALE, uniform_matrix

HEAD_WIDTH = 32  # about; as many heads as divide the width
# Of attention on a GPU. cuDNN, which torch prefers on some, plans anew for every number of rows:
# 9 ms of the processor for what the device did in 0.6 (one H200, measured).
UNPLANNED = [SDPBackend.EFFICIENT_ATTENTION, SDPBackend.FLASH_ATTENTION, SDPBackend.MATH]


def head_count(width: int, about: int) -> int:
    """As many heads of `about` that width as divide the whole.

    >>> head_count(96, 32), head_count(100, 32), head_count(8, 32)
    (3, 2, 1)
    """
    heads = max(1, width // about)
    while width % heads:
        heads -= 1
    return heads


class TransformerBlock(nn.Module):
    """Self-attention, then a gated feed-forward part, each beside a residual path."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.before = nn.Parameter(torch.ones(width))
        self.mixed = uniform_matrix(3 * width, width)
        self.back = uniform_matrix(width, width, RESIDUAL_SCALE)
        self.norm = nn.Parameter(torch.ones(width))
        self.up = uniform_matrix(2 * hidden, width)
        self.down = uniform_matrix(width, hidden, RESIDUAL_SCALE)

    def forward(self, x: Tensor) -> Tensor:
        z = rms_norm(x, x.shape[-1:], self.before.to(x.dtype))
        q, k, v = (self._heads(part) for part in linear(z, self.mixed.to(x.dtype)).chunk(3, -1))
        seen = scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        return self._fed(x + linear(seen, self.back.to(x.dtype)))

    def at(self, x: Tensor, place: int) -> Tensor:
        """(rows, width) what `forward` makes of one place of x (rows, places, width)."""
        width = x.shape[-1]
        z, mixed = rms_norm(x, (width,), self.before.to(x.dtype)), self.mixed.to(x.dtype)
        q = self._heads(linear(z[:, place : place + 1], mixed[:width]))
        k, v = (self._heads(part) for part in linear(z, mixed[width:]).chunk(2, -1))
        seen = scaled_dot_product_attention(q, k, v).reshape(-1, width)
        return self._fed(x[:, place] + linear(seen, self.back.to(x.dtype)))

    def _heads(self, z: Tensor) -> Tensor:
        """(rows, places, width) → (rows, heads, places, width of a head)."""
        rows, places, width = z.shape
        return z.view(rows, places, head_count(width, HEAD_WIDTH), -1).transpose(1, 2)

    def _fed(self, x: Tensor) -> Tensor:
        z = rms_norm(x, x.shape[-1:], self.norm.to(x.dtype))
        a, b = linear(z, self.up.to(x.dtype)).chunk(2, -1)
        return x + linear(silu(a) * b, self.down.to(x.dtype))


class Transformer(nn.ModuleList):
    """(rows, places, width) → the same shape, in the type of the input: every place sees all."""

    def __init__(self, width: int, hidden: int, blocks: int) -> None:
        super().__init__(TransformerBlock(width, hidden) for _ in range(blocks))
        self.norm = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        with _attention_on(x):
            for block in self:
                x = block(x)
        return rms_norm(x, x.shape[-1:], self.norm.to(x.dtype))

    def at(self, x: Tensor, place: int) -> Tensor:
        """(rows, width) what `forward` makes of one place; of the last block only what that
        takes is computed."""
        *early, last = self
        assert isinstance(last, TransformerBlock)
        with _attention_on(x):
            for block in early:
                x = block(x)
            x = last.at(x, place)
        return rms_norm(x, x.shape[-1:], self.norm.to(x.dtype))


def _attention_on(x: Tensor) -> AbstractContextManager[None]:
    """How attention is computed inside the block, by the device of `x`."""
    return sdpa_kernel(UNPLANNED) if x.is_cuda else nullcontext()
