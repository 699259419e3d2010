"""A distribution of discrete columns as a junction tree, sampled exactly under conditions.

The tables of the tree are calibrated: two that share columns agree on them. Rows are drawn from
the root down, each clique given the columns that it shares with its parent; conditions on single
columns are collected from the leaves up first (Koller and Friedman 2009, chapter 10).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from augment.core.types import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array = Any  # of any number of axes, one for each column of a clique


@dataclass(frozen=True)
class Clique:
    """Columns and how likely each of their joint cells is.

    `parent` is the place of a clique before this one, or -1; the columns that it has in common
    with it come first, as many as `shared`.
    """

    columns: tuple[int, ...]
    parent: int
    shared: int
    table: Array

    def given_shared(self) -> Array:
        """The table as chances of the other columns, given the shared ones."""
        own = tuple(range(self.shared, len(self.columns)))
        total = self.table.sum(axis=own, keepdims=True)
        return np.divide(self.table, total, out=np.zeros_like(self.table), where=total > 0)


@dataclass(frozen=True)
class JunctionTree:
    """Cliques, parents first; every column is in one of them. `sizes` are the columns' cells."""

    sizes: tuple[int, ...]
    cliques: tuple[Clique, ...]

    @classmethod
    def of_marginals(
        cls, sizes: tuple[int, ...], marginals: Mapping[tuple[int, ...], Array]
    ) -> Self:
        """The tree of calibrated tables: each next clique shares most with one before it."""
        left = sorted(marginals)
        placed: list[tuple[int, ...]] = []
        cliques: list[Clique] = []
        while left:
            shared, parent, columns = max(
                (
                    (len({*columns} & {*other}), -place, columns)
                    for columns in left
                    for place, other in enumerate(placed)
                ),
                default=(0, 0, left[0]),
            )
            above = {*placed[-parent]} & {*columns} if shared else set()
            order = tuple(sorted(above)) + tuple(c for c in columns if c not in above)
            table = np.transpose(marginals[columns], [columns.index(c) for c in order])
            cliques.append(Clique(order, -parent if shared else -1, shared, table / table.sum()))
            placed.append(columns)
            left.remove(columns)
        return cls(sizes, tuple(cliques))

    def marginal(self, column: int) -> NDArray[np.float64]:
        """(cells,) how likely each cell of a column is."""
        clique = next(each for each in self.cliques if column in each.columns)
        axis = clique.columns.index(column)
        others = tuple(place for place in range(len(clique.columns)) if place != axis)
        table: NDArray[np.float64] = clique.table.sum(axis=others)
        shares: NDArray[np.float64] = table / table.sum()
        return shares

    def probability(self, weights: Mapping[int, NDArray[np.float64]]) -> float:
        """How likely a row is to pass, where each cell of some columns passes with a chance."""
        messages = self._collected(weights)[1]
        roots = [place for place, clique in enumerate(self.cliques) if clique.parent < 0]
        return math.prod(float(messages[root]) for root in roots)

    def sample(
        self,
        n: int,
        rng: np.random.Generator,
        weights: Mapping[int, NDArray[np.float64]],
    ) -> NDArray[np.int64]:
        """(n, columns) cells of rows that pass; `weights` as in `probability`, which is not 0."""
        made = np.zeros((n, len(self.sizes)), dtype=np.int64)
        tables = self._collected(weights)[0]
        for clique, table in zip(self.cliques, tables, strict=True):
            known, new = clique.columns[: clique.shared], clique.columns[clique.shared :]
            uniforms = rng.random(n)
            if not new:
                continue
            shape = [self.sizes[column] for column in known]
            flat = table.reshape(math.prod(shape), -1)
            row = np.zeros(n, dtype=np.int64)
            if known:
                row = np.ravel_multi_index(tuple(made[:, column] for column in known), shape)
            picked = _drawn(flat, row, uniforms)
            cells = np.unravel_index(picked, [self.sizes[column] for column in new])
            for column, cell in zip(new, cells, strict=True):
                made[:, column] = cell
        return made

    def _collected(
        self, weights: Mapping[int, NDArray[np.float64]]
    ) -> tuple[list[Array], list[Array]]:
        """Per clique its chances given what is shared, times what passes below it; and the sums
        of these, which go up."""
        tables: list[Array] = [clique.given_shared() for clique in self.cliques]
        messages: list[Array] = [None] * len(tables)
        for place in reversed(range(len(tables))):
            clique = self.cliques[place]
            for axis, column in enumerate(clique.columns):
                if column in weights and axis >= clique.shared:
                    shape = [1] * len(clique.columns)
                    shape[axis] = -1
                    tables[place] = tables[place] * weights[column].reshape(shape)
            own = tuple(range(clique.shared, len(clique.columns)))
            messages[place] = tables[place].sum(axis=own)
            if clique.parent >= 0:
                above = self.cliques[clique.parent].columns
                tables[clique.parent] = tables[clique.parent] * _placed(
                    messages[place], clique.columns[: clique.shared], above
                )
        return tables, messages

    def config(self) -> list[Json]:
        return [
            {"columns": list(clique.columns), "parent": clique.parent, "shared": clique.shared}
            for clique in self.cliques
        ]

    @classmethod
    def restored(
        cls, sizes: tuple[int, ...], config: Any, tables: list[NDArray[np.float64]]
    ) -> Self:
        """Undo `config`. Raises `ValueError` or `TypeError` for what is no such tree."""
        cliques: list[Clique] = []
        known: set[int] = set()
        for each, table in zip(config, tables, strict=True):
            columns = tuple(int(column) for column in each["columns"])
            parent, shared = int(each["parent"]), int(each["shared"])
            if not -1 <= parent < len(cliques) or not 0 <= shared <= len(columns):
                raise ValueError("a clique has no such parent")
            above = {*cliques[parent].columns} if parent >= 0 else set()
            if {*columns[:shared]} - above or {*columns[shared:]} & known:
                raise ValueError("cliques do not share what they say")
            if table.shape != tuple(sizes[column] for column in columns):
                raise ValueError("a clique's table has another shape")
            if not (np.isfinite(table).all() and (table >= 0).all() and table.sum() > 0):
                raise ValueError("a clique's table holds no chances")
            cliques.append(Clique(columns, parent, shared, table))
            known |= {*columns}
        if known != {*range(len(sizes))}:
            raise ValueError("a column is in no clique")
        return cls(sizes, tuple(cliques))


def _placed(message: Array, columns: tuple[int, ...], above: tuple[int, ...]) -> Array:
    """A table of some columns with an axis for each of those of the parent."""
    order = sorted(range(len(columns)), key=lambda place: above.index(columns[place]))
    moved = np.transpose(message, order)
    sizes = iter(moved.shape)
    return moved.reshape([next(sizes) if column in columns else 1 for column in above])


def _drawn(
    chances: NDArray[np.float64], row: NDArray[np.int64], uniforms: NDArray[np.float64]
) -> NDArray[np.int64]:
    """(n,) a column of `chances` for each row that is asked for, by the chances in it."""
    ends = np.cumsum(chances, axis=1)
    totals = ends[:, -1:]
    even = np.arange(1, chances.shape[1] + 1) / chances.shape[1]
    ends = np.divide(ends, totals, out=np.tile(even, (len(ends), 1)), where=totals > 0)
    steps = (ends + np.arange(len(ends))[:, None]).reshape(-1)
    found = np.searchsorted(steps, row + uniforms, side="right") - row * chances.shape[1]
    last = chances.shape[1] - 1 - np.argmax(chances[:, ::-1] > 0, axis=1)
    return np.asarray(np.minimum(np.maximum(found, 0), last[row]), dtype=np.int64)
