"""Small inline SVG drawings, as data for the page: rectangles and paths in their own units.

Only geometry is computed here. Colours are CSS classes, so that a page reads in light and dark,
and every text passes through the template's escaping.
"""

from __future__ import annotations

from dataclasses import dataclass

from augment.core.types import Json

WIDTH, HEIGHT = 300.0, 96.0  # of an overlay, in SVG units
GAP = 0.18  # of a cell's width, between cells


@dataclass(frozen=True)
class Bar:
    """A cell of an overlay. Heights are None where the count is too small to be shown."""

    x: float
    width: float
    real: float | None
    synthetic: float | None
    title: str


@dataclass(frozen=True)
class Overlay:
    """One column: the real shares as bars, the synthetic ones as level marks across them."""

    name: str
    bars: tuple[Bar, ...]
    first: str
    last: str
    hidden: bool  # some cell is too small to be shown
    score: str
    poor: bool


def overlay(column: Json, score: float | None, ceiling: float | None) -> Overlay:
    """Cells with nothing on either side are left out; heights fill the drawing."""
    cells = [
        (label, real, fake)
        for label, real, fake in zip(
            column["labels"], column["real"], column["synthetic"], strict=True
        )
        if real != 0 or fake != 0
    ]
    top = max([share for _, real, fake in cells for share in (real, fake) if share] + [1e-9])
    step = WIDTH / max(1, len(cells))
    bars = tuple(
        Bar(
            x=round((number + GAP / 2) * step, 2),
            width=round((1 - GAP) * step, 2),
            real=_height(real, top),
            synthetic=_height(fake, top),
            title=f"{label}: real {_share(real)}, synthetic {_share(fake)}",
        )
        for number, (label, real, fake) in enumerate(cells)
    )
    labels = [label for label, _, _ in cells] or [""]
    return Overlay(
        column["name"],
        bars,
        labels[0],
        labels[-1] if len(labels) > 1 else "",
        any(real is None or fake is None for _, real, fake in cells),
        "–" if score is None else f"{score:.3f}",
        score is not None and ceiling is not None and ceiling - score > 0.05,
    )


def _height(share: float | None, top: float) -> float | None:
    return None if share is None else round(share / top * HEIGHT, 2)


def _share(share: float | None) -> str:
    return "fewer than 5 rows" if share is None else f"{share:.1%}"


@dataclass(frozen=True)
class Scale:
    """A value between what independent columns and fresh real rows reach, in per cent of width."""

    value: float
    low: float | None  # interval
    high: float | None


def scale(score: Json) -> Scale | None:
    """Where a score stands from the floor (0) to the ceiling (100), cut to that range.

    None where the two ends do not lie apart, and for privacy and validity, where the floor is no
    worse than fresh real rows.
    """
    if score["group"] not in ("fidelity", "utility"):
        return None
    value, ceiling, floor = score["value"], score["ceiling"], score["floor"]
    if value is None or ceiling is None or floor is None or abs(ceiling - floor) < 0.02:
        return None

    def place(number: float) -> float:
        return round(100 * float(min(1.0, max(0.0, (number - floor) / (ceiling - floor)))), 1)

    interval = score["interval"]
    if interval is None:
        return Scale(place(value), None, None)
    ends = sorted((place(interval["low"]), place(interval["high"])))
    return Scale(place(value), ends[0], ends[1])
