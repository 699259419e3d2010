"""Between outlines (polygons), masks, and COCO's run lengths."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.kinds.images.data.annotations import Mark

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_CORNERS = 3


def drawn(mark: Mark, width: int, height: int) -> NDArray[np.uint8]:
    """The mark's outline or run lengths as a mask of 0 and 1, (height, width)."""
    if mark.runs:
        return of_runs(mark.runs, width, height)
    import cv2

    mask = np.zeros((height, width), np.uint8)
    # Corners are edges of pixels in the files, and middles of pixels in OpenCV.
    rings: list[Any] = [
        np.rint(np.reshape(ring, (-1, 2)) - 0.5).astype(np.int32) for ring in mark.outline
    ]
    for ring in rings:  # one by one: together, where they overlap would be a hole
        cv2.fillPoly(mask, [ring], 1)
    return mask


def traced(mask: NDArray[np.uint8]) -> tuple[tuple[float, ...], ...]:
    """The outer outlines of a mask, in pixels; true to about half a pixel, holes are lost."""
    import cv2

    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return tuple(
        tuple(float(value) + 0.5 for value in ring.ravel())
        for ring in found
        if len(ring) >= LEAST_CORNERS
    )


def of_runs(runs: tuple[int, ...], width: int, height: int) -> NDArray[np.uint8]:
    """The mask of run lengths: down the columns, zeros first. Short ones end in zeros."""
    flat = np.zeros(width * height, np.uint8)
    place = 0
    for at, length in enumerate(runs):
        flat[place : place + length] = at % 2
        place += length
    return flat.reshape(width, height).T.copy()


def runs_of(mask: NDArray[np.uint8]) -> tuple[int, ...]:
    """Undo `of_runs`.

    >>> import numpy as np
    >>> runs_of(np.array([[0, 1], [1, 1]], np.uint8))
    (1, 3)
    """
    flat = mask.T.ravel().astype(bool)
    turns = np.flatnonzero(np.diff(flat, prepend=False)) if len(flat) else np.zeros(0, np.int64)
    edges = [0, *turns.tolist(), len(flat)]
    return tuple(after - before for before, after in pairwise(edges))
