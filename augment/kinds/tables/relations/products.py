"""Numbers that are products of others, rounded: `subtotal = price * quantity`, `bmi = kg / m ** 2`.

A factor may be a rate, as a fraction or in percent: `net = subtotal * (1 - discount / 100)`,
`net = total / (1 + vat / 100)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augment.kinds.tables.relations.computed import LEAST_ROWS, has_enough
from augment.kinds.tables.relations.quantities import Quantity
from augment.kinds.tables.relations.rounding import (
    digits_of,
    lost_by_rounding,
    require_rounding,
    rounded,
    rounding_of,
    scale_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_COLUMNS, MOST_OF_THREE = 64, 16  # that are searched for products of two, and of three
ANCHORS = 8  # rows that rule out nearly all products
LEAST_UNITS = 20.0  # of the last digit, that a result has in each anchor
LEAST_BROKEN = 30  # rows that break it where a factor has another row's value
FEW_DIGITS = 2  # of a constant, which more would be a reciprocal, or a fit, of
NARROW = 0.5  # times as wide as the widest source, in logarithms, is a ratio that is computed
ENDLESS = 6  # decimals, that nobody writes
LOST = 0.25  # of a last digit: about as much as rounding takes
MOST_CHECKED = 64  # products of one result, that pass the anchors

Formula = Callable[[Any], Any]

FORMS: dict[str, tuple[str, Formula, Formula]] = {  # in words, of a column, and undone
    "x": ("{}", lambda x: x, lambda y: y),
    "x^2": ("{}²", lambda x: x * x, np.sqrt),
    "1-x": ("(1 - {})", lambda x: 1 - x, lambda y: 1 - y),
    "1+x": ("(1 + {})", lambda x: 1 + x, lambda y: y - 1),
    "1-x%": ("(1 - {} / 100)", lambda x: 1 - x / 100, lambda y: 100 * (1 - y)),
    "1+x%": ("(1 + {} / 100)", lambda x: 1 + x / 100, lambda y: 100 * (y - 1)),
}


@dataclass(frozen=True)
class Factor:
    """`form` of a column, which multiplies, or divides where `below`."""

    name: str
    form: str
    below: bool

    def of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        made = FORMS[self.form][1](values)
        return np.asarray(1.0 / made if self.below else made)


@dataclass(frozen=True)
class Product:
    """`result` is `scale` times all factors, `rounding` to so many `decimals` (None: as it is)."""

    result: str
    scale: float
    factors: tuple[Factor, ...]
    rounding: str
    decimals: int | None
    gaps: bool = False  # as of a link
    computed: ClassVar[bool] = True

    @property
    def sources(self) -> set[str]:
        return {factor.name for factor in self.factors}

    @property
    def inverted(self) -> int:
        return sum(factor.below for factor in self.factors)

    @property
    def sentence(self) -> str:
        above = [FORMS[f.form][0].format(f.name) for f in self.factors if not f.below]
        below = [FORMS[f.form][0].format(f.name) for f in self.factors if f.below]
        scale = [] if self.scale == 1 and above else [f"{self.scale:.6g}"]
        parts = [" × ".join([*scale, *above]), *below]
        return f"{self.result} = {' / '.join(parts)}"

    def of(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """(rows,) the result from its sources; NaN where one is missing or zero divides."""
        with np.errstate(divide="ignore", invalid="ignore"):
            made = self.scale * _multiplied(self.factors, values)
        made = rounded(np.where(np.isfinite(made), made, np.nan), self.rounding, self.decimals)
        return np.asarray(made)

    def source(self, name: str, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """(rows,) one source from the result and the others; NaN where they do not settle it."""
        own = next(factor for factor in self.factors if factor.name == name)
        with np.errstate(divide="ignore", invalid="ignore"):
            made = values[self.result] / self.scale
            for factor in self.factors:
                made = made if factor is own else made / factor.of(values[factor.name])
            made = FORMS[own.form][2](1.0 / made if own.below else made)
        return np.where(np.isfinite(made), made, np.nan)


def products(numeric: list[Quantity]) -> list[Product]:
    """Those that hold on every row that has their columns, those with constants of few digits
    first, then those whose result lost most by rounding, then those whose digits have no end, then
    those without a division: where `speed = 60 * way / time` is rounded, `way = 0.016667 * speed *
    time` may hold as well, and where it is not, it does. A ratio without rounding that hardly
    varies beside what it is of (a share of a population) is no result, as what little its sources
    are off is much for it.
    """
    plain = [quantity for quantity in numeric if not quantity.dated]
    found: list[Product] = []
    if 2 < len(plain) <= MOST_COLUMNS:
        for result in plain:
            found += _of(result, [other for other in plain if other is not result])
    values = {quantity.name: quantity for quantity in plain}
    return sorted(found, key=lambda each: _plainness(each, values))


def _plainness(
    each: Product, columns: Mapping[str, Quantity]
) -> tuple[bool, float, bool, int, int]:
    values = {name: columns[name].values for name in each.sources}
    result = columns[each.result]
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = each.scale * _multiplied(each.factors, values)
        spreads = [_spread(result.values), *map(_spread, values.values())]
    endless = result.decimals is None or result.decimals >= ENDLESS
    narrow = endless and spreads[0] < NARROW * max(spreads[1:])
    lost = 0.0 if narrow else lost_by_rounding(exact, result)
    clumsy = digits_of(each.scale) > FEW_DIGITS
    ends = not endless or narrow
    return clumsy, -min(LOST, lost) // 0.05, ends, each.inverted, len(each.factors)


def _spread(values: NDArray[np.float64]) -> float:
    """The standard deviation of a column's logarithm."""
    known = np.log(np.abs(values))
    return float(np.std(known[np.isfinite(known)]))


