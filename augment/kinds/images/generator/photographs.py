"""Colour photographs, of which no engine here makes good ones on a CPU."""

from __future__ import annotations

import numpy as np

from augment.kinds.images.data.dataset import Images

MOST_LOOKED_AT = 64
LEAST_COLOUR = 12.0  # mean difference of the channels, of 255: below, it is gray in all but name
LEAST_SHARE = 0.25  # of pixels whose colour no other has; drawings have few colours
COLOUR_BITS = 5  # of each channel, when colours are told apart
ADVICE = (
    "these look like colour photographs, and no engine here learns those well on a CPU: expect "
    "blurred ones. augment transform varies the pictures that are there, augment edit --weights "
    "or run --weights draws with a local Stable Diffusion folder, and on a GPU --engine flow "
    "-p preset=gpu learns those of 32 px in minutes."
)


def advice(data: Images, device: str) -> tuple[str, ...]:
    """What to do instead of fitting photographs on a CPU; nothing for other pictures."""
    return (ADVICE,) if device == "cpu" and are_photographs(data) else ()


def are_photographs(data: Images) -> bool:
    """Whether most of the pictures have colour, and many different ones."""
    if data.schema.mode != "rgb" or not len(data):
        return False
    rows = np.unique(np.linspace(0, len(data) - 1, MOST_LOOKED_AT).astype(np.int64))
    pixels = np.asarray(data.pixels[rows])  # (pictures, height, width, 3)
    colour = np.ptp(pixels.astype(np.int16), axis=-1).mean(axis=(1, 2))
    reduced = (pixels >> (8 - COLOUR_BITS)).astype(np.int64)
    codes = (
        (reduced[..., 0] << 2 * COLOUR_BITS) | (reduced[..., 1] << COLOUR_BITS) | reduced[..., 2]
    )
    share = np.array([len(np.unique(each)) / each.size for each in codes])
    return bool(np.mean((colour >= LEAST_COLOUR) & (share >= LEAST_SHARE)) > 0.5)
