"""Numbers that are a function of one other, or of how two differ: a logarithm, a square root, a
unit conversion by a reciprocal, the size of an error, an excess."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.kinds.tables.relations.computed import OneWay, has_enough, needs_all
from augment.kinds.tables.relations.quantities import Quantity, probes
from augment.kinds.tables.relations.rounding import (
    digits_of,
    lost_by_rounding,
    makes_its_values,
    require_rounding,
    rounded,
    rounding_of,
)
from augment.kinds.tables.relations.weighted_sums import line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_COLUMNS = 60  # that are searched
MOST_OF_TWO = 40  # the same, for those of two columns
LEAST_VALUES = 16  # of a result
LEAST_UNITS = 40.0  # of the last digit, that a result spreads over
LEAST_EACH = 30  # rows on either side of zero, where two columns differ
MOST_DIGITS = 8  # of a scale and a constant together
LARGEST = 1e100  # beyond this, or nearer to zero than its inverse, squares have no end
LEAST_LOST = 0.2  # of a last digit, by a number that is computed of one whose digits have no end
PROBED = 32  # rows that rule out nearly all candidates

OF_ONE: dict[str, Callable[[Floats], Floats]] = {
    "{a}": lambda a: a,
    "ln({a})": np.log,
    "log10({a})": np.log10,
    "log2({a})": np.log2,
    "ln(1 + {a})": np.log1p,
    "√{a}": np.sqrt,
    "{a}²": np.square,
    "{a}³": lambda a: a**3,
    "1 / {a}": np.reciprocal,
    "exp({a})": np.exp,
}
OF_TWO: dict[str, Callable[[Floats, Floats], Floats]] = {
    "|{a} - {b}|": lambda a, b: np.abs(a - b),
    "max(0, {a} - {b})": lambda a, b: np.maximum(a - b, 0.0),
}


@dataclass(frozen=True)
class Transformed(OneWay):
    """`result` is `start` and `scale` times a form of the columns `inputs`, `rounding` to so many
    `decimals` (None: as it is)."""

    result: str
    form: str
    inputs: tuple[str, ...]
    scale: float
    start: float
    rounding: str
    decimals: int | None
    gaps: bool = False  # as of a link

    @property
    def sources(self) -> set[str]:
        return set(self.inputs)

    @property
    def sentence(self) -> str:
        text = self.form.format(**dict(zip("ab", self.inputs, strict=False)))
        if text.startswith("1 / "):
            text = f"{self.scale:.6g}{text[1:]}"
        elif self.scale != 1:
            text = f"{self.scale:.6g} × {text}"
        if self.start:
            text += f" {'-' if self.start < 0 else '+'} {abs(self.start):.6g}"
        return f"{self.result} = {text}"

    def of(self, values: Mapping[str, Floats]) -> Floats:
        """(rows,) the result from its sources; NaN where one is missing, or out of its range."""
        return np.asarray(rounded(self.exact(values), self.rounding, self.decimals))

    def exact(self, values: Mapping[str, Floats]) -> Floats:
        return self.start + self.scale * _formed(self.form, [values[name] for name in self.inputs])


def _formed(form: str, columns: list[Floats]) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        of: Callable[..., Floats] = OF_ONE[form] if form in OF_ONE else OF_TWO[form]
        made = np.asarray(of(*columns), np.float64)
    size = np.abs(made)
    return np.where((made == 0) | ((size <= LARGEST) & (size >= 1 / LARGEST)), made, np.nan)


def transformed(numeric: list[Quantity]) -> list[Transformed]:
    """Those that hold on every row that has their columns, the plainest of each pair of a result
    and its sources; those first that have no constants, then those whose result lost most by
    rounding, then those with most digits, squares before roots."""
    plain = [quantity for quantity in numeric if not quantity.dated]
    able = [quantity for quantity in plain if _varies(quantity)]
    found: list[tuple[float, Transformed]] = []
    decimals = {each.name: 99 if each.decimals is None else each.decimals for each in plain}
    if len(plain) <= MOST_COLUMNS:
        found += [pair for result in able for pair in _of_one(result, plain)]
    if len(plain) <= MOST_OF_TWO:
        found += [pair for result in able for pair in _of_two(result, plain)]

    def plainness(pair: tuple[float, Transformed]) -> tuple[bool, float, int, bool]:
        lost, each = pair
        root = each.form == "√{a}"  # of which most numbers have none that is written out
        return _size(each) > 0, -round(lost, 1), -decimals[each.result], root

    return [each for _, each in sorted(found, key=plainness)]


def _varies(quantity: Quantity) -> bool:
    known = quantity.values[~np.isnan(quantity.values)]
    wide = float(np.ptp(known)) >= LEAST_UNITS * 2 * quantity.slack
    return wide and len(np.unique(known)) >= LEAST_VALUES


def _of_one(result: Quantity, plain: list[Quantity]) -> Iterator[tuple[float, Transformed]]:
    rows = _spread(result)
    goal = result.values[rows]
    gapless = not np.isnan(result.values).any()
    for source in plain:
        if source is result:
            continue
        best: Transformed | None = None
        for form in OF_ONE:
            linear = form == "{a}"
            if linear and gapless and not np.isnan(source.values).any():
                continue  # a weighted sum
            some = _formed(form, [source.values[rows]])
            if not _on_a_line(some, goal, result.slack):
                continue
            made = _formed(form, [source.values])
            known = ~np.isnan(made + result.values)
            if not has_enough(result, known):
                continue
            fitted = line(result.taken(known), made[known])
            if fitted is None or (linear and fitted[1] == 0 and fitted[0] == 1):
                continue
            each = Transformed(result.name, form, (source.name,), *fitted, result.decimals)
            size = _size(each)
            if result.decimals is not None and size > MOST_DIGITS:
                continue
            if not makes_its_values(each.of({source.name: source.values}), result):
                continue
            if best is None or size < _size(best):
                best = each
        if best is not None:
            lost = lost_by_rounding(best.exact({source.name: source.values}), result)
            if result.decimals is None or source.decimals is not None or lost >= LEAST_LOST:
                yield lost, best


def _size(each: Transformed) -> int:
    """The digits of what it multiplies with and adds; a constant counts as one more."""
    return digits_of(each.scale) + (digits_of(each.start) + 1 if each.start else 0)


def _of_two(result: Quantity, plain: list[Quantity]) -> Iterator[tuple[float, Transformed]]:
    others = [other for other in plain if other is not result]
    if len(others) < 2 or result.low < 0:
        return
    rows = _spread(result)
    few = np.stack([other.values[rows] for other in others])  # (columns, probes)
    goal = result.values[rows]
    apart = few[:, None] - few[None]  # (a, b, probes)
    every = {other.name: other.values for other in others}
    for form in OF_TWO:
        off = np.abs(np.abs(apart) if "|" in form else np.maximum(apart, 0.0)) - goal
        known = ~np.isnan(off)
        fits = (np.abs(np.where(known, off, 0.0)) <= 2.1 * result.slack).all(axis=2)
        fits &= known.sum(axis=2) >= PROBED / 4
        for a, b in np.argwhere(fits):
            if a == b or ("|" in form and a > b):
                continue
            names = (others[a].name, others[b].name)
            each = Transformed(result.name, form, names, 1.0, 0.0, "near", result.decimals)
            proven = _proven(each, result, every)
            if proven is not None:
                yield lost_by_rounding(proven.exact(every), result), proven


def _proven(
    each: Transformed, result: Quantity, values: Mapping[str, Floats]
) -> Transformed | None:
    exact = each.exact(values)
    known = ~np.isnan(exact + result.values)
    apart = values[each.inputs[0]] - values[each.inputs[1]]
    sides = min(int((apart[known] > 0).sum()), int((apart[known] < 0).sum()))
    if sides < LEAST_EACH or not has_enough(result, known):
        return None
    how, holds = rounding_of(exact, result, known)
    if not holds.all() or not needs_all(each.exact, each.sources, result, values):
        return None
    return replace(each, rounding=how)


def _spread(result: Quantity) -> NDArray[np.int64]:
    """Rows from the least to the most of the result."""
    rows = probes(result.values)
    rows = rows[np.argsort(result.values[rows], kind="stable")]
    return np.asarray(rows[np.linspace(0, len(rows) - 1, PROBED).astype(np.int64)])


def _on_a_line(some: Floats, goal: Floats, slack: float) -> bool:
    """Whether some values of a form may lie on a line with those of the result."""
    known = ~np.isnan(some + goal)
    x, y = some[known], goal[known]
    if len(x) < PROBED / 4 or x[0] == x[-1]:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        slope = (y[-1] - y[0]) / (x[-1] - x[0])
        off = np.abs(y - y[0] - slope * (x - x[0]))
    return bool((off <= 4 * slack + 1e-9 * np.abs(y).max()).all())


def from_json(document: Any) -> Transformed:
    """Undo `asdict`. Raises `TypeError` or `ValueError` on what no search can have found."""
    made = Transformed(**{**document, "inputs": tuple(document["inputs"])})
    known = {**dict.fromkeys(OF_ONE, 1), **dict.fromkeys(OF_TWO, 2)}
    if known.get(made.form) != len(made.inputs) or len(made.sources) < len(made.inputs):
        raise ValueError("a function has no form")
    if made.result in made.sources or not isinstance(made.gaps, bool):
        raise ValueError("a function is of itself")
    if not np.isfinite([float(made.scale), float(made.start)]).all() or made.scale == 0:
        raise ValueError("a function is out of range")
    require_rounding(made.rounding, made.decimals)
    return made
