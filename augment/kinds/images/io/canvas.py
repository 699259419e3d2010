"""One size for all: which canvas suits a set of images, and how an image is put on it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from augment.core.errors import UsageError
from augment.kinds.images.data.schema import LEAST_SIDE, MOST_SIDE, Mode

if TYPE_CHECKING:
    from numpy.typing import NDArray

Fit = Literal["pad", "stretch", "crop"]
LARGEST_GUESS = 64  # pixels: what a generator learns in minutes; more must be asked for
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow's convert("L")


def parsed(text: str) -> tuple[int, int]:
    """`32` or `48x32` (width x height) as (width, height)."""
    width, cross, height = text.lower().partition("x")
    if not (width.isdecimal() and (height.isdecimal() if cross else True)):
        raise UsageError(f"--canvas {text}: write pixels, such as 32, or width x height: 48x32.")
    sides = int(width), int(height if cross else width)
    require_learnable(*sides, f"--canvas {text}")
    return sides


def require_learnable(width: int, height: int, where: str) -> None:
    """Refuse a canvas that the generators are not built for."""
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in (width, height)):
        raise UsageError(
            f"{where}: the sides of a canvas must lie between {LEAST_SIDE} and {MOST_SIDE} pixels, "
            "such as --canvas 32."
        )


def inferred(sizes: Counter[tuple[int, int]]) -> tuple[int, int, str]:
    """Width, height, and why, from how often each (width, height) occurs.

    The common size where all agree and it is small enough. Else the same shape within
    `LARGEST_GUESS`; for sizes that differ, a square of the median longer side within it.
    """
    if len(sizes) == 1:
        (width, height), shrink = next(iter(sizes)), 1.0
        longer = max(width, height)
        if longer > MOST_SIDE:
            shrink = LARGEST_GUESS / longer
        fitted = (_side(width * shrink), _side(height * shrink))
        if fitted == (width, height):
            return *fitted, "the size of every image"
        return *fitted, f"every image is {width}x{height}"
    sides = sorted(max(size) for size in sizes.elements())
    side = _side(min(sides[len(sides) // 2], LARGEST_GUESS))
    return side, side, f"the images have {len(sizes):,} different sizes"


def _side(pixels: float) -> int:
    return min(max(round(pixels), LEAST_SIDE), MOST_SIDE)


def placed(
    pixels: NDArray[np.uint8], width: int, height: int, mode: Mode, fit: Fit
) -> NDArray[np.uint8]:
    """The picture on the canvas: (height, width, channels).

    `pad` keeps the shape and fills the rest with the median colour of the picture's own edge;
    `crop` keeps it and cuts what hangs over; `stretch` gives it up. Sizes change by Lanczos, and
    not at all where the size is right already.
    """
    toned = _toned(pixels, mode)
    own_height, own_width = toned.shape[:2]
    across, down = width / own_width, height / own_height
    if fit == "stretch":
        return _resized(toned, width, height)
    scale = min(across, down) if fit == "pad" else max(across, down)
    inner_width = max(1, round(own_width * scale))
    inner_height = max(1, round(own_height * scale))
    inner = _resized(toned, inner_width, inner_height)
    if fit == "crop":
        left, top = (inner_width - width) // 2, (inner_height - height) // 2
        return inner[top : top + height, left : left + width]
    if (inner_width, inner_height) == (width, height):
        return inner
    edge = np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])
    board = np.empty((height, width, inner.shape[2]), np.uint8)
    board[:] = np.median(edge, axis=0).astype(np.uint8)
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    board[top : top + inner_height, left : left + inner_width] = inner
    return board


def _toned(pixels: NDArray[np.uint8], mode: Mode) -> NDArray[np.uint8]:
    """(height, width, channels) in the canvas' mode."""
    if mode == "rgb":
        return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels
    if pixels.ndim == 2:
        return pixels[..., None]
    luma: NDArray[np.float64] = pixels @ np.array(LUMA)
    return np.rint(luma).astype(np.uint8)[..., None]


def _resized(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    if pixels.shape[:2] == (height, width):
        return pixels
    flat = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    image = Image.fromarray(np.ascontiguousarray(flat))
    resized = np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))
    return resized[..., None] if resized.ndim == 2 else resized
