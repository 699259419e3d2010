"""The heads of all columns as one block, so that one product asks for all of them on a GPU.

Import it only where torch is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from augment.kinds.tables.engines.anyorder.layout import TokenLayout


@dataclass(frozen=True)
class PaddedHeads:
    """Each column's heads, filled up to those of the longest; `place` (tokens,) is where a token
    lies among the columns' · `longest` rows."""

    place: Tensor
    columns: int
    longest: int

    @staticmethod
    def of(layout: TokenLayout, device: torch.device) -> PaddedHeads:
        longest = max(layout.sizes)
        places = [torch.arange(size) + j * longest for j, size in enumerate(layout.sizes)]
        return PaddedHeads(torch.cat(places).to(device), layout.columns, longest)

    def loss(
        self, h: Tensor, heads: Tensor, bias: Tensor, target: Tensor, weight: Tensor
    ) -> Tensor:
        """The weighted sum of the cross-entropies of all columns.

        h (columns, rows, width) · heads (tokens, width) + bias (tokens,); `target` (rows, columns)
        the tokens of each column, and `weight` of its shape.
        """
        rows = self.columns * self.longest
        block = h.new_zeros(rows, heads.shape[1]).index_copy(0, self.place, heads.to(h.dtype))
        block = block.view(self.columns, self.longest, -1)
        level = bias.new_full((rows,), -torch.inf).index_copy(0, self.place, bias)
        level = level.view(self.columns, 1, self.longest)
        logits = torch.bmm(h, block.transpose(1, 2)).float() + level
        lost = cross_entropy(logits.flatten(0, 1), target.t().flatten(), reduction="none")
        return (lost.view(len(h), -1) * weight.t()).sum()
