"""Categories as tokens: frequent levels by themselves, the many others in clusters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from augment.core.errors import UsageError
from augment.core.types import Clause, Json, Scalar, State
from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS, UNKNOWN, Choice, Vocabulary
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import as_number, codes, from_codes

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

OWN_TOKENS = 700  # of the most frequent levels, where there are more than MOST_TOKENS
CLUSTERS = 300  # that the other levels share
MOST_TOKENS = OWN_TOKENS + CLUSTERS


@dataclass(frozen=True, eq=False)
class Levels(Vocabulary):
    """Tokens: null if any, then levels in value order, then clusters of levels.

    `levels` are the values that may be emitted, with the token (`token`) and the number of
    training rows (`rows`) of each. Levels of one cluster are told apart by their frequency alone.
    """

    kind: ClassVar[str] = "levels"
    nullable: bool
    levels: tuple[Scalar, ...]
    token: NDArray[np.int64]
    rows: NDArray[np.int64]

    @staticmethod
    def fit(
        found: NDArray[np.int32],
        levels: list[Scalar],
        protect: bool,
        signature: NDArray[np.float64] | None = None,
    ) -> Levels:
        """From `codes` of the training rows.

        Under protection levels of fewer than five rows have no token; where no level has as many,
        all are kept, since hiding every value would leave nothing to emit. `signature` (rows, k)
        describes the rest of each row: levels whose rows look alike share a cluster.
        """
        counts = np.bincount(found[found >= 0], minlength=len(levels))
        kept = np.flatnonzero(counts >= (LEAST_ROWS if protect else 1))
        if not len(kept):
            kept = np.flatnonzero(counts)
        nullable = bool((found < 0).any())
        token = np.arange(len(kept)) + int(nullable)
        if len(kept) > MOST_TOKENS:
            rank = np.argsort(-counts[kept], kind="stable")
            own = np.sort(rank[:OWN_TOKENS])
            token[own] = np.arange(OWN_TOKENS) + int(nullable)
            others = rank[OWN_TOKENS:]
            groups = _alike(found, kept[others], counts, signature)
            token[others] = groups + OWN_TOKENS + int(nullable)
        return Levels(nullable, tuple(levels[i] for i in kept), token, counts[kept])

    @property
    def size(self) -> int:
        return int(self.token.max()) + 1 if len(self.token) else int(self.nullable)

    @cached_property
    def _position(self) -> dict[Scalar, int]:
        return {level: i for i, level in enumerate(self.levels)}

    def null(self) -> int | None:
        return 0 if self.nullable else None

    def binned(self) -> NDArray[np.bool_]:
        return np.zeros(self.size, dtype=np.bool_)

    def exact(self) -> bool:
        return self.size == len(self.levels) + int(self.nullable)

    def encode(self, table: Table, name: str) -> NDArray[np.int32]:
        found, levels = codes(table, name)
        places = [self._position.get(level, UNKNOWN) for level in levels]
        tokens = [UNKNOWN if place < 0 else int(self.token[place]) for place in places]
        table_of = np.array([*tokens, 0 if self.nullable else UNKNOWN], dtype=np.int32)
        return np.asarray(table_of[found])

    def features(self) -> NDArray[np.float32] | None:
        return None

    def everything(self) -> Choice:
        return self._pieces(np.ones(len(self.levels), dtype=bool), null=True)

    def choose(self, column: Column, clauses: tuple[Clause, ...]) -> Choice:
        allowed, null = np.ones(len(self.levels), dtype=bool), True
        for clause in clauses:
            allowed &= self._holds(clause) ^ clause.negate
            null = null and ((clause.op == "null") ^ clause.negate)
        return self._pieces(allowed, null)

    def _holds(self, clause: Clause) -> NDArray[np.bool_]:
        if clause.op == "null":
            return np.zeros(len(self.levels), dtype=bool)
        if clause.op == "in":
            return np.array([level in clause.values for level in self.levels], dtype=bool)
        try:
            values = np.array([as_number(level) for level in self.levels], dtype=np.float64)
        except ValueError:
            raise UsageError(
                f"Column {clause.column!r} holds categories, which have no range. "
                "Name the categories that are wanted instead."
            ) from None
        low = -np.inf if clause.low is None else as_number(clause.low)
        high = np.inf if clause.high is None else as_number(clause.high)
        above = values > low if clause.low_open else values >= low
        below = values < high if clause.high_open else values <= high
        return np.asarray(above & below)

    def _pieces(self, allowed: NDArray[np.bool_], null: bool) -> Choice:
        """Payload: the position of the level, -1 for null."""
        total = np.bincount(self.token, weights=self.rows, minlength=self.size)
        position = np.flatnonzero(allowed)
        token = self.token[position]
        mass = self.rows[position] / total[token]
        if null and self.nullable:
            position = np.concatenate([[UNKNOWN], position])
            token = np.concatenate([[0], token])
            mass = np.concatenate([[1.0], mass])
        order = np.argsort(token, kind="stable")
        payload = position[order, None].astype(np.float64)
        return Choice(token[order], mass[order], payload, self.size)

    def decode(
        self,
        column: Column,
        tokens: NDArray[np.int64],
        u: NDArray[np.float64],
        choice: Choice,
        grain: NDArray[np.int64] | None = None,
    ) -> pa.Array:
        piece, _ = choice.place(tokens, u)
        return from_codes(column, choice.payload[piece, 0].astype("int64"), list(self.levels))

    def tokens_of(self, older: Vocabulary) -> NDArray[np.int64]:
        """A cluster has the token of the most frequent of its levels that `older` knows."""
        found = np.full(self.size, UNKNOWN, dtype=np.int64)
        if not isinstance(older, Levels):
            return found
        known = {str(level): token for level, token in zip(older.levels, older.token, strict=True)}
        for place in np.argsort(self.rows, kind="stable").tolist():
            token = known.get(str(self.levels[place]))
            if token is not None:
                found[self.token[place]] = token
        if self.nullable and older.nullable:
            found[0] = 0
        return found

    def state(self) -> State:
        config = {"kind": self.kind, "nullable": self.nullable, "levels": list(self.levels)}
        return State(config, {"token": self.token, "rows": self.rows})

    @classmethod
    def from_state(cls, config: Json, tensors: dict[str, NDArray[np.float64]]) -> Self:
        token, rows = (tensors[name].astype("int64") for name in ("token", "rows"))
        return cls(bool(config["nullable"]), tuple(config["levels"]), token, rows)


def _alike(
    found: NDArray[np.int32],
    members: NDArray[np.int64],
    counts: NDArray[np.int64],
    signature: NDArray[np.float64] | None,
) -> NDArray[np.int64]:
    """(members,) clusters 0 .. CLUSTERS - 1: levels whose rows' mean signatures are near.

    Means are shrunk towards the mean of all rows by five rows' worth. The levels are split in two
    at the weighted median of the direction in which they spread most, the heaviest group first.
    """
    if signature is None or not signature.shape[1]:
        mean = np.arange(len(members), dtype=np.float64)[:, None]
    else:
        place = np.full(int(counts.size), -1)
        place[members] = np.arange(len(members))
        rows = np.flatnonzero((found >= 0) & (place[found] >= 0))
        sums = np.zeros((len(members), signature.shape[1]))
        for k in range(signature.shape[1]):
            sums[:, k] = np.bincount(
                place[found[rows]], weights=signature[rows, k], minlength=len(members)
            )
        prior = signature.mean(axis=0)
        mean = (sums + LEAST_ROWS * prior) / (counts[members, None] + LEAST_ROWS)
    weight = counts[members].astype(np.float64)
    groups = [np.arange(len(members))]
    while len(groups) < min(CLUSTERS, len(members)):
        heaviest = max(
            range(len(groups)), key=lambda g: weight[groups[g]].sum() * (len(groups[g]) > 1)
        )
        group = groups.pop(heaviest)
        widest = int(np.argmax(mean[group].var(axis=0)))
        order = group[np.argsort(mean[group, widest], kind="stable")]
        share = np.cumsum(weight[order]) / weight[order].sum()
        cut = int(np.clip(np.searchsorted(share, 0.5), 1, len(order) - 1))
        groups += [order[:cut], order[cut:]]
    labels = np.empty(len(members), dtype=np.int64)
    for g, group in enumerate(groups):
        labels[group] = g
    return labels
