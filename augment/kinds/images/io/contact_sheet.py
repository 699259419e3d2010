"""Grids of pictures: one row per class, for a reader's own eyes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from augment.kinds.images.data.dataset import UNLABELLED, Images

if TYPE_CHECKING:
    from numpy.typing import NDArray

ACROSS = 12
MOST_ROWS = 12
GAP = 2  # pixels between pictures
LEAST_SIDE = 56  # pixels: smaller pictures are enlarged by whole factors


def grid(images: Images) -> bytes:
    """A PNG with up to twelve pictures of each of up to twelve classes."""
    rows = _rows(images.label_codes, len(images))
    height, width, channels = images.schema.shape
    factor = max(1, LEAST_SIDE // max(height, width))
    high, wide = factor * height + GAP, factor * width + GAP
    sheet = np.full((len(rows) * high + GAP, ACROSS * wide + GAP, channels), 127, np.uint8)
    for down, picked in enumerate(rows):
        for across, place in enumerate(picked):
            large = np.repeat(np.repeat(images.pixels[place], factor, 0), factor, 1)
            top, left = down * high + GAP, across * wide + GAP
            sheet[top : top + factor * height, left : left + factor * width] = large
    stream = io.BytesIO()
    Image.fromarray(sheet[:, :, 0] if channels == 1 else sheet).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _rows(codes: NDArray[np.int64], n: int) -> list[list[int]]:
    """Positions of the pictures to show, row by row."""
    kinds = np.unique(codes)
    if len(kinds) == 1 and kinds[0] == UNLABELLED:
        shown = list(range(min(n, ACROSS * MOST_ROWS // 2)))
        return [shown[start : start + ACROSS] for start in range(0, len(shown), ACROSS)]
    return [np.flatnonzero(codes == kind)[:ACROSS].tolist() for kind in kinds[:MOST_ROWS]]
