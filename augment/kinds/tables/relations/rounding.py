"""How a computed number was rounded to the digits of its column, and constants of few digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.relations.quantities import SIGNIFICANT, Quantity, to_digits

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDINGS = ("near", "half up", "down", "digits", "single")
TIE = 1e-7  # of a last digit: what float arithmetic may leave of a half
MOST_DIGITS = 12  # of a constant
MOST_DECIMALS = 15
MOST_CONSTANTS = 64  # that are compared
MOSTLY = 0.95  # of what is made of real sources
MOST_LOST = 0.36  # of a last digit: rounding takes √(1/12), and a little more of rounded sources


def rounded(exact: NDArray[np.float64], how: str, decimals: int | None) -> NDArray[np.float64]:
    """The values to so many decimals, or as a `Quantity` says that has none; None leaves them as
    they are."""
    if how == "single":
        with np.errstate(over="ignore"):
            return np.asarray(exact.astype(np.float32).astype(np.float64))
    if how == "digits":
        finite = np.isfinite(exact)
        return np.where(finite, to_digits(np.where(finite, exact, 0.0), SIGNIFICANT), exact)
    if decimals is None:
        return exact
    unit = 10.0**decimals
    if how == "down":
        return np.asarray(np.floor(exact * unit + TIE) / unit)
    if how == "half up":
        return np.asarray(np.floor(exact * unit + 0.5 + TIE) / unit)
    return np.asarray(np.round(exact, decimals))


def rounding_of(
    exact: NDArray[np.float64], result: Quantity, rows: NDArray[np.bool_]
) -> tuple[str, NDArray[np.bool_]]:
    """How most of the `rows` of the result are rounded from the exact values, and whether each of
    them is the exact value to within its rounding."""
    made, written = exact[rows], result.values[rows]
    if result.decimals is None:
        return result.rounding, np.abs(made - written) <= result.slack
    tied = np.abs(made - written) <= result.slack
    unit = 10.0**-result.decimals
    if not tied.all():
        cut = np.abs(rounded(made, "down", result.decimals) - written) < unit / 2
        if cut.sum() > tied.sum():
            return "down", cut
    right = [
        int((np.abs(rounded(made, how, result.decimals) - written) < unit / 2).sum())
        for how in ROUNDINGS[:2]
    ]
    return ROUNDINGS[int(right[1] > right[0])], tied


def to_the_bit(start: float, bare: NDArray[np.float64], result: Quantity) -> float:
    """The constant, or one that takes more rows to the very float that stands there: beside what
    follows from a column, others would be told from real ones by their last bit."""
    if result.decimals is not None or result.units is not None:
        return start
    able = np.unique(result.values - bare)
    able = able[:: max(1, len(able) // MOST_CONSTANTS)]
    right = {each: int((bare + each == result.values).sum()) for each in (start, *able.tolist())}
    return float(max(right, key=lambda each: right[each]))


def makes_its_values(made: NDArray[np.float64], result: Quantity) -> bool:
    """Whether what is made of real sources are the very values of a result of few: where its own
    last digits have no end, others would be told from them."""
    known = np.unique(result.values[~np.isnan(result.values)])
    if result.decimals is not None or 2 * len(known) > len(result.values):
        return True
    return bool(np.isin(made[~np.isnan(made)], known).mean() >= MOSTLY)


def slacks(slack: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """How far a written value may lie below and above its exact one: where it is rounded to the
    nearest, which leaves `slack` either way, and where digits are cut off."""
    return (slack, slack), (1e-6 * slack, 2 * slack)


def require_rounding(how: str, decimals: int | None) -> None:
    """Raises `ValueError` for what no number is rounded to."""
    if how not in ROUNDINGS or (decimals is not None and not 0 <= int(decimals) <= MOST_DECIMALS):
        raise ValueError("digits are out of range")


def shortest(low: float, high: float) -> float:
    """The number of fewest digits from `low` to `high`; their middle where none is short."""
    middle = (low + high) / 2
    for digits in range(1, MOST_DIGITS + 1):
        near = float(f"{middle:.{digits - 1}e}")
        if low <= near <= high:
            return near
    return middle


def digits_of(number: float) -> int:
    """The significant digits of a constant; none of a power of ten."""
    digits = f"{abs(number):.{MOST_DIGITS - 1}e}".split("e")[0].replace(".", "").rstrip("0")
    return 0 if digits in ("", "1") else len(digits)


def lost_by_rounding(exact: NDArray[np.float64], result: Quantity) -> float:
    """How far exact values lie from written ones, in units of the last digit (standard deviation):
    .29 where these were computed and rounded, less where it is they that a rounded column is of;
    and none where they are further apart than rounding takes them."""
    off = (exact - result.values) / (2 * result.slack if result.units is None else result.units)
    known = off[np.isfinite(off)]
    lost = float(np.std(known)) if len(known) else 0.0
    return lost if lost <= MOST_LOST else 0.0


def scale_of(bare: NDArray[np.float64], result: NDArray[np.float64], slack: float) -> float | None:
    """The constant of fewest digits that takes every bare product to its result; None: none does.

    `slack` goes for rounding to the nearest; where numbers are cut off it is twice as wide.
    """
    moving = bare != 0
    if not moving.any() or (np.abs(result[~moving]) > 2 * slack).any():
        return None
    size = np.abs(bare[moving])
    ratio = result[moving] / bare[moving]
    for below, above in slacks(slack):
        low = float(np.max(ratio - np.where(bare[moving] > 0, below, above) / size))
        high = float(np.min(ratio + np.where(bare[moving] > 0, above, below) / size))
        if low <= high and low * high > 0:
            return shortest(low, high)
    return None
