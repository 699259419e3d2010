"""The two networks of `gan`: one makes pictures of noise, the other tells them from real ones.

Import it only where torch is needed.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from augment.nets.convolution import GROUPS, ResidualBlock, Up, ladder, strided

BOTTOM = 8  # pixels: the size at which the generator's dense layer hands over to convolutions
EMBEDDED_WIDTH = 64  # width of the condition and the noise inside the generator's blocks
POOLED = 3  # places a side that the discriminator's head sees
FEATURES = 128
SLOPE = 0.2  # of the leaky units


class GeneratorNetwork(nn.Module):
    """Pictures (n, channels, h, w) in [-1, 1] from noise z (n, latent) and the condition c."""

    def __init__(
        self, shape: tuple[int, int, int], condition_width: int, width: int, latent: int
    ) -> None:
        super().__init__()
        height, across, channels = shape
        sizes = ladder(height, across, BOTTOM)
        rising = [*reversed(_levels(width, len(sizes) - 1))]
        self.bottom = (rising[0], *sizes[-1])
        self.embed = nn.Linear(condition_width, EMBEDDED_WIDTH, bias=False)
        self.style = nn.Linear(latent + EMBEDDED_WIDTH, EMBEDDED_WIDTH)
        self.first = nn.Linear(
            latent + EMBEDDED_WIDTH, self.bottom[0] * self.bottom[1] * self.bottom[2]
        )
        self.blocks = nn.ModuleList(ResidualBlock(a, a, EMBEDDED_WIDTH) for a in rising)
        self.ups = nn.ModuleList(
            Up(a, b, size) for (a, b), size in zip(pairwise(rising), sizes[-2:0:-1], strict=True)
        )
        self.norm = nn.GroupNorm(GROUPS, rising[-1])
        self.pixels = Up(rising[-1], channels, sizes[0])

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        known = torch.cat([z, self.embed(c)], 1)
        condition = functional.silu(self.style(known))
        h = self.first(known).unflatten(1, self.bottom)
        for level, block in enumerate(self.blocks):
            h = block(h, condition)
            if level < len(self.ups):
                h = self.ups[level](h)
        made: Tensor = self.pixels(functional.silu(self.norm(h)))
        return made.float().tanh()


class DiscriminatorNetwork(nn.Module):
    """One number per picture, above zero for real ones. No norms: R1 keeps it smooth.

    Condition by projection: Miyato and Koyama 2018, arXiv 1802.05637.
    """

    def __init__(self, shape: tuple[int, int, int], condition_width: int, width: int) -> None:
        super().__init__()
        height, across, channels = shape
        levels = _levels(width, len(ladder(height, across, BOTTOM)) - 1)
        strides = [2] * (len(levels) - 1) + [1]
        self.stem = nn.Conv2d(channels, levels[0], 4, stride=2, padding=1)
        self.blocks = nn.ModuleList(
            _Critical(a, b, stride)
            for (a, b), stride in zip(pairwise([*levels, levels[-1]]), strides, strict=True)
        )
        self.features = nn.Linear(levels[-1] * POOLED**2, FEATURES)
        self.plain = nn.Linear(FEATURES, 1)
        self.project = nn.Linear(condition_width, FEATURES, bias=False)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        h = self.stem(x)
        for block in self.blocks:
            h = block(h)
        h = functional.adaptive_avg_pool2d(functional.leaky_relu(h, SLOPE), POOLED)
        features = functional.leaky_relu(self.features(h.flatten(1)), SLOPE).float()
        found: Tensor = self.plain(features)[:, 0] + (self.project(c) * features).sum(1)
        return found.float()


class _Critical(nn.Module):
    """Two convolutions around a residual path, at half the size where there is room."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, out, 3, stride=stride, padding=1)
        self.skip = nn.Conv2d(channels, out, 1, stride=stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(functional.leaky_relu(x, SLOPE))
        further = strided(self.conv2, functional.leaky_relu(h, SLOPE))
        out: Tensor = (self.skip(x) + further) * 0.5**0.5
        return out


def _levels(width: int, count: int) -> list[int]:
    """Channels at half the canvas and below."""
    return [width * min(2**level, 4) for level in range(count)]
