"""Straight paths from noise, at time 0, to data, at time 1.

x_t = (1 - t) ε + t x, whose velocity is x - ε: Eq. 22 of Lipman et al. 2023, arXiv 2210.02747,
with σ_min = 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def point(noise: Tensor, data: Tensor, t: Tensor | float) -> Tensor:
    """x_t, of the shape of `noise` and `data`; `t` is one time for all, or broadcast to them."""
    return noise.lerp(data, t)


def velocity(noise: Tensor, data: Tensor) -> Tensor:
    """The velocity of the path between the two; it is the same at every time."""
    return data - noise


def velocity_towards(data: Tensor, x: Tensor, t: float) -> Tensor:
    """The velocity at `x`, reached at the time `t` < 1, of the path that ends in `data`."""
    return (data - x) / (1 - t)
