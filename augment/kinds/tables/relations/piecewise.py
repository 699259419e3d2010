"""Numbers that follow a line along another, or several with cuts between them: an income tax, a
contribution up to a ceiling, hours beyond a limit, a fee that falls away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.kinds.tables.relations.computed import LEAST_ROWS, LEAST_SHARE, OneWay
from augment.kinds.tables.relations.quantities import Quantity
from augment.kinds.tables.relations.rounding import (
    digits_of,
    require_rounding,
    rounded,
    rounding_of,
)
from augment.kinds.tables.relations.weighted_sums import line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_COLUMNS = 100  # that are searched
MOST_PIECES = 8
LEAST_EACH = 20  # rows of a piece, and values of its source
LEAST_DIFFERING = 60.0  # rows that would have another value, if by chance
LEAST_UNITS = 20.0  # of the last digit, that a sloping piece spreads over
MOST_SHORTENED = 4  # values of the source that a piece gives up at its end
MOST_DIGITS = 4  # of a slope
PROBED = 96  # rows along a source, by which nearly all pairs are ruled out
MOST_BENDS = 2 * MOST_PIECES  # of these, where the slope changes


@dataclass(frozen=True)
class Piecewise(OneWay):
    """`result` is the first of `starts` and of `slopes` times `source` up to the first of the
    `cuts`, and so on; `rounding` to so many `decimals`."""

    result: str
    source_name: str
    cuts: tuple[float, ...]
    starts: tuple[float, ...]
    slopes: tuple[float, ...]
    rounding: str
    decimals: int | None
    gaps: bool = False  # as of a link

    @property
    def sources(self) -> set[str]:
        return {self.source_name}

    @property
    def sentence(self) -> str:
        if not any(self.slopes):
            return f"{self.result} follows from the range of {self.source_name}"
        return f"{self.result} = {len(self.starts)} lines along {self.source_name}"

    def of(self, values: Mapping[str, Floats]) -> Floats:
        """(rows,) the result from its source; NaN where that is missing."""
        return np.asarray(rounded(self.exact(values), self.rounding, self.decimals))

    def exact(self, values: Mapping[str, Floats]) -> Floats:
        own = values[self.source_name]
        place = np.minimum(np.searchsorted(self.cuts, own, side="right"), len(self.cuts))
        return np.array(self.starts)[place] + np.array(self.slopes)[place] * own


def piecewise(numeric: list[Quantity]) -> Iterator[Piecewise]:
    """Those that hold on every row that has both columns, of two pieces and more."""
    plain = [q for q in numeric if not q.dated and q.decimals is not None]
    if not 1 < len(plain) <= MOST_COLUMNS:
        return
    values = np.stack([quantity.values for quantity in plain], axis=1)  # (rows, columns)
    slack = np.array([quantity.slack for quantity in plain])
    found: dict[str, Piecewise] = {}
    for source in plain:
        order = np.argsort(source.values, kind="stable")
        order = order[: int((~np.isnan(source.values)).sum())]
        for place in _possible(source.values, values, slack, order):
            result = plain[place]
            if result is source:
                continue
            each = _fitted(result, source, order)
            known = found.get(result.name)
            if each is not None and (known is None or len(each.cuts) < len(known.cuts)):
                found[result.name] = each
    yield from found.values()


def _possible(
    own: Floats, values: Floats, slack: Floats, order: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The columns of `values` (rows, columns) that bend at few of some rows along the source."""
    if len(order) < LEAST_ROWS:
        return np.empty(0, np.int64)
    rows = order[np.linspace(0, len(order) - 1, PROBED).astype(np.int64)]
    rows = rows[np.unique(own[rows], return_index=True)[1]]
    if len(rows) < LEAST_EACH:
        return np.empty(0, np.int64)
    x, y = own[rows], values[rows]
    part = ((x[1:-1] - x[:-2]) / (x[2:] - x[:-2]))[:, None]
    off = np.abs(y[1:-1] - y[:-2] - part * (y[2:] - y[:-2]))
    bends = (off > 2.1 * slack).sum(axis=0)
    return np.flatnonzero(bends <= MOST_BENDS)


