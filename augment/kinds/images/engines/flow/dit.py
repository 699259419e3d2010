"""The network of `flow` for a GPU: a transformer over patches of the picture in x_t.

Peebles and Xie 2023 (arXiv 2212.09748), adaptive norms that begin as nothing; norms of queries and
keys, and patches as large as the canvas asks for, of which the picture is told and not the noise:
Li and He 2025, arXiv 2511.13720. Import it only where torch is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from augment.kinds.images.engines.flow.presets import patch_of
from augment.nets.random_affine import MOVES
from augment.nets.transformer import head_count

HEAD_WIDTH = 64
WAVES = 32
TOLD = MOVES + 1  # how a training picture was moved, and whether it was mirrored


class DitBlock(nn.Module):
    """Self-attention, then a feed-forward part; `c` (n, width) says how each is scaled, shifted and
    weighed beside its residual path."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = head_count(width, HEAD_WIDTH)
        self.tell = nn.Linear(width, 6 * width)
        self.asks = nn.Linear(width, 3 * width)
        self.answers = nn.Linear(width, width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)
        nn.init.zeros_(self.tell.weight)
        nn.init.zeros_(self.tell.bias)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        shift, scale, gate, later_shift, later_scale, later_gate = self.tell(c)[:, None].chunk(6, 2)
        heads = self.asks(_scaled(x, shift, scale)).unflatten(2, (3, self.heads, -1))
        query, key, value = heads.transpose(1, 3).unbind(2)  # (n, heads, places, width / heads)
        query, key = (functional.rms_norm(each, each.shape[-1:]) for each in (query, key))
        seen = functional.scaled_dot_product_attention(query.to(value), key.to(value), value)
        x = x + gate * self.answers(seen.transpose(1, 2).flatten(2))
        inner = functional.gelu(self.up(_scaled(x, later_shift, later_scale)), approximate="tanh")
        out: Tensor = x + later_gate * self.down(inner)
        return out


def _scaled(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:]).to(x.dtype) * (1 + scale) + shift


def passed(block: DitBlock, x: Tensor, c: Tensor) -> Tensor:
    """What `Dit` calls its blocks by, unless it is given the same compiled."""
    out: Tensor = block(x, c)
    return out


Through = Callable[[DitBlock, Tensor, Tensor], Tensor]


class Dit(nn.Module):
    """The picture (n, channels, h, w) in x_t at the time t (n,) under the condition c.

    It is told of how a training picture was changed (n, TOLD), and of the length (n,) of the jump
    that the picture is asked for (see `jumps`); 0 is the slope at t itself.
    """

    def __init__(
        self, shape: tuple[int, int, int], condition_width: int, width: int, depth: int
    ) -> None:
        super().__init__()
        height, across, self.channels = shape
        self.size = height, across
        self.patch = patch_of(self.size)
        self.grid = -(-height // self.patch), -(-across // self.patch)
        inputs = self.channels * self.patch**2
        self.embed = nn.Linear(condition_width + TOLD, width, bias=False)
        self.clock = nn.Sequential(nn.Linear(4 * WAVES, width), nn.SiLU(), nn.Linear(width, width))
        self.stem = nn.Linear(inputs, width)
        self.places = nn.Parameter(_waves_of(self.grid, width))
        self.blocks = nn.ModuleList(DitBlock(width) for _ in range(depth))
        self.tell = nn.Linear(width, 2 * width)
        self.pixels = nn.Linear(width, inputs)
        for layer in (self.tell, self.pixels):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self,
        x: Tensor,
        t: Tensor,
        c: Tensor,
        told: Tensor | None = None,
        length: Tensor | None = None,
        through: Through = passed,
    ) -> Tensor:
        told = torch.zeros(len(x), TOLD, device=x.device) if told is None else told
        length = torch.zeros_like(t) if length is None else length
        steps = torch.arange(1, WAVES + 1, device=x.device)
        angles = torch.cat([t[:, None] * steps, length[:, None] * steps], 1)
        clock = self.clock(torch.cat([angles.cos(), angles.sin()], 1))
        condition = functional.silu(clock + self.embed(torch.cat([c, told], 1)))
        h = self.stem(self._patches(x))
        h = h + self.places.to(h.dtype)
        for block in self.blocks:
            assert isinstance(block, DitBlock)
            h = through(block, h, condition)
        shift, scale = self.tell(condition)[:, None].chunk(2, 2)
        return self._picture(self.pixels(_scaled(h, shift, scale)).float())

    def _patches(self, x: Tensor) -> Tensor:
        """(n, places, channels · patch²); what is missing at the edges is grey."""
        rows, columns = (cells * self.patch for cells in self.grid)
        x = functional.pad(x, (0, columns - self.size[1], 0, rows - self.size[0]))
        down, along = self.grid
        cut = x.reshape(len(x), self.channels, down, self.patch, along, self.patch)
        return cut.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)

    def _picture(self, patches: Tensor) -> Tensor:
        cut = patches.reshape(len(patches), *self.grid, self.channels, self.patch, self.patch)
        whole = cut.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)
        return whole[:, :, : self.size[0], : self.size[1]]


def _waves_of(grid: tuple[int, int], width: int) -> Tensor:
    """(places, width): where each place is, by waves along both sides."""
    rows, columns = torch.meshgrid(*(torch.arange(side) for side in grid), indexing="ij")
    rates = torch.exp(-math.log(1_000) * torch.arange(width // 4) / max(1, width // 4))
    angles = [side.flatten()[:, None] * rates for side in (rows, columns)]
    waves = torch.cat([wave for angle in angles for wave in (angle.sin(), angle.cos())], 1)
    return 0.5 * functional.pad(waves, (0, width - waves.shape[1]))
