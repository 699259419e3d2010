"""The fitted model of `aim`: cells of columns, and a junction tree over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from augment.core.errors import UsageError
from augment.core.model_folder import restoring
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Json, State, Tick, silent
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.engines.aim.cells import Cells, Support
from augment.kinds.tables.engines.aim.junction_tree import JunctionTree
from augment.kinds.tables.engines.conditional import PrivateModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST = 10**15  # rows that a model may say it was fitted on


@dataclass(frozen=True)
class AimModel(PrivateModel):
    """Sampling needs none of the libraries that the fit does, and spends nothing."""

    schema: Schema
    cells: tuple[Cells, ...]
    tree: JunctionTree
    noisy_rows: int
    facts: Json

    @property
    def rows(self) -> int:
        return self.noisy_rows

    @property
    def domain(self) -> dict[str, Json]:
        return {
            each.column.name: each.domain(self.tree.marginal(place))
            for place, each in enumerate(self.cells)
        }

    def sample(
        self,
        n: int,
        seed: Seed,
        given: Condition | None = None,
        tick: Callable[[Tick], None] = silent,
    ) -> Table:
        given = given or Condition()
        if given.partial is not None:
            raise UsageError("Engine 'aim' cannot fill given rows.")
        supports = self._supports(given.clauses)
        weights = self._weights(supports)
        if given.clauses and not self.tree.probability(weights) > 0:
            names = ", ".join(sorted({repr(clause.column) for clause in given.clauses}))
            raise UsageError(f"No row of this model satisfies the condition on {names}. Loosen it.")
        drawn = self.tree.sample(n, seed.child("cells").rng(), weights)
        arrays = []
        for place, cells in enumerate(self.cells):
            rng = seed.child("values", place).rng()
            if place in supports:
                arrays.append(supports[place].draw(drawn[:, place], rng.random(n)))
            else:
                arrays.append(cells.decode(drawn[:, place], rng))
        return table_of(list(self.schema), arrays, self.schema.target)

    def _supports(self, clauses: tuple[Clause, ...]) -> dict[int, Support]:
        """What the clauses leave of each column that they name."""
        found = {}
        for place, cells in enumerate(self.cells):
            own = tuple(clause for clause in clauses if clause.column == cells.column.name)
            if own:
                found[place] = cells.support(own)
        return found

    def _weights(self, supports: dict[int, Support]) -> dict[int, NDArray[np.float64]]:
        return {
            place: support.weights(self.cells[place].size) for place, support in supports.items()
        }

    def probability(self, clauses: tuple[Clause, ...], seed: Seed) -> float:
        """Exact on listed values, by `cells.POINTS` points in an interval."""
        return self.tree.probability(self._weights(self._supports(clauses)))

    def state(self) -> State:
        config = {
            "schema": self.schema.to_json(),
            "cells": [cells.to_json() for cells in self.cells],
            "tree": self.tree.config(),
            "rows": self.noisy_rows,
            "facts": self.facts,
        }
        tables = {f"clique.{place}": each.table for place, each in enumerate(self.tree.cliques)}
        return State(config, tables)

    @classmethod
    def from_state(cls, state: State) -> Self:
        with restoring("aim"):
            schema = Schema.from_json(state.config["schema"])
            pairs = zip(schema, state.config["cells"], strict=True)
            cells = tuple(Cells.from_json(column, document) for column, document in pairs)
            sizes = tuple(each.size for each in cells)
            config, rows = state.config["tree"], state.config["rows"]
            if not isinstance(rows, int) or not 0 < rows <= LARGEST:
                raise ValueError("rows are out of range")
            tables = [
                np.asarray(state.tensors[f"clique.{place}"], np.float64)
                for place in range(len(config))
            ]
            tree = JunctionTree.restored(sizes, config, tables)
            return cls(schema, cells, tree, rows, state.config.get("facts", {}))
