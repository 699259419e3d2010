"""Small shifts, turns and scalings of training pictures, written in torch alone.

For generators that would otherwise see too few pictures. No flips: they change what digits and
text say. Import it only where torch is needed.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

TURN = 0.15  # radians, about 9 degrees
SCALE = 0.08
SHIFT = 0.07  # of half the canvas
MOVES = 4  # numbers that say how a picture was moved: turn, scale, shift across, shift down


def draw_moves(n: int, stream: torch.Generator) -> Tensor:
    """(n, MOVES) evenly drawn from -1 to 1; 0 leaves a picture as it is."""
    drawn: Tensor = 2 * torch.rand(n, MOVES, generator=stream, device=stream.device) - 1
    return drawn


def move(x: Tensor, by: Tensor) -> Tensor:
    """Pictures (n, channels, h, w), moved `by` (n, MOVES); what comes in at the edge repeats it."""
    by = by.to(x.device)
    turn, scale, shift = TURN * by[:, 0], 1 + SCALE * by[:, 1], SHIFT * by[:, 2:]
    cos, sin = turn.cos() * scale, turn.sin() * scale
    rows = [torch.stack([cos, -sin, shift[:, 0]], 1), torch.stack([sin, cos, shift[:, 1]], 1)]
    grid = functional.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return functional.grid_sample(x, grid, padding_mode="border", align_corners=False)


def jitter(x: Tensor, stream: torch.Generator, strength: float = 1.0) -> Tensor:
    """Pictures, each moved a little by chance, or `strength` times as far."""
    return move(x, strength * draw_moves(len(x), stream))
