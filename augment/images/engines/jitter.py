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


def jittered(x: Tensor, stream: torch.Generator) -> Tensor:
    """Pictures (n, channels, h, w), each moved a little; what comes in at the edge repeats it."""
    n = len(x)

    def uniform(*shape: int) -> Tensor:
        return (2 * torch.rand(*shape, generator=stream) - 1).to(x.device)

    turn, scale, shift = TURN * uniform(n), 1 + SCALE * uniform(n), SHIFT * uniform(n, 2)
    cos, sin = turn.cos() * scale, turn.sin() * scale
    rows = [torch.stack([cos, -sin, shift[:, 0]], 1), torch.stack([sin, cos, shift[:, 1]], 1)]
    grid = functional.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return functional.grid_sample(x, grid, padding_mode="border", align_corners=False)
