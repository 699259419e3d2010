"""The trained network as sampling uses it: fixed matrices, and logits with their corrections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from augment.kinds.tables.engines.anyorder.correction import Correction
from augment.kinds.tables.engines.anyorder.layout import TokenLayout
from augment.nets.devices import copy_to

if TYPE_CHECKING:
    from torch import Tensor

    from augment.nets.gated_trunk import GatedTrunk
    from augment.nets.transformer import Transformer


ROUND = 256  # rows are filled up to a multiple, few of them to a power of two


@dataclass(frozen=True)
class FittedNetwork:
    """What of a `TokenNetwork` is left once it is fitted, and what calibration adds to it."""

    layout: TokenLayout
    embeddings: Tensor  # (rows of the layout, width), float32
    heads: Tensor  # (tokens, width), in the precision of the trunk
    bias: Tensor  # (tokens,)
    trunk: GatedTrunk | Transformer
    by_places: bool  # whether the trunk is a transformer, over the places of a row
    corrections: dict[int, Correction]

    def on(self, device: str) -> FittedNetwork:
        """The same network, computing on `device`."""
        return replace(
            self,
            embeddings=self.embeddings.to(device),
            heads=self.heads.to(device),
            bias=self.bias.to(device),
            trunk=copy_to(self.trunk, device),
            corrections={j: correction.on(device) for j, correction in self.corrections.items()},
        )

    def logits(self, j: int, tokens: Tensor, sums: Tensor) -> Tensor:
        """(rows, tokens of j) from tokens (rows, columns) and the sums (rows, width) of their
        embeddings."""
        mine = slice(self.layout.starts[j], self.layout.starts[j + 1])
        h = self._hidden(j, tokens, sums)
        logits = (h @ self.heads[mine].t())[: len(tokens)].float().add_(self.bias[mine])
        if j in self.corrections:
            logits += self.corrections[j].of(tokens)
        for q in self.layout.order[self.layout.rank[j] + 1 :]:  # known before its turn: conditions
            if q in self.corrections and j in self.corrections[q].columns:
                drawn = tokens[:, q]
                if bool((drawn >= 0).any()):
                    logits += self.corrections[q].about(j, drawn)
        return logits

    def logits_knowing(
        self, j: int, tokens: Tensor, slots: Tensor, known: frozenset[int]
    ) -> Tensor:
        """(rows, tokens of j) as `logits`, of tokens (columns, rows) whose embeddings lie at
        `slots` (places, rows); all rows know the columns `known` and no others.

        Nothing is read back from the device, and of a transformer's last block one place is made.
        """
        from torch.nn.functional import embedding_bag

        mine = slice(self.layout.starts[j], self.layout.starts[j + 1])
        if self.by_places:
            seen = self.embeddings.to(self.heads.dtype)[slots.t()]
            h = cast("Transformer", self.trunk).at(seen, j)
        else:
            sums = embedding_bag(slots.t(), self.embeddings, mode="sum")
            h = self.trunk(sums.to(self.heads.dtype))
        logits: Tensor = (h @ self.heads[mine].t()).float() + self.bias[mine]
        own = self.corrections.get(j)
        if own is not None and known.issuperset(own.columns):
            logits += own.of_known(tokens)
        for q in self.layout.order[self.layout.rank[j] + 1 :]:
            if q in known and q in self.corrections and j in self.corrections[q].columns:
                logits += self.corrections[q].about(j, tokens[q])
        return logits

    def _hidden(self, j: int, tokens: Tensor, sums: Tensor) -> Tensor:
        """(rows, width) what the trunk makes of these rows for column j, and of some filling."""
        found: Tensor
        if not self.by_places:
            filled = sums.new_zeros(filled_up(len(sums)), sums.shape[1], dtype=self.heads.dtype)
            filled[: len(sums)] = sums
            found = self.trunk(filled)
            return found
        found = self.trunk(self.embeddings[self.layout.slots(tokens)].to(self.heads.dtype))
        return found[:, j]


def filled_up(rows: int) -> int:
    """How many rows a CPU computes where so many are asked for: oneDNN compiles code for each
    number of them, and keeps that of the last 1,024 numbers and shapes."""
    step = min(ROUND, 1 << max(rows - 1, 0).bit_length())
    return -(-rows // step) * step
