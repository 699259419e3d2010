"""The loop in which engines that draw by torch make pictures, some at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Condition, Tick, silent
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.tensors import parts, to_pixels
from augment.kinds.images.engines.conditioning import Conditioning

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Draw = Callable[["Tensor", "Tensor", "torch.Generator"], "Tensor"]


def drawn(
    conditioning: Conditioning,
    n: int,
    seed: Seed,
    given: Condition | None,
    at_once: int,
    draw: Draw,
    device: str = "cpu",
    tick: Callable[[Tick], None] = silent,
) -> Images:
    """`n` pictures as asked for, each part of `at_once` from its own stream.

    `draw` makes pictures (k, channels, height, width) in [0, 1] of classes (k,), of their
    conditions (k, condition_width), both on `device`, and of a stream, which is the CPU's: the
    same noise begins the same pictures on any device.
    """
    import torch

    from augment.nets.streams import torch_stream

    wanted = conditioning.wanted(n, seed.child("kinds"), given)
    made = np.empty((n, *conditioning.schema.shape), np.uint8)
    codes = torch.from_numpy(wanted.codes).to(device)
    conditions = torch.from_numpy(wanted.matrix).to(device)
    with torch.inference_mode():
        for rows in parts(n, at_once):
            stream = torch_stream(seed.child("noise", int(rows[0])).integer())
            made[rows.numpy()] = to_pixels(draw(codes[rows], conditions[rows], stream))
            tick(Tick("sample", int(rows[-1]) + 1, n))
    captions = wanted.captions if any(wanted.captions) else None
    return Images.of_arrays(made, wanted.codes, conditioning.schema, captions)
