"""The loss that the network is trained by: part of each row is hidden, and asked for.

Import it only where torch is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, embedding_bag

from augment.core.seeds import Seed
from augment.kinds.tables.engines.anyorder.layout import TokenLayout
from augment.kinds.tables.engines.anyorder.network import TokenNetwork
from augment.kinds.tables.engines.anyorder.padded_heads import PaddedHeads
from augment.nets.heads_loss import heads_loss
from augment.nets.streams import torch_stream
from augment.nets.transformer import Transformer

HEADS_AT_ONCE = 64  # a wider table's loss is taken on this many columns a step, drawn anew
INTERACTION_DROPOUT = 0.5  # how often an interaction is left out, lest its cells be memorised
GAPS_SHARE = 0.25  # of the subsets of columns that are hidden, where rows lack values
BLUR = 1.0  # bins, the deviation of the noise on the bins that the net is asked for


@dataclass(frozen=True)
class MaskedLoss:
    """What the loss needs besides the network. `rows` (n, columns) tokens, -1 where too rare."""

    layout: TokenLayout
    rows: Tensor
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

    def loss(self, network: TokenNetwork, step: int, size: int) -> Tensor:
        """The mean over rows of the mean cross-entropy of a row's hidden columns."""
        generator = torch_stream(self.seed.child("step", step).integer())
        rows = self.rows[self.batch(step, size).to(self.rows.device)]
        hidden, slots = self.shown(rows, generator)
        asked = torch.arange(self.layout.columns)
        if self.layout.columns > HEADS_AT_ONCE:
            drawn = torch.randperm(self.layout.columns, generator=generator)
            asked = drawn[:HEADS_AT_ONCE].sort().values
        return self._cross_entropy(network, self.blurred(rows, generator), hidden, slots, asked)

    def shown(self, rows: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(rows, columns) True where hidden, and (rows, places) the embeddings that are seen."""
        hidden = self.hide(len(rows), generator).to(rows.device)
        slots = self._slots(rows, hidden)
        if self.layout.joint:
            shape = len(rows), len(self.layout.joint)
            gone = torch.rand(shape, generator=generator, device=generator.device)
            cells = slots[:, self.layout.columns :]
            dropped = gone.to(rows.device) < INTERACTION_DROPOUT
            cells.masked_fill_(dropped, self.layout.cells[-1])
        return hidden, slots

    def _slots(self, rows: Tensor, hidden: Tensor) -> Tensor:
        """Rows of the embedding matrix; the zeros for a cell that must not be learnt."""
        slots = self.layout.slots(torch.where(hidden, -1, rows))
        return slots.masked_fill_(self.hidden_cells[slots], self.layout.cells[-1])

    def blurred(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """The rows with each binned token moved to a bin nearby, drawn anew each step.

        Asked for its exact bin, a fine-binned column soon knows its training rows by heart; its
        neighbours cost little sharpness. Tokens of single values, and ends of columns, stay.
        """
        noise = torch.randn(rows.shape, generator=generator, device=generator.device)
        noise = noise.to(rows.device) * BLUR
        starts = torch.tensor(self.layout.starts[:-1], device=rows.device)
        last = torch.tensor(self.layout.sizes, device=rows.device) - 1
        moved = rows + noise.round().long()
        inside = (rows >= 0) & (moved >= 0) & (moved <= last)
        moved = torch.where(inside, moved, rows)
        both = self.binned[moved.clamp(min=0) + starts] & self.binned[rows.clamp(min=0) + starts]
        return torch.where(both, moved, rows)

    def held_out(self, network: TokenNetwork, hidden: Tensor) -> float:
        """The same loss on all `rows` under fixed masks, without any dropout."""
        total, step = 0.0, 1024
        asked = torch.arange(self.layout.columns)
        for start in range(0, len(self.rows), step):
            rows, mask = self.rows[start : start + step], hidden[start : start + step]
            slots = self._slots(rows, mask)
            value = self._cross_entropy(network, rows, mask, slots, asked)
            total += float(value) * len(rows)
        return total / len(self.rows)

    def expected(self, network: TokenNetwork, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """(tokens,) in how many of the rows each token is expected, and in how many it stands,
        counted where its column is `hidden` (rows, columns)."""
        embeddings, heads = network.matrices()
        slots = self._slots(self.rows, hidden)
        places = isinstance(network.trunk, Transformer)
        x = embeddings[slots] if places else embedding_bag(slots, embeddings, mode="sum")
        h = network.trunk(x.to(self.precision))
        drawn, stand = [], []
        for j, size in enumerate(self.layout.sizes):
            mine = slice(self.layout.starts[j], self.layout.starts[j + 1])
            asked = hidden[:, j] & (self.rows[:, j] >= 0)
            seen = (h[asked, j] if places else h[asked]) @ heads[mine].to(self.precision).t()
            drawn.append((seen.float() + network.bias[mine]).softmax(1).sum(0))
            stand.append(torch.bincount(self.rows[asked, j], minlength=size).float())
        return torch.cat(drawn), torch.cat(stand)

    def hide(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, columns) True where hidden: a suffix of the preferred order, any subset, or what
        some training row lacks."""
        columns, device = self.layout.columns, generator.device

        def even(*shape: int) -> Tensor:
            return torch.rand(shape, generator=generator, device=device)

        def below(most: int, *shape: int) -> Tensor:
            return torch.randint(0, most, shape, generator=generator, device=device)

        rank = torch.tensor(self.layout.rank, device=device)
        suffix = rank[None] >= below(columns, n, 1)
        share = even(n, 1)
        subset = even(n, columns) < share
        if len(self.gaps):
            drawn = self.gaps.to(device)[below(len(self.gaps), n)]
            lacking = even(n, 1) < GAPS_SHARE
            subset = torch.where(lacking, drawn, subset)
        return torch.where(even(n, 1) < self.suffix_share, suffix, subset)

    @cached_property
    def _padded(self) -> PaddedHeads | None:
        """On a GPU, where many small products take longer than a large one."""
        device = self.rows.device
        return None if device.type == "cpu" else PaddedHeads.of(self.layout, device)

    def of_all(self, network: TokenNetwork, rows: Tensor, hidden: Tensor, slots: Tensor) -> Tensor:
        """The loss of all columns at once; no shape depends on what is hidden."""
        embeddings, heads = network.matrices()
        seen, columns = embeddings[slots], self.layout.columns
        if isinstance(network.trunk, Transformer):
            h = network.trunk(seen.to(self.precision))[:, :columns].transpose(0, 1)
        else:
            h = network.trunk(seen.sum(1).to(self.precision)).expand(columns, -1, -1)
        known = hidden & (rows >= 0)
        weight = known / hidden.sum(1, keepdim=True).clamp(min=1) / len(rows)
        padded = PaddedHeads.of(self.layout, rows.device) if self._padded is None else self._padded
        return padded.loss(h, heads, network.bias, rows.clamp(min=0), weight)

    def _cross_entropy(
        self, network: TokenNetwork, rows: Tensor, hidden: Tensor, slots: Tensor, asked: Tensor
    ) -> Tensor:
        if self._padded is not None:
            return self.of_all(network, rows, hidden, slots)
        embeddings, heads = network.matrices()
        if isinstance(network.trunk, Transformer):
            x = network.trunk(embeddings[slots].to(self.precision))
            return self._of_places(network, x, heads, rows, hidden, asked)
        h = network.trunk(embedding_bag(slots, embeddings, mode="sum").to(self.precision))
        starts, sizes = self.layout.starts, self.layout.sizes
        some = len(asked) < self.layout.columns
        columns = asked.tolist()
        lengths = torch.tensor([sizes[j] for j in columns])
        begins = (lengths.cumsum(0) - lengths).to(rows.device)
        owner = torch.zeros(int(lengths.sum()), len(columns), device=rows.device)
        owner[torch.arange(len(owner)), torch.repeat_interleave(lengths)] = 1.0
        bias: Tensor = network.bias
        if some:
            at = torch.cat([torch.arange(starts[j], starts[j + 1]) for j in columns])
            heads, bias = heads[at.to(rows.device)], bias[at.to(rows.device)]
            rows, hidden = rows[:, asked], hidden[:, asked]
        known = hidden & (rows >= 0)
        weight = known / hidden.sum(1, keepdim=True).clamp(min=1) / len(rows)
        target = rows.clamp(min=0) + begins
        return heads_loss(h, heads.to(self.precision), bias, owner, target, weight)

    def _of_places(
        self,
        network: TokenNetwork,
        x: Tensor,
        heads: Tensor,
        rows: Tensor,
        hidden: Tensor,
        asked: Tensor,
    ) -> Tensor:
        """The same loss where each column has a vector of its own: x (rows, places, width)."""

        known = hidden & (rows >= 0)
        weight = known / hidden.sum(1, keepdim=True).clamp(min=1) / len(rows)
        total = x.new_zeros((), dtype=weight.dtype)
        for j in asked.tolist():
            mine = slice(self.layout.starts[j], self.layout.starts[j + 1])
            logits = (x[:, j] @ heads[mine].to(x.dtype).t()).float() + network.bias[mine]
            lost = cross_entropy(logits, rows[:, j].clamp(min=0), reduction="none")
            total = total + (lost * weight[:, j]).sum()
        return total


@lru_cache(maxsize=1)
def _permutation(seed: Seed, n: int) -> Tensor:
    """The order of the rows in one epoch; kept, since all its steps ask for it."""
    return torch.randperm(n, generator=torch_stream(seed.integer()))
