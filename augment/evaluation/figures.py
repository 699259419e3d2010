"""Numbers as text: shares in per cent, counts whole, and two of which one can see the greater."""

from __future__ import annotations

from augment.evaluation.metric import Unit

MOST_DIGITS = 9


def figure(value: float | None, unit: Unit, digits: int | None = None) -> str:
    """A value with as many decimals as its unit calls for, or with `digits`.

    >>> figure(0.0312, "share"), figure(3, "count"), figure(0.5, "number"), figure(None, "number")
    ('3.12%', '3', '0.500', '–')
    """
    if value is None:
        return "–"
    if unit == "count":
        return f"{value:,.{digits or 0}f}"
    if unit == "share":
        return f"{100 * value:.{2 if digits is None else digits}f}%"
    return f"{value:.{3 if digits is None else digits}f}"


def shows(value: float, unit: Unit) -> bool:
    """Whether the figure of a value is not that of zero.

    >>> shows(0.0004, "number"), shows(0.0004, "share")
    (False, True)
    """
    return figure(value, unit) not in (figure(0.0, unit), figure(-0.0, unit))


def apart(value: float, limit: float, unit: Unit) -> tuple[str, str]:
    """Both with as many decimals as it takes to tell one from the other.

    >>> apart(0.5604, 0.5598, "number")
    ('0.5604', '0.5598')
    >>> apart(0.56, 0.55, "number")
    ('0.560', '0.550')
    """
    first = {"count": 0, "share": 2, "number": 3}[unit]
    for digits in range(first, MOST_DIGITS):
        shown = figure(value, unit, digits), figure(limit, unit, digits)
        if shown[0] != shown[1] or value == limit:
            return shown
    return figure(value, unit), figure(limit, unit)
