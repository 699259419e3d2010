"""Where each column's tokens lie in the matrices of the network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class TokenLayout:
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

        starts, masked = self._rows_on(tokens.device)
        found = [torch.where(tokens < 0, masked, tokens + starts)]
        for i in range(len(self.interactions)):
            found.append(self.cell(tokens, i)[:, None])
        return torch.cat(found, dim=1)

    def _rows_on(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """(columns,) each column's first row of the embedding matrix, and that of "not known";
        kept, since bringing them to a device means waiting for it."""
        import torch

        if str(device) not in self._placed:
            starts = torch.tensor(self.starts[:-1], device=device)
            masked = self.tokens + torch.arange(self.columns, device=device)
            self._placed[str(device)] = starts, masked
        return self._placed[str(device)]

    @cached_property
    def _placed(self) -> dict[str, tuple[Tensor, Tensor]]:
        return {}

    def cell(self, tokens: Tensor, i: int) -> Tensor:
        """(rows,) the embedding row of interaction i: the zeros where a member is not known."""
        import torch

        members = self.interactions[i]
        cell = torch.zeros_like(tokens[:, 0])
        unknown = torch.zeros_like(cell, dtype=torch.bool)
        for j in members:
            cell = cell * self.sizes[j] + tokens[:, j]
            unknown |= tokens[:, j] < 0
        return torch.where(unknown, self.cells[-1], cell + self.cells[i])
