"""Raking inside the sampler: head corrections that make drawn shares meet the training shares.

Raking a finished pool needs several rows drawn per row kept. Here the same moments are met while
sampling: for each column in turn, on rows drawn so far, additive corrections to its logits are
found by iterative proportional fitting (Deming and Stephan 1940) so that its shares, alone and
within coarse groups of each column drawn before it, agree with the training rows'. A cell's
correction is shrunk by `shrinkage` rows that agree with the model, so that cells of a few rows
change little: raking overfits its targets if let.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from augment.core.types import Job, Tick
from augment.kinds.tables.engines.anyorder.chain import Chain
from augment.kinds.tables.engines.anyorder.correction import Correction
from augment.kinds.tables.engines.anyorder.layout import TokenLayout
from augment.kinds.tables.engines.anyorder.structure import MAX_ROWS, mid_ranks

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

GROUPS = 16  # of one column's tokens: its commonest levels, or stretches of equal mass
ALONE = 3.0  # times as closely a column is raked alone as with another
ROUNDS = 2
MOST_COMPARED = 40  # earlier columns whose cells are compared, the most correlated first
MOST_PAIRS = 16  # columns that one column is raked with, the worst fitted first
SIGMAS = 2.0  # by which fine cells must be off before they are raked
BOUND = 1.0  # on one change of a logit
MOST_DRAWN = 40_000  # rows that the corrections are found on


def coarse(counts: NDArray[np.float64], ordered: bool, nullable: bool = False) -> NDArray[np.int64]:
    """(tokens,) groups of a column's tokens, from its tokens' numbers of rows; null is its own."""
    size = len(counts)
    if size <= GROUPS:
        return np.arange(size)
    if ordered and nullable:
        return np.concatenate([[GROUPS - 1], np.minimum(coarse(counts[1:], True), GROUPS - 2)])
    if ordered:
        share = (np.cumsum(counts) - counts / 2) / max(counts.sum(), 1.0)
        return np.asarray(np.minimum((share * GROUPS).astype(np.int64), GROUPS - 1))
    groups = np.full(size, GROUPS - 1)
    groups[np.argsort(-counts, kind="stable")[: GROUPS - 1]] = np.arange(GROUPS - 1)
    return groups


class _OutOfTime(Exception):
    """Leaves the pass of sampling; what was found so far stands."""


@dataclass(frozen=True)
class _Pair:
    """One earlier column: its groups' rows among the drawn, and the targets of its cells."""

    column: int
    group_of: NDArray[np.int64]
    at: Tensor  # (rows drawn,)
    target: Tensor  # (groups, tokens), in training rows
    off: float  # share of rows that the model has in wrong cells


