"""Columns that follow from which of two others is greater: who won a match, what is late.

Such a column is not shown to an engine; after a draw it is read off the two that were drawn. As
with ranges, a missing value counts as one of its values: no winner of a draw.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from augment.core.types import Json
from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.holders import Holders, sharing
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import numbers, ranks
from augment.kinds.tables.relations import lookups
from augment.kinds.tables.relations.cell_values import (
    CellValue,
    array_of,
    cell_values,
    require_cell_values,
)
from augment.kinds.tables.relations.quantities import EDGE_PROBES, probes

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_KNOWN = 100  # rows that have both columns
LEAST_BROKEN = 30  # rows that break it where either column is another row's, or left out
MOST_COLUMNS = 100  # that are compared
MOST_ROWS = 10_000  # by which values are counted
FEW_PROBES = 8  # of one of so many of the rows that rule out most
BELOW, EQUAL, ABOVE, UNKNOWN = range(4)


@dataclass(frozen=True)
class Comparison:
    """`result` is the first of `values` where `left` is below `right`, the second where they are
    equal, the third where it is above, and the last where one of them is missing."""

    result: str
    left: str
    right: str
    values: tuple[CellValue, ...]

    @property
    def sources(self) -> set[str]:
        return {self.left, self.right}

    @property
    def sentence(self) -> str:
        return f"{self.result} follows from which of {self.left} and {self.right} is greater"

    def of(self, table: Table, column: Column) -> pa.Array:
        place = places(numbers(table, self.left), numbers(table, self.right))
        return array_of(column, self.values, place)


Comparisons = tuple[Comparison, ...]


def found(
    table: Table,
    left_out: Collection[str],
    fixed: Collection[str],
    holders: Holders | None = None,
) -> Comparisons:
    """The columns of two or three values that hold it on every row, each of the two columns with
    most values; none is the target, `fixed`, compared itself or in `left_out`, or follows from a
    single column."""
    if len(table) < LEAST_KNOWN:
        return ()
    own = {
        column.name: numbers(table, column.name)
        for column in table.schema
        if column.role in ("numeric", "datetime") and column.name not in left_out
    }
    if not 1 < len(own) <= MOST_COLUMNS:
        return ()
    step = max(1, len(table) // MOST_ROWS)
    distinct = {name: len(np.unique(values[::step])) for name, values in own.items()}
    dated = {name for name in own if table.schema[name].role == "datetime"}
    pairs = [pair for pair in combinations(own, 2) if len(dated & {*pair}) != 1]
    pairs.sort(key=lambda pair: -distinct[pair[0]] - distinct[pair[1]])
    compared: list[Comparison] = []
    for column in table.schema:
        used = {name for each in compared for name in each.sources}
        if column.name in {table.schema.target, *left_out, *fixed} | used:
            continue
        if column.role not in ("categorical", "boolean", "numeric"):
            continue
        if distinct.get(column.name, 0) > UNKNOWN + 1:
            continue
        _, codes = np.unique(ranks(table, column.name), return_inverse=True)  # null is a value
        if not 0 < codes.max() <= UNKNOWN:
            continue
        results = {column.name, *(each.result for each in compared)}
        free = [pair for pair in pairs if not results & {*pair}]
        able = (
            _proven(table, column, codes, pair, own, holders)
            for pair in able_pairs(codes, free, own)
        )
        compared += [each for each in able if each is not None][:1]
    others = [name for name in table.schema.names if name not in {c.result for c in compared}]
    plainer = {each.result for each in lookups.found(table, others, holders)} if compared else set()
    return tuple(each for each in compared if each.result not in plainer)


def places(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.int64]:
    """(rows, …) which of four holds: below, equal, above, or that one is missing."""
    place = np.where(left > right, ABOVE, np.where(left == right, EQUAL, BELOW))
    return np.where(np.isnan(left) | np.isnan(right), UNKNOWN, place)


def able_pairs(
    codes: NDArray[np.int64], pairs: list[tuple[str, str]], own: dict[str, NDArray[np.float64]]
) -> Iterator[tuple[str, str]]:
    """The pairs that settle the result, `codes` (rows,) from 0, on some rows."""
    every = probes(codes.astype(np.float64))
    few = np.concatenate([every[:EDGE_PROBES], every[EDGE_PROBES::FEW_PROBES]])
    for rows in (few, every):
        some = {name: values[rows] for name, values in own.items()}
        is_code = (codes[rows] == np.arange(codes.max() + 1)[:, None]).astype(np.float32)
        if not pairs:
            return
        left = np.stack([some[a] for a, _ in pairs], axis=1)  # (rows, pairs)
        right = np.stack([some[b] for _, b in pairs], axis=1)
        place = places(left, right)
        able = np.ones(len(pairs), np.bool_)
        for where in (BELOW, EQUAL, ABOVE, UNKNOWN):
            met = is_code @ (place == where).astype(np.float32)  # (codes, pairs)
            able &= (met > 0).sum(axis=0) <= 1
        pairs = [pair for pair, kept in zip(pairs, able, strict=True) if kept]
    yield from pairs


def _proven(
    table: Table,
    result: Column,
    codes: NDArray[np.int64],
    pair: tuple[str, str],
    own: dict[str, NDArray[np.float64]],
    holders: Holders | None,
) -> Comparison | None:
    rows = sides(codes, own[pair[0]], own[pair[1]], holders)
    if rows is None:
        return None
    return Comparison(result.name, *pair, cell_values(table, result, rows))


def sides(
    codes: NDArray[np.int64],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    holders: Holders | None = None,
) -> NDArray[np.int64] | None:
    """(4,) a row for each of below, equal, above and unknown, whose code of a result, of `codes`
    (rows,) from 0, is that of all such rows; None where it is not, or may be by chance."""
    place = places(left, right)
    met, first = np.unique(place, return_index=True)
    if (codes[first][np.searchsorted(met, place)] != codes).any():
        return None
    known = np.flatnonzero(place != UNKNOWN)
    if len(known) < LEAST_KNOWN or sharing(codes, codes.max() + 1, holders).min() < LEAST_ROWS:
        return None
    row = dict(zip(met.tolist(), first.tolist(), strict=True))
    apart = [where for where in (BELOW, ABOVE) if where in row]
    if not apart:
        return None
    often = max(apart, key=lambda where: int((place == where).sum()))
    row.setdefault(EQUAL, row[often])
    for where in (BELOW, ABOVE, UNKNOWN):
        row.setdefault(where, row[EQUAL])
    said = codes[[row[where] for where in range(4)]]
    if min(_unexplained(side[known], codes[known]) for side in (left, right)) < LEAST_BROKEN:
        return None
    rng = np.random.Generator(np.random.Philox(0))  # which rows are compared is no randomness
    for a, b in ((rng.permutation(known), known), (known, rng.permutation(known))):
        broken = known[said[places(left[a], right[b])] != codes[known]]
        count = len(broken) if holders is None else len(np.unique(holders.owners[broken]))
        if count < LEAST_BROKEN:
            return None
    return np.array([row[where] for where in range(4)], np.int64)


def _unexplained(side: NDArray[np.float64], codes: NDArray[np.int64]) -> int:
    """How many rows a single column leaves unsaid: those that have not the most frequent of the
    `codes` (rows,) among rows of the same value, or of few rows with the next."""
    group = np.searchsorted(np.sort(side), side) // LEAST_ROWS
    kinds = int(codes.max()) + 1
    count = np.bincount(group * kinds + codes, minlength=(int(group.max()) + 1) * kinds)
    return len(codes) - int(count.reshape(-1, kinds).max(axis=1).sum())


def to_json(comparisons: Comparisons) -> list[Json]:
    return [asdict(each) for each in comparisons]


def from_json(documents: Any, known: Collection[str]) -> Comparisons:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    comparisons: list[Comparison] = []
    for document in documents:
        each = Comparison(**{**document, "values": tuple(document["values"])})
        if not {each.result, *each.sources} <= set(known) or len(each.sources) < 2:
            raise ValueError("a column is not there")
        if len(each.values) != UNKNOWN + 1:
            raise ValueError("a comparison has no values")
        require_cell_values(each.values)
        comparisons.append(each)
    results = [each.result for each in comparisons]
    used = {name for each in comparisons for name in each.sources}
    if len(set(results)) < len(results) or used & set(results):
        raise ValueError("a comparison is of another")
    return tuple(comparisons)
