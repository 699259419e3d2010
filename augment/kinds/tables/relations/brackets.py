"""Categories that the range of a number settles: a tax bracket, an age group, a yes or no of it.

Such a column is not shown to an engine; after a draw it is read off the number, by cuts halfway
between two values of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from augment.core.types import Json
from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import numbers, ranks
from augment.kinds.tables.relations.cell_values import (
    CellValue,
    array_of,
    cell_values,
    require_cell_values,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CUTS = 20  # and no more than two for each category but one
ROWS_PER_CUT = 30
LEAST_DIFFERING = 60.0  # rows that would be in another bracket, if by chance
LEAST_VALUES = 2  # of the number in each bracket, on average
MOST_CATEGORIES, MOST_CODES = 64, 10  # of categories, and of whole numbers that stand for some
LEAST_TABLE = 100  # rows
MOST_NUMBERS = 100  # columns that are looked at


@dataclass(frozen=True)
class Bracket:
    """`result` is the first of `values` below the first of the `cuts` of `source`, and so on; the
    last of the `values` where the source is missing."""

    result: str
    source: str
    cuts: tuple[float, ...]
    values: tuple[CellValue, ...]

    @property
    def sources(self) -> set[str]:
        return {self.source}

    @property
    def sentence(self) -> str:
        return f"{self.result} follows from the range of {self.source}"

    def of(self, table: Table, column: Column) -> pa.Array:
        own = numbers(table, self.source)
        place = np.searchsorted(np.array(self.cuts), own, side="right")
        return array_of(column, self.values, np.where(np.isnan(own), len(self.values) - 1, place))


Brackets = tuple[Bracket, ...]


def found(table: Table, left_out: Collection[str]) -> Brackets:
    """The columns of few values that hold it on every row, each of the number with the
    fewest cuts; none is the target or in `left_out`, nor another name of one before it."""
    if len(table) < LEAST_TABLE:
        return ()
    sources = []
    for column in table.schema:
        if column.role in ("numeric", "datetime") and column.name not in left_out:
            own = numbers(table, column.name)
            sources.append((column.name, own, np.argsort(own, kind="stable")))
    brackets: list[Bracket] = []
    bracketed: list[NDArray[np.int64]] = []
    for column in table.schema:
        coded = column.role == "numeric" and column.storage == "integer"
        if not (coded or column.role in ("categorical", "boolean")) or len(sources) > MOST_NUMBERS:
            continue
        if column.name in {table.schema.target, *left_out} | {each.source for each in brackets}:
            continue
        codes = ranks(table, column.name)  # -1 for null
        if coded and len(np.unique(codes)) > MOST_CODES:
            continue
        if any(_one_to_one(codes, other) for other in bracketed):
            continue  # it follows from that one
        taken = {each.result for each in brackets}
        proven = [_proven(table, column, codes, *each) for each in sources if each[0] not in taken]
        some = [each for each in proven if each is not None and each.source != column.name]
        if some:
            brackets.append(min(some, key=lambda each: len(each.cuts)))
            bracketed.append(codes)
    return tuple(brackets)


def _one_to_one(codes: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Whether either of two columns says the other."""
    pairs = np.unique(codes * (int(other.max()) + 2) + other)
    return len(pairs) == len(np.unique(codes)) == len(np.unique(other))


def changes(
    at: NDArray[np.float64], code: NDArray[np.int64], kinds: int
) -> NDArray[np.int64] | None:
    """The rows after which, in the order of a number `at` (rows,), the `code` (rows,) of a category
    of so many `kinds` changes; None where it never does, too often to be a bracket, or between
    equal numbers."""
    last = np.flatnonzero(code[1:] != code[:-1])
    most = min(MOST_CUTS, len(at) // ROWS_PER_CUT, 2 * (kinds - 1))
    if not 0 < len(last) <= most or (at[last] == at[last + 1]).any():
        return None
    return last


def _proven(
    table: Table,
    result: Column,
    codes: NDArray[np.int64],
    source: str,
    own: NDArray[np.float64],
    order: NDArray[np.int64],
) -> Bracket | None:
    present = order[: int((~np.isnan(own)).sum())]  # those that are missing come last
    at, code = own[present], codes[present]
    shares = np.unique(code, return_counts=True)[1] / max(1, len(code))
    if not 1 < len(shares) <= MOST_CATEGORIES:
        return None
    if len(code) * (1 - float((shares**2).sum())) < LEAST_DIFFERING:
        return None
    last = changes(at, code, len(shares))
    if last is None or len(np.unique(at)) < LEAST_VALUES * (len(last) + 1):
        return None
    if np.diff(np.concatenate([[-1], last, [len(at) - 1]])).min() < LEAST_ROWS:
        return None
    missing = np.flatnonzero(np.isnan(own))
    if len(missing) and (codes[missing] != codes[missing[0]]).any():
        return None
    rows = [*present[last], present[-1], missing[0] if len(missing) else present[-1]]
    cuts = (at[last] + at[last + 1]) / 2
    values = cell_values(table, result, np.array(rows, np.int64))
    return Bracket(result.name, source, tuple(cuts.tolist()), values)


def to_json(brackets: Brackets) -> list[Json]:
    return [asdict(bracket) for bracket in brackets]


def from_json(documents: Any, known: Collection[str]) -> Brackets:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    brackets: list[Bracket] = []
    for document in documents:
        cuts = tuple(map(float, document["cuts"]))
        bracket = Bracket(**{**document, "cuts": cuts, "values": tuple(document["values"])})
        if not {bracket.result, bracket.source} <= set(known):
            raise ValueError("a column is not there")
        if not np.isfinite(cuts).all() or list(cuts) != sorted(set(cuts)):
            raise ValueError("cuts are out of order")
        if not 0 < len(cuts) == len(bracket.values) - 2:
            raise ValueError("a bracket has no values")
        require_cell_values(bracket.values)
        brackets.append(bracket)
    results = [bracket.result for bracket in brackets]
    if len(set(results)) < len(results) or {b.source for b in brackets} & set(results):
        raise ValueError("a bracket is of another")
    return tuple(brackets)
