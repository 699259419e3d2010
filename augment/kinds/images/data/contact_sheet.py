"""Sheets of pictures: one row per class, for a reader's own eyes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from augment.kinds.images.data.dataset import UNLABELLED, Images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]  # (height, width, channels)

ACROSS = 12
MOST_ROWS = 12
GAP = 2  # pixels between pictures
GROUND = 127  # grey level of the gaps
LEAST_SIDE = 56  # pixels: smaller pictures are enlarged by whole factors
MOST_SIDE = 72  # pixels in a report, where a sheet is part of a page that is mailed
QUALITY = 88  # of JPEG, which sheets of colour pictures of a report are


@dataclass(frozen=True)
class Sheet:
    """An encoded picture; `form` is "png" or "jpeg"."""

    content: bytes
    form: str
    width: int
    height: int


def grid(images: Images) -> bytes:
    """A PNG with up to twelve pictures of each of up to twelve classes, in full size."""
    rows = rows_by_class(images.label_codes, len(images))
    shown = [[np.asarray(images.pixels[place]) for place in picked] for picked in rows]
    return _encoded(_arranged(shown, images.schema.shape), "PNG", optimize=True)


def sheet(rows: Sequence[Sequence[Pixels]], shape: tuple[int, int, int]) -> Sheet:
    """Rows of pictures for a report: at most `MOST_SIDE` pixels each, and in few bytes."""
    height, width, channels = shape
    share = MOST_SIDE / max(height, width)
    if share < 1:
        size = (max(1, round(width * share)), max(1, round(height * share)))
        rows = [[_shrunk(each, size) for each in row] for row in rows]
        shape = (size[1], size[0], channels)
    whole = _arranged(rows, shape)
    if channels == 1:
        return Sheet(_encoded(whole, "PNG", optimize=True), "png", whole.shape[1], whole.shape[0])
    content = _encoded(whole, "JPEG", quality=QUALITY)
    return Sheet(content, "jpeg", whole.shape[1], whole.shape[0])


def rows_by_class(codes: NDArray[np.int64], n: int) -> list[list[int]]:
    """Positions of the pictures to show, row by row."""
    kinds = np.unique(codes)
    if len(kinds) == 1 and kinds[0] == UNLABELLED:
        shown = list(range(min(n, ACROSS * MOST_ROWS // 2)))
        return [shown[start : start + ACROSS] for start in range(0, len(shown), ACROSS)]
    return [np.flatnonzero(codes == kind)[:ACROSS].tolist() for kind in kinds[:MOST_ROWS]]


def _arranged(rows: Sequence[Sequence[Pixels]], shape: tuple[int, int, int]) -> Pixels:
    height, width, channels = shape
    factor = max(1, LEAST_SIDE // max(height, width))
    high, wide = factor * height + GAP, factor * width + GAP
    across = max((len(row) for row in rows), default=1)
    whole = np.full((len(rows) * high + GAP, across * wide + GAP, channels), GROUND, np.uint8)
    for down, row in enumerate(rows):
        for place, pixels in enumerate(row):
            large = np.repeat(np.repeat(pixels, factor, 0), factor, 1)
            top, left = down * high + GAP, place * wide + GAP
            whole[top : top + factor * height, left : left + factor * width] = large
    return whole


def _shrunk(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    small = _image(pixels).resize(size, Image.Resampling.BOX)
    return np.asarray(small, np.uint8).reshape(size[1], size[0], -1)


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _encoded(pixels: Pixels, form: str, **options: int | bool) -> bytes:
    stream = io.BytesIO()
    _image(pixels).save(stream, form, **options)
    return stream.getvalue()
