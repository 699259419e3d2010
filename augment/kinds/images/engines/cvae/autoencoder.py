"""The network of `cvae`: a convolutional autoencoder under a condition.

Import it only where torch is needed.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from augment.nets.convolution import GROUPS, Down, ResidualBlock, Up, ladder

BOTTOM = 8  # pixels: the size at which convolutions hand over to one dense layer
EMBEDDED_WIDTH = 32  # width of the condition inside the blocks
LOG_VARIANCE = 10.0  # bound on |log σ²|


class Autoencoder(nn.Module):
    """q(z | x, c) and p(x | z, c) of pictures of a `shape` (height, width, channels) under
    conditions c (n, condition_width)."""

    def __init__(
        self, shape: tuple[int, int, int], condition_width: int, width: int, latent: int
    ) -> None:
        super().__init__()
        height, across, channels = shape
        self.latent = latent
        sizes = ladder(height, across, BOTTOM)
        levels = [width * min(2**level, 4) for level in range(len(sizes) - 1)]
        levels[-1] = max(levels[-1], 2 * width)
        self.bottom = (levels[-1], *sizes[-1])
        flat = math.prod(self.bottom)
        self.embed = nn.Linear(condition_width, EMBEDDED_WIDTH, bias=False)
        self.stem = nn.Conv2d(channels, levels[0], 3, stride=2, padding=1)
        self.downs = nn.ModuleList(Down(a, b) for a, b in pairwise(levels))
        self.inner = ResidualBlock(levels[-1], levels[-1], EMBEDDED_WIDTH)
        self.to_latent = nn.Linear(flat, 2 * latent)
        self.from_latent = nn.Linear(latent + EMBEDDED_WIDTH, flat)
        self.outer = ResidualBlock(levels[-1], levels[-1], EMBEDDED_WIDTH)
        rising = [*reversed(levels)]
        self.ups = nn.ModuleList(
            Up(a, b, size)
            for a, b, size in zip(rising[:-1], rising[1:], sizes[-2:0:-1], strict=True)
        )
        self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, b) for b in rising[1:])
        self.last = nn.Conv2d(levels[0], levels[0], 3, padding=1)
        self.pixels = Up(levels[0], channels, sizes[0])

    def encode(self, x: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance, (n, latent) each, of pictures (n, channels, h, w) in [0, 1]."""
        condition = self.embed(c)
        h = self.stem(2 * x - 1)
        for down in self.downs:
            h = down(functional.silu(h))
        h = self.inner(h, condition)
        mean, log_variance = self.to_latent(functional.silu(h).flatten(1)).float().chunk(2, 1)
        return mean, log_variance.clamp(-LOG_VARIANCE, LOG_VARIANCE)

    def decode(self, z: Tensor, c: Tensor) -> Tensor:
        """Logits of the pixels, (n, channels, h, w)."""
        condition = self.embed(c)
        h = self.from_latent(torch.cat([z, condition], 1)).unflatten(1, self.bottom)
        h = self.outer(h, condition)
        for up, norm in zip(self.ups, self.norms, strict=True):
            h = norm(up(functional.silu(h)))
        logits: Tensor = self.pixels(functional.silu(self.last(functional.silu(h))))
        return logits.float()

    def parts(self, x: Tensor, c: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction and KL term of each picture, in nats summed over pixels, (n,) each.

        Continuous pixels under a Bernoulli likelihood: the cross-entropy is KL(x ‖ p) plus a
        constant. KL against N(0, I): Eq. 10 of Kingma and Welling 2014, arXiv 1312.6114.
        """
        mean, log_variance = self.encode(x, c)
        logits = self.decode(mean + (0.5 * log_variance).exp() * noise, c)
        lost = (
            functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
            .flatten(1)
            .sum(1)
        )
        kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
        return lost, kl
