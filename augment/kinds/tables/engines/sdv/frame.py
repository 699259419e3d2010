"""A table as the plain frame that SDV is given, and back.

SDV sees float64 without gaps and short labels, under names of ours. So odd names and values,
big integers, decimals, dates and booleans cannot reach its guesses, and no label tells a value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from augment.core.errors import BadInput
from augment.core.seeds import Seed
from augment.core.types import Json, Scalar
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import codes, from_codes, from_numbers, numbers, table_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

NULL, REST = "null", "rest"  # labels beside "c0", "c1", ...
EDGE_ROWS = 5  # an end of a column's range has this many rows at or beyond it
EDGE_SHARE = 20  # in small tables: one row in this many instead
FEW_VALUES = 12  # months fit
LEARNABLE_ROWS = 20  # of a level that is told apart where there are too many of them


@dataclass(frozen=True)
class NumberPart:
    """A column of numbers: (value - low) / (high - low) * span, and whether nulls occur."""

    low: float
    high: float
    nulls: bool


@dataclass(frozen=True)
class LevelsPart:
    """A column of levels: label "c3" is `levels[3]`.

    The levels from `head` on share one label, `REST`, and come back in proportion to `counts`.
    """

    levels: tuple[Scalar, ...]
    head: int
    counts: tuple[int, ...]  # rows of levels[head:]
    nulls: bool

    def labels(self) -> list[str]:
        """Every label that may occur, in an order that does not depend on the rows' order."""
        heads = [f"c{code}" for code in range(self.head)]
        rest = [REST] if self.counts else []
        return heads + rest + ([NULL] if self.nulls else [])


Part = NumberPart | LevelsPart


@dataclass(frozen=True)
class Face:
    """How each column of a schema stands in the frame: columns "x0", "x1", ... in order.

    A number with nulls has a second column "m0" whose label says present ("c0") or null, so that
    the engine learns when a value is missing together with everything else.
    """

    schema: Schema
    parts: tuple[Part, ...]
    span: float

    def labels(self) -> dict[str, list[str]]:
        """The frame's columns of labels with the labels of each; all others are numbers."""
        found: dict[str, list[str]] = {}
        for number, part in enumerate(self.parts):
            if isinstance(part, LevelsPart):
                found[f"x{number}"] = part.labels()
            elif part.nulls:
                found[f"m{number}"] = ["c0", NULL]
        return found

    def names(self) -> list[str]:
        """The frame's columns in order."""
        found: list[str] = []
        for number, part in enumerate(self.parts):
            found.append(f"x{number}")
            if isinstance(part, NumberPart) and part.nulls:
                found.append(f"m{number}")
        return found

    def frame(self, table: Table, seed: Seed) -> pd.DataFrame:
        """The table as numbers and labels. A gap in a column of numbers holds a value drawn from
        the others of the column, so that it does not bend the distribution of what is present."""
        import pandas as pd

        columns: dict[str, Any] = {}
        for number, (column, part) in enumerate(zip(self.schema, self.parts, strict=True)):
            if isinstance(part, LevelsPart):
                columns[f"x{number}"] = _labelled(table, column, part)
                continue
            values = numbers(table, column.name)
            null = np.isnan(values)
            if null.any():
                drawn = seed.child("gaps", number).rng().choice(values[~null], int(null.sum()))
                values = values.copy()
                values[null] = drawn
            values = np.clip(values, part.low, part.high)
            columns[f"x{number}"] = (values - part.low) / (part.high - part.low) * self.span
            if part.nulls:
                columns[f"m{number}"] = np.where(null, NULL, "c0").astype(object)
        return pd.DataFrame(columns)

    def table(self, frame: pd.DataFrame, seed: Seed) -> Table:
        """Undo `frame`: values lie within the learnt range, on the column's digits or step."""
        arrays: list[pa.Array] = []
        for number, (column, part) in enumerate(zip(self.schema, self.parts, strict=True)):
            drawn = frame[f"x{number}"].to_numpy()
            if isinstance(part, LevelsPart):
                rng = seed.child("rest", number).rng()
                arrays.append(_levels(column, part, drawn, rng))
                continue
            share = np.nan_to_num(drawn.astype(np.float64) / self.span, nan=0.5)
            values = part.low + np.clip(share, 0.0, 1.0) * (part.high - part.low)
            if part.nulls:
                values[frame[f"m{number}"].to_numpy() == NULL] = np.nan
            arrays.append(from_numbers(column, np.clip(values, part.low, part.high)))
        return table_of(list(self.schema), arrays, self.schema.target)

    def to_json(self) -> Json:
        parts: list[Json] = []
        for part in self.parts:
            if isinstance(part, NumberPart):
                parts.append({"low": part.low, "high": part.high, "nulls": part.nulls})
            else:
                parts.append(
                    {
                        "levels": list(part.levels),
                        "head": part.head,
                        "counts": list(part.counts),
                        "nulls": part.nulls,
                    }
                )
        return {"schema": self.schema.to_json(), "parts": parts, "span": self.span}

    @staticmethod
    def from_json(document: Any) -> Face:
        """Undo `to_json`. Raises `BadInput` for anything that it cannot have written."""
        if not isinstance(document, dict) or not isinstance(document.get("parts"), list):
            raise _damaged("its columns are not described")
        schema = Schema.from_json(document.get("schema"))
        parts = tuple(_part(entry) for entry in document["parts"])
        span = document.get("span")
        if len(parts) != len(schema) or not _number(span) or span <= 0:
            raise _damaged("its columns do not fit its schema")
        return Face(schema, parts, float(span))


