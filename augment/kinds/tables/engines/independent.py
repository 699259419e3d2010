"""`independent`: each column drawn from its own marginal. The floor under every score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import UsageError
from augment.core.model_folder import restoring
from augment.core.seeds import Seed
from augment.core.types import About, Clause, Condition, Costs, Engine, Job, State, Tick, silent
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import codes, from_codes, from_numbers, numbers, table_of
from augment.kinds.tables.engines.conditional import ConditionalModel
from augment.kinds.tables.engines.costs import plain_costs

if TYPE_CHECKING:
    from numpy.typing import NDArray

ATOM_ROWS = 5  # a number seen in at least this many rows is kept as itself
MAX_ATOMS = 1_000
GRID = 10_000  # points at which the quantile function of the other numbers is tabulated
ROWS_PER_KNOT = 5


@dataclass(frozen=True)
class IndependentModel(ConditionalModel):
    """Per column: a support (values, the last of them null) and its probabilities."""

    schema: Schema
    supports: dict[str, pa.Array]
    weights: dict[str, NDArray[np.float64]]

    def sample(
        self,
        n: int,
        seed: Seed,
        given: Condition | None = None,
        tick: Callable[[Tick], None] = silent,
    ) -> Table:
        given = given or Condition()
        arrays = [self._draw(column, n, seed.child(column.name), given) for column in self.schema]
        if isinstance(given.partial, Table):
            arrays = _filled(self.schema, given.partial, arrays)
        return table_of(list(self.schema), arrays, self.schema.target)

    def _draw(self, column: Column, n: int, seed: Seed, given: Condition) -> pa.Array:
        weights = self._weights(column, given.clauses)
        if not weights.sum() > 0:
            raise UsageError(
                f"No value of column {column.name!r} satisfies the condition. Loosen it."
            )
        cumulative = np.cumsum(weights) / weights.sum()
        picks = np.searchsorted(cumulative, seed.rng().random(n), side="right")
        return self.supports[column.name].take(pa.array(np.minimum(picks, len(weights) - 1)))

    def _weights(self, column: Column, clauses: tuple[Clause, ...]) -> NDArray[np.float64]:
        """(support,) what the clauses leave of a column's weights."""
        own = tuple(clause for clause in clauses if clause.column == column.name)
        weights = self.weights[column.name]
        if not own:
            return weights
        return weights * mask(table_of([column], [self.supports[column.name]], None), own)

    def probability(self, clauses: tuple[Clause, ...], seed: Seed) -> float:
        """Exact: the product of the columns' shares."""
        left = [self._weights(c, clauses).sum() / self.weights[c.name].sum() for c in self.schema]
        return float(np.prod(left))

    def state(self) -> State:
        """Supports travel as level lists (categories) or floats; null is the last entry."""
        tensors: dict[str, NDArray[Any]] = {}
        levels: dict[str, Any] = {}
        for number, column in enumerate(self.schema):
            tensors[f"weights.{number}"] = self.weights[column.name]
            support = table_of([column], [self.supports[column.name]], None)
            if column.role in ("categorical", "boolean"):
                levels[str(number)] = codes(support, column.name)[1]
            else:
                tensors[f"support.{number}"] = numbers(support, column.name)
        return State({"schema": self.schema.to_json(), "levels": levels}, tensors)

    @classmethod
    def from_state(cls, state: State) -> Self:
        with restoring("independent"):
            schema = Schema.from_json(state.config["schema"])
            supports, weights = {}, {}
            for number, column in enumerate(schema):
                if column.role in ("categorical", "boolean"):
                    levels = list(state.config["levels"][str(number)])
                    order = np.append(np.arange(len(levels)), -1)
                    supports[column.name] = from_codes(column, order, levels)
                else:
                    support = np.asarray(state.tensors[f"support.{number}"], np.float64)
                    supports[column.name] = from_numbers(column, support)
                weight = np.asarray(state.tensors[f"weights.{number}"], np.float64)
                if weight.shape != (len(supports[column.name]),):
                    raise ValueError("support and weights differ in length")
                if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.sum() > 0):
                    raise ValueError("weights are no probabilities")
                weights[column.name] = weight
        return cls(schema, supports, weights)


@dataclass(frozen=True)
class Independent(Engine[Table]):
    """Every column from its own marginal: no dependence between columns at all."""

    about: ClassVar[About] = About(
        name="independent",
        kind="table",
        summary="each column from its own marginal: the floor that scores are compared with",
        licence="Apache-2.0",
        conditions=frozenset({"where", "given"}),
        exact=True,
        control=True,
    )
    model: ClassVar[type[IndependentModel]] = IndependentModel

    def costs(self, data: Table, device: str) -> Costs:
        return plain_costs(data, 6e-7)

    def fit(self, data: Table, job: Job) -> IndependentModel:
        supports, weights = {}, {}
        for number, column in enumerate(data.schema, start=1):
            categorical = column.role in ("categorical", "boolean")
            marginal = _levels if categorical else _quantiles
            supports[column.name], weights[column.name] = marginal(data, column)
            job.tick(Tick("fit", number, len(data.schema)))
        return IndependentModel(data.schema, supports, weights)


def _levels(data: Table, column: Column) -> tuple[pa.Array, NDArray[np.float64]]:
    """Every level and null, by their counts."""
    found, levels = codes(data, column.name)
    counts = np.bincount(found + 1, minlength=len(levels) + 1)  # (1 + levels,): null comes first
    order = np.append(np.arange(len(levels)), -1)
    return from_codes(column, order, levels), np.roll(counts, -1).astype(np.float64)


def _quantiles(data: Table, column: Column) -> tuple[pa.Array, NDArray[np.float64]]:
    """Repeated values as atoms, the rest from its interpolated quantile function, then null."""
    values = numbers(data, column.name)
    known = values[~np.isnan(values)]
    distinct, counts = np.unique(known, return_counts=True)
    common = np.argsort(-counts, kind="stable")[:MAX_ATOMS]
    common = common[counts[common] >= ATOM_ROWS] if len(known) >= 2 * ATOM_ROWS else common
    rest = known[~np.isin(known, distinct[common])]
    knots = min(1 + len(rest) // ROWS_PER_KNOT, 1_001)
    points = min(len(rest), GRID)
    if points:
        edges = np.quantile(rest, (np.arange(knots) + 0.5) / knots)
        grid = np.interp(
            (np.arange(points) + 0.5) / points, (np.arange(knots) + 0.5) / knots, edges
        )
    else:
        grid = np.empty(0)
    support = np.concatenate([distinct[common], grid, [np.nan]])
    share = np.full(points, len(rest) / points if points else 0.0)
    nulls = [float(len(values) - len(known))]
    return from_numbers(column, support), np.concatenate([counts[common], share, nulls])


def _filled(schema: Schema, partial: Table, drawn: list[pa.Array]) -> list[pa.Array]:
    """The known cells of `partial`, and drawn values in its gaps."""
    known = set(partial.schema.names)
    return [
        pc.coalesce(partial.column(c.name).cast(array.type), array) if c.name in known else array
        for c, array in zip(schema, drawn, strict=True)
    ]
