"""Numbers that are weighted sums of others, rounded: `fahrenheit = 1.8 * celsius + 32`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augment.kinds.tables.relations.quantities import Quantity
from augment.kinds.tables.relations.rounding import (
    digits_of,
    makes_its_values,
    require_rounding,
    rounded,
    rounding_of,
    scale_of,
    shortest,
    slacks,
    to_the_bit,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_COLUMNS = 200  # that are searched
MOST_SOUGHT = 4_000  # rows that the search looks at; what it finds is checked on all
ROWS_PER_COLUMN = 5  # the fewest, lest anything fits anything
LEAST_ROWS = 100
LEAST_VALUES = 16  # of a result
LEAST_SPREAD = 5.0  # of a result, in units of its last digit
MOST_LEFT = 0.4  # standard deviation of what is left, in such units: rounding leaves .29
SMALL = 0.02  # of such a unit, that a term may move the result by and be left out
UNITS_US = {
    86_400_000_000: "days",
    3_600_000_000: "hours",
    60_000_000: "minutes",
    1_000_000: "seconds",
    1_000: "milliseconds",
}
MOST_PARTS = 12  # of a fraction
MOST_DIGITS = 10  # of a weight
NEARLY_WHOLE = 0.01  # of an integer, within which a weight counts as one
SAME = 1 - 1e-9  # of a correlation, from which on two columns explain as much
RIDGE = 1e-12  # of a variance, which keeps the matrix of exact sums invertible


@dataclass(frozen=True)
class WeightedSum:
    """`result` is `start` and the sum of all columns times their weights, `rounding` to so many
    `decimals` (None: as it is). With one column and both of them dates, `start` is microseconds."""

    result: str
    start: float
    terms: tuple[tuple[str, float], ...]
    rounding: str
    decimals: int | None
    dated: bool = False  # whether the column is a date
    gaps: bool = False  # as of a link
    computed: ClassVar[bool] = True

    @property
    def sources(self) -> set[str]:
        return {name for name, _ in self.terms}

    @property
    def left_of_total(self) -> bool:
        """Whether it is what one column leaves of another."""
        weights = [weight for _, weight in self.terms]
        return weights == [1.0, -1.0] and self.start == 0

    @property
    def sentence(self) -> str:
        if self.dated:
            return self._dated_sentence()
        text = ""
        for name, weight in self.terms:
            sign = (" - " if weight < 0 else " + ") if text else ("-" if weight < 0 else "")
            size = "" if abs(weight) == 1 else f"{abs(weight):.6g} × "
            text += f"{sign}{size}{name}"
        if self.start:
            text += f" {'-' if self.start < 0 else '+'} {abs(self.start):.6g}"
        return f"{self.result} = {text}"

    def _dated_sentence(self) -> str:
        """Of a date that is another one, or as long after it, and of a number that counts."""
        ((name, weight),) = self.terms
        unit = round(1 / weight)
        if unit in UNITS_US:
            return f"{self.result} = {UNITS_US[unit]} of {name}, counted from some day on"
        days = self.start / 86_400_000_000
        return f"{self.result} = {name}" + (
            f" {'-' if days < 0 else '+'} {abs(days):.6g} days" if days else ""
        )

    def of(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """(rows,) the result from its sources; NaN where one is missing."""
        made = np.full(len(values[self.terms[0][0]]), self.start)
        for name, weight in self.terms:
            made = made + weight * values[name]
        return np.asarray(rounded(made, self.rounding, self.decimals))

    def source(self, name: str, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """(rows,) one source from the result and the others; NaN where one is missing."""
        own = next(weight for term, weight in self.terms if term == name)
        made = values[self.result] - self.start
        for term, weight in self.terms:
            made = made if term == name else made - weight * values[term]
        return np.asarray(made / own)


def weighted_sums(numeric: list[Quantity], left_out: set[str]) -> list[WeightedSum]:
    """Those that hold on every row, among the columns without gaps that are not `left_out`: the
    results of sums, which say nothing that their parts do not. Those of few terms come first, then
    those with endless digits, which nobody has rounded."""
    plain = [q for q in numeric if not q.dated and q.name not in left_out]
    plain = [q for q in plain if not np.isnan(q.values).any()]
    if not 1 < len(plain) <= MOST_COLUMNS:
        return []
    rows = len(plain[0].values)
    if rows < max(LEAST_ROWS, ROWS_PER_COLUMN * len(plain)):
        return []
    some = np.unique(np.linspace(0, rows - 1, min(rows, MOST_SOUGHT)).astype(np.int64))
    values = np.stack([q.values[some] for q in plain], axis=1)  # (rows, columns)
    spread = values.std(axis=0)
    plain = [q for q, moves in zip(plain, spread > 0, strict=True) if moves]
    scaled = (values - values.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    found: list[WeightedSum] = []
    for place in _settled(scaled, plain):
        found += _proven(plain, place, scaled, spread[spread > 0])
    order = {quantity.name: number for number, quantity in enumerate(plain)}
    return sorted(
        found, key=lambda each: (len(each.terms), each.decimals is not None, -order[each.result])
    )


def _settled(scaled: NDArray[np.float64], plain: list[Quantity]) -> Iterator[int]:
    """The columns of which, beside all others, little more than rounding is left."""
    gram = scaled.T @ scaled / len(scaled) + RIDGE * np.eye(len(plain))
    inverse = np.linalg.inv(gram)
    left = np.sqrt(1 / np.maximum(np.diag(inverse), 1e-300))  # (columns,) in standard deviations
    for place, quantity in enumerate(plain):
        own = float(np.std(quantity.values))
        unit = _unit(quantity)
        wide = own >= LEAST_SPREAD * unit and len(np.unique(quantity.values)) >= LEAST_VALUES
        if wide and left[place] * own <= max(MOST_LEFT * unit, 1e-5 * own):
            yield place


def _unit(quantity: Quantity) -> float:
    return quantity.slack if quantity.decimals is None else float(10.0**-quantity.decimals)


def _proven(
    plain: list[Quantity], place: int, scaled: NDArray[np.float64], spread: NDArray[np.float64]
) -> Iterator[WeightedSum]:
    """The sum of the fewest columns that leave no more than rounding, if it holds on all rows."""
    result = plain[place]
    unit = _unit(result)
    chosen: list[int] = []
    left = scaled[:, place] * spread[place]
    most = MOST_LEFT * unit if result.decimals is not None else 1e-9 * spread[place]
    while left.std() > most and len(chosen) < len(plain) - 1:
        others = [n for n in range(len(plain)) if n != place and n not in chosen]
        alike = np.abs(scaled[:, others].T @ left)
        likely = [n for n, size in zip(others, alike, strict=True) if size >= SAME * alike.max()]
        chosen.append(min(likely, key=lambda n: plain[n].decimals is None))  # a rounded one
        weights = np.linalg.lstsq(scaled[:, chosen], scaled[:, place], rcond=None)[0]
        left = (scaled[:, place] - scaled[:, chosen] @ weights) * spread[place]
    if left.std() > most:
        return
    own = weights * spread[place] / spread[chosen]
    kept = [n for n in range(len(chosen)) if abs(own[n]) * spread[chosen[n]] > SMALL * unit]
    terms = sorted((chosen[n], float(own[n])) for n in kept)
    exact = not any(_finer(plain[n], result) for n, _ in terms)  # nothing is rounded, if whole
    sources = [plain[n] for n, _ in terms]
    made = _plainest(result, sources, [weight for _, weight in terms], exact)
    if made is not None:
        yield made


def _plainest(
    result: Quantity, sources: list[Quantity], weights: list[float], exact: bool
) -> WeightedSum | None:
    """The sum of fewest digits, near the weights, that holds on all rows."""
    best = _multiple(result, sources[0]) if len(sources) == 1 and not exact else None
    unit = _unit(result)
    for simple in _simple(weights, exact, result.decimals is None):
        pairs = [(source, weight) for source, weight in zip(sources, simple, strict=True) if weight]
        found = _fitted(result, pairs, unit / 4 if exact and _whole(simple) else None)
        if found is not None and (best is None or _digits(found) < _digits(best)):
            best = found
        if best is not None and (best.start == 0 or found is None):
            break
    return best


def _digits(each: WeightedSum) -> int:
    """The digits of its weights and its constant; that it has one counts as two."""
    own = sum(digits_of(weight) for _, weight in each.terms)
    return own + (2 + digits_of(each.start) if each.start else 0)


def _multiple(result: Quantity, source: Quantity) -> WeightedSum | None:
    """The result as a multiple of one source, if it is one."""
    scale = scale_of(source.values, result.values, result.slack)
    return None if scale is None else _fitted(result, [(source, scale)], None)


def line(result: Quantity, source: NDArray[np.float64]) -> tuple[float, float, str] | None:
    """The weight of a source (rows,) of which the result is a weighted sum, its constant, and how
    it is rounded; None where it is none."""
    spread = float(np.std(source))
    if spread == 0:
        return None
    middle = source - source.mean()
    weight = float(middle @ (result.values - result.values.mean()) / (middle @ middle))
    term = Quantity("source", False, source, 0.0, 0.0, 0.0)
    made = _plainest(result, [term], [weight], False)
    return None if made is None else (made.terms[0][1], made.start, made.rounding)


def _whole(weights: list[float]) -> bool:
    return all(weight == round(weight) for weight in weights)


def _simple(weights: list[float], exact: bool, endless: bool) -> Iterator[list[float]]:
    """The weights as whole numbers or fractions of small ones, then with more and more digits; as
    they are only for a result with `endless` digits."""
    whole = [float(round(weight)) for weight in weights]
    near = [abs(w - n) < NEARLY_WHOLE * abs(n) for w, n in zip(weights, whole, strict=True)]
    if exact and all(near):
        yield whole
        return
    yield [float(Fraction(weight).limit_denominator(MOST_PARTS)) for weight in weights]
    for digits in range(1, MOST_DIGITS + 1):
        yield [float(f"{weight:.{digits - 1}e}") for weight in weights]
    if endless:
        yield weights


def _fitted(
    result: Quantity, pairs: list[tuple[Quantity, float]], slack: float | None
) -> WeightedSum | None:
    """The sum with a constant, if it then holds on all rows; to within `slack` if that is given."""
    if not pairs:
        return None
    terms = tuple((term.name, weight) for term, weight in pairs)
    values = {term.name: term.values for term, _ in pairs}
    bare = WeightedSum(result.name, 0.0, terms, "near", None).of(values)
    for below, above in slacks(result.slack) if slack is None else ((slack, slack),):
        low = float(np.max(result.values - bare - below))
        high = float(np.min(result.values - bare + above))
        if low > high:
            continue
        start = 0.0 if low <= 0.0 <= high else shortest(low, high)
        if start:
            start = to_the_bit(start, bare, result)
        how, holds = rounding_of(bare + start, result, np.ones(len(bare), dtype=np.bool_))
        if holds.all() and (len(terms) > 1 or makes_its_values(bare + start, result)):
            return WeightedSum(result.name, start, terms, how, result.decimals)
    return None


def _finer(term: Quantity, result: Quantity) -> bool:
    """Whether the term has digits that the result has not, so that their sum is rounded."""
    if result.decimals is None or term.decimals is None:
        return result.decimals is not None
    return term.decimals > result.decimals


def from_json(document: Any) -> WeightedSum:
    """Undo `asdict`. Raises `TypeError` or `ValueError` on what no search can have found."""
    terms = tuple((name, float(weight)) for name, weight in document["terms"])
    made = WeightedSum(**{**document, "terms": terms})
    if not terms or len(made.sources) < len(terms) or made.result in made.sources:
        raise ValueError("a sum has no terms")
    require_rounding(made.rounding, made.decimals)
    if not np.isfinite([float(made.start), *(weight for _, weight in terms)]).all():
        raise ValueError("a weight is out of range")
    if not isinstance(made.gaps, bool) or not isinstance(made.dated, bool):
        raise ValueError("a flag is no yes or no")
    if made.dated and (len(terms) != 1 or terms[0][1] <= 0):
        raise ValueError("a date has no weight")
    return made
