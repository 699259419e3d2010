"""What is asked of a column, and what laws leave open of it, as log-weights of its tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.engines.anyorder.structure import Dependency

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor


def limits(
    weight: NDArray[np.float64] | None,
    laws: Iterable[tuple[Dependency, Tensor]],
    device: torch.device,
) -> Tensor | None:
    """(1 or rows, tokens of a column) log-weights; None where all is open.

    `weight` (tokens of the column,) is 0 for never. In `laws` the column settles another, of which
    each row's token (rows,) stands beside the law, -1 where it is not known. A token that no token
    of the column leads to leaves all open. Nothing is read back from the device.
    """
    import torch

    found: Tensor | None = None
    if weight is not None:
        with np.errstate(divide="ignore"):
            found = torch.from_numpy(np.log(weight)).to(device)[None].float()
    for law, child in laws:
        fits = torch.from_numpy(law.child_of).to(device)[None, :] == child[:, None]
        fits |= (child < 0)[:, None] | ~fits.any(dim=1, keepdim=True)
        left_open = torch.zeros(fits.shape, device=device).masked_fill_(~fits, -np.inf)
        found = left_open if found is None else found + left_open
    return found