def _of(result: Quantity, others: list[Quantity]) -> list[Product]:
    rows = _anchors(result)
    if rows is None:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        goal = np.log(np.abs(result.values[rows]))
        able = result.slack / np.abs(result.values[rows])
        goal, able = goal[1:] - goal[0], 1.05 * (able[1:] + able[0]) + 1e-12
        factors = [factor for other in others for factor in _factors(other)]
        values = {other.name: other.values for other in others}
        logs = np.stack([np.log(np.abs(f.of(values[f.name][rows]))) for f in factors])
        logs = logs[:, 1:] - logs[:, :1]  # (factors, anchors less one)
    moving = np.isfinite(logs).all(axis=1) & (np.abs(logs) > 1e-9).any(axis=1)
    factors = [factor for factor, moves in zip(factors, moving, strict=True) if moves]
    logs = logs[moving]
    if not len(logs) or (np.abs(goal - logs) <= able).all(axis=1).any():
        return []  # a multiple of one column is a weighted sum
    for several in (_pairs, _triples) if len(others) < MOST_OF_THREE else (_pairs,):
        kept: list[Product] = []
        for number, places in enumerate(several(logs, goal, able)):
            chosen = tuple(factors[place] for place in places)
            if number >= MOST_CHECKED:
                break
            if len({factor.name for factor in chosen}) == len(chosen):
                kept += _proven(result, chosen, values)
        if kept:
            return kept
    return []


def _anchors(result: Quantity) -> NDArray[np.int64] | None:
    """Rows with large results, from all over, in which rounding hides least."""
    size = np.where(np.isnan(result.values), 0.0, np.abs(result.values))
    rows = np.flatnonzero(size >= LEAST_UNITS * result.slack)
    if len(rows) < LEAST_ROWS:
        return None
    rows = rows[size[rows] >= np.median(size[rows])]
    return np.asarray(rows[np.linspace(0, len(rows) - 1, ANCHORS).astype(np.int64)])


def _factors(quantity: Quantity) -> Iterator[Factor]:
    forms = ["x", "x^2"]
    if quantity.low >= 0 and quantity.high < 1:
        forms += ["1-x", "1+x"]
    elif quantity.low >= 0 and quantity.high <= 100:
        forms += ["1-x%", "1+x%"]
    for form in forms:
        for below in (False, True):
            yield Factor(quantity.name, form, below)


def _pairs(
    logs: NDArray[np.float64], goal: NDArray[np.float64], able: NDArray[np.float64]
) -> Iterator[tuple[int, ...]]:
    """Places of two factors whose logarithms add up to the goal in each anchor."""
    i, j = np.nonzero(np.abs(goal[0] - logs[:, None, 0] - logs[None, :, 0]) <= able[0])
    fits = i < j
    for anchor in range(1, len(goal)):
        i, j = i[fits], j[fits]
        fits = np.abs(goal[anchor] - logs[i, anchor] - logs[j, anchor]) <= able[anchor]
    yield from zip(i[fits].tolist(), j[fits].tolist(), strict=True)


def _triples(
    logs: NDArray[np.float64], goal: NDArray[np.float64], able: NDArray[np.float64]
) -> Iterator[tuple[int, ...]]:
    for first in range(len(logs) - 2):
        rest = logs[first + 1 :]
        for i, j in _pairs(rest, goal - logs[first], able):
            yield first, first + 1 + i, first + 1 + j


def _multiplied(
    factors: tuple[Factor, ...], values: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    made = factors[0].of(values[factors[0].name])
    for factor in factors[1:]:
        made = made * factor.of(values[factor.name])
    return np.asarray(made)


def _proven(
    result: Quantity, factors: tuple[Factor, ...], values: Mapping[str, NDArray[np.float64]]
) -> list[Product]:
    """The product, where it holds wherever all columns are known and each factor matters."""
    with np.errstate(divide="ignore", invalid="ignore"):
        bare = _multiplied(factors, values)
    known = np.isfinite(bare + result.values)
    if not has_enough(result, known):
        return []
    scale = scale_of(bare[known], result.values[known], result.slack)
    if scale is None:
        return []
    how, holds = rounding_of(scale * bare, result, known)
    if not holds.all():
        return []
    rng = np.random.Generator(np.random.Philox(0))  # which rows are compared is no randomness
    places = np.flatnonzero(known)
    for factor in factors:
        with np.errstate(divide="ignore", invalid="ignore"):
            own = factor.of(values[factor.name][places])
            other = bare[places] / own * rng.permutation(own)
        broken = ~(np.abs(scale * other - result.values[places]) <= 2 * result.slack)
        if broken.sum() < LEAST_BROKEN:
            return []
    return [Product(result.name, scale, factors, how, result.decimals)]


def from_json(document: Any) -> Product:
    """Undo `asdict`. Raises `TypeError` or `ValueError` on what no search can have found."""
    factors = tuple(Factor(**factor) for factor in document["factors"])
    made = Product(**{**document, "factors": factors})
    if not 1 < len(factors) < 4 or len(made.sources) < len(factors) or made.result in made.sources:
        raise ValueError("a product has no factors")
    if any(factor.form not in FORMS or not isinstance(factor.below, bool) for factor in factors):
        raise ValueError("a factor has no form")
    require_rounding(made.rounding, made.decimals)
    if not np.isfinite(float(made.scale)) or not isinstance(made.gaps, bool):
        raise ValueError("a scale is out of range")
    return made
