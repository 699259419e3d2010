"""The quantile function of a number, traced by knots, and as smooth as few rows leave it open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.codecs.vocabulary import LEAST_ROWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MAX_KNOTS = 1024
WIDTHS = (0.5, 0.35, 0.25, 0.18)  # normal scores that a value is smoothed over, the widest first
FEWEST_SMOOTHED, MOST_SMOOTHED = 40, 5_000  # rows; of more, knots are means of many rows anyway
# Of a smooth curve from the rows' shares, in 1/√rows: half of the normal samples lie further from
# the normal law that was fitted to them.
MOST_OFF = 0.6
PLACES = 129  # on the scale of normal scores, between which the smooth curve is interpolated


def curve_of(rest: Floats, bins: int, protect: bool) -> tuple[Floats, Floats, Floats]:
    """Knots evenly spaced in rank, bin edges and the edges' ranks for sorted rows (n,).

    The knots of few rows are their noise, which tells who was among them. So they are smoothed by
    local lines over normal scores, with the widest window that leaves the curve as near to the
    rows' ranks as that of a true law would be.
    """
    n = len(rest)
    if n == 0:
        return rest, rest, rest
    least = LEAST_ROWS if protect else 1
    count = max(1, min(MAX_KNOTS, n // least))
    levels = np.linspace(0, 1, count + 1)
    at = np.linspace(0, n, count + 1).round().astype(int)[1:-1]
    ends = rest[:least].mean(), rest[-least:].mean()
    knots = np.concatenate([[ends[0]], (rest[at - 1] + rest[at]) / 2, [ends[1]]])
    knots = np.clip(knots, *ends)
    smooth = _smoothed(rest, levels, ends) if FEWEST_SMOOTHED <= n <= MOST_SMOOTHED else None
    knots = knots if smooth is None else smooth
    edges = np.unique(np.interp(np.linspace(0, 1, bins + 1), levels, knots))
    if len(edges) == 1:  # one value only
        return knots, np.repeat(edges, 2), np.array([0.0, 1.0])
    ranks = np.searchsorted(rest, edges, "left") / n
    if smooth is not None:
        ranks = np.interp(edges, knots, levels)
    ranks[0], ranks[-1] = 0.0, 1.0
    return knots, edges, ranks


def _smoothed(rest: Floats, levels: Floats, ends: tuple[float, float]) -> Floats | None:
    """(levels,) the values at these ranks, smoothed; None where any window blurs the rows."""
    from scipy.special import ndtri

    n = len(rest)
    scores = ndtri((np.arange(n) + 0.5) / n)
    places = np.linspace(scores[0], scores[-1], PLACES)
    asked = ndtri(np.clip(levels, 0.5 / n, 1 - 0.5 / n))
    values, first, counts = np.unique(rest, return_index=True, return_counts=True)
    middle = (first + counts / 2) / n  # rank of each value
    for width in WIDTHS:
        line = _local_line(scores, rest, places, width)
        knots = np.interp(asked, places, np.maximum.accumulate(np.clip(line, *ends)))
        knots[0], knots[-1] = ends
        off = np.abs(np.interp(values, knots, levels) - middle).max()
        if off <= MOST_OFF / np.sqrt(n):
            return knots
    return None


def _local_line(x: Floats, y: Floats, places: Floats, width: float) -> Floats:
    """(places,) lines fitted to (x, y) by least squares, with weights that fall off around each
    place as a normal density of this width (Cleveland 1979, doi 10.2307/2286407)."""
    weight = np.exp(-0.5 * ((places[:, None] - x) / width) ** 2)
    w, wx, wxx, wy, wxy = (weight @ np.stack([np.ones_like(x), x, x * x, y, x * y], axis=1)).T
    mean_x, mean_y = wx / w, wy / w
    slope = (wxy / w - mean_x * mean_y) / np.maximum(wxx / w - mean_x**2, 1e-12)
    return np.asarray(mean_y + slope * (places - mean_x))
