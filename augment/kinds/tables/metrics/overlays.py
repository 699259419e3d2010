"""Per column, the binned counts behind the report's overlays of real and synthetic rows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from augment.core.types import Json, Scalar
from augment.kinds.tables.data import values
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.holders import Holders, ends_of
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.metrics.axes import NAMELESS, is_numeric

if TYPE_CHECKING:
    from numpy.typing import NDArray

BARS = 20
ZEROS = 0.2  # share of zeros from which they stand apart
CROWDED = 0.4  # share of the rows in one bar, from which another scale is tried
MOST_LEVELS = 12
LEAST_COUNT = 5  # no cell with fewer real rows is shown: it could point at a person
FEW = LEAST_COUNT + LEAST_COUNT % 2  # as in protection: the median of so many is nobody's own
TAIL = 0.01  # share beyond the shown range on either side, so that no extreme is printed
LONGEST_LABEL = 40
MICROSECONDS_PER_DAY = 86_400_000_000


def overlays(real: Table, fake: Table) -> list[Json]:
    """For each modelled column: labels, and shares of the real and of the synthetic rows.

    A cell with 1 to 4 rows has the share None on that side. Tails and rare levels are gathered
    in cells of their own, and no label is the value of a few rows, or of a few of those whose the
    rows are.
    """
    owners = owners_of(real)
    return [_overlay(real, fake, column, owners) for column in real.schema if column.modelled]


def owners_of(real: Table) -> Holders:
    """Whose the real rows are: each its own, where they do not belong together."""
    owners = real.entities()
    if owners is None:
        owners = np.arange(len(real))
    return Holders(np.unique(owners, return_inverse=True)[1].astype(np.int64), LEAST_COUNT)


def _overlay(real: Table, fake: Table, column: Column, owners: Holders) -> Json:
    scale, apart = "linear", list[int]()
    if is_numeric(column):
        numbers = values.numbers(real, column.name), values.numbers(fake, column.name)
        labels, counts, scale, apart = _histogram(column, *numbers, owners)
    else:
        labels, counts = _levels(real, fake, column, owners)
    return {
        "name": column.name or NAMELESS,
        "role": column.role,
        "ordered": is_numeric(column),
        "scale": scale,
        "apart": apart,
        "labels": labels,
        "real": _shares(counts[0]),
        "synthetic": _shares(counts[1]),
    }


def _shares(counts: list[int]) -> list[float | None]:
    total = max(1, sum(counts))
    return [None if 0 < n < LEAST_COUNT else round(n / total, 6) for n in counts]


def _histogram(
    column: Column, real: NDArray[np.float64], fake: NDArray[np.float64], owners: Holders
) -> tuple[list[str], tuple[list[int], list[int]], str, list[int]]:
    """Bars of equal width, on a scale that suits them, over the middle of the real values; below,
    above, missing, and zero where much of the column is zero, stand apart.

    Labels, counts of both sides, the scale in words, and the places of what stands apart.
    """
    present = real[np.isfinite(real)]
    ends = middle_ends(real, owners)
    if ends is None or not np.any((present >= ends[0]) & (present <= ends[1])):
        return ["present", "missing"], (_present(real), _present(fake)), "linear", [0, 1]
    middle = present[(present >= ends[0]) & (present <= ends[1])]
    values = _values_of_bars(column, real, ends, owners)
    if len(values):
        edges = np.append(values, np.nextafter(values[-1], np.inf))
        labels = [number_label(column, value) for value in values]
        split, words = False, "linear"
    else:
        others = middle_ends(np.where(real == 0, np.nan, real), owners)
        split = column.role != "datetime" and float(np.mean(middle == 0)) >= ZEROS
        split = split and others is not None
        low, high = others if split and others is not None else ends
        shown = present[(present >= low) & (present <= high) & ~(split & (present == 0))]
        edges, words = _scaled(column, shown, low, high)
        labels = [
            f"{number_label(column, a)} – {number_label(column, b)}" for a, b in pairwise(edges)
        ]
    sides = tuple(_counts(side, edges, split) for side in (real, fake))
    before = ["below", "0"] if split else ["below"]
    names = [*before, *labels, "above", "missing"]
    apart = [*range(len(before)), len(names) - 2, len(names) - 1]
    return names, (sides[0], sides[1]), f"zero apart, {words}" if split else words, apart


def middle_ends(real: NDArray[np.float64], owners: Holders) -> tuple[float, float] | None:
    """The range of a column's values without either tail; None where too few have one.

    An end is the mean of two values, and beyond it lie 1% of the rows, or three of those whose
    the rows are where these are more: so it is no row's own number, and tells of no extreme.
    """
    real = np.where(np.isfinite(real), real, np.nan)
    lows, highs = owners.ends(real)
    if len(lows) < 2 * FEW:
        return None
    present = np.sort(real[np.isfinite(real)])
    beyond = int(TAIL * len(present))
    own = ends_of(lows, highs, FEW // 2, owners.least)
    tails = ends_of(present, present, beyond + 1, owners.least)
    low, high = max(own[0], tails[0]), min(own[1], tails[1])
    return (low, high) if low <= high else None


def _values_of_bars(
    column: Column, real: NDArray[np.float64], ends: tuple[float, float], owners: Holders
) -> NDArray[np.float64]:
    """The values that get a bar each: all in the middle, where they are few and none is that of a
    few; or the whole numbers of a short range, whoever has them. None otherwise."""
    inside = (real >= ends[0]) & (real <= ends[1])
    found, place = np.unique(real[inside], return_inverse=True)
    if not len(found):
        return found
    whole = column.role != "datetime" and bool(np.all(found == np.round(found)))
    if whole and found[-1] - found[0] < BARS:
        return np.arange(found[0], found[-1] + 1)
    if len(found) > BARS:
        return found[:0]
    holders = owners.take(np.flatnonzero(inside)).count(place.astype(np.int64), len(found))
    return found if holders.min() >= owners.least else found[:0]


def _scaled(
    column: Column, middle: NDArray[np.float64], low: float, high: float
) -> tuple[NDArray[np.float64], str]:
    """Edges of the bars, equally far apart on the scale: logarithmic (signed, about 0, where there
    are values of both signs) where that spreads what a linear one crowds into a few bars."""
    high = float(np.nextafter(high, np.inf))
    linear = np.linspace(low, high, BARS + 1)
    if column.role == "datetime" or _fullest(middle, linear) < CROWDED:
        return linear, "linear"
    if low > 0:
        edges = np.asarray(np.geomspace(low, high, BARS + 1), np.float64)
        words = "logarithmic"
    else:
        unit = max(float(np.median(np.abs(middle))), 1e-12)
        ends = np.arcsinh(low / unit), np.arcsinh(high / unit)
        edges = unit * np.sinh(np.linspace(ends[0], ends[1], BARS + 1))
        words = "signed logarithmic"
    edges[0], edges[-1] = low, high
    if np.any(np.diff(edges) <= 0) or _fullest(middle, edges) > _fullest(middle, linear) / 2:
        return linear, "linear"
    return edges, words


def _fullest(middle: NDArray[np.float64], edges: NDArray[np.float64]) -> float:
    """The share of the values that lie in the fullest bar."""
    return float(np.histogram(middle, edges)[0].max() / len(middle))


def _present(column: NDArray[np.float64]) -> list[int]:
    there = int(np.isfinite(column).sum())
    return [there, len(column) - there]


def _counts(column: NDArray[np.float64], edges: NDArray[np.float64], split: bool) -> list[int]:
    """Rows below, at 0 (with `split`), in each bar, above, and without a value."""
    present = column[np.isfinite(column)]
    missing = len(column) - len(present)
    zeros = [int((present == 0).sum())] if split else []
    if split:
        present = present[present != 0]
    places = np.searchsorted(edges, present, side="right")
    counts = [int(n) for n in np.bincount(places, minlength=len(edges) + 1)]
    return [counts[0], *zeros, *counts[1:], missing]


def number_label(column: Column, value: float) -> str:
    """A number or date as a label of a drawing."""
    if column.role == "datetime":
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=float(value))
        if not re.search("%-?[YymdbBs]", column.format or "%Y"):  # a time of day
            return moment.strftime("%H:%M")
        daily = (column.step_us or 1) % MICROSECONDS_PER_DAY == 0
        return moment.strftime("%Y-%m-%d" if daily else "%Y-%m-%d %H:%M")
    return f"{value:.4g}" if abs(value) < 1e4 or abs(value) >= 1e9 else f"{value:,.0f}"


def level_label(column: Column, level: Scalar) -> str:
    """A category as the source spells it: a boolean may be yes or no there."""
    if isinstance(level, bool):
        return column.true if level else column.false
    return str(level)


def _levels(
    real: Table, fake: Table, column: Column, owners: Holders
) -> tuple[list[str], tuple[list[int], list[int]]]:
    """The most frequent real levels; the other ones together; missing."""
    found, levels = values.codes(real, column.name)
    made, made_levels = values.codes(fake, column.name)
    counts = np.bincount(found[found >= 0], minlength=len(levels))
    held = owners.count(found, len(levels))
    order = [int(i) for i in np.argsort(-counts, kind="stable") if held[i] >= LEAST_COUNT]
    shown: list[Scalar] = [levels[i] for i in order[:MOST_LEVELS]]
    rows = []
    for codes, names in ((found, levels), (made, made_levels)):
        each = np.bincount(codes[codes >= 0], minlength=len(names))
        lookup = {level: int(count) for level, count in zip(names, each, strict=True)}
        picked = [lookup.get(level, 0) for level in shown]
        missing = int((codes < 0).sum())
        rows.append([*picked, len(codes) - missing - sum(picked), missing])
    labels = [level_label(column, level)[:LONGEST_LABEL] for level in shown]
    return [*labels, "other", "missing"], (rows[0], rows[1])
