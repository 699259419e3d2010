"""Counts of rows as people write them: 5000, 10k, 1e6, 2.5M; 1,000 and 1_000, too."""

from __future__ import annotations

import re

MOST = 10**12
_SPELT = re.compile(r"(\d+(?:\.\d+)?(?:[eE]\+?\d+)?)\s*([kKmMxX]?)", re.ASCII)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}


def parted(text: str) -> tuple[float, str] | None:
    """A number and its unit, which is "x" for times the rows of a source; None for no count.

    >>> parted("2.5M"), parted("2x"), parted("two")
    ((2500000.0, ''), (2.0, 'x'), None)
    """
    found = _SPELT.fullmatch(text.strip().replace("_", "").replace(",", ""))
    if found is None:
        return None
    number, unit = float(found[1]), found[2].lower()
    return (number, unit) if unit == "x" else (number * _UNITS[unit], "")


def whole(text: str) -> int | None:
    """The number that a text says; None where that is no whole number, or above `MOST`.

    >>> whole("9M"), whole("1e3"), whole("0"), whole("2x"), whole("1.5")
    (9000000, 1000, 0, None, None)
    """
    found = parted(text)
    if found is None or found[1] or found[0] > MOST or not found[0].is_integer():
        return None
    return int(found[0])
