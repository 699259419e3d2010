"""Numbers computed of two or three others by a formula of two steps: `tax = (price - discount) *
rate`, `margin = (revenue - cost) / revenue`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.kinds.tables.relations.computed import OneWay, has_enough, needs_all
from augment.kinds.tables.relations.quantities import Quantity, probes, to_digits
from augment.kinds.tables.relations.rounding import (
    digits_of,
    require_rounding,
    rounded,
    rounding_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_COLUMNS = 40  # that are searched
ANCHORS = 6  # rows that rule out nearly all formulas
LEAST_VALUES = 16  # of a result
LEAST_UNITS = 20.0  # of the last digit, that a result has in most rows
MOST_DIGITS = 2  # of a scale: per cent, the mean of two, a depth of 200 × z / (x + y)

FORMS: dict[str, Callable[[Floats, Floats, Floats], Floats]] = {
    "{a} × {b} + {c}": lambda a, b, c: a * b + c,
    "{a} × {b} - {c}": lambda a, b, c: a * b - c,
    "{c} - {a} × {b}": lambda a, b, c: c - a * b,
    "({a} + {b}) × {c}": lambda a, b, c: (a + b) * c,
    "({a} - {b}) × {c}": lambda a, b, c: (a - b) * c,
    "({a} + {b}) / {c}": lambda a, b, c: (a + b) / c,
    "({a} - {b}) / {c}": lambda a, b, c: (a - b) / c,
    "{c} / ({a} + {b})": lambda a, b, c: c / (a + b),
}
EITHER_WAY = tuple(form for form in FORMS if "{a} - {b}" not in form)  # a and b may change places
SCALED = tuple(form for form in FORMS if "(" in form)
WITH_ITSELF = tuple(form for form in FORMS if "/" in form)  # c may be a or b


@dataclass(frozen=True)
class Formula(OneWay):
    """`result` is `scale` times a form of the columns `of_columns` (a, b, c), `rounding` to so
    many `decimals` (None: as it is)."""

    result: str
    form: str
    of_columns: tuple[str, str, str]
    scale: float
    rounding: str
    decimals: int | None
    gaps: bool = False  # as of a link

    @property
    def sources(self) -> set[str]:
        return set(self.of_columns)

    @property
    def sentence(self) -> str:
        text = self.form.format(**dict(zip("abc", self.of_columns, strict=True)))
        return f"{self.result} = " + ("" if self.scale == 1 else f"{self.scale:g} × ") + text

    def of(self, values: Mapping[str, Floats]) -> Floats:
        """(rows,) the result from its sources; NaN where one is missing, or a divisor is zero."""
        return np.asarray(rounded(self.exact(values), self.rounding, self.decimals))

    def exact(self, values: Mapping[str, Floats]) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            made = self.scale * FORMS[self.form](*(values[name] for name in self.of_columns))
        return np.where(np.isfinite(made), made, np.nan)


def formulas(numeric: list[Quantity]) -> list[Formula]:
    """Those that hold on every row that has their columns, the widest results first: of
    `total = price * n - discount` and `discount = price * n - total` the total is computed."""
    plain = [quantity for quantity in numeric if not quantity.dated]
    if not 3 <= len(plain) <= MOST_COLUMNS:
        return []
    ordered = sorted(plain, key=lambda quantity: -float(np.nanstd(quantity.values)))
    found = (next(_of(result, plain), None) for result in ordered)
    return [formula for formula in found if formula is not None]


def _of(result: Quantity, plain: list[Quantity]) -> Iterator[Formula]:
    known = result.values[~np.isnan(result.values)]
    large = np.abs(known) >= 2 * LEAST_UNITS * result.slack
    if len(np.unique(known)) < LEAST_VALUES or large.mean() < 0.5:
        return
    others = [other for other in plain if other is not result]
    values = np.stack([other.values for other in others])
    rows = _anchors(result, values)
    if rows is None:
        return
    few, made = values[:, rows], result.values[rows]
    every = {other.name: other.values for other in others}
    for form in FORMS:
        for (a, b, c), scale in _able(form, few, made, result.slack):
            names = (others[a].name, others[b].name, others[c].name)
            formula = Formula(result.name, form, names, scale, "near", result.decimals)
            proven = _proven(formula, result, every)
            if proven is not None:
                yield proven


def _anchors(result: Quantity, values: Floats) -> NDArray[np.int64] | None:
    """A few rows in which the result is large, and as many columns as can be have a value."""
    rows = probes(result.values)
    rows = rows[~np.isnan(result.values[rows])]
    present = (~np.isnan(values[:, rows])).sum(axis=0)
    best = rows[np.lexsort((-np.abs(result.values[rows]), -present))]
    return best[:ANCHORS] if len(best) >= ANCHORS else None


def _able(
    form: str, few: Floats, made: Floats, slack: float
) -> Iterator[tuple[tuple[int, int, int], float]]:
    """The columns (a, b, c) of `few` (columns, anchors) that give `made` (anchors,), and the scale
    they need."""
    able = 2 * slack + 1e-9 * np.abs(made)
    for a in range(len(few)):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            exact = FORMS[form](few[a], few[:, None], few[None])  # (b, c, anchors)
            scale = np.ones(exact.shape[:2])
            if form in SCALED:
                scale = to_digits(np.abs(made[0] / exact[:, :, 0]), MOST_DIGITS)
            fits = (np.abs(scale[:, :, None] * exact - made) <= able).all(axis=2)
        for b, c in np.argwhere(fits):
            alone = c not in (a, b) or form in WITH_ITSELF
            if a != b and alone and (a < b or form not in EITHER_WAY):
                yield (a, int(b), int(c)), float(f"{scale[b, c]:.{MOST_DIGITS - 1}e}")


def _proven(formula: Formula, result: Quantity, values: Mapping[str, Floats]) -> Formula | None:
    exact = formula.exact(values)
    known = ~np.isnan(exact + result.values)
    if not has_enough(result, known):
        return None
    how, holds = rounding_of(exact, result, known)
    if not holds.all():
        return None
    if not needs_all(formula.exact, formula.sources, result, values):
        return None
    return replace(formula, rounding=how)


def _is_short(scale: float) -> bool:
    return 0 < float(scale) < 1e12 and digits_of(scale) <= MOST_DIGITS


def from_json(document: Any) -> Formula:
    """Undo `asdict`. Raises `TypeError` or `ValueError` on what no search can have found."""
    made = Formula(**{**document, "of_columns": tuple(document["of_columns"])})
    if len(made.of_columns) != 3 or made.result in made.sources or len(made.sources) < 2:
        raise ValueError("a formula has no columns")
    if made.form not in FORMS or not _is_short(made.scale) or not isinstance(made.gaps, bool):
        raise ValueError("a formula has no form")
    require_rounding(made.rounding, made.decimals)
    return made
