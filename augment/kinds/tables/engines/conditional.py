"""What a model of tables offers that places conditions, rather than waiting for rows that fit."""

from __future__ import annotations

from abc import abstractmethod

from augment.core.seeds import Seed
from augment.core.types import Clause, Json, Model
from augment.kinds.tables.data.dataset import Table


class ConditionalModel(Model[Table]):
    """A model whose `sample` makes rows under clauses however rare these are."""

    def placing_cost(self, clauses: tuple[Clause, ...]) -> float:
        """How many rows under no clause a row under these takes to draw, about."""
        return 1.0

    @abstractmethod
    def probability(self, clauses: tuple[Clause, ...], seed: Seed) -> float:
        """How likely it is that every clause holds on a row of this model, at least about.

        Raises `UsageError` for clauses that can never hold.
        """


class PrivateModel(ConditionalModel):
    """A model that was fitted under differential privacy: all that it says of rows is paid for."""

    @property
    @abstractmethod
    def rows(self) -> int:
        """About how many rows there were, as far as the noise tells."""

    @property
    @abstractmethod
    def domain(self) -> dict[str, Json]:
        """Each column's levels or ends, as `generator/domain.py` has them."""
