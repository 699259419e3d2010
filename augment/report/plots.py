"""Drawings of charts, as data for the page: paths in their own units, and labels by their places.

Only geometry is computed here. Colours are CSS classes, so that a page reads in light, in dark
and on paper; labels are text of the page, which stays readable at any width and passes through
the template's escaping. Places are in per cent of a drawing's width or height.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from augment.core.types import Json
from augment.evaluation.figures import figure

WIDTH, HEIGHT = 600.0, 300.0  # of curves and clouds, in SVG units
TICKS = 5  # about as many as an axis has
MOST_FIGURES = 9  # lines of the table beside a drawing


@dataclass(frozen=True)
class AxisTick:
    """A label of an axis, and its place in per cent from the left or from the bottom."""

    text: str
    place: float


@dataclass(frozen=True)
class Path:
    """One line; `tone` is its CSS class."""

    name: str
    tone: str
    points: str


@dataclass(frozen=True)
class Plot:
    """Lines over two axes, and the same in figures: heads and rows of a table."""

    paths: tuple[Path, ...]
    across: tuple[AxisTick, ...]
    up: tuple[AxisTick, ...]
    diagonal: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def curves(chart: Json) -> Plot:
    """Lines by their points; what has no value, or none on a logarithmic scale, is a gap."""
    lines = chart["lines"]
    x = _Axis.of(chart["x"], [v for line in lines for v in line["x"]])
    y = _Axis.of(chart["y"], [v for line in lines for v in line["y"]])
    paths = tuple(
        Path(line["name"], line["tone"], path(_points(line, x, y), WIDTH, HEIGHT)) for line in lines
    )
    diagonal = ""
    if chart["diagonal"]:
        low, high = max(x.low, y.low), min(x.high, y.high)
        steps = [x.between(low, high, k / 60) for k in range(61)]
        diagonal = path([(x.place(v), y.place(v)) for v in steps], WIDTH, HEIGHT)
    heads = (chart["x"]["label"], *(line["name"] for line in lines))
    return Plot(paths, x.ticks(), y.ticks(), diagonal, heads, _table(lines, x))


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    log: bool

    @staticmethod
    def of(axis: Json, values: Iterable[float | None]) -> _Axis:
        log = axis["scale"] == "log"
        known = [v for v in values if v is not None and (v > 0 or not log)]
        low = axis["low"] if axis["low"] is not None else min(known, default=0.1 if log else 0.0)
        high = axis["high"] if axis["high"] is not None else max(known, default=1.0)
        if not high > low:
            high = low * 10 if log else low + 1
        return _Axis(low, high, log)

    def place(self, value: float | None) -> float | None:
        """In [0, 1]; None beyond the axis."""
        if value is None or (self.log and value <= 0):
            return None
        ends = (self.low, self.high, value)
        low, high, at = (math.log10(each) for each in ends) if self.log else ends
        found = (at - low) / (high - low)
        return found if -1e-6 <= found <= 1 + 1e-6 else None

    def between(self, low: float, high: float, share: float) -> float:
        if self.log:
            return float(low * (high / low) ** share)
        return low + (high - low) * share

    def ticks(self) -> tuple[AxisTick, ...]:
        values = _decades(self.low, self.high) if self.log else _round_steps(self.low, self.high)
        places = [(v, self.place(v)) for v in values]
        return tuple(AxisTick(short(v), round(100 * p, 2)) for v, p in places if p is not None)


def _points(line: Json, x: _Axis, y: _Axis) -> list[tuple[float | None, float | None]]:
    return [(x.place(a), y.place(b)) for a, b in zip(line["x"], line["y"], strict=True)]


def path(points: Sequence[tuple[float | None, float | None]], width: float, height: float) -> str:
    """SVG path of points in [0, 1] from the lower left; a gap begins a new stroke.

    >>> path([(0.0, 0.0), (0.5, 1.0), (None, 0.0), (1.0, 0.5)], 100, 100)
    'M0 100L50 0M100 50'
    """
    parts, pen = [], "M"
    for across, up in points:
        if across is None or up is None:
            pen = "M"
            continue
        parts.append(f"{pen}{_number(across * width)} {_number((1 - up) * height)}")
        pen = "L"
    return "".join(parts)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _round_steps(low: float, high: float) -> list[float]:
    """Round numbers in [low, high], about `TICKS`."""
    rough = (high - low) / TICKS
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * k for k in (1, 2, 5, 10) if unit * k >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _decades(low: float, high: float) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    found = [10.0**power for power in range(first, last + 1, max(1, (last - first) // TICKS))]
    if len(found) >= 2:
        return found
    return [low, *found, high]  # less than two decades: the ends say more


def short(value: float) -> str:
    """A figure on an axis.

    >>> short(0.30000000000000004), short(0.0), short(1e-05), short(25000.0), short(1e7)
    ('0.3', '0', '1e-5', '25,000', '1e7')
    """
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e7 or size < 1e-3:
        mantissa, power = f"{value:.3g}", math.floor(math.log10(size))
        mantissa = f"{value / 10.0**power:.3g}"
        return f"{mantissa}e{power}"
    return f"{value:,.0f}" if size >= 1000 else f"{value:.3g}"


def _table(lines: Sequence[Json], x: _Axis) -> tuple[tuple[str, ...], ...]:
    """Some places of the axis with each line's value there, by the nearest point before."""
    rows = []
    for number in range(MOST_FIGURES):
        at = x.between(x.low, x.high, number / (MOST_FIGURES - 1))
        values = [_value_at(line, at) for line in lines]
        rows.append((short(at), *("–" if v is None else f"{v:.3g}" for v in values)))
    return tuple(rows)


