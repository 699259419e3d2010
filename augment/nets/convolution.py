"""Blocks of convolutional networks for small pictures. Import it only where torch is needed.

Group norms throughout, never batch norms: what a network makes of a picture must not depend on
the pictures beside it.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

GROUPS = 8  # channels are multiples of it


def ladder(height: int, width: int, bottom: int) -> list[tuple[int, int]]:
    """Sizes from the canvas down, halved (rounded up) at least once, until both are ≤ `bottom`.

    >>> ladder(28, 28, 8)
    [(28, 28), (14, 14), (7, 7)]
    """
    sizes = [(height, width)]
    while len(sizes) == 1 or max(sizes[-1]) > bottom:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions around a residual path, under the condition `c` (n, conditions)."""

    def __init__(self, channels: int, out: int, conditions: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(GROUPS, channels), nn.GroupNorm(GROUPS, out)
        self.conv1 = nn.Conv2d(channels, out, 3, padding=1)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1)
        self.tell = nn.Linear(conditions, out)
        self.skip = nn.Conv2d(channels, out, 1) if channels != out else nn.Identity()
        nn.init.zeros_(self.conv2.weight)  # the block begins as its skip path

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        h = self.conv1(functional.silu(self.norm1(x))) + self.tell(c)[:, :, None, None]
        out: Tensor = self.skip(x) + self.conv2(functional.silu(self.norm2(h)))
        return out


def strided(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """`conv(x)`, which does not step across pictures of one pixel's width.

    There the step changes nothing, but on a CPU torch 2.13 then leaves memory as it was in
    the weights' slope in bfloat16.
    """
    across = 1 if x.shape[-1] == 1 else conv.stride[1]
    return functional.conv2d(x, conv.weight, conv.bias, (conv.stride[0], across), conv.padding)


class Down(nn.Module):
    """Half the size, rounded up."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return strided(self.conv, x)


class Up(nn.Module):
    """Twice the size, cropped to `size`: four times the channels, then pixel shuffle.

    Shi et al. 2016, arXiv 1609.05158. Cheaper than a convolution at the larger size.
    """

    def __init__(self, channels: int, out: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.conv, self.size = nn.Conv2d(channels, 4 * out, 3, padding=1), size

    def forward(self, x: Tensor) -> Tensor:
        large = functional.pixel_shuffle(self.conv(x), 2)
        return large[:, :, : self.size[0], : self.size[1]]