def _fitted(result: Quantity, source: Quantity, order: NDArray[np.int64]) -> Piecewise | None:
    known = order[~np.isnan(result.values[order])]
    if len(known) < max(LEAST_ROWS, LEAST_SHARE * (~np.isnan(result.values)).sum()):
        return None
    shares = np.unique(result.values[known], return_counts=True)[1] / len(known)
    if len(known) * (1 - float((shares**2).sum())) < LEAST_DIFFERING:
        return None
    x, y = source.values[known], result.values[known]
    cuts: list[float] = []
    starts: list[float] = []
    slopes: list[float] = []
    first = 0
    while first < len(x):
        if len(starts) == MOST_PIECES:
            return None
        last = _end(x, y, first, result.slack)
        for _ in range(MOST_SHORTENED if last < len(x) else 1):
            piece = _piece(x[first:last], replace(result, values=y[first:last]))
            if piece is not None:
                break
            last = int(np.searchsorted(x, x[last - 1]))  # rows beyond a cut may come near enough
        if piece is None:
            return None
        slopes.append(piece[0])
        starts.append(piece[1])
        cuts += [(x[last - 1] + x[last]) / 2] if last < len(x) else []
        first = last
    if not cuts:
        return None
    cuts = _crossings(cuts, starts, slopes, x)
    made = Piecewise(
        result.name, source.name, tuple(cuts), tuple(starts), tuple(slopes), "near", result.decimals
    )
    exact = made.exact({source.name: source.values})
    how, holds = rounding_of(exact, result, ~np.isnan(exact + result.values))
    return replace(made, rounding=how) if holds.all() else None


def _end(x: Floats, y: Floats, first: int, slack: float) -> int:
    """The first row from `first` on that no line with all before it comes near enough to; rows of
    one value of the source stay together."""
    changed = np.flatnonzero(y[first:] != y[first])
    same = int(changed[0]) if len(changed) else len(y) - first  # rows of one value
    if same >= LEAST_EACH and x[first] != x[first + same - 1]:
        last = first + same
        return last if last == len(x) else int(np.searchsorted(x, x[last]))
    low, size = first + 1, 2
    while _straight(x, y, first, min(first + size, len(x)), slack):
        low = min(first + size, len(x))
        if low == len(x):
            return low
        size *= 2
    high = min(first + size, len(x))
    while high - low > 1:
        middle = (low + high) // 2
        if _straight(x, y, first, middle, slack):
            low = middle
        else:
            high = middle
    return int(np.searchsorted(x, x[low]))


def _straight(x: Floats, y: Floats, first: int, last: int, slack: float) -> bool:
    """Whether a line may come within rounding of all rows from `first` to `last`."""
    own, made = x[first:last], y[first:last]
    if own[0] == own[-1]:
        return bool(np.ptp(made) <= 2 * slack)
    middle = own - own.mean()
    slope = float(middle @ made) / float(middle @ middle)
    off = made - slope * own
    return bool(np.ptp(off) <= 2.6 * slack)


def _piece(x: Floats, part: Quantity) -> tuple[float, float] | None:
    """The slope and the start of one piece, if enough rows prove it."""
    if len(x) < LEAST_EACH or len(np.unique(x)) < LEAST_EACH:
        return None
    if (part.values == part.values[0]).all():
        return 0.0, float(part.values[0])
    if np.ptp(part.values) < LEAST_UNITS * 2 * part.slack:
        return None
    fitted = line(part, x)
    if fitted is None or digits_of(fitted[0]) > MOST_DIGITS:
        return None
    return fitted[0], fitted[1]


def _crossings(
    cuts: list[float], starts: list[float], slopes: list[float], x: Floats
) -> list[float]:
    """The cuts, each where its two lines cross, if that lies between the same rows."""
    moved = []
    for place, cut in enumerate(cuts):
        apart = slopes[place] - slopes[place + 1]
        across = (starts[place + 1] - starts[place]) / apart if apart else cut
        right = int(np.searchsorted(x, cut))
        inside = x[right - 1] <= across <= x[right]
        moved.append(float(across if inside else cut))
    return moved


def from_json(document: Any) -> Piecewise:
    """Undo `asdict`. Raises `TypeError` or `ValueError` on what no search can have found."""
    lists = {name: tuple(map(float, document[name])) for name in ("cuts", "starts", "slopes")}
    made = Piecewise(**{**document, **lists})
    if not len(made.cuts) + 1 == len(made.starts) == len(made.slopes) <= MOST_PIECES + 1:
        raise ValueError("lines have no cuts")
    if not np.isfinite([*made.cuts, *made.starts, *made.slopes]).all():
        raise ValueError("lines are out of range")
    if list(made.cuts) != sorted(made.cuts) or not made.cuts:
        raise ValueError("cuts are out of order")
    if made.result == made.source_name or not isinstance(made.gaps, bool):
        raise ValueError("lines are along themselves")
    require_rounding(made.rounding, made.decimals)
    return made
