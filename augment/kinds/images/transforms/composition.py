"""Two pictures in one: what lies on top hides what is marked below it, and brings its own marks."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.kinds.images.data.annotations import Box, Mark, clipped
from augment.kinds.images.data.outlines import drawn
from augment.kinds.images.io.decoding import Undecodable
from augment.kinds.images.io.layouts.voc import OBJECT_MASKS
from augment.kinds.images.transforms.annotated import Annotated, Mask
from augment.kinds.images.transforms.application import apply, reshaped
from augment.kinds.images.transforms.pipeline import LEAST_VISIBLE, Pipeline, compose

if TYPE_CHECKING:
    from numpy.typing import NDArray

VOID = 255  # in a mask: the edge between objects, no object
HIDDEN = 1  # COCO's visibility of a keypoint that is known but covered


def fitted(picture: Annotated, width: int, height: int) -> Annotated:
    """The picture scaled until it covers `width` x `height`, and its middle cut out of that."""
    old_height, old_width = picture.pixels.shape[:2]
    if (old_width, old_height) == (width, height):
        return picture
    scale = max(width / old_width, height / old_height)
    size = {
        "height": max(height, math.ceil(old_height * scale - 1e-6)),
        "width": max(width, math.ceil(old_width * scale - 1e-6)),
    }
    resized = {"name": "Resize", **size, "interpolation": "area" if scale < 1 else "linear"}
    cut = {"name": "CenterCrop", "height": height, "width": width}
    steps = Pipeline("fitted", (resized | {"p": 1.0}, cut | {"p": 1.0}))
    return moved(picture, steps, 0)


def moved(picture: Annotated, steps: Pipeline, seed: int) -> Annotated:
    """The picture through steps of albumentations."""
    boxes = any(mark.box is not None for mark in picture.marks)
    points = any(mark.points for mark in picture.marks)
    arrays = tuple(mask.pixels for mask in picture.masks)
    made = apply(compose(steps, boxes, points), picture.pixels, picture.marks, arrays, seed)
    return dataclasses.replace(
        picture, pixels=made.pixels, marks=made.marks, masks=with_pixels(picture.masks, made.masks)
    )


def with_pixels(masks: Sequence[Mask], pixels: Sequence[NDArray[Any]]) -> tuple[Mask, ...]:
    return tuple(
        dataclasses.replace(mask, pixels=each) for mask, each in zip(masks, pixels, strict=True)
    )


def composed(
    base: Annotated, over: Annotated, region: NDArray[np.bool_], pixels: NDArray[Any]
) -> Annotated:
    """`base` with `over` on top of it where `region` (height, width) is true.

    `pixels` are those of the whole. Marks are cut to what is seen of them, and go where less than
    a tenth is; points that are covered stay, as hidden ones. Raises `Undecodable` where a mask
    has no numbers left.
    """
    below, above = numbered_apart([base, over])
    masks = [
        np.where(region, top.pixels, bottom.pixels)
        for bottom, top in zip(below, above, strict=True)
    ]
    marks = [visible(mark, ~region, HIDDEN) for mark in base.marks]
    marks += [visible(mark, region, 0) for mark in over.marks]
    share = float(region.mean())
    return dataclasses.replace(
        base,
        pixels=pixels,
        marks=tuple(mark for mark in marks if mark is not None),
        masks=with_pixels(base.masks, masks),
        shares=mixture((base.shares, 1 - share), (over.shares, share)),
        captions=tuple(dict.fromkeys((*base.captions, *over.captions))),
    )


def mixture(*parts: tuple[dict[str, float], float]) -> dict[str, float]:
    """Shares of classes out of weighted parts.

    >>> mixture(({"ant": 1.0}, 0.75), ({"bee": 1.0}, 0.25))
    {'ant': 0.75, 'bee': 0.25}
    """
    found: dict[str, float] = {}
    for shares, weight in parts:
        for name, share in shares.items():
            found[name] = found.get(name, 0.0) + weight * share
    return found


def visible(mark: Mark, seen: NDArray[np.bool_], covered: int) -> Mark | None:
    """What is left of a mark where `seen` (height, width); None where it is less than a tenth.

    `covered` is the visibility of a point that is not seen: 0 where it left the picture.
    """
    height, width = seen.shape
    points = tuple(
        (x, y, v)
        if v == 0 or _is_seen(seen, x, y)
        else (x * (covered > 0), y * (covered > 0), covered)
        for x, y, v in mark.points
    )
    if mark.outline or mark.runs:
        whole = drawn(mark, width, height)
        shape = whole * seen
        if not shape.any() or shape.sum() < LEAST_VISIBLE * whole.sum():
            return None
        same = bool((shape == whole).all())  # then nothing is lost by tracing it again
        return dataclasses.replace(mark, points=points) if same else reshaped(mark, shape, points)
    if mark.box is None:
        return dataclasses.replace(mark, points=points) if any(v for _, _, v in points) else None
    box = _seen_of(mark.box, seen)
    return None if box is None else dataclasses.replace(mark, box=box, points=points)


def _seen_of(box: Box, seen: NDArray[np.bool_]) -> Box | None:
    """The box round what is seen of a box; None where that is less than a tenth."""
    edges = clipped(box, seen.shape[1], seen.shape[0])
    if edges is None:
        return None
    left, top = math.floor(edges[0]), math.floor(edges[1])
    part = seen[top : math.ceil(edges[3]), left : math.ceil(edges[2])]
    if not part.any() or part.mean() < LEAST_VISIBLE:
        return None
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    return (
        max(edges[0], float(left + columns[0])),
        max(edges[1], float(top + rows[0])),
        min(edges[2], float(left + columns[-1] + 1)),
        min(edges[3], float(top + rows[-1] + 1)),
    )


def _is_seen(seen: NDArray[np.bool_], x: float, y: float) -> bool:
    row, column = min(int(y), seen.shape[0] - 1), min(int(x), seen.shape[1] - 1)
    return bool(seen[max(0, row), max(0, column)])


def numbered_apart(pictures: Sequence[Annotated]) -> list[tuple[Mask, ...]]:
    """The masks of each picture; those that number single objects without a number twice.

    Raises `Undecodable` where the numbers do not suffice.
    """
    found, first = [], 0
    for picture in pictures:
        masks = []
        for mask in picture.masks:
            numbers = mask.pixels
            if mask.folder in OBJECT_MASKS:
                objects = (numbers > 0) & (numbers < VOID)
                most = int(numbers[objects].max(initial=0))
                if objects.any() and first + most >= VOID:
                    raise Undecodable(f"would have more than {VOID - 1} objects in {mask.folder}")
                numbers = np.where(objects, numbers + np.asarray(first, numbers.dtype), numbers)
            masks.append(dataclasses.replace(mask, pixels=numbers))
        found.append(tuple(masks))
        numbered = (m.pixels for m in picture.masks if m.folder in OBJECT_MASKS)
        tops = [int(each[each < VOID].max(initial=0)) for each in numbered]
        first += max([len(picture.marks), *tops])
    return found
