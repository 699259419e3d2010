"""The masked network: any subset of a row's tokens in, a distribution for every other column out.

A row is the sum of one embedding per column: of its token, or of "not known" for that column. A
residual trunk follows, and one softmax head per column. Training hides part of each row and asks
for the hidden part. MADE and order-agnostic training: Germain et al. 2015, arXiv 1502.03509;
Uria et al. 2014, arXiv 1310.1757; for tables: TabularARGN, Tiwald et al. 2025, arXiv 2501.12012.
Import it only where torch is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from augment.kinds.tables.engines.anyorder.layout import TokenLayout
from augment.kinds.tables.engines.anyorder.presets import Shape
from augment.nets.gated_trunk import GatedTrunk
from augment.nets.transformer import Transformer

EMBEDDING_SCALE = 0.3
RANGE_SCALE = 0.03  # the same of a range of numbers: what sets it apart has to be learnt
FEATURE_SCALE = 0.15
CELL_SCALE = 4.0  # a cell is seen in few steps, so that what it learns in one counts for more
PSEUDO_ROWS = 0.05  # added to each token's count before its logarithm becomes the head's bias
NEVER = -12.0  # bias of a token without rows


@dataclass(frozen=True)
class Features:
    """Coordinates of ordered columns' tokens, as one block per such column.

    Neighbouring tokens share what is learnt of either: the embedding of a token is its own vector
    plus its coordinates times a learnt matrix, and so are the rows of the heads. That of a
    range of numbers starts small: a random one sets it apart from its neighbours, and the few rows
    of each range are then learnt by heart before the line that they lie on. `blocks`
    (columns', most tokens, k); `at` (tokens',) places of real tokens in the flattened blocks;
    `row` (tokens',) the tokens that they are; `ranges` those of them that are ranges.
    """

    blocks: Tensor
    at: Tensor
    row: Tensor
    ranges: Tensor

    @staticmethod
    def of(
        layout: TokenLayout,
        tables: list[NDArray[np.float32] | None],
        binned: NDArray[np.bool_],
        device: str,
    ) -> Features | None:
        """`tables` are each column's coordinates, None where it has no order; `binned` (tokens,)
        which tokens are ranges."""
        ordered = [j for j, table in enumerate(tables) if table is not None]
        if not ordered:
            return None
        longest = max(layout.sizes[j] for j in ordered)
        first = tables[ordered[0]]
        assert first is not None
        blocks = torch.zeros(len(ordered), longest, first.shape[1])
        at, row = [], []
        for i, j in enumerate(ordered):
            blocks[i, : layout.sizes[j]] = torch.from_numpy(tables[j])
            at.append(torch.arange(layout.sizes[j]) + i * longest)
            row.append(torch.arange(layout.sizes[j]) + layout.starts[j])
        rows = torch.cat(row)
        ranges = rows[torch.from_numpy(binned)[rows]]
        return Features(blocks.to(device), torch.cat(at).to(device), rows.to(device), ranges)

    @property
    def count(self) -> int:
        return int(self.blocks.shape[0] * self.blocks.shape[2])

    def add(self, own: Tensor, smooth: Tensor) -> Tensor:
        """(tokens, width) vectors plus what the coordinates say."""
        blocks, _, k = self.blocks.shape
        spread = torch.bmm(self.blocks, smooth.view(blocks, k, -1)).flatten(0, 1)
        return own.index_add(0, self.row, spread[self.at])


class TokenNetwork(nn.Module):
    """Embeddings, trunk and heads; each head's bias starts as the logarithm of its column's shares
    among `counts` (tokens,)."""

    cells: nn.Parameter | None
    smooth_in: nn.Parameter | None
    smooth_out: nn.Parameter | None

    def __init__(
        self,
        layout: TokenLayout,
        shape: Shape,
        counts: NDArray[np.float64],
        features: Features | None,
    ) -> None:
        super().__init__()

        def normal(rows: int, scale: float) -> nn.Parameter:
            return nn.Parameter(torch.randn(rows, shape.width) * scale)

        owner = np.repeat(np.arange(layout.columns), layout.sizes)
        total = np.bincount(owner, weights=counts + PSEUDO_ROWS, minlength=layout.columns)
        bias = np.where(counts > 0, np.log((counts + PSEUDO_ROWS) / total[owner]), NEVER)
        self.features = features
        self.tokens = normal(layout.tokens, EMBEDDING_SCALE)
        if features is not None:
            with torch.no_grad():
                self.tokens[features.ranges] *= RANGE_SCALE / EMBEDDING_SCALE
        self.masks = normal(layout.columns, EMBEDDING_SCALE)
        self.heads = normal(layout.tokens, 0.02)
        self.bias = nn.Parameter(torch.tensor(bias, dtype=torch.float32))
        self.cells = self.smooth_in = self.smooth_out = None
        if layout.joint:
            self.cells = normal(layout.cells[-1] - layout.cells[0], 0.1 / CELL_SCALE)
        if features is not None:
            self.smooth_in = normal(features.count, FEATURE_SCALE)
            self.smooth_out = nn.Parameter(torch.zeros(features.count, shape.width))
        self.trunk = new_trunk(shape)

    def matrices(self) -> tuple[Tensor, Tensor]:
        """The embedding matrix (see `TokenLayout`) and the head matrix (tokens, width)."""
        tokens: Tensor = self.tokens
        heads: Tensor = self.heads
        if self.features is not None and self.smooth_in is not None and self.smooth_out is not None:
            tokens = self.features.add(tokens, self.smooth_in)
            heads = self.features.add(heads, self.smooth_out)
        parts = [tokens, self.masks]
        parts += [] if self.cells is None else [CELL_SCALE * self.cells]
        return torch.cat([*parts, torch.zeros_like(tokens[:1])]), heads

    def trained(self) -> dict[str, Tensor]:
        """The parameters by name, the trunk's blocks before the norm behind them.

        Clipping sums the slopes in this order, and the last digits of a fit follow it.
        """
        named = dict(self.named_parameters())
        return dict(sorted(named.items(), key=lambda each: _is_last_norm(each[0])))


def _is_last_norm(name: str) -> bool:
    return name in ("trunk.norm", "trunk.shift")


def new_trunk(shape: Shape) -> GatedTrunk | Transformer:
    """A fresh trunk; a gated one works on the sum of a row, a transformer on its places."""
    kind = Transformer if shape.attention else GatedTrunk
    return kind(shape.width, shape.hidden, shape.blocks)
