"""Dates that are another date, or always as long after it; numbers that count from some day on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from augment.kinds.tables.relations.quantities import Quantity
from augment.kinds.tables.relations.weighted_sums import (
    LEAST_ROWS,
    LEAST_VALUES,
    UNITS_US,
    WeightedSum,
)


def equal_dates(numeric: list[Quantity]) -> list[WeightedSum]:
    """Dates that are another date, or always as long after it, wherever both are known."""
    dates = [quantity for quantity in numeric if quantity.dated]
    found = []
    for result in dates:
        for base in dates:
            apart = result.values - base.values
            apart = apart[~np.isnan(apart)]
            enough = max(LEAST_ROWS / 5, 0.5 * float((~np.isnan(result.values)).sum()))
            if base is result or len(apart) < enough or (apart != apart[0]).any():
                continue
            if result.distinct >= LEAST_VALUES:
                terms = ((base.name, 1.0),)
                found.append(WeightedSum(result.name, float(apart[0]), terms, "near", 0, True))
    missing = {q.name: int(np.isnan(q.values).sum()) for q in dates}
    return sorted(found, key=lambda each: missing[each.terms[0][0]])


def lines_of_dates(numeric: list[Quantity]) -> Iterator[WeightedSum]:
    """Numbers that count days, hours, … from some day on: `day_number = date - 2020-01-01`."""
    for result in numeric:
        for base in numeric:
            if result.dated or not base.dated:
                continue
            for unit in UNITS_US:
                start = result.values - base.values / unit
                start = start[~np.isnan(start)]
                enough = max(LEAST_ROWS, 0.5 * float((~np.isnan(result.values)).sum()))
                if len(start) < enough or np.ptp(start) > 1e-9 * max(1.0, abs(start[0])):
                    continue
                if result.distinct >= LEAST_VALUES:
                    terms = ((base.name, 1 / unit),)
                    middle = float(np.median(start))
                    yield WeightedSum(result.name, middle, terms, "near", result.decimals, True)
