"""Pictures as a network takes them, and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from augment.core.seeds import Seed
from augment.kinds.images.data.dataset import Images
from augment.nets.held_out import held_out_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

HELD_OUT = 0.05


def pictures(data: Images, rows: Tensor) -> NDArray[np.uint8]:
    """These rows' pixels (n, height, width, channels), read in file order where on disk."""
    taken: NDArray[np.uint8] = np.ascontiguousarray(data.pixels[rows.numpy()])
    return taken


def parts(n: int, size: int) -> Iterator[Tensor]:
    """The rows 0 to n - 1, `size` at a time."""
    import torch

    for start in range(0, n, size):
        yield torch.arange(start, min(start + size, n))


def to_floats(pixels: NDArray[np.uint8], device: str) -> Tensor:
    """(n, height, width, channels) bytes to (n, channels, height, width) in [0, 1]."""
    import torch

    return torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float().div_(255)


def to_pixels(x: Tensor) -> NDArray[np.uint8]:
    """Undo `to_floats`, rounding and clipping."""
    import torch

    whole = (x.clamp(0, 1) * 255).round().to(torch.uint8)
    made: NDArray[np.uint8] = whole.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return made


class HeldOutSplit(NamedTuple):
    """Rows that judge a fit, and rows that are learnt from; a single picture is in both."""

    held_out: Tensor
    learnt: Tensor


def split_rows(n: int, seed: Seed) -> HeldOutSplit:
    """A twentieth of the rows, at least one, is held out."""
    import torch

    held_out, learnt = held_out_rows(n, max(1, round(HELD_OUT * n)), seed)
    return HeldOutSplit(torch.from_numpy(held_out), torch.from_numpy(learnt))
