"""What a report draws, as data: curves, bars, intervals, matrices, clouds, sheets and rows.

Metrics and lifecycle say what there is to draw in these terms, and the report draws it without
knowing what kind of data it is of. A chart holds figures of many rows (at least `LEAST_CELL` for
each that could point at one), and made rows: never a real one, nor a rare value of one.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal

from augment.core.types import Json

Section = Literal[
    "samples",
    "columns",
    "associations",
    "projection",
    "detection",
    "utility",
    "privacy",
    "training",
    "rows",
]
Tone = Literal["real", "made", "both", "floor"]
"""Whose a line or bar is: real rows', made rows', both together, rows without structure."""
Scale = Literal["linear", "log"]

LEAST_CELL = 5  # real rows behind a cell that is drawn
LEAST_DIFFERENCE = 0.1  # at which the colours of a difference end at the earliest
DIGITS = 5  # significant ones of a drawn figure


@dataclass(frozen=True)
class Chart:
    """`title` names it, and `meaning` says how to read it, in a sentence or two."""

    chart: ClassVar[str]
    section: Section
    title: str
    meaning: str

    def to_json(self) -> Json:
        """As `report.json` holds it; a figure that is not finite is absent."""
        return {"chart": self.chart, **asdict(self)}


@dataclass(frozen=True)
class Line:
    """Points of one curve, by rising `x`; a gap where `y` is None."""

    name: str
    tone: Tone
    x: tuple[float, ...]
    y: tuple[float | None, ...]


@dataclass(frozen=True)
class Axis:
    """`low` and `high` are those of the lines where they are None."""

    label: str
    scale: Scale = "linear"
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Curves(Chart):
    """Lines over one pair of axes; `diagonal` draws y = x, on which nothing is told apart."""

    chart: ClassVar[str] = "curves"
    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    diagonal: bool = False


@dataclass(frozen=True)
class Series:
    """A value for each label of `Bars`."""

    name: str
    tone: Tone
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Bars(Chart):
    """Level bars from 0 to `most` (None: the greatest of all), one of each series a label."""

    chart: ClassVar[str] = "bars"
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: Literal["number", "share", "count"] = "number"
    most: float | None = None


@dataclass(frozen=True)
class Estimate:
    """A value with its 95% interval, which is None where nobody knows it."""

    label: str
    value: float
    low: float | None
    high: float | None
    tone: Tone = "made"


@dataclass(frozen=True)
class Intervals(Chart):
    """Estimates beside one another; `origin` is where nothing is gained (None: no such place)."""

    chart: ClassVar[str] = "intervals"
    estimates: tuple[Estimate, ...]
    origin: float | None = 0.0


@dataclass(frozen=True)
class Panel:
    """(labels, labels) values; a gap where there is none. `most` is where the colours of a panel
    end that has a scale of its own, as differences have."""

    name: str
    values: tuple[tuple[float | None, ...], ...]
    most: float | None = None

    @staticmethod
    def difference(values: Sequence[Sequence[float | None]]) -> Panel:
        """With a scale from the largest of them, at least 0.1: noise is to look like noise."""
        known = [abs(value) for row in values for value in row if value is not None]
        most = max([LEAST_DIFFERENCE, *known])
        return Panel("Difference", tuple(map(tuple, values)), round(most, 2))


@dataclass(frozen=True)
class Matrices(Chart):
    """Square matrices of the same labels, coloured from `low` to `high` about 0."""

    chart: ClassVar[str] = "matrices"
    labels: tuple[str, ...]
    panels: tuple[Panel, ...]
    low: float = -1.0
    high: float = 1.0


@dataclass(frozen=True)
class Cloud(Chart):
    """Made rows as points over the density of real ones, in two dimensions of [0, 1] each.

    `cells` are (across, down, share of the real rows), of a grid of `size` each way; those with
    fewer than `LEAST_CELL` real rows are left out.
    """

    chart: ClassVar[str] = "cloud"
    x: str
    y: str
    size: int
    cells: tuple[tuple[int, int, float], ...]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Sheet(Chart):
    """A picture, in base64; `alt` says in words what is on it. `rows` label its rows."""

    chart: ClassVar[str] = "sheet"
    alt: str
    picture: str
    width: int
    height: int
    rows: tuple[str, ...] = ()
    form: str = "png"  # or "jpeg"

    @staticmethod
    def encoded(content: bytes) -> str:
        return base64.b64encode(content).decode("ascii")


@dataclass(frozen=True)
class Records(Chart):
    """Made rows side by side: a line for each column, with `beside` what real rows hold.

    `cells` are (columns, rows), and `beside` (columns, len(beside_names)), as text.
    """

    chart: ClassVar[str] = "records"
    columns: tuple[str, ...]
    beside_names: tuple[str, ...]
    beside: tuple[tuple[str, ...], ...]
    cells: tuple[tuple[str, ...], ...]
    note: str = field(default="")


def significant(values: Iterable[float]) -> tuple[float, ...]:
    """Figures as they are drawn.

    >>> significant([0.123456789, 1234567.0, 0.0])
    (0.12346, 1234600.0, 0.0)
    """
    return tuple(_significant(float(value)) for value in values)


def _significant(value: float) -> float:
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))
