"""Pictures in the cells of a grid, by albumentations' Mosaic."""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.kinds.images.data.annotations import Box, Mark, clipped
from augment.kinds.images.data.outlines import drawn
from augment.kinds.images.transforms.annotated import Annotated
from augment.kinds.images.transforms.application import reshaped
from augment.kinds.images.transforms.composition import mixture, numbered_apart, with_pixels
from augment.kinds.images.transforms.pipeline import LEAST_VISIBLE, library

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CELLS = 16


def assembled(
    base: Annotated,
    others: list[Annotated],
    grid_yx: tuple[int, int],
    center_range: tuple[float, float],
    seed: int,
) -> Annotated:
    """`base` in the largest cell and the others, which have its size, in the rest.

    Where there are fewer than cells, the first ones stand in several. A mark goes where less than
    a tenth of it is seen.
    """
    pictures = [base, *others]
    cells = grid_yx[0] * grid_yx[1]
    pictures = [pictures[at % len(pictures)] for at in range(cells)]
    height, width = base.pixels.shape[:2]
    owned = [(at, mark) for at, picture in enumerate(pictures) for mark in picture.marks]
    layers = _layers(pictures)
    given = [
        {
            "image": picture.pixels,
            "mask": layers[at],
            **_boxes(owned, at, width, height),
            **_points(owned, at),
        }
        for at, picture in enumerate(pictures)
    ]
    compose = _compose(grid_yx, (height, width), center_range)
    compose.set_random_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        result = compose(**given[0], mosaic_metadata=given[1:])
    mask = result["mask"]  # (height, width, layers)
    places = {owner: mask[..., 0] == owner + 1 for owner in range(cells)}
    boxes = _found(result, "rows", "bboxes")
    points = _found(result, "spots", "keypoints")
    marks, firsts, begun = [], len(base.masks) + 1, dict.fromkeys(range(cells), 0)
    spot = 0
    for row, (owner, mark) in enumerate(owned):
        seen = [points.get(spot + at) for at in range(len(mark.points))]
        spot += len(mark.points)
        moved = tuple(
            (0.0, 0.0, 0) if place is None or v == 0 else (float(place[0]), float(place[1]), v)
            for place, (_, _, v) in zip(seen, mark.points, strict=True)
        )
        if mark.outline or mark.runs:
            shape = (mask[..., firsts + begun[owner]] > 0) & places[owner]
            begun[owner] += 1
            whole = drawn(mark, width, height).sum()
            kept = (
                reshaped(mark, shape.astype(np.uint8), moved)
                if _enough(shape.sum(), whole)
                else None
            )
        else:
            kept = _boxed(mark, boxes.get(row), moved)
        marks += [] if kept is None else [kept]
    return dataclasses.replace(
        base,
        pixels=result["image"],
        marks=tuple(marks),
        masks=with_pixels(
            base.masks,
            [
                mask[..., 1 + at].astype(base.masks[at].pixels.dtype)
                for at in range(len(base.masks))
            ],
        ),
        shares=mixture(
            *((picture.shares, float(places[at].mean())) for at, picture in enumerate(pictures))
        ),
        captions=tuple(dict.fromkeys(text for each in pictures for text in each.captions)),
    )


def _layers(pictures: list[Annotated]) -> list[NDArray[np.uint16]]:
    """Per picture (height, width, layers): whose the pixel is, from 1 on; its masks; its shapes.

    Shapes of several pictures share a layer, as no pixel has two owners: memory grows with the
    most shapes of one picture.
    """
    height, width = pictures[0].pixels.shape[:2]
    masks = numbered_apart(pictures)
    shapes = [[m for m in picture.marks if m.outline or m.runs] for picture in pictures]
    count = max(2, 1 + len(masks[0]) + max(map(len, shapes)))  # a single one would lose its axis
    found = []
    for at in range(len(pictures)):
        layers = np.zeros((height, width, count), np.uint16)
        layers[..., 0] = at + 1
        for place, mask in enumerate(masks[at], start=1):
            layers[..., place] = mask.pixels
        for place, mark in enumerate(shapes[at], start=1 + len(masks[at])):
            layers[..., place] = drawn(mark, width, height)
        found.append(layers)
    return found


def _boxes(owned: list[tuple[int, Mark]], at: int, width: int, height: int) -> dict[str, Any]:
    found = {
        row: box
        for row, (owner, mark) in enumerate(owned)
        if owner == at
        and mark.box is not None
        and (box := clipped(mark.box, width, height)) is not None
    }
    return {"bboxes": np.array([*found.values()], np.float32).reshape(-1, 4), "rows": [*found]}


def _points(owned: list[tuple[int, Mark]], at: int) -> dict[str, Any]:
    found, spot = {}, 0
    for owner, mark in owned:
        for x, y, seen in mark.points:
            if owner == at and seen:
                found[spot] = (x, y)
            spot += 1
    return {"keypoints": np.array([*found.values()], np.float32).reshape(-1, 2), "spots": [*found]}


def _found(result: Any, names: str, values: str) -> dict[int, Any]:
    return {int(name): value for name, value in zip(result[names], result[values], strict=True)}


def _boxed(mark: Mark, found: Any, points: tuple[tuple[float, float, int], ...]) -> Mark | None:
    if mark.box is None:
        seen = any(v for _, _, v in points)
        return dataclasses.replace(mark, points=points) if seen else None
    if found is None:
        return None
    left, top, right, bottom = map(float, found[:4])
    box: Box = (left, top, right, bottom)
    whole = (mark.box[2] - mark.box[0]) * (mark.box[3] - mark.box[1])
    if not _enough((right - left) * (bottom - top), whole):
        return None
    return dataclasses.replace(mark, box=box, points=points)


def _enough(seen: float, whole: float) -> bool:
    return seen > 0 and seen >= LEAST_VISIBLE * whole


def _compose(
    grid_yx: tuple[int, int], size: tuple[int, int], center_range: tuple[float, float]
) -> Any:
    albumentations = library()
    mosaic = albumentations.Mosaic(
        grid_yx=grid_yx, target_size=size, cell_shape=size, center_range=center_range, p=1.0
    )
    boxes = albumentations.BboxParams(
        format="pascal_voc", label_fields=["rows"], clip=True, filter_invalid_bboxes=True
    )
    points = albumentations.KeypointParams(
        format="xy", label_fields=["spots"], remove_invisible=False
    )
    return albumentations.Compose([mosaic], bbox_params=boxes, keypoint_params=points)
