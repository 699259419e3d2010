"""What is added to a column's logits, so that drawn shares meet those of the training rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Correction:
    """Added to a column's logits: `bias` (tokens,), and rows of `table` by groups of tokens.

    `columns` are looked at; `group[i]` (tokens of columns[i],) are rows of `table` (groups,
    tokens). It was fitted where all of them are known, and is used only there.
    """

    bias: Tensor
    columns: tuple[int, ...]
    group: tuple[Tensor, ...]
    table: Tensor

    def on(self, device: str) -> Correction:
        group = tuple(each.to(device) for each in self.group)
        return replace(self, bias=self.bias.to(device), group=group, table=self.table.to(device))

    def of(self, tokens: Tensor) -> Tensor:
        """(rows, tokens of the column) what to add for rows with these `tokens`."""
        from torch.nn.functional import embedding_bag

        if not self.columns:
            return self.bias.expand(len(tokens), -1)
        columns, starts, groups = self._joined
        drawn = tokens.index_select(1, columns)
        rows = groups.take(drawn + starts.t())  # some row of the table where a token is not known
        change = embedding_bag(rows, self.table, mode="sum").add_(self.bias)
        return change if bool(drawn.min() >= 0) else change * (drawn >= 0).all(1)[:, None]

    def of_known(self, tokens: Tensor) -> Tensor:
        """The same for rows that all know the columns looked at, of tokens (columns, rows);
        (tokens of the column,) where none is looked at."""
        from torch.nn.functional import embedding_bag

        if not self.columns:
            return self.bias
        columns, starts, groups = self._joined
        rows = groups[tokens[columns] + starts]
        return embedding_bag(rows.t(), self.table, mode="sum").add_(self.bias)

    @cached_property
    def _joined(self) -> tuple[Tensor, Tensor, Tensor]:
        """The columns (k,), where the groups of each begin (k, 1), and all groups one after
        another, on the device of the table."""
        import torch

        device = self.table.device
        ends = list(accumulate(map(len, self.group)))
        starts = torch.tensor([0, *ends[:-1]], device=device)[:, None]
        return torch.tensor(self.columns, device=device), starts, torch.cat(self.group)

    def about(self, j: int, drawn: Tensor) -> Tensor:
        """(rows, tokens of j) what this column's tokens `drawn`, -1 where not known, say of j.

        The change was found for this column given j. By Bayes' rule the same factor, a property
        of the two values together, bears on j where this column is known first.
        """
        import torch

        table = self.table[self.group[self.columns.index(j)]]  # (tokens of j, own tokens)
        return torch.where((drawn >= 0)[:, None], table.t()[drawn.clamp(min=0)], 0.0)
