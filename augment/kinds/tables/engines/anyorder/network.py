"""The masked network: any subset of a row's tokens in, a distribution for every other column out.

A row is the sum of one embedding per column: of its token, or of "not known" for that column. A
residual trunk follows, and one softmax head per column. Training hides part of each row and asks
for the hidden part. MADE and order-agnostic training: Germain et al. 2015, arXiv 1502.03509;
Uria et al. 2014, arXiv 1310.1757; for tables: TabularARGN, Tiwald et al. 2025, arXiv 2501.12012.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.nets.attention import attends, attention, new_attention
from augment.nets.trunk import heads_loss, new_trunk, trunk

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

EMBEDDING_SCALE = 0.3
FEATURE_SCALE = 0.15
HEADS_AT_ONCE = 64  # a wider table's loss is taken on this many columns a step, drawn anew
INTERACTION_DROPOUT = 0.1  # how often an interaction is left out, lest its cells be memorised
GAPS_SHARE = 0.25  # of the subsets of columns that are hidden, where rows lack values
CELL_SCALE = 4.0  # a cell is seen in few steps, so that what it learns in one counts for more
BLUR = 1.0  # bins, the deviation of the noise on the bins that the net is asked for
PSEUDO_ROWS = 0.05  # added to each token's count before its logarithm becomes the head's bias
NEVER = -12.0  # bias of a token without rows


@dataclass(frozen=True)
class Layout:
    """Where each column's tokens lie in the embedding and head matrices.

    Rows of the embedding matrix: all tokens column by column, one "not known" per column, the
    cells of the interactions, and a last row of zeros.
    """

    sizes: tuple[int, ...]
    order: tuple[int, ...]  # the preferred order of sampling
    interactions: tuple[tuple[int, ...], ...] = ()

    @property
    def columns(self) -> int:
        return len(self.sizes)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """(columns + 1,) the first token of each column, then the number of tokens."""
        total, starts = 0, [0]
        for size in self.sizes:
            total += size
            starts.append(total)
        return tuple(starts)

    @property
    def tokens(self) -> int:
        return self.starts[-1]

    @cached_property
    def cells(self) -> tuple[int, ...]:
        """(interactions + 1,) embedding rows: each interaction's first cell, then the zeros."""
        total = self.tokens + self.columns
        cells = [total]
        for members in self.interactions:
            total += math.prod(self.sizes[j] for j in members)
            cells.append(total)
        return tuple(cells)

    @cached_property
    def rank(self) -> tuple[int, ...]:
        """(columns,) the place of each column in the preferred order."""
        place = {column: i for i, column in enumerate(self.order)}
        return tuple(place[j] for j in range(self.columns))

    def slots(self, tokens: Tensor) -> Tensor:
        """(rows, columns) tokens, -1 where not known → rows of the embedding matrix."""
        import torch

        starts = torch.tensor(self.starts[:-1], device=tokens.device)
        masked = self.tokens + torch.arange(self.columns, device=tokens.device)
        found = [torch.where(tokens < 0, masked, tokens + starts)]
        for i in range(len(self.interactions)):
            found.append(self.cell(tokens, i)[:, None])
        return torch.cat(found, dim=1)

    def cell(self, tokens: Tensor, i: int) -> Tensor:
        """(rows,) the embedding row of interaction i: the zeros where a member is not known."""
        import torch

        members = self.interactions[i]
        cell = torch.zeros_like(tokens[:, 0])
        for j in members:
            cell = cell * self.sizes[j] + tokens[:, j]
        unknown = (tokens[:, list(members)] < 0).any(dim=1)
        return torch.where(unknown, self.cells[-1], cell + self.cells[i])


