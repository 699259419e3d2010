"""Limits: the value of a score that just passes, before sampling noise is allowed for.

Most are relative to what fresh real rows reach (the ceiling) and, where that helps, to what rows
without any structure reach (the floor), so that they fit small and large, easy and hard data.
"""

from __future__ import annotations

from collections.abc import Callable

from augment.core.types import Score

Limit = Callable[[Score], float | None]
"""From a score, with its ceiling and floor, to a value; None where it has no ceiling to go by."""


def fixed(value: float) -> Limit:
    """The same for all data."""
    return lambda score: value


def near_ceiling(margin: float = 0.0, share: float = 0.0) -> Limit:
    """`margin` off the ceiling, or `share` of the way from ceiling to floor where that is more."""

    def limit(score: Score) -> float | None:
        if score.ceiling is None:
            return None
        gap = abs(score.ceiling - score.floor) if score.floor is not None else 0.0
        allowed = max(margin, share * gap)
        return score.ceiling + (allowed if score.better == "lower" else -allowed)

    return limit


def part_of_ceiling(part: float) -> Limit:
    """`part` of what fresh real rows have, where more is better."""
    return lambda score: None if score.ceiling is None else part * score.ceiling


def room_above_ceiling(part: float) -> Limit:
    """`part` of the way from the ceiling to 1, for shares of which fewer are better."""

    def limit(score: Score) -> float | None:
        return None if score.ceiling is None else score.ceiling + part * (1 - score.ceiling)

    return limit


def natural_rate(slack: float = 0.005) -> Limit:
    """Twice the ceiling, but at most a quarter of the way from it to 1, and `slack` on top.

    For copies, of which coarse data have many by nature.
    """

    def limit(score: Score) -> float | None:
        if score.ceiling is None:
            return None
        return slack + min(2 * score.ceiling, score.ceiling + (1 - score.ceiling) / 4)

    return limit
