"""AIM: which marginals to measure, one after another, each where the model so far is worst.

McKenna, Mullins, Sheldon and Miklau 2022, "AIM: An adaptive and iterative mechanism for
differentially private synthetic data", arXiv 2201.12677: every column is measured first; then the
exponential mechanism picks, among the marginals of pairs, the one whose distance from the model is
largest beyond what its noise will be, and it is measured. When a measurement brings nothing that
stands out of its noise, the next ones are made more precise.

DIFFERS: several marginals are picked and measured by one model before the next is inferred, since
preparing an inference is what takes time; there are two rounds for each column at first, not 16,
so the noise begins where theirs arrives after a few halvings. What the model says of a marginal is
counted in rows drawn from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.kinds.tables.engines.aim.inference import (
    Inferred,
    Marginal,
    inferred,
    pairs,
    total_of,
    tree_cells,
)
from augment.kinds.tables.engines.aim.ledger import Ledger

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_SHARE = 0.1  # of the budget, for the columns one by one
CHOICE_SHARE = 0.1  # of each round's, for choosing what to measure
ROUNDS_PER_COLUMN = 2
COLUMNS_PER_BATCH = 3  # for each so many columns, one marginal more by the same model
DRAWN_ROWS = 100_000  # by which the model's marginals are counted
BIAS = math.sqrt(2 / math.pi)  # mean of |x| for a standard normal x

Columns = tuple[int, ...]


@dataclass(frozen=True)
class Encoded:
    """The rows in cells; every count that is made of them is charged to the ledger."""

    cells: NDArray[np.int64]  # (rows, columns)
    sizes: tuple[int, ...]
    names: tuple[str, ...]

    def counts(self, columns: Columns) -> NDArray[np.int64]:
        return counted(self.cells, self.sizes, columns)

    def title(self, columns: Columns) -> str:
        return " × ".join(self.names[column] for column in columns)


def counted(
    cells: NDArray[np.int64], sizes: tuple[int, ...], columns: Columns
) -> NDArray[np.int64]:
    """How many rows are in each joint cell of some columns."""
    shape = [sizes[column] for column in columns]
    places = np.ravel_multi_index(tuple(cells[:, column] for column in columns), shape)
    return np.bincount(places, minlength=math.prod(shape)).reshape(shape)


@dataclass(frozen=True)
class Selection:
    """A model, and the marginals that it is of."""

    inferred: Inferred
    marginals: tuple[Marginal, ...]


@dataclass(frozen=True)
class _Choice:
    """One round: what may be measured by which budget, and how much more each is worth."""

    candidates: Sequence[Columns]
    weights: dict[Columns, int]
    rho: float


def selected(
    rows: Encoded,
    ledger: Ledger,
    target: int | None,
    most_cells: int,
    seed: Seed,
    tick: Callable[[float], None],
) -> Selection:
    """The whole of AIM within what the ledger has left.

    `tick` is told the share of the budget that is spent.
    """
    count = len(rows.sizes)
    share = FIRST_SHARE if count > 1 else 1.0
    first = ledger.left * share / count * (1 - 1e-9)
    marginals = [_measured(rows, ledger, (column,), first) for column in range(count)]
    found = inferred(rows.sizes, marginals, None)
    wanted = _weights(count, target)
    rho = ledger.left / (ROUNDS_PER_COLUMN * count)
    batch, step = max(1, count // COLUMNS_PER_BATCH), 0
    while ledger.left > 1e-6 * ledger.rho and count > 1:
        tick(ledger.spent / ledger.rho)
        expected = _drawn(found, rows.sizes, total_of(marginals), seed.child("round", step))
        taken: list[Marginal] = []
        chosen: set[Columns] = set()
        for _ in range(batch):
            rho = ledger.left if ledger.left < 2 * rho else rho
            cliques = [marginal.columns for marginal in (*marginals, *taken)]
            allowed = _allowed(rows.sizes, cliques, wanted, most_cells, ledger.spent / ledger.rho)
            allowed = [each for each in allowed if each not in chosen]
            if not allowed or ledger.left <= 1e-6 * ledger.rho:
                break
            choice = _Choice(allowed, wanted, rho * (1 - 1e-9))
            taken.append(_chosen(rows, ledger, choice, expected))
            chosen.add(taken[-1].columns)
        if not taken:
            break
        before = [expected(marginal.columns) for marginal in taken]
        marginals += taken
        found = inferred(rows.sizes, marginals, found)
        expected = _drawn(found, rows.sizes, total_of(marginals), seed.child("round", step))
        step += 1
        moved = [
            np.abs(expected(m.columns) - old).sum() > BIAS * m.scale * m.counts.size
            for m, old in zip(taken, before, strict=True)
        ]
        rho = rho if any(moved) else 4 * rho  # half the noise
    tick(1.0)
    return Selection(found, tuple(marginals))


def _measured(rows: Encoded, ledger: Ledger, columns: Columns, rho: float) -> Marginal:
    what = f"counts of {rows.title(columns)}"
    return Marginal(columns, *ledger.counts(what, rows.counts(columns), rho))


def _weights(columns: int, target: int | None) -> dict[Columns, int]:
    """How much each pair counts; one with the target counts twice."""
    return {pair: 2 if target in pair else 1 for pair in pairs(columns)}


def _allowed(
    sizes: tuple[int, ...],
    cliques: list[Columns],
    wanted: dict[Columns, int],
    most_cells: int,
    spent: float,
) -> list[Columns]:
    """The marginals with which the tree stays within its size, which grows as the budget goes."""
    limit = max(spent, 0.25) * most_cells
    inside = [each for each in wanted if any({*each} <= {*clique} for clique in cliques)]
    others = [each for each in wanted if each not in inside]
    return inside + [
        each
        for each in others
        if math.prod(sizes[column] for column in each) <= limit
        and tree_cells(sizes, [*cliques, each]) <= limit
    ]


def _chosen(
    rows: Encoded,
    ledger: Ledger,
    choice: _Choice,
    expected: Callable[[Columns], NDArray[np.float64]],
) -> Marginal:
    """Eq. 1 of the paper: the distance from the model beyond that of the noise to come.

    All in whole rows: sums of floats would round, and a row could change them by more than 1.
    """
    measuring = (1 - CHOICE_SHARE) * choice.rho
    noise = BIAS * (2 * measuring) ** -0.5
    scores = []
    for columns in choice.candidates:
        counts = rows.counts(columns)
        distance = np.abs(counts - np.rint(expected(columns)).astype(np.int64)).sum()
        scores.append(choice.weights[columns] * int(distance - round(noise * counts.size)))
    most = max(choice.weights[columns] for columns in choice.candidates)
    share = CHOICE_SHARE * choice.rho
    place = ledger.choice("choice of a marginal", choice.candidates, scores, most, share)
    return _measured(rows, ledger, choice.candidates[place], measuring)


def _drawn(
    found: Inferred, sizes: tuple[int, ...], total: float, seed: Seed
) -> Callable[[Columns], NDArray[np.float64]]:
    """The model's marginals in rows, counted in a sample of it and kept."""
    cells = found.tree.sample(DRAWN_ROWS, seed.rng(), {})
    known: dict[Columns, NDArray[np.float64]] = {}

    def marginal(columns: Columns) -> NDArray[np.float64]:
        if columns not in known:
            counts = counted(cells, sizes, columns).astype(np.float64)
            known[columns] = counts * (total / DRAWN_ROWS)
        return known[columns]

    return marginal
