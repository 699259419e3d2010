"""The network of `flow`: a small U that sees the picture in a mixture with noise.

Import it only where torch is needed.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from augment.nets.convolution import GROUPS, Down, ResidualBlock, Up, ladder
from augment.nets.random_affine import MOVES

BOTTOM = 8  # pixels at the innermost level
EMBEDDED_WIDTH = 64
WAVES = 16
HEADS = 4


class Overview(nn.Module):
    """Self-attention between all places, of which there are at most 64 at the bottom.

    Without it strokes break where a convolution does not see how they go on.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.asks = nn.Linear(channels, 3 * channels)
        self.answers = nn.Linear(channels, channels)
        nn.init.zeros_(self.answers.weight)  # it begins as its skip path

    def forward(self, x: Tensor) -> Tensor:
        n, channels, height, width = x.shape
        places = self.norm(x).flatten(2).transpose(1, 2)  # (n, places, channels)
        heads = self.asks(places).unflatten(2, (3, HEADS, channels // HEADS)).transpose(1, 3)
        query, key, value = heads.unbind(2)  # (n, heads, places, channels / heads)
        seen = functional.scaled_dot_product_attention(query, key, value)
        answered = self.answers(seen.transpose(1, 2).flatten(2))
        out: Tensor = x + answered.transpose(1, 2).reshape(n, channels, height, width)
        return out


class Unet(nn.Module):
    """The picture (n, channels, h, w) in x_t at the time t (n,) under the condition c.

    It is told of how a training picture was moved (n, MOVES), as is the velocity field of `cvae`.

    All blocks work at half the canvas or below: a 2 × 2 patch becomes the channels of one place.
    """

    def __init__(self, shape: tuple[int, int, int], condition_width: int, width: int) -> None:
        super().__init__()
        height, across, channels = shape
        sizes = ladder(height, across, BOTTOM)[1:]
        levels = [width * min(2**level, 4) for level in range(len(sizes))]
        self.embed = nn.Linear(condition_width + MOVES, EMBEDDED_WIDTH, bias=False)
        self.clock = nn.Sequential(
            nn.Linear(2 * WAVES, EMBEDDED_WIDTH),
            nn.SiLU(),
            nn.Linear(EMBEDDED_WIDTH, EMBEDDED_WIDTH),
        )
        self.stem = nn.Conv2d(channels, levels[0], 3, stride=2, padding=1)
        self.descent = nn.ModuleList(ResidualBlock(a, a, EMBEDDED_WIDTH) for a in levels)
        self.downs = nn.ModuleList(Down(a, b) for a, b in pairwise(levels))
        self.middle = ResidualBlock(levels[-1], levels[-1], EMBEDDED_WIDTH)
        self.overview = Overview(levels[-1])
        rising = [*reversed(levels)]
        self.ascent = nn.ModuleList(ResidualBlock(2 * a, a, EMBEDDED_WIDTH) for a in rising)
        self.ups = nn.ModuleList(
            Up(a, b, size) for (a, b), size in zip(pairwise(rising), sizes[-2::-1], strict=True)
        )
        self.norm = nn.GroupNorm(GROUPS, levels[0])
        self.pixels = Up(levels[0], channels, (height, across))

    def forward(self, x: Tensor, t: Tensor, c: Tensor, moves: Tensor | None = None) -> Tensor:
        angle = t[:, None] * torch.arange(1, WAVES + 1, device=x.device)
        by = torch.zeros(len(x), MOVES, device=x.device) if moves is None else moves
        asked = self.embed(torch.cat([c, by], 1))
        condition = functional.silu(asked + self.clock(torch.cat([angle.cos(), angle.sin()], 1)))
        h, passed = self.stem(x), []
        for level, block in enumerate(self.descent):
            h = block(h, condition)
            passed.append(h)
            if level < len(self.downs):
                h = self.downs[level](h)
        h = self.overview(self.middle(h, condition))
        for level, block in enumerate(self.ascent):
            h = block(torch.cat([h, passed.pop()], 1), condition)
            if level < len(self.ups):
                h = self.ups[level](h)
        picture: Tensor = self.pixels(functional.silu(self.norm(h)))
        return picture.float()