@dataclass(frozen=True)
class Calibration:
    """What the corrections are fitted to: training `rows` (n, columns) of tokens, -1 unknown.

    They are found on the device that the chain draws on. `shrinkage` is in rows.
    """

    layout: TokenLayout
    rows: NDArray[np.int32]
    groups: tuple[NDArray[np.int64], ...]
    shrinkage: float

    def fit(self, chain: Chain, rng: np.random.Generator, job: Job) -> dict[int, Correction]:
        """One pass of sampling; each column is corrected before it is drawn.

        Columns whose turn comes when the job's budget is used up are left as the network has them.
        """
        corrections: dict[int, Correction] = {}
        children = {law.child for law in chain.laws}
        columns = self.layout.columns

        def correct(j: int, logits: Tensor, tokens: Tensor) -> Tensor:
            if job.budget.left() <= 0:
                raise _OutOfTime
            job.tick(Tick("calibrate", len(corrections) + 1, columns))
            if j in children:
                return logits
            changed, corrections[j] = self._column(j, logits, tokens)
            return changed

        n = min(max(len(self.rows), 200), MOST_DRAWN)
        try:
            chain.draw(n, rng, hook=correct)
        except _OutOfTime:
            cut = f"{len(corrections):,} of {columns:,} columns are calibrated"
            job.tick(Tick("calibrate", len(corrections), columns, shortened=cut))
        return corrections

    def _column(self, j: int, logits: Tensor, tokens: Tensor) -> tuple[Tensor, Correction]:
        import torch

        size, n, device = self.layout.sizes[j], len(self.rows), logits.device
        mine = self.rows[:, j]
        known = mine >= 0
        counts = _counts(mine[known], size).to(device)
        target = counts / counts.sum().clamp(min=1) * n
        bias = torch.zeros(size, device=device)
        wide = torch.from_numpy(self.groups[j]).to(device)
        fine = torch.arange(size, device=device)
        logits = logits.clone()
        alone = self.shrinkage / ALONE
        pairs: list[_Pair] = []
        tables: list[Tensor] = []
        for turn in range(ROUNDS):
            drawn = logits.softmax(1).mean(0) * n
            change = ((target + alone) / (drawn + alone)).log()
            bias += change.clamp(-2 * BOUND, 2 * BOUND)
            logits += change.clamp(-2 * BOUND, 2 * BOUND)
            if turn == 0:
                pairs = self._pairs(j, known, logits.softmax(1), tokens)
                tables = [torch.zeros_like(pair.target) for pair in pairs]
            for pair, table in zip(pairs, tables, strict=True):
                for group in (wide, fine):
                    change = _raked(pair, logits.softmax(1), n, group, self.shrinkage)
                    table += change
                    logits += change[pair.at]
        empty = torch.zeros(0, size, device=device)
        groups, start = [], 0
        for pair in pairs:
            groups.append(torch.from_numpy(pair.group_of).to(device) + start)
            start += len(pair.target)
        return logits, Correction(
            bias,
            tuple(pair.column for pair in pairs),
            tuple(groups),
            torch.cat([empty, *tables]),
        )

    def _compared(self, j: int) -> list[int]:
        """Earlier columns; of a wide table only those whose ranks go with j's."""
        earlier = list(self.layout.order[: self.layout.rank[j]])
        if len(earlier) <= MOST_COMPARED:
            return earlier
        strength = np.abs(self.ranks[:, j] @ self.ranks[:, earlier])
        return [earlier[i] for i in np.argsort(-strength, kind="stable")[:MOST_COMPARED]]

    @cached_property
    def ranks(self) -> NDArray[np.float64]:
        """(rows, columns) of at most `MAX_ROWS` training rows, standardised."""
        return mid_ranks(self.rows[:: max(1, len(self.rows) // MAX_ROWS)])

    def _pairs(self, j: int, known: NDArray[np.bool_], p: Tensor, tokens: Tensor) -> list[_Pair]:
        """The columns drawn so far, those first whose cells with j are furthest off."""
        import torch

        n, size = len(self.rows), self.layout.sizes[j]
        found = []
        for q in self._compared(j):
            group_of = self.groups[q]
            both = known & (self.rows[:, q] >= 0)
            groups = int(group_of.max()) + 1
            cell = group_of[self.rows[both, q]] * size + self.rows[both, j]
            target = _counts(cell, groups * size).view(groups, size).to(p.device)
            at = torch.from_numpy(group_of).to(p.device)[tokens[:, q]]
            drawn = _summed(groups, at, p) * (n / len(p))
            # The earlier column's own shares are as they were drawn; only j's are corrected.
            target *= drawn.sum(1, keepdim=True) / target.sum(1, keepdim=True).clamp(min=1e-9)
            off = float((target - drawn).abs().sum()) / (2 * n)
            found.append(_Pair(q, group_of, at, target, off))
        return sorted(found, key=lambda pair: (-pair.off, pair.column))[:MOST_PAIRS]


def _raked(pair: _Pair, p: Tensor, n: int, group: Tensor, shrinkage: float) -> Tensor:
    """(groups, tokens) the change of logits that brings the drawn cells to their targets.

    The tokens of one `group` (tokens,) change alike. Wide groups come first, so that a cell of a
    rare level, whose rows are few beside the tokens, is moved as a whole before it is shrunk away.
    """
    import torch

    groups, wide = len(pair.target), int(group.max()) + 1
    drawn = _summed(groups, pair.at, p) * (n / len(p))
    wanted = _summed(wide, group, pair.target.t()).t()
    drawn = _summed(wide, group, drawn.t()).t()
    if len(drawn[0]) > GROUPS and not _misfit(wanted, drawn):
        return torch.zeros_like(pair.target)
    shrink = shrinkage * drawn / (drawn + 1e-3)  # nothing is added to cells never drawn
    change = ((wanted + shrink + 1e-6) / (drawn + shrink + 1e-6)).log()
    change[pair.target.sum(1) <= 0] = 0.0
    return change.clamp(-BOUND, BOUND)[:, group]


def _summed(groups: int, group: Tensor, x: Tensor) -> Tensor:
    """(groups, k) the sums of the rows of `x` (n, k) by their `group` (n,)."""
    import torch
    from torch.nn.functional import one_hot

    if x.device.type == "cpu":
        return torch.zeros(groups, x.shape[1]).index_add_(0, group, x)
    # A GPU adds rows in whatever order they come, and the last digits follow the order.
    return one_hot(group, groups).to(x.dtype).t() @ x


def _misfit(wanted: Tensor, drawn: Tensor) -> bool:
    """Whether the cells are further off than the training rows' own noise explains.

    Were the drawn shares true, the sum of (wanted − drawn)² / (drawn + ½) would be about that of
    drawn / (drawn + ½), since counts vary as Poisson's do. Raking the fine cells of a pair that
    the model has right copies noise, which tells who was in the training table.
    """
    scale = drawn + 0.5
    noise = float((drawn / scale).sum())
    found = float(((wanted - drawn) ** 2 / scale).sum())
    return found > noise + SIGMAS * math.sqrt(2 * noise)


def _counts(cells: NDArray[np.integer], size: int) -> Tensor:
    import torch

    return torch.from_numpy(np.bincount(cells, minlength=size)).to(torch.float32)
