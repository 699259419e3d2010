"""A column as tokens: what every kind of column offers to a model of tokens.

A token stands for a set of values: one level, one frequent number, a range of numbers, a cluster
of rare levels, or null. A token's values are laid out along [0, 1) by their mass, so that a
uniform number picks one. A condition narrows that layout: see `Choice`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from augment.core.types import Clause, Json, State
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

UNKNOWN = -1  # a value that has no token: too rare to be shown, or never seen
LEAST_ROWS = 5  # a value that fewer rows share is not emitted under protection


@dataclass(frozen=True)
class Choice:
    """The values that may be emitted, cut into pieces that each belong to one token.

    Pieces are sorted by token. `mass` (pieces,) is a piece's share of its token, so the pieces of
    an unrestricted token add up to 1; `payload` (pieces, k) says what the piece is, in the
    vocabulary's own terms.
    """

    token: NDArray[np.int64]
    mass: NDArray[np.float64]
    payload: NDArray[np.float64]
    size: int

    def weight(self) -> NDArray[np.float64]:
        """(tokens,) the share of each token that is left, 0 where a token is ruled out."""
        return np.bincount(self.token, self.mass, self.size).astype(np.float64)

    def place(
        self, tokens: NDArray[np.int64], u: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The piece that each u in [0, 1) falls on within its token, and where inside it."""
        ends = np.cumsum(self.mass)
        starts = ends - self.mass
        every = np.arange(self.size)  # looked up once per token, not once per row
        first_of = np.searchsorted(self.token, every, side="left")
        last_of = np.searchsorted(self.token, every, side="right") - 1
        first = first_of[tokens]
        if len(self.token) == self.size and bool((first_of == last_of).all()):
            return first, u
        last = last_of[tokens]
        assert np.all(last >= first), "a token was drawn that the condition rules out"
        position = starts[first] + u * (ends[last] - starts[first])
        piece = np.clip(np.searchsorted(ends, position, side="right"), first, last)
        inside = (position - starts[piece]) / np.maximum(self.mass[piece], 1e-300)
        return piece, np.clip(inside, 0.0, 1.0)


class Vocabulary(ABC):
    """The tokens of one column, fitted on its training rows. Token order is value order."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def size(self) -> int: ...

    @abstractmethod
    def encode(self, table: Table, name: str) -> NDArray[np.int32]:
        """(rows,) tokens, `UNKNOWN` for a value that has none."""

    @abstractmethod
    def null(self) -> int | None:
        """The token of a missing value, None where none was seen."""

    @abstractmethod
    def everything(self) -> Choice:
        """Every value that may be emitted."""

    @abstractmethod
    def choose(self, column: Column, clauses: tuple[Clause, ...]) -> Choice:
        """The values on which all `clauses` hold; may be empty. Nulls are values too."""

    @abstractmethod
    def decode(
        self,
        column: Column,
        tokens: NDArray[np.int64],
        u: NDArray[np.float64],
        choice: Choice,
        grain: NDArray[np.int64] | None = None,
    ) -> pa.Array:
        """Values for tokens; u (rows,) in [0, 1) picks among a token's values.

        `grain` (rows,) says how coarsely numbers are to be rounded: see `grain.py`.
        """

    @abstractmethod
    def features(self) -> NDArray[np.float32] | None:
        """(tokens, k) coordinates in which neighbouring tokens are alike; None if unordered."""

    @abstractmethod
    def binned(self) -> NDArray[np.bool_]:
        """(tokens,) which stand for a range of numbers that borders on other ranges."""

    @abstractmethod
    def exact(self) -> bool:
        """Whether a token says the value exactly."""

    @abstractmethod
    def tokens_of(self, older: Vocabulary) -> NDArray[np.int64]:
        """(tokens,) the tokens of an older vocabulary of the same column that stand for the same
        value, or of numbers for the nearest; `UNKNOWN` where it has none."""

    @abstractmethod
    def state(self) -> State: ...

    @classmethod
    @abstractmethod
    def from_state(cls, config: Json, tensors: dict[str, NDArray[np.float64]]) -> Self: ...


def numbered(
    tensors: Mapping[str, NDArray[Any]], kind: str
) -> defaultdict[int, dict[str, NDArray[Any]]]:
    """The tensors called `kind.NUMBER.NAME`, by number and name; none for any other number.

    Looked through once, where a search for each number would take the square of the columns.
    """
    found: defaultdict[int, dict[str, NDArray[Any]]] = defaultdict(dict)
    for key, value in tensors.items():
        start, _, rest = key.partition(".")
        number, _, name = rest.partition(".")
        if start == kind and number.isdecimal() and name:
            found[int(number)][name] = value
    return found
