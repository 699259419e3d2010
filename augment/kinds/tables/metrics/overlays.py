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
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.metrics.views import NAMELESS, is_numeric

if TYPE_CHECKING:
    from numpy.typing import NDArray

BARS = 20
MOST_LEVELS = 12
LEAST_COUNT = 5  # no cell with fewer real rows is shown: it could point at a person
TAIL = 0.01  # share beyond the shown range on either side, so that no extreme is printed
LONGEST_LABEL = 40
MICROSECONDS_PER_DAY = 86_400_000_000


def overlays(real: Table, fake: Table) -> list[Json]:
    """For each modelled column: labels, and shares of the real and of the synthetic rows.

    A cell with 1 to 4 rows has the share None on that side. Tails and rare levels are gathered
    in cells of their own.
    """
    return [_overlay(real, fake, column) for column in real.schema if column.modelled]


def _overlay(real: Table, fake: Table, column: Column) -> Json:
    if is_numeric(column):
        labels, counts = _histogram(
            column, values.numbers(real, column.name), values.numbers(fake, column.name)
        )
    else:
        labels, counts = _levels(real, fake, column.name)
    return {
        "name": column.name or NAMELESS,
        "role": column.role,
        "ordered": is_numeric(column),
        "labels": labels,
        "real": _shares(counts[0]),
        "synthetic": _shares(counts[1]),
    }


def _shares(counts: list[int]) -> list[float | None]:
    total = max(1, sum(counts))
    return [None if 0 < n < LEAST_COUNT else round(n / total, 6) for n in counts]


def _histogram(
    column: Column, real: NDArray[np.float64], fake: NDArray[np.float64]
) -> tuple[list[str], tuple[list[int], list[int]]]:
    """Equal-width bars over the middle of the real values; below, above and missing beside."""
    present = real[np.isfinite(real)]
    if len(present) < LEAST_COUNT:
        names = ["present", "missing"]
        return names, (_present(real), _present(fake))
    low, high = np.quantile(present, [TAIL, 1 - TAIL])
    unique = np.unique(present[(present >= low) & (present <= high)])
    if len(unique) <= BARS:  # one bar per value
        edges = np.concatenate([unique, [np.nextafter(unique[-1], np.inf)]])
        labels = [_label(column, value) for value in unique]
    else:
        edges = np.linspace(low, np.nextafter(high, np.inf), BARS + 1)
        pairs = pairwise(edges)
        labels = [f"{_label(column, a)} – {_label(column, b)}" for a, b in pairs]
    sides = tuple(_counts(side, edges) for side in (real, fake))
    return ["below", *labels, "above", "missing"], (sides[0], sides[1])


def _present(column: NDArray[np.float64]) -> list[int]:
    there = int(np.isfinite(column).sum())
    return [there, len(column) - there]


def _counts(column: NDArray[np.float64], edges: NDArray[np.float64]) -> list[int]:
    present = column[np.isfinite(column)]
    places = np.searchsorted(edges, present, side="right")
    counts = np.bincount(places, minlength=len(edges) + 1)
    return [*(int(n) for n in counts), len(column) - len(present)]


def _label(column: Column, value: float) -> str:
    if column.role == "datetime":
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=float(value))
        if not re.search("%-?[YymdbBs]", column.format or "%Y"):  # a time of day
            return moment.strftime("%H:%M")
        daily = (column.step_us or 1) % MICROSECONDS_PER_DAY == 0
        return moment.strftime("%Y-%m-%d" if daily else "%Y-%m-%d %H:%M")
    return f"{value:.4g}" if abs(value) < 1e4 or abs(value) >= 1e9 else f"{value:,.0f}"


def _levels(real: Table, fake: Table, name: str) -> tuple[list[str], tuple[list[int], list[int]]]:
    """The most frequent real levels; the other ones together; missing."""
    found, levels = values.codes(real, name)
    made, made_levels = values.codes(fake, name)
    counts = np.bincount(found[found >= 0], minlength=len(levels))
    order = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i] >= LEAST_COUNT]
    shown: list[Scalar] = [levels[i] for i in order[:MOST_LEVELS]]
    rows = []
    for column, names in ((found, levels), (made, made_levels)):
        each = np.bincount(column[column >= 0], minlength=len(names))
        lookup = {level: int(count) for level, count in zip(names, each, strict=True)}
        picked = [lookup.get(level, 0) for level in shown]
        missing = int((column < 0).sum())
        rows.append([*picked, len(column) - missing - sum(picked), missing])
    labels = [str(level)[:LONGEST_LABEL] for level in shown]
    return [*labels, "other", "missing"], (rows[0], rows[1])
