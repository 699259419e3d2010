"""Where each column's tokens lie in the matrices of the network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class OffsetDays:
    """Days that begin later than at midnight, as cells of a week, a weekday and a time of day.

    What goes on through the hours does not stop at midnight, and one vector a day says nothing of
    how it goes. Days that begin at noon lie over those that begin at midnight, so that together
    they tell half days apart, each from as many rows as a day has, and what is learnt of an evening
    tells of the next morning (tile coding: Albus 1975, doi 10.1115/1.3426922). `members` are
    the three columns, `days` the weekdays of a week, whose tokens begin at `first`; a day begins
    at the token `begins` of the time.
    """

    members: tuple[int, int, int]
    days: int
    first: int
    begins: int

    def cells(self, sizes: Sequence[int]) -> int:
        return self.days * sizes[self.members[0]] + 1

    def cell(self, week: Any, weekday: Any, time: Any) -> Any:
        """(rows,) the cell of tokens that are all known: arrays or tensors."""
        day = (weekday - self.first).clip(min=0)  # a null is in week 0, which has no other rows
        return self.days * week + day + (time >= self.begins)


@dataclass(frozen=True)
class TokenLayout:
    """Where each column's tokens lie in the embedding and head matrices.

    Rows of the embedding matrix: all tokens column by column, one "not known" per column, the
    cells of the interactions and those of the offset days, and a last row of zeros.
    """

    sizes: tuple[int, ...]
    order: tuple[int, ...]  # the preferred order of sampling
    interactions: tuple[tuple[int, ...], ...] = ()
    offset_days: tuple[OffsetDays, ...] = ()

    @cached_property
    def joint(self) -> tuple[tuple[int, ...], ...]:
        """The columns of each set of cells: of the interactions, then of the offset days."""
        return (*self.interactions, *(each.members for each in self.offset_days))

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
        """(sets of cells + 1,) embedding rows: the first cell of each set, then the zeros."""
        total = self.tokens + self.columns
        cells = [total]
        sizes = [math.prod(self.sizes[j] for j in members) for members in self.interactions]
        sizes += [each.cells(self.sizes) for each in self.offset_days]
        for size in sizes:
            total += size
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
        for i in range(len(self.joint)):
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
        """(rows,) the embedding row of set i of cells: the zeros where a member is not known."""
        import torch

        columns = [tokens[:, j] for j in self.joint[i]]
        unknown = torch.zeros_like(columns[0], dtype=torch.bool)
        for column in columns:
            unknown |= column < 0
        return torch.where(unknown, self.cells[-1], self.cell_number(i, columns) + self.cells[i])

    def cell_number(self, i: int, columns: Sequence[Any]) -> Any:
        """(rows,) the cells within set i, from the tokens of its members (arrays or tensors), which
        are all known."""
        if i >= len(self.interactions):
            week, weekday, time = columns
            return self.offset_days[i - len(self.interactions)].cell(week, weekday, time)
        number = 0
        for j, column in zip(self.interactions[i], columns, strict=True):
            number = number * self.sizes[j] + column
        return number