def face_of(table: Table, span: float, most_levels: int) -> Face:
    """Learn how a table's columns stand in a frame.

    The ends of a range each have `EDGE_ROWS` rows at or beyond them, so that no single row's
    extreme is kept. Numbers that are nearly all one value, with no range left, become levels, and
    so do numbers of few values, such as codes: SDV would smear them over the range between. Of
    more than `most_levels` levels, the most frequent keep a label each, if they have
    `LEARNABLE_ROWS` rows: ten thousand surnames of two rows each would cost a network hours and
    teach it nothing.
    """
    parts: list[Part] = []
    for column in table.schema:
        if column.role in ("numeric", "datetime"):
            values = numbers(table, column.name)
            present = np.sort(values[~np.isnan(values)])
            edge = max(0, min(EDGE_ROWS, len(present) // EDGE_SHARE) - 1)
            spread = len(present) and present[edge] < present[-1 - edge]
            if spread and not _few(present):
                low, high = float(present[edge]), float(present[-1 - edge])
                if not np.isfinite(high - low):
                    raise BadInput(
                        f"Column {column.name!r} holds numbers too large to model.",
                        hint=f"Pass --column {column.name}=category, or leave the column out.",
                    )
                parts.append(NumberPart(low, high, len(present) < len(values)))
                continue
        parts.append(_levels_part(table, column, most_levels))
    return Face(table.schema, tuple(parts), span)


def _few(present: NDArray[np.float64]) -> bool:
    """Whether sorted numbers are a handful of values that each stand in several rows."""
    counts = np.unique(present, return_counts=True)[1]
    return bool(len(counts) <= FEW_VALUES and counts.min() >= EDGE_ROWS)


def _levels_part(table: Table, column: Column, most_levels: int) -> LevelsPart:
    found, levels = codes(table, column.name)
    counts = np.bincount(found[found >= 0], minlength=len(levels))
    nulls = bool((found < 0).any())
    if len(levels) <= most_levels:
        return LevelsPart(tuple(levels), len(levels), (), nulls)
    order = np.argsort(-counts, kind="stable")  # ties in the levels' own order
    head = min(most_levels - 1, int((counts >= LEARNABLE_ROWS).sum()))
    kept, rest = np.sort(order[:head]), np.sort(order[head:])
    ordered = tuple(levels[code] for code in np.concatenate([kept, rest]))
    return LevelsPart(ordered, head, tuple(int(n) for n in counts[rest]), nulls)


def _labelled(table: Table, column: Column, part: LevelsPart) -> NDArray[np.object_]:
    """(rows,) labels of a column."""
    found, levels = codes(table, column.name)
    rank = {level: code for code, level in enumerate(part.levels)}
    names = [f"c{code}" if code < part.head else REST for code in (rank[v] for v in levels)]
    return np.array([*names, NULL], dtype=object)[found]


def _levels(
    column: Column, part: LevelsPart, labels: NDArray[Any], rng: np.random.Generator
) -> pa.Array:
    """Labels back to values; the rows of `REST` are dealt out over its levels by frequency."""
    import pandas as pd

    known = {label: code for code, label in enumerate(part.labels()[: part.head])}
    coded = pd.Series(labels, dtype=object).map({**known, NULL: -1, REST: -2})
    if coded.isna().any():
        raise _damaged("it draws labels that its columns do not have")
    found = coded.to_numpy(np.int64)
    if part.counts:
        rest = found == -2
        share = np.array(part.counts, dtype=np.float64)
        drawn = rng.choice(len(share), int(rest.sum()), p=share / share.sum())
        found[rest] = part.head + drawn
    return from_codes(column, found, list(part.levels))


def _part(entry: Any) -> Part:
    """One part of a stored face, checked."""
    if not isinstance(entry, dict) or not isinstance(entry.get("nulls"), bool):
        raise _damaged("a column's description is not complete")
    nulls = entry["nulls"]
    if "low" in entry:
        low, high = entry["low"], entry.get("high")
        if not (_number(low) and _number(high) and low < high):
            raise _damaged("a column's range is not a range")
        return NumberPart(float(low), float(high), nulls)
    levels, head, counts = entry.get("levels"), entry.get("head"), entry.get("counts")
    plain = isinstance(levels, list) and all(
        value is not None and isinstance(value, (str, int, float)) for value in levels
    )
    whole = isinstance(counts, list) and all(type(n) is int and 0 < n < 2**53 for n in counts)
    if not (plain and whole and type(head) is int and levels and counts is not None):
        if not (nulls and levels == [] and counts == [] and head == 0):
            raise _damaged("a column's levels are not levels")
        return LevelsPart((), 0, (), nulls)
    if head < 0 or head + len(counts) != len(levels):
        raise _damaged("a column's levels do not add up")
    return LevelsPart(tuple(levels), head, tuple(counts), nulls)


def _number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _damaged(why: str) -> BadInput:
    return BadInput(f"the model is damaged: {why}.", hint="Fit it again, or restore a copy.")
