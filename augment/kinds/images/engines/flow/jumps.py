"""Long steps along the path, which the network of preset `gpu` learns beside its slope.

Shortcut models: Frans et al. 2024, arXiv 2410.12557. A network that is told of the length d of a
step from t gives the picture x̂ towards which it goes: the jump ends in x + d (x̂ - x) / (1 - t). It
learns to come in one jump where it comes itself in two of half the length; the shortest are made of
slopes, which is length 0. Import it only where torch is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

LENGTHS = 6  # 1, 1/2 … 1/32
MOST = 2 ** (LENGTHS - 1)  # jumps from noise to a picture

See = Callable[[Tensor, Tensor, Tensor], Tensor]
"""The picture in x (n, …) at the times (n,), for a jump of the lengths (n,)."""


class Jumps(NamedTuple):
    start: Tensor  # (n,) in [0, 1 - length]
    length: Tensor  # (n,) in (0, 1]


def draw_jumps(n: int, stream: torch.Generator) -> Jumps:
    """Lengths evenly drawn, each from one of the times that jumps of its length come by."""
    where = stream.device
    parts = 2.0 ** torch.randint(LENGTHS, (n,), generator=stream, device=where)
    start = torch.floor(torch.rand(n, generator=stream, device=where) * parts) / parts
    return Jumps(start, 1 / parts)


def picture_of_two(see: See, x: Tensor, jumps: Jumps) -> Tensor:
    """The picture that one jump must give to lead where two of half the length do."""
    half = jumps.length / 2
    told = torch.where(half < 1 / MOST, torch.zeros_like(half), half)
    first = _slope(see(x, jumps.start, told), x, jumps.start)
    between = x + _wide(half, x) * first
    second = _slope(see(between, jumps.start + half, told), between, jumps.start + half)
    return x + _wide(1 - jumps.start, x) * (first + second) / 2


def jumped(see: See, x: Tensor, count: int) -> Tensor:
    """From noise `x` to pictures in `count` jumps of one length."""
    length = torch.full((len(x),), 1 / count, device=x.device)
    for step in range(count):
        start = torch.full_like(length, step / count)
        x = x + _slope(see(x, start, length), x, start) / count
    return x


def _slope(picture: Tensor, x: Tensor, t: Tensor) -> Tensor:
    return (picture - x) / _wide(1 - t, x)


def _wide(numbers: Tensor, x: Tensor) -> Tensor:
    """(n,) as it multiplies x (n, …)."""
    return numbers.view(-1, *(1,) * (x.ndim - 1))
