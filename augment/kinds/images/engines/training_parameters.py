"""Parameters that every network for pictures is trained by."""

from __future__ import annotations

from typing import Any

from augment.core.parameters import Between, OneOf, parameter


def batch(default: int | None = 64, help: str = "pictures in a step") -> Any:
    """`default` None: what goes with a preset, which the help then names."""
    return parameter(default, help, least=1, most=100_000, search=Between(16, 256, log=True))


def width(default: int | None, help: str = "channels at half the canvas, times 8") -> Any:
    return parameter(
        default,
        help,
        least=8,
        most=1_024,
        multiple=8,
        search=OneOf((16, 24, 32, 48, 64)),
    )


def learning_rate(
    default: float | None, highest: float, help: str = "highest rate of the schedule"
) -> Any:
    """`highest` is where a search for better ones ends."""
    return parameter(
        default,
        help,
        above=0,
        most=1,
        search=Between(2e-4, highest, log=True),
    )
