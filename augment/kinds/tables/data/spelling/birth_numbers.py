"""Birth numbers: dates of birth as YYMMDD in which 50 is added to the months of women.

So the Czech and Slovak civil registers number people (Act No. 133/2000 Coll., § 13). Other
integers of six digits do not pass: all must be real dates once the 50 is taken off, with nearly
every month and day of the month among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.data.spelling import dates

if TYPE_CHECKING:
    from numpy.typing import NDArray

RAISED = 50
CENTURY = 100
LEAST_EACH = 20  # numbers with a raised month, and as many without
LEAST_MONTHS, LEAST_DAYS = 10, 25
FIRST = 1_000  # values that settle most columns


def first_year(values: NDArray[np.float64]) -> int | None:
    """The first of the hundred years that the numbers (NaN: missing) lie in; None for others.

    The years of two digits begin behind their widest gap, so that they follow one another.
    """
    known = values[~np.isnan(values)]
    if len(known) < 2 * LEAST_EACH or (known != np.floor(known)).any():
        return None
    if known.min() < 101 or known.max() > 991_231 + RAISED * 100:
        return None
    if not _are_days(known[:FIRST]).all():
        return None
    start = 1900 + _start(np.unique(known // 10_000).astype(np.int64))
    stamps, raised, real = decoded(known, start)
    if not real.all() or not LEAST_EACH <= raised.sum() <= len(known) - LEAST_EACH:
        return None
    parts = dates.parts_of(stamps)
    varied = len(np.unique(parts["m"])) >= LEAST_MONTHS
    return start if varied and len(np.unique(parts["d"])) >= LEAST_DAYS else None


def _are_days(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each may have a month and a day of the month, in whichever year."""
    month, day = values // 100 % 100, values % 100
    month = month - RAISED * (month > RAISED)
    found: NDArray[np.bool_] = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    return found


def _start(years: NDArray[np.int64]) -> int:
    """The year of two digits behind the widest gap between those that occur."""
    gaps = np.diff(np.append(years, years[0] + CENTURY))
    return int(np.append(years[1:], years[0])[int(gaps.argmax())])


def decoded(
    values: NDArray[np.float64], start: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Known numbers as microseconds since 1970, whether the month is raised, whether it is real."""
    whole = values.astype(np.int64)
    year, month, day = whole // 10_000, whole // 100 % 100, whole % 100
    raised = month > RAISED
    full = start + (year - start) % CENTURY
    parts = {"Y": full, "m": month - RAISED * raised, "d": day}
    stamps, real = dates.stamps_of(parts, len(whole))
    return stamps, raised, real & (whole >= 0) & (whole < 1_000_000)


def encoded(stamps: NDArray[np.int64], raised: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Undo `decoded`."""
    parts = dates.parts_of(stamps)
    month = parts["m"] + RAISED * raised
    digits: NDArray[np.int64] = parts["Y"] % CENTURY * 10_000 + month * 100 + parts["d"]
    return digits
