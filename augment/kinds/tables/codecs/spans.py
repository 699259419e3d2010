"""Numbers and times as tokens: frequent values by themselves, the rest in bins of equal mass."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from augment.core.types import Clause, Json, State
from augment.kinds.tables.codecs.endings import (
    POWERS,
    USUAL_FINEST,
    Precision,
    ended,
    heaps_of,
)
from augment.kinds.tables.codecs.intervals import clause_intervals, intersection
from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS, UNKNOWN, Choice, Vocabulary
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

MAX_KNOTS = 1024
ROWS_PER_BIN = 20  # the fewest rows that a bin is fitted on
OCTAVES = 7  # of sines and cosines over the ranks
FADING = 0.7  # of each octave beside the one below: smooth laws are learnt before rough ones
STRIDE = 104_729.0  # a prime: spreads a place inside a bin over [0, 1) anew
SLIVER = 1e-9  # mass of a single value inside a bin, so that a condition on it can be met
ORDERED_FROM = 8  # fewer values than this are plain categories to the net


@dataclass(frozen=True, eq=False)
class Spans(Vocabulary):
    """Tokens in value order: null if any, then atoms and bins by their place on the line.

    `atoms` (a,) are values with a token of their own. The other rows have the quantile function
    that `knots` (k,) trace, evenly spaced in rank; bin b holds the values from `edges[b]` up to
    `edges[b + 1]`, which are the ranks `ranks[b]` to `ranks[b + 1]` of it. Between knots values
    are interpolated, so no bin gives back a training row; the outer knots are means of the
    outermost rows under protection. `spread` (values,) are the quantile levels of the tokens.
    `heaps` (bins, powers) are the cumulated shares of a bin's rows by the coarsest power of
    ten that their value is a multiple of, from coarse to fine: people and instruments round, and
    a sample that does not is told from real rows by its last digits. Values are written with
    `precision`.
    """

    kind: ClassVar[str] = "spans"
    nullable: bool
    atoms: NDArray[np.float64]
    knots: NDArray[np.float64]
    edges: NDArray[np.float64]
    ranks: NDArray[np.float64]
    spread: NDArray[np.float64]
    heaps: NDArray[np.float64]
    precision: Precision

    @staticmethod
    def fit(values: NDArray[np.float64], most_tokens: int, protect: bool) -> Spans:
        """From (rows,) values with NaN for null."""
        known = np.sort(values[~np.isnan(values)])
        distinct, counts = np.unique(known, return_counts=True)
        least = LEAST_ROWS if protect else 1
        often = least if len(distinct) <= most_tokens else max(least, 2, len(known) / most_tokens)
        atoms = distinct[counts >= often]
        rest = known[np.isin(known, atoms, invert=True)]
        bins = min(most_tokens - len(atoms), len(rest) // ROWS_PER_BIN)
        knots, edges, ranks = _curve(rest, max(1, bins), protect)
        if len(atoms) and len(rest) < least:  # too few rows to draw a curve through
            knots, edges, ranks = knots[:0], edges[:0], ranks[:0]
        centres = np.sort(np.concatenate([atoms, (edges[1:] + edges[:-1]) / 2]))
        spread = np.searchsorted(known, centres) / max(1, len(known))
        nullable = bool(np.isnan(values).any())
        precision = Precision.of(rest)
        heaps = heaps_of(rest, edges, precision, least)
        return Spans(nullable, atoms, knots, edges, ranks, spread, heaps, precision)

    @cached_property
    def _middles(self) -> NDArray[np.float64]:
        return (self.edges[1:] + self.edges[:-1]) / 2

    @cached_property
    def _place(self) -> NDArray[np.int64]:
        """(atoms + bins,) the token of each atom, then of each bin."""
        order = np.argsort(np.concatenate([self.atoms, self._middles]), kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order)) + int(self.nullable)
        return place

    @property
    def size(self) -> int:
        return len(self._place) + int(self.nullable)

    def null(self) -> int | None:
        return 0 if self.nullable else None

    def binned(self) -> NDArray[np.bool_]:
        flags = np.zeros(self.size, dtype=np.bool_)
        flags[self._place[len(self.atoms) :]] = True
        return flags

    def exact(self) -> bool:
        return len(self.edges) == 0

    def encode(self, table: Table, name: str) -> NDArray[np.int32]:
        return self.tokens(numbers(table, name))

    def tokens(self, values: NDArray[np.float64]) -> NDArray[np.int32]:
        """(rows,) floats → tokens; a value outside every bin goes to the nearest token."""
        missing = np.isnan(values)
        values = np.where(missing, 0.0, values)
        a, bins = len(self.atoms), len(self.edges) - 1
        if a:
            near = np.clip(np.searchsorted(self.atoms, values), 0, a - 1)
            left = np.maximum(near - 1, 0)
            closer = np.abs(values - self.atoms[left]) < np.abs(values - self.atoms[near])
            near = np.where(closer, left, near)
            part = near
            if bins > 0:
                part = np.where(self.atoms[near] == values, near, a + self._bin(values))
        elif bins > 0:
            part = self._bin(values)
        else:
            return np.where(missing, 0, -1).astype(np.int32)
        tokens = self._place[part]
        return np.where(missing, 0 if self.nullable else -1, tokens).astype(np.int32)

    def _bin(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """(values,) the number of the bin that each lies in, or is nearest to."""
        found = np.searchsorted(self.edges, values, "right") - 1
        return np.asarray(np.clip(found, 0, len(self.edges) - 2))

    def features(self) -> NDArray[np.float32] | None:
        """Rank, standardised value, and sines and cosines of the rank in fading octaves."""
        centres = np.sort(np.concatenate([self.atoms, self._middles]))
        if len(centres) < ORDERED_FROM:
            return None
        r = self.spread
        z = (centres - centres.mean()) / max(float(centres.std()), 1e-12)
        rows = [r - 0.5, np.clip(z, -4, 4)]
        for i in range(OCTAVES):
            rows += [FADING**i * wave(np.pi * 2**i * r) for wave in (np.sin, np.cos)]
        nothing = np.zeros((int(self.nullable), len(rows)), np.float32)  # is at no place
        return np.concatenate([nothing, np.stack(rows, axis=1).astype(np.float32)])

    def everything(self) -> Choice:
        return self._pieces(np.array([[-np.inf, np.inf]]), null=True, step=0.0)

    def choose(self, column: Column, clauses: tuple[Clause, ...]) -> Choice:
        step = grid(column)
        allowed, null = np.array([[-np.inf, np.inf]]), True
        for clause in clauses:
            holds, on_null = clause_intervals(clause, step)
            allowed = intersection(allowed, holds)
            null = null and on_null
        return self._pieces(allowed, null, step)

    def _pieces(self, allowed: NDArray[np.float64], null: bool, step: float) -> Choice:
        """Cut atoms and bins by closed intervals (m, 2). Payload: rank from, rank to, low, high."""
        rows: list[tuple[int, float, float, float, float, float]] = []
        if null and self.nullable:
            rows.append((0, 1.0, np.nan, np.nan, np.nan, np.nan))
        a = len(self.atoms)
        for low, high in allowed:
            for i in range(*np.searchsorted(self.atoms, [low, high + 0.0], "left")):
                rows.append((int(self._place[i]), 1.0, 0.0, 0.0, *2 * (float(self.atoms[i]),)))
            at_high = np.searchsorted(self.atoms, high)
            if at_high < a and self.atoms[at_high] == high:
                value = float(self.atoms[at_high])
                rows.append((int(self._place[at_high]), 1.0, 0.0, 0.0, value, value))
            for b in range(len(self.edges) - 1):
                if low > self.edges[b + 1] or high < self.edges[b]:
                    continue
                start = max(self.ranks[b], self._rank(low - step / 2, "left"))
                end = min(self.ranks[b + 1], self._rank(high + step / 2, "right"))
                whole = max(self.ranks[b + 1] - self.ranks[b], 1e-12)
                mass = max((end - start) / whole, SLIVER)
                start, end = min(start, end), max(start, end)
                rows.append((int(self._place[a + b]), mass, start, end, low, high))
        rows.sort(key=lambda row: row[0])
        table = np.array(rows, dtype=np.float64).reshape(-1, 6)
        return Choice(table[:, 0].astype(np.int64), table[:, 1], table[:, 2:], self.size)

    def _rank(self, value: float, side: str) -> float:
        """The rank of a value on the curve: the lowest or highest where the curve is flat."""
        if np.isinf(value):
            return 0.0 if value < 0 else 1.0
        levels = np.linspace(0.0, 1.0, len(self.knots))
        distinct, first = np.unique(self.knots, return_index=True)
        if side == "right":
            last = len(self.knots) - 1 - np.unique(self.knots[::-1], return_index=True)[1]
            return float(np.interp(value, distinct, levels[last], left=0.0, right=1.0))
        return float(np.interp(value, distinct, levels[first], left=0.0, right=1.0))

    def decode(
        self,
        column: Column,
        tokens: NDArray[np.int64],
        u: NDArray[np.float64],
        choice: Choice,
        grain: NDArray[np.int64] | None = None,
    ) -> pa.Array:
        piece, inside = choice.place(tokens, u)
        start, end, low, high = choice.payload[piece].T
        values = low.copy()  # an atom is its own bound; null is NaN
        drawn = low != high
        drawn &= ~np.isnan(low)
        if drawn.any():
            rank = start[drawn] + inside[drawn] * (end[drawn] - start[drawn])
            curve = np.interp(rank, np.linspace(0.0, 1.0, len(self.knots)), self.knots)
            level = None if grain is None else grain[drawn]
            curve = self._ended(tokens[drawn], snapped(column, curve), inside[drawn], level)
            values[drawn] = np.clip(snapped(column, curve), low[drawn], high[drawn])
        return from_numbers(column, values)

    def _ended(
        self,
        tokens: NDArray[np.int64],
        values: NDArray[np.float64],
        u: NDArray[np.float64],
        grain: NDArray[np.int64] | None,
    ) -> NDArray[np.float64]:
        """Values rounded as often, and as coarsely, as those of their bin; none leaves its bin.

        A `grain` (rows,) as of `grain_of` goes before what the bin says.
        """
        bins = np.empty(self.size, dtype=np.int64)
        bins[self._place[len(self.atoms) :]] = np.arange(len(self.edges) - 1)
        at = bins[tokens]
        again = (u * STRIDE) % 1.0  # the digits of u that the place inside the bin does not use
        level = (again[:, None] >= self.heaps[at]).sum(axis=1)
        if grain is not None:
            level = np.where(grain <= POWERS, grain, level)
        return ended(values, level, self.precision, self.edges[at], self.edges[at + 1])

    def tokens_of(self, older: Vocabulary) -> NDArray[np.int64]:
        found = np.full(self.size, UNKNOWN, dtype=np.int64)
        if not isinstance(older, Spans):
            return found
        bins = older.tokens(self._middles).astype(np.int64)
        if len(older.edges):
            bins = older._place[len(older.atoms) + older._bin(self._middles)]
        found[self._place] = np.concatenate([older.tokens(self.atoms), bins])
        if self.nullable and older.nullable:
            found[0] = 0
        return found

    def state(self) -> State:
        tensors = {name: getattr(self, name) for name in _ARRAYS}
        config = {"kind": self.kind, "nullable": self.nullable, **asdict(self.precision)}
        return State(config, tensors)

    @classmethod
    def from_state(cls, config: Json, tensors: dict[str, NDArray[np.float64]]) -> Self:
        arrays = {name: tensors[name] for name in _ARRAYS}
        finest = int(config.get("finest", USUAL_FINEST))
        precision = Precision(int(config["digits"]), int(config["decimals"]), finest)
        return cls(nullable=bool(config["nullable"]), precision=precision, **arrays)


_ARRAYS = ("atoms", "knots", "edges", "ranks", "spread", "heaps")


def _curve(
    rest: NDArray[np.float64], bins: int, protect: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Knots, bin edges and the edges' ranks for sorted rows."""
    n = len(rest)
    if n == 0:
        return rest, rest, rest
    least = LEAST_ROWS if protect else 1
    count = max(1, min(MAX_KNOTS, n // least))
    at = np.linspace(0, n, count + 1).round().astype(int)[1:-1]
    ends = rest[:least].mean(), rest[-least:].mean()
    knots = np.concatenate([[ends[0]], (rest[at - 1] + rest[at]) / 2, [ends[1]]])
    knots = np.clip(knots, *ends)
    edges = np.unique(np.interp(np.linspace(0, 1, bins + 1), np.linspace(0, 1, count + 1), knots))
    if len(edges) == 1:  # one value only
        return knots, np.repeat(edges, 2), np.array([0.0, 1.0])
    ranks = np.searchsorted(rest, edges, "left") / n
    ranks[0], ranks[-1] = 0.0, 1.0
    return knots, edges, ranks


def grid(column: Column) -> float:
    """The distance between neighbouring values that the column can hold; 0 is unlimited."""
    if column.storage == "integer":
        return 1.0
    if column.storage == "datetime":
        return float(column.step_us or 1)
    if column.max_decimals is not None and column.max_decimals < 15:
        return float(10.0**-column.max_decimals)
    return 0.0


def snapped(column: Column, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """To the column's digits or time step."""
    if column.storage in ("float", "decimal"):
        digits = column.max_decimals
        return values if digits is None or digits >= 15 else np.round(values, digits)
    step = grid(column)
    return np.asarray(np.rint(values / step) * step)
