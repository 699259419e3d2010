"""Numbers that follow from a number or date of many values: the average price of each day.

Such a column is not shown to an engine. After a draw it is read off what was drawn: at a value
that enough rows share, as it is there; elsewhere along a line between two points where the function
is smooth, else at the nearest such value. No pair of values that fewer rows share is kept.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json
from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS
from augment.kinds.tables.data.holders import Holders, sharing
from augment.kinds.tables.relations.quantities import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_VALUES = 64  # of the argument; of fewer, engines keep such laws themselves
LEAST_REPEATED = 30.0  # rows that would differ from another with their argument, if by chance
LEAST_KEPT = 0.8  # of the rows, whose argument enough rows share
MOST_POINTS = 20_000  # of a function
PROBES = 1_000  # neighbouring rows that rule out most pairs
MOST_BEND = 0.02  # of the spread, between three neighbouring rows of a smooth function
MOST_OFF = 1e-4  # of the spread, beyond rounding, that a smooth function may miss; more far out
SMOOTH_SHARE = 0.995  # of the rows, that it does not miss: it may jump
MOST_UNEXPLAINED = 0.1  # of the rows that are not at the median: a constant misses all of them
LEAST_SMOOTH = 500  # rows of a smooth function


@dataclass(frozen=True)
class Function:
    """`result` follows from `argument`, by points of both in the order of the argument."""

    result: str
    argument: str
    smooth: bool
    at: tuple[float, ...]
    values: tuple[float, ...]

    @property
    def sentence(self) -> str:
        return f"{self.result} follows from {self.argument}"

    def of(self, argument: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows,) the result; NaN where the argument is."""
        at, values = np.array(self.at), np.array(self.values)
        known = np.where(np.isnan(argument), at[0], argument)
        made = np.interp(known, at, values) if self.smooth else values[_nearest(at, known)]
        return np.where(np.isnan(argument), np.nan, made)

    def argument_of(self, result: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows,) an argument that gives the result, or what is nearest to it."""
        order = np.argsort(self.values, kind="stable")
        known = np.where(np.isnan(result), self.values[0], result)
        found = np.array(self.at)[order][_nearest(np.array(self.values)[order], known)]
        return np.where(np.isnan(result), np.nan, found)


Functions = tuple[Function, ...]


def found(numeric: list[Quantity], target: str | None, holders: Holders | None = None) -> Functions:
    """The functions that hold on every row; none takes the target out, or is of another's result.

    Rows that repeat as a whole prove nothing: of an argument that is not smooth, most rows need one
    that `LEAST_ROWS` rows share.
    """
    functions: list[Function] = []
    order = {each.name: np.argsort(each.values, kind="stable") for each in numeric}
    count = {each.name: len(np.unique(each.values[~np.isnan(each.values)])) for each in numeric}
    values = np.stack([each.values for each in numeric], axis=1) if numeric else None
    spreads = np.array([np.nanstd(each.values) for each in numeric])
    results: set[str] = set()
    arguments: set[str] = set()
    for number, argument in sorted(enumerate(numeric), key=lambda pair: -count[pair[1].name]):
        if count[argument.name] < LEAST_VALUES or argument.name in results:
            continue
        assert values is not None
        rows = order[argument.name][: int((~np.isnan(argument.values)).sum())]
        for place in _possible(argument.values, values, spreads, rows):
            result = numeric[place]
            name = result.name
            if result is argument or result.dated or name in {target} | results | arguments:
                continue
            if (count[name], -place) > (count[argument.name], -number):
                continue
            function = _proven(argument, result, rows, holders)
            if function is not None:
                functions.append(function)
                results.add(name)
                arguments.add(argument.name)
    return tuple(functions)


def _possible(
    argument: NDArray[np.float64],
    values: NDArray[np.float64],
    spreads: NDArray[np.float64],
    rows: NDArray[np.int64],
) -> list[int]:
    """The columns of `values` (rows, columns) that may follow from the argument, by some of the
    `rows`, which are in its order; `spreads` (columns,) are their standard deviations."""
    start = max(0, (len(rows) - PROBES) // 2)
    part = rows[start : start + PROBES]
    x, y = argument[part], values[part]
    same = np.diff(x) == 0
    steady = ~((np.diff(y, axis=0) != 0) & same[:, None]).any(axis=0)
    if same.sum() < LEAST_REPEATED and len(part) > 2:
        bend = np.abs(y[1:-1] - (y[:-2] + y[2:]) / 2)  # beside its two neighbours
        steady &= np.median(bend, axis=0) <= MOST_BEND * spreads
    return [int(place) for place in np.flatnonzero(steady)]


def _proven(
    argument: Quantity, result: Quantity, rows: NDArray[np.int64], holders: Holders | None
) -> Function | None:
    known = ~np.isnan(result.values)
    if known.sum() != len(rows) or not known[rows].all():
        return None
    x, y = argument.values[rows], result.values[rows]
    first = np.flatnonzero(np.append(True, np.diff(x) != 0))
    size = np.diff(np.append(first, len(x)))
    if not (np.repeat(y[first], size) == y).all():
        return None
    own = holders.take(rows) if holders is not None else None
    group = np.repeat(np.arange(len(first)), size)
    size = sharing(group, len(first), own)
    shares = np.unique(y, return_counts=True)[1] / len(y)
    repeated = float((size.sum() - len(first)) * (1 - (shares**2).sum()))
    enough = size >= LEAST_ROWS
    at, values = x[first][enough], y[first][enough]
    shared = size[enough].sum() >= LEAST_KEPT * size.sum() and len(at) <= MOST_POINTS
    if shared and repeated >= LEAST_REPEATED:
        points = tuple(at.tolist()), tuple(values.tolist())
        return Function(result.name, argument.name, False, *points)
    once = np.arange(len(x)) if own is None else own.first(group)
    return _smooth(argument, result, x[once], y[once])


def _smooth(
    argument: Quantity, result: Quantity, x: NDArray[np.float64], y: NDArray[np.float64]
) -> Function | None:
    """A line through the means of a few neighbouring rows each, where nearly all rows lie on it."""
    if len(x) < LEAST_SMOOTH:
        return None
    edges = np.arange(0, len(x) - LEAST_ROWS + 1, max(LEAST_ROWS, len(x) // MOST_POINTS))
    size = np.diff(np.append(edges, len(x)))
    at, values = np.add.reduceat(x, edges) / size, np.add.reduceat(y, edges) / size
    at, keep = np.unique(at, return_index=True)
    values = values[keep]
    low, high = np.quantile(y, [0.1, 0.9])
    inside = (x >= at[0]) & (x <= at[-1])
    off = np.abs(np.interp(x, at, values) - y)[inside]
    aside = np.abs(y - np.median(y))[inside]
    able = result.slack + MOST_OFF * (float(high - low) + 10 * aside)
    missed, varied = off > able, aside > able
    if missed.mean() > 1 - SMOOTH_SHARE or missed.sum() > MOST_UNEXPLAINED * varied.sum():
        return None
    return Function(result.name, argument.name, True, tuple(at.tolist()), tuple(values.tolist()))


def _nearest(points: NDArray[np.float64], asked: NDArray[np.float64]) -> NDArray[np.int64]:
    """(rows,) the place of the nearest of the sorted points."""
    right = np.clip(np.searchsorted(points, asked), 1, max(len(points) - 1, 1))
    left = right - 1
    right = np.minimum(right, len(points) - 1)
    nearer = np.abs(points[right] - asked) < np.abs(asked - points[left])
    return np.where(nearer, right, left)


def to_json(functions: Functions) -> list[Json]:
    return [asdict(function) for function in functions]


def from_json(documents: Any, known: Collection[str]) -> Functions:
    """Undo `to_json`. Raises `TypeError` or `ValueError` on what no search can have found."""
    found: list[Function] = []
    for document in documents:
        at, values = (tuple(map(float, document[key])) for key in ("at", "values"))
        function = Function(**{**document, "at": at, "values": values})
        if not {function.result, function.argument} <= set(known):
            raise ValueError("a column is not there")
        if not 0 < len(at) == len(values) <= 2 * MOST_POINTS:
            raise ValueError("a function has no points")
        if not (np.isfinite(at).all() and np.isfinite(values).all() and (np.diff(at) > 0).all()):
            raise ValueError("a function is out of range")
        found.append(function)
    results = [function.result for function in found]
    if len(set(results)) < len(results) or {f.argument for f in found} & set(results):
        raise ValueError("a function is of another's result")
    return tuple(found)
