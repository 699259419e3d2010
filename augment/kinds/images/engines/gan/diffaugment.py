"""Changes that gradients pass through: a discriminator of few pictures learns none by heart.

Zhao et al. 2020, arXiv 2006.10738: real and made pictures are changed alike, and what is learnt
stays about pictures as they are. Nothing here changes what a digit or a text says: no flips, no
turns, and of what is cut out most is left. Import it only where torch is needed.
"""

from __future__ import annotations

import torch
from torch import Tensor

MOST = 0.8  # share of pictures that are varied at the most: if all were, makers would learn it
VIEWS = 200  # times that each picture is seen, from which on so many are varied
SHIFT = 0.125  # of a side, each way
HOLE = 0.3  # of a side
BRIGHTER = 0.2  # of the range from black to white, each way


def share_for(views: float) -> float:
    """The share of pictures to vary where each is seen `views` times: few views need little.

    As in Karras et al. 2020, arXiv 2006.06676, but settled beforehand. DIFFERS: there it follows
    how much the discriminator overfits, which a fit of minutes is too short to find out.
    """
    return MOST * min(1.0, views / VIEWS)


def varied(x: Tensor, share: float, stream: torch.Generator) -> Tensor:
    """Pictures (n, channels, h, w) in [-1, 1], a share of them shifted, with a hole, and brighter
    or darker; the others as they are."""
    chosen = torch.rand(len(x), generator=stream) < share
    return torch.where(chosen.to(x.device)[:, None, None, None], _changed(x, stream), x)


def _changed(x: Tensor, stream: torch.Generator) -> Tensor:
    n, _, height, width = x.shape

    def uniform() -> Tensor:
        return torch.rand(n, generator=stream).to(x.device)

    x = x + 2 * BRIGHTER * (2 * uniform() - 1)[:, None, None, None]
    x = _shifted(x, _whole(uniform(), SHIFT, height), _whole(uniform(), SHIFT, width))
    rows, columns = torch.arange(height, device=x.device), torch.arange(width, device=x.device)
    down = (rows - (uniform() * height)[:, None]).abs() < HOLE * height / 2  # (n, height)
    across = (columns - (uniform() * width)[:, None]).abs() < HOLE * width / 2  # (n, width)
    hole = down[:, None, :, None] & across[:, None, None, :]
    return x * ~hole


def _whole(share: Tensor, most: float, side: int) -> Tensor:
    """(n,) shifts in pixels, from `share` in [0, 1)."""
    return ((2 * share - 1) * most * side).round().long()


def _shifted(x: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Moved by whole pixels; what comes in at the edge repeats it."""
    n, _, height, width = x.shape
    rows = (torch.arange(height, device=x.device) - down[:, None]).clamp(0, height - 1)
    columns = (torch.arange(width, device=x.device) - across[:, None]).clamp(0, width - 1)
    which = torch.arange(n, device=x.device)[:, None, None]
    return x.permute(0, 2, 3, 1)[which, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
