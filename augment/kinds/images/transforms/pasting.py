"""Things cut out of one picture and pasted into another."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.kinds.images.data.annotations import clipped
from augment.kinds.images.data.outlines import drawn
from augment.kinds.images.io.layouts.voc import OBJECT_MASKS
from augment.kinds.images.transforms.annotated import Annotated
from augment.kinds.images.transforms.composition import VOID, moved, visible
from augment.kinds.images.transforms.pipeline import Pipeline, library

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRIES = 20  # places that are tried for a thing
MOST_COVERED = 0.3  # of what is marked already, by a thing that is pasted
LEAST_PIXELS = 9  # of a thing that is worth pasting
MOST_SHARE = 0.5  # of the width and height of a picture, that a thing may have


@dataclass(frozen=True)
class Placed:
    """A picture on the canvas of another, the part of it that is pasted, and that part's box."""

    over: Annotated
    region: NDArray[np.bool_]  # (height, width) of the other picture
    box: tuple[int, int, int, int]


def things_of(picture: Annotated) -> list[NDArray[np.bool_]]:
    """Each thing that can be cut out, as a mask (height, width).

    By outlines and run lengths, else by the connected parts of its mask, else by boxes.
    """
    height, width = picture.pixels.shape[:2]
    shapes = [drawn(m, width, height) > 0 for m in picture.marks if m.outline or m.runs]
    found = shapes or _parts(picture)
    if not found:
        for mark in picture.marks:
            box = None if mark.box is None else clipped(mark.box, width, height)
            if box is not None:
                region = np.zeros((height, width), bool)
                left, top = math.floor(box[0]), math.floor(box[1])
                region[top : math.ceil(box[3]), left : math.ceil(box[2])] = True
                found.append(region)
    return [each for each in found if each.sum() >= LEAST_PIXELS]


def _parts(picture: Annotated) -> list[NDArray[np.bool_]]:
    """Single objects of a mask that numbers them; else the connected parts of each class."""
    import cv2

    by_objects = sorted(picture.masks, key=lambda mask: mask.folder not in OBJECT_MASKS)
    for mask in by_objects[:1]:
        numbers = [n for n in np.unique(mask.pixels).tolist() if n not in (0, VOID)]
        regions = [mask.pixels == number for number in numbers]
        if mask.folder in OBJECT_MASKS:
            return regions
        found = []
        for region in regions:
            count, labelled = cv2.connectedComponents(region.astype(np.uint8))
            found += [labelled == part for part in range(1, count)]
        return found
    return []


def placed(
    source: Annotated,
    thing: NDArray[np.bool_],
    scale: float,
    base: Annotated,
    rng: np.random.Generator,
) -> Placed | None:
    """The thing on the canvas of `base`, at a place where it covers little of what is marked.

    `source` is scaled by `scale`, or so that the thing has at most half of the width and height.
    None where the thing is too small, or no such place is found in `TRIES` draws.
    """
    height, width = base.pixels.shape[:2]
    left, top, right, bottom = _around(thing)
    most = min(MOST_SHARE * width / (right - left), MOST_SHARE * height / (bottom - top))
    scale = min(scale, most)
    old_height, old_width = source.pixels.shape[:2]
    edges = [-top, right - old_width, bottom - old_height, -left]
    cut = {"name": "CropAndPad", "px": edges, "keep_size": False, "p": 1.0}
    high, wide = (max(1, round(scale * side)) for side in (bottom - top, right - left))
    how = "area" if scale < 1 else "linear"
    size = {"name": "Resize", "height": high, "width": wide, "interpolation": how, "p": 1.0}
    seen = (visible(mark, thing, 0) for mark in source.marks)
    alone = dataclasses.replace(source, marks=tuple(mark for mark in seen if mark is not None))
    small = moved(alone, Pipeline("cut", (cut, size)), 0)
    shape = _resized(thing[top:bottom, left:right], high, wide)
    if shape.sum() < LEAST_PIXELS:
        return None
    taken = _occupied(base)
    for _ in range(TRIES):
        down, across = int(rng.integers(height - high + 1)), int(rng.integers(width - wide + 1))
        region = np.zeros((height, width), bool)
        region[down : down + high, across : across + wide] = shape
        if all((each & region).sum() <= MOST_COVERED * each.sum() for each in taken):
            return Placed(
                _on_canvas(small, height, width, down, across),
                region,
                (across, down, across + wide, down + high),
            )
    return None


def _around(region: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _resized(region: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    import cv2

    small = cv2.resize(region.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(small) > 0


def _occupied(picture: Annotated) -> list[NDArray[np.bool_]]:
    """What is marked, thing by thing."""
    height, width = picture.pixels.shape[:2]
    found = []
    for mark in picture.marks:
        region = np.zeros((height, width), bool)
        box = None if mark.box is None else clipped(mark.box, width, height)
        if mark.outline or mark.runs:
            region = drawn(mark, width, height) > 0
        elif box is not None:
            region[
                math.floor(box[1]) : math.ceil(box[3]), math.floor(box[0]) : math.ceil(box[2])
            ] = True
        found.append(region)
    return [*found, *_parts(picture)]


def _on_canvas(small: Annotated, height: int, width: int, down: int, across: int) -> Annotated:
    """A small picture on an empty canvas, with its marks moved along."""
    high, wide = small.pixels.shape[:2]
    pad = {
        "name": "Pad",
        "padding": [across, down, width - wide - across, height - high - down],
        "p": 1.0,
    }
    return moved(small, Pipeline("placed", (pad,)), 0)


def pasted(base: NDArray[Any], over: NDArray[Any], region: NDArray[np.bool_]) -> NDArray[Any]:
    """The pixels of `over` on `base` where `region` is true, all three of one size."""
    element = {"image": over, "mask": region.astype(np.uint8), "bbox": [0.0, 0.0, 1.0, 1.0]}
    made: NDArray[Any] = _overlay()(image=base, overlay_metadata=[element])["image"]
    return made


@cache
def _overlay() -> Any:
    return library().Compose([library().OverlayElements(p=1.0)])
