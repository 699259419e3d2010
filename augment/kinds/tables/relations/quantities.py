"""The numbers and dates among which links are looked for, and those that can be in none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_MOVING = 20  # rows in which a column is neither zero nor at its median
MOST_EXACT = 2.0**53  # integers beyond it are no longer told apart
MOST_COLUMNS = 400  # of those that can be in a link; triples of more would cost too much
MOST_DECIMALS = 12  # of a column that somebody rounded
SIGNIFICANT, FLOAT32_DIGITS, FLOAT32_DECIMALS = 7, 8, 4
UNITS_LOST = 2.0  # of the last of such digits, by rounding of the number and of what it is made of
FINER = 2.0  # times what the column's decimals leave open: else they say it
EDGE_PROBES, PROBES = 4, 256  # rows that rule out most candidates


@dataclass(frozen=True)
class Quantity:
    """One column as floats, NaN for null; sums are exact up to `slack`, and it is written with so
    many `decimals`, if these have an end. `units` (rows,) are those of the last digit, where that
    is another from row to row: of numbers in 32 bits (`rounding` "single") or of `SIGNIFICANT`
    digits ("digits")."""

    name: str
    dated: bool
    values: NDArray[np.float64]
    slack: float
    low: float
    high: float
    decimals: int | None = None
    units: NDArray[np.float64] | None = None
    rounding: str = "near"

    @property
    def distinct(self) -> int:
        """How many values it has."""
        return len(np.unique(self.values[~np.isnan(self.values)]))

    def taken(self, rows: NDArray[np.bool_]) -> Quantity:
        """Some of its rows."""
        units = None if self.units is None else self.units[rows]
        return replace(self, values=self.values[rows], units=units)


def quantities(table: Table, left_out: Collection[str]) -> list[Quantity]:
    """The columns that move enough to prove anything, and that floats hold exactly.

    An empty list where there are too many of them to compare.
    """
    found: list[Quantity] = []
    for column in table.schema:
        if column.role not in ("numeric", "datetime") or column.name in left_out:
            continue
        named = bool(column.name)  # "" stands for "no step"
        quantity = quantity_of(column, numbers(table, column.name)) if named else None
        if quantity is not None:
            found.append(quantity)
    return found if len(found) <= MOST_COLUMNS else []


def rare_quantities(table: Table, left_out: Collection[str]) -> list[Quantity]:
    """Numbers that are hardly ever anything but zero: they prove nothing, and may be a part of a
    total all the same."""
    found = []
    for column in table.schema:
        if column.role == "numeric" and column.name and column.name not in left_out:
            quantity = rare_quantity_of(column, numbers(table, column.name))
            found += [] if quantity is None else [quantity]
    return found if len(found) <= MOST_COLUMNS else []


def rare_quantity_of(column: Column, values: NDArray[np.float64]) -> Quantity | None:
    """The column with these values, (rows,), if it has no gaps and few values but zero."""
    if column.role != "numeric" or not np.isfinite(values).all() or moves(values):
        return None
    if not 0 < (values != 0).sum() < LEAST_MOVING or np.abs(values).max() > MOST_EXACT:
        return None
    low, high = float(values.min()), float(values.max())
    decimals = column_decimals(column)
    slack = _slack(False, decimals, max(-low, high))
    return Quantity(column.name, False, values, slack, low, high, decimals)


def quantity_of(column: Column, values: NDArray[np.float64]) -> Quantity | None:
    """The column with these values, (rows,); None where they prove nothing or are inexact."""
    known = values[~np.isnan(values)]
    if not moves(known) or not np.isfinite(known).all():
        return None
    low, high = float(known.min()), float(known.max())
    largest = max(-low, high)
    dated = column.role == "datetime"
    if largest > MOST_EXACT and not (dated and (column.step_us or 1) >= 1_000_000):
        return None
    decimals = column_decimals(column)
    decimals = _single_decimals(known) if decimals is None else decimals
    slack = _slack(dated, decimals, largest)
    rounding, units = _units(values) if column.storage == "float" else ("near", None)
    if units is None or UNITS_LOST * np.nanmax(units) <= FINER * slack:
        return Quantity(column.name, dated, values, slack, low, high, decimals)
    slack = UNITS_LOST * float(np.nanmax(units))
    return Quantity(column.name, dated, values, slack, low, high, None, units, rounding)


def _single_decimals(known: NDArray[np.float64]) -> int | None:
    """The decimals of numbers that were written with few of them and then held in 32 bits
    (152.1 as 152.10000610351562); None for others."""
    for decimals in range(FLOAT32_DECIMALS + 1):
        if (np.round(known, decimals).astype(np.float32) == known).all():
            return decimals
    return None


def _units(values: NDArray[np.float64]) -> tuple[str, NDArray[np.float64] | None]:
    """(rows,) the last digit of numbers that are held in 32 bits, as by Stata, or written with
    `SIGNIFICANT` digits, as by R, and which of both; None for others."""
    known = values[~np.isnan(values)]
    if np.abs(known).max() >= np.finfo(np.float32).max:
        return "near", None
    single = values.astype(np.float32)
    if (known == single[~np.isnan(values)]).all() and not _short(known, FLOAT32_DIGITS).all():
        return "single", np.abs(np.spacing(single)).astype(np.float64)
    if _short(known, SIGNIFICANT).all():
        return "digits", np.asarray(1.0 / _per_digit(values, SIGNIFICANT))
    return "near", None


def to_digits(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """The values to so many significant digits."""
    scale = _per_digit(values, digits)
    return np.asarray(np.round(values * scale) / scale)


def _per_digit(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """(values,) how many units of its last of so many significant digits a one has."""
    size = np.abs(np.where(values == 0, 1.0, values))
    return np.asarray(10.0 ** (digits - 1 - np.floor(np.log10(size))))


def _short(known: NDArray[np.float64], digits: int) -> NDArray[np.bool_]:
    """(values,) whether each has so many significant digits at most."""
    return np.asarray(np.abs(to_digits(known, digits) - known) <= 1e-14 * np.abs(known))


def moves(known: NDArray[np.float64]) -> bool:
    """Whether enough values are neither zero nor the median."""
    if len(known) < LEAST_MOVING:
        return False
    return bool((known != np.median(known)).sum() >= LEAST_MOVING <= (known != 0).sum())


def _slack(dated: bool, decimals: int | None, largest: float) -> float:
    """Half a unit in a column's last digit: what rounding may take from a sum.

    Where the digits have no end it is what float arithmetic may take.
    """
    if dated:
        return 0.0
    return 1e-12 * largest if decimals is None else 0.51 * 10.0**-decimals


def column_decimals(column: Column) -> int | None:
    """With how many decimals a column is written; None where they have no end."""
    if column.storage == "float":
        endless = column.max_decimals is None or column.max_decimals > MOST_DECIMALS
        return None if endless else column.max_decimals
    return (column.max_decimals or 0) if column.storage == "decimal" else 0


def probes(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Some rows with a value: the furthest from the middle first, then rows from all over."""
    rows = np.flatnonzero(~np.isnan(values))
    spread = rows[np.linspace(0, len(rows) - 1, min(len(rows), PROBES)).astype(np.int64)]
    off = np.abs(values[rows] - np.median(values[rows]))
    edge = rows[np.argpartition(-off, min(EDGE_PROBES, len(rows) - 1))[:EDGE_PROBES]]
    return np.concatenate([edge, spread]).astype(np.int64)
