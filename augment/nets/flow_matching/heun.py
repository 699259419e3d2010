"""Heun's rule: Euler's step, then the mean of the velocities at both of its ends.

Second order, as in Algorithm 1 of Karras et al. 2022, arXiv 2206.00364.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def heun(
    velocity: Callable[[Tensor, float], Tensor],
    x: Tensor,
    start: float,
    end: float,
    steps: int,
    *,
    euler_last: bool = False,
) -> Tensor:
    """`x` carried along `velocity` (x, t) from the time `start` to `end`, also backwards.

    With `euler_last` the last step is Euler's, so that no velocity is asked for at `end` itself.
    """
    size = (end - start) / steps
    for step in range(steps):
        slope = velocity(x, start + step * size)
        if euler_last and step == steps - 1:
            return x + size * slope
        ahead = velocity(x + size * slope, start + (step + 1) * size)
        x = x + size / 2 * (slope + ahead)
    return x
