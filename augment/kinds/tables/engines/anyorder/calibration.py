"""Raking inside the sampler: head corrections that make drawn shares meet the training shares.

Raking a finished pool needs several rows drawn per row kept. Here the same moments are met while
sampling: for each column in turn, on rows drawn so far, additive corrections to its logits are
found by iterative proportional fitting (Deming and Stephan 1940) so that its shares, alone and
within groups of each column drawn before it, agree with the training rows'.

Raking to the letter copies the noise of the training rows, which tells who was among them. So the
cells of a pair are a sample to which the network's shares are the prior: if a cell's true rows are
Gamma distributed around the expected ones with a shape of s, seeing w where m are expected gives
(w + s) / (m + s) as the mean of its factor, as if s rows agreed with the network. s is found per
family of cells from how far they are off beyond sampling noise (empirical Bayes; Clayton and
Kaldor 1987, doi 10.2307/2532003, by the moments of DerSimonian and Laird 1986, doi
10.1016/0197-2456(86)90046-2): cells that are off by noise alone are left. A few wide blocks come
first, since what moves many cells together stands out there of noise that hides it in each. A
column's own shares are met closely: they are few numbers, and give hardly anyone away.
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

BLOCKS = 4  # of the groups of either column, that a pair is raked by first
GROUPS = 16  # of one column's tokens: its commonest levels, or stretches of equal mass
ALONE = 3.0  # times as closely a column is raked alone as with another
ROUNDS = 2
MOST_COMPARED = 40  # earlier columns whose cells are compared, the most correlated first
MOST_PAIRS = 16  # columns that one column is raked with, the worst fitted first
BOUND = 1.0  # on one change of a logit
FEWEST_DRAWN = 4_000  # of a small table, lest the noise of drawing be corrected
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

    They are found on the device that the chain draws on. `shrinkage` is the fewest rows that are
    taken to agree with the network in each cell.
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

        n = min(max(len(self.rows), FEWEST_DRAWN), MOST_DRAWN)
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
                own = torch.arange(len(pair.target), device=device)
                blocks = _blocks(own), _blocks(wide)
                for given, group in (blocks, (own, wide), (own, fine)):
                    change = _raked(pair, logits.softmax(1), n, given, group, self.shrinkage)
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


def _blocks(groups: Tensor) -> Tensor:
    """At most `BLOCKS` blocks of neighbouring `groups`; null, the last group, is in the last."""
    total = int(groups.max()) + 1
    return groups if total <= BLOCKS else groups * BLOCKS // total


def _raked(
    pair: _Pair, p: Tensor, n: int, given: Tensor, group: Tensor, shrinkage: float
) -> Tensor:
    """(groups, tokens) the change of logits that brings the drawn cells towards their targets.

    Groups of the earlier column change alike where they share a number in `given` (groups,), and
    tokens where they share one of `group` (tokens,).
    """
    drawn = _summed(len(pair.target), pair.at, p) * (n / len(p))
    wanted, drawn = (_merged(cells, given, group) for cells in (pair.target, drawn))
    change = _posterior(wanted, drawn, shrinkage)
    change[wanted.sum(1) <= 0] = 0.0
    return change.clamp(-BOUND, BOUND)[given][:, group]


def _merged(cells: Tensor, given: Tensor, group: Tensor) -> Tensor:
    """(groups, tokens) summed over those that share a number in `given` and in `group`."""
    by_row = _summed(int(given.max()) + 1, given, cells)
    return _summed(int(group.max()) + 1, group, by_row.t()).t()


def _posterior(wanted: Tensor, drawn: Tensor, least: float) -> Tensor:
    """(groups, k) the logarithm of each cell's expected factor, from the rows `wanted` in it and
    those `drawn`; 0 where the family of cells is off by no more than noise.

    At least `least` rows in each cell are taken to agree with the drawn shares. Nothing is added
    to cells that are never drawn.
    """
    import torch

    rows = max(least, prior_rows(wanted, drawn))
    if math.isinf(rows):
        return torch.zeros_like(drawn)
    agreeing = rows * drawn / (drawn + 1e-3)
    return ((wanted + agreeing + 1e-6) / (drawn + agreeing + 1e-6)).log()


def prior_rows(wanted: Tensor, drawn: Tensor) -> float:
    """The rows per cell that agree with the drawn ones (the shape s of the Gamma prior), of cells
    (groups, k) whose groups hold as many rows on both sides; infinite without evidence.

    Were the drawn shares true, (wanted − drawn)² would be drawn · (1 − share in its group) on
    average; it is drawn² / s more. Cells weigh by 1 / (drawn + ½): Pearson's statistic, with half
    a row for cells of hardly any.
    """
    weight = 1 / (drawn + 0.5)
    share = drawn / drawn.sum(1, keepdim=True).clamp(min=1e-9)
    noise = float((weight * drawn * (1 - share)).sum())
    excess = float((weight * (wanted - drawn) ** 2).sum()) - noise
    return float((weight * drawn**2).sum()) / excess if excess > 0 else math.inf


def _summed(groups: int, group: Tensor, x: Tensor) -> Tensor:
    """(groups, k) the sums of the rows of `x` (n, k) by their `group` (n,)."""
    import torch
    from torch.nn.functional import one_hot

    if x.device.type == "cpu":
        return torch.zeros(groups, x.shape[1]).index_add_(0, group, x)
    # A GPU adds rows in whatever order they come, and the last digits follow the order.
    return one_hot(group, groups).to(x.dtype).t() @ x


def _counts(cells: NDArray[np.integer], size: int) -> Tensor:
    import torch

    return torch.from_numpy(np.bincount(cells, minlength=size)).to(torch.float32)