def _value_at(line: Json, at: float) -> float | None:
    before = [y for x, y in zip(line["x"], line["y"], strict=True) if x <= at + 1e-12]
    return before[-1] if before else None


@dataclass(frozen=True)
class PlotMark:
    """An estimate on an axis, in per cent: its value, and its interval or None."""

    label: str
    tone: str
    text: str
    place: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Marks:
    marks: tuple[PlotMark, ...]
    ticks: tuple[AxisTick, ...]
    origin: float | None


def intervals(chart: Json) -> Marks:
    """Estimates with whiskers on one axis that holds them all, and the origin."""
    estimates, origin = chart["estimates"], chart["origin"]
    ends = [
        each[end] for each in estimates for end in ("value", "low", "high") if each[end] is not None
    ]
    ends += [] if origin is None else [origin]
    room = 0.04 * ((max(ends) - min(ends)) or 1.0)
    axis = _Axis(min(ends) - room, max(ends) + room, False)

    def place(value: float | None) -> float | None:
        found = axis.place(value)
        return None if found is None else round(100 * found, 2)

    marks = tuple(
        PlotMark(
            each["label"],
            each["tone"],
            _interval(each, signed=origin == 0.0),
            place(each["value"]) or 0.0,
            place(each["low"]),
            place(each["high"]),
        )
        for each in estimates
    )
    return Marks(marks, axis.ticks(), place(origin))


def _interval(estimate: Json, signed: bool) -> str:
    form = "{:+.3f}" if signed else "{:.3f}"
    value, low, high = (estimate[end] for end in ("value", "low", "high"))
    if low is None or high is None:
        return form.format(value)
    return f"{form.format(value)} ({form.format(low)} to {form.format(high)})"


@dataclass(frozen=True)
class Bar:
    """A bar: its share of the longest in per cent, and its figure as text."""

    name: str
    tone: str
    share: float
    text: str


def bars(chart: Json) -> tuple[tuple[str, tuple[Bar, ...]], ...]:
    """Per label, its bars."""
    known = [v for series in chart["series"] for v in series["values"] if v is not None]
    most = chart["most"] if chart["most"] is not None else max([*known, 1e-9])
    return tuple(
        (
            label,
            tuple(
                Bar(
                    series["name"],
                    series["tone"],
                    round(100 * min(1.0, max(0.0, (series["values"][row] or 0.0) / most)), 1),
                    figure(series["values"][row], chart["unit"]),
                )
                for series in chart["series"]
            ),
        )
        for row, label in enumerate(chart["labels"])
    )


def stepped(shares: Sequence[float], width: float, height: float) -> str:
    """The outline of bars that stand side by side, as a path without its ground."""
    step = width / max(1, len(shares))
    points = [
        (edge * step, height * (1 - share))
        for place, share in enumerate(shares)
        for edge in (place, place + 1)
    ]
    kept = [points[0], *(b for a, b in pairwise(points) if a != b)] if points else []
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in kept)