@dataclass(frozen=True)
class Shape:
    width: int = 128
    hidden: int = 192
    blocks: int = 2
    attention: bool = False  # a transformer over the columns, in place of blocks on their sum

    def halved(self) -> Shape:
        return replace(self, width=self.width // 2, hidden=self.hidden // 2)


def new_weights(
    layout: Layout, shape: Shape, counts: NDArray[np.float64], features: int, seed: Seed
) -> dict[str, Tensor]:
    """Fresh weights; each head's bias is the logarithm of its column's shares (`counts`)."""
    import torch

    generator = torch.Generator().manual_seed(seed.child("weights").integer())

    def normal(rows: int, scale: float) -> Tensor:
        return torch.randn(rows, shape.width, generator=generator) * scale

    owner = np.repeat(np.arange(layout.columns), layout.sizes)
    total = np.bincount(owner, weights=counts + PSEUDO_ROWS, minlength=layout.columns)
    bias = np.where(counts > 0, np.log((counts + PSEUDO_ROWS) / total[owner]), NEVER)
    weights = {
        "tokens": normal(layout.tokens, EMBEDDING_SCALE),
        "masks": normal(layout.columns, EMBEDDING_SCALE),
        "heads": normal(layout.tokens, 0.02),
        "bias": torch.tensor(bias, dtype=torch.float32),
    }
    if layout.interactions:
        weights["cells"] = normal(layout.cells[-1] - layout.cells[0], 0.1 / CELL_SCALE)
    if features:
        weights["smooth_in"] = normal(features, FEATURE_SCALE)
        weights["smooth_out"] = torch.zeros(features, shape.width)
    new = new_attention if shape.attention else new_trunk
    return weights | new(shape.width, shape.hidden, shape.blocks, generator)


@dataclass(frozen=True)
class Features:
    """Coordinates of ordered columns' tokens, as one block per such column.

    Neighbouring tokens share what is learnt of either: the embedding of a token is its own vector
    plus its coordinates times a learnt matrix, and so are the rows of the heads. `blocks`
    (columns', most tokens, k); `at` (tokens',) places of real tokens in the flattened blocks;
    `row` (tokens',) the tokens that they are.
    """

    blocks: Tensor
    at: Tensor
    row: Tensor

    @staticmethod
    def of(
        layout: Layout, tables: list[NDArray[np.float32] | None], device: str
    ) -> Features | None:
        import torch

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
        return Features(blocks.to(device), torch.cat(at).to(device), torch.cat(row).to(device))

    @property
    def count(self) -> int:
        return int(self.blocks.shape[0] * self.blocks.shape[2])

    def add(self, own: Tensor, smooth: Tensor) -> Tensor:
        """(tokens, width) vectors plus what the coordinates say."""
        import torch

        blocks, _, k = self.blocks.shape
        spread = torch.bmm(self.blocks, smooth.view(blocks, k, -1)).flatten(0, 1)
        return own.index_add(0, self.row, spread[self.at])


def matrices(weights: dict[str, Tensor], features: Features | None) -> tuple[Tensor, Tensor]:
    """The embedding matrix (see `Layout`) and the head matrix (tokens, width)."""
    import torch

    tokens, heads = weights["tokens"], weights["heads"]
    if features is not None:
        tokens = features.add(tokens, weights["smooth_in"])
        heads = features.add(heads, weights["smooth_out"])
    parts = [tokens, weights["masks"]]
    parts += [CELL_SCALE * weights["cells"]] if "cells" in weights else []
    return torch.cat([*parts, torch.zeros_like(tokens[:1])]), heads


@dataclass(frozen=True)
class Lesson:
    """What the loss needs besides the weights. `rows` (n, columns) tokens, -1 where too rare."""

    layout: Layout
    rows: Tensor
    features: Features | None
    seed: Seed
    suffix_share: float
    precision: torch.dtype
    binned: Tensor  # (tokens,) True for a range of values between others
    hidden_cells: Tensor  # (rows of the embedding matrix,) True for cells that must not be learnt
    gaps: Tensor  # (patterns, columns) True where a value is missing, of the rows that lack some

    def batch(self, step: int, size: int) -> Tensor:
        """(size,) rows of one step: a walk through a fresh permutation per epoch."""
        n = len(self.rows)
        per_epoch = max(1, n // size)
        epoch, place = divmod(step, per_epoch)
        order = _permutation(self.seed.child("epoch", epoch), n)
        return order[place * size : (place + 1) * size]

    def loss(self, weights: dict[str, Tensor], step: int, size: int) -> Tensor:
        """The mean over rows of the mean cross-entropy of a row's hidden columns."""
        import torch

        generator = torch.Generator().manual_seed(self.seed.child("step", step).integer())
        rows = self.rows[self.batch(step, size).to(self.rows.device)]
        hidden = self.hide(len(rows), generator).to(rows.device)
        slots = self._slots(rows, hidden)
        if self.layout.interactions:
            gone = torch.rand(len(rows), len(self.layout.interactions), generator=generator)
            cells = slots[:, self.layout.columns :]
            dropped = gone.to(rows.device) < INTERACTION_DROPOUT
            cells.masked_fill_(dropped, self.layout.cells[-1])
        asked = torch.arange(self.layout.columns)
        if self.layout.columns > HEADS_AT_ONCE:
            drawn = torch.randperm(self.layout.columns, generator=generator)
            asked = drawn[:HEADS_AT_ONCE].sort().values
        return self._cross_entropy(weights, self._blurred(rows, generator), hidden, slots, asked)

    def _slots(self, rows: Tensor, hidden: Tensor) -> Tensor:
        """Rows of the embedding matrix; the zeros for a cell that must not be learnt."""
        import torch

        slots = self.layout.slots(torch.where(hidden, -1, rows))
        return slots.masked_fill_(self.hidden_cells[slots], self.layout.cells[-1])

    def _blurred(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """The rows with each binned token moved to a bin nearby, drawn anew each step.

        Asked for its exact bin, a fine-binned column soon knows its training rows by heart; its
        neighbours cost little sharpness. Tokens of single values, and ends of columns, stay.
        """
        import torch

        noise = torch.randn(rows.shape, generator=generator).to(rows.device) * BLUR
        starts = torch.tensor(self.layout.starts[:-1], device=rows.device)
        last = torch.tensor(self.layout.sizes, device=rows.device) - 1
        moved = rows + noise.round().long()
        inside = (rows >= 0) & (moved >= 0) & (moved <= last)
        moved = torch.where(inside, moved, rows)
        both = self.binned[moved.clamp(min=0) + starts] & self.binned[rows.clamp(min=0) + starts]
        return torch.where(both, moved, rows)

    def held_out(self, weights: dict[str, Tensor], hidden: Tensor) -> float:
        """The same loss on all `rows` under fixed masks, without any dropout."""
        import torch

        total, step = 0.0, 1024
        asked = torch.arange(self.layout.columns)
        for start in range(0, len(self.rows), step):
            rows, mask = self.rows[start : start + step], hidden[start : start + step]
            slots = self._slots(rows, mask)
            value = self._cross_entropy(weights, rows, mask, slots, asked)
            total += float(value) * len(rows)
        return total / len(self.rows)

    def hide(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, columns) True where hidden: a suffix of the preferred order, any subset, or what
        some training row lacks."""
        import torch

        columns = self.layout.columns
        rank = torch.tensor(self.layout.rank)
        suffix = rank[None] >= torch.randint(0, columns, (n, 1), generator=generator)
        share = torch.rand(n, 1, generator=generator)
        subset = torch.rand(n, columns, generator=generator) < share
        if len(self.gaps):
            drawn = self.gaps[torch.randint(0, len(self.gaps), (n,), generator=generator)]
            lacking = torch.rand(n, 1, generator=generator) < GAPS_SHARE
            subset = torch.where(lacking, drawn, subset)
        return torch.where(
            torch.rand(n, 1, generator=generator) < self.suffix_share, suffix, subset
        )

    def _cross_entropy(
        self, weights: dict[str, Tensor], rows: Tensor, hidden: Tensor, slots: Tensor, asked: Tensor
    ) -> Tensor:
        import torch
        from torch.nn.functional import embedding_bag

        embeddings, heads = matrices(weights, self.features)
        if attends(weights):
            x = attention(weights, embeddings[slots].to(self.precision))
            return self._of_places(weights, x, heads, rows, hidden, asked)
        h = trunk(weights, embedding_bag(slots, embeddings, mode="sum").to(self.precision))
        starts, sizes = self.layout.starts, self.layout.sizes
        some = len(asked) < self.layout.columns
        columns = asked.tolist()
        lengths = torch.tensor([sizes[j] for j in columns])
        begins = (lengths.cumsum(0) - lengths).to(rows.device)
        owner = torch.zeros(int(lengths.sum()), len(columns), device=rows.device)
        owner[torch.arange(len(owner)), torch.repeat_interleave(lengths)] = 1.0
        bias = weights["bias"]
        if some:
            at = torch.cat([torch.arange(starts[j], starts[j + 1]) for j in columns])
            heads, bias = heads[at.to(rows.device)], bias[at.to(rows.device)]
            rows, hidden = rows[:, asked], hidden[:, asked]
        told = hidden & (rows >= 0)
        weight = told / hidden.sum(1, keepdim=True).clamp(min=1) / len(rows)
        target = rows.clamp(min=0) + begins
        return heads_loss(h, heads.to(self.precision), bias, owner, target, weight)

    def _of_places(
        self,
        weights: dict[str, Tensor],
        x: Tensor,
        heads: Tensor,
        rows: Tensor,
        hidden: Tensor,
        asked: Tensor,
    ) -> Tensor:
        """The same loss where each column has a vector of its own: x (rows, places, width)."""
        from torch.nn.functional import cross_entropy

        told = hidden & (rows >= 0)
        weight = told / hidden.sum(1, keepdim=True).clamp(min=1) / len(rows)
        total = x.new_zeros((), dtype=weight.dtype)
        for j in asked.tolist():
            mine = slice(self.layout.starts[j], self.layout.starts[j + 1])
            logits = (x[:, j] @ heads[mine].to(x.dtype).t()).float() + weights["bias"][mine]
            lost = cross_entropy(logits, rows[:, j].clamp(min=0), reduction="none")
            total = total + (lost * weight[:, j]).sum()
        return total


@lru_cache(maxsize=1)
def _permutation(seed: Seed, n: int) -> Tensor:
    """The order of the rows in one epoch; kept, since all its steps ask for it."""
    import torch

    return torch.randperm(n, generator=torch.Generator().manual_seed(seed.integer()))
