"""Captions with words left out at random, so that a prompt may say less than captions do.

Import it only where torch is needed.
"""

from __future__ import annotations

import torch
from torch import Tensor

THINNED = 0.4  # share of captions that lose words
LOST = 0.5  # of their word_columns, each for itself


def thinned(c: Tensor, word_columns: slice, stream: torch.Generator) -> Tensor:
    """The conditions (n, condition_width) with some of the ones in the columns `word_columns` gone.

    What is left of k words stands for 1/√k each, as `Conditioning.matrix` has it.
    """
    if word_columns.start == word_columns.stop:
        return c
    said = c[:, word_columns] > 0
    shape = said.shape
    where = stream.device
    chosen = torch.rand(shape[0], 1, generator=stream, device=where) < THINNED
    lost = chosen & (torch.rand(shape, generator=stream, device=where) < LOST)
    kept = said & ~lost.to(c.device)
    fewer = c.clone()
    fewer[:, word_columns] = kept / kept.sum(1, keepdim=True).clamp(min=1).sqrt()
    return fewer
