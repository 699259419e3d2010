"""One image through a pipeline, with all that is marked in it."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json
from augment.kinds.images.data.annotations import Box, Mark, Point, clipped
from augment.kinds.images.data.outlines import drawn, runs_of, traced

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIRRORS = ("HorizontalFlip", "VerticalFlip")  # after one of them a left eye is a right eye
MOST_NUMBERS = 16  # of one parameter in the manifest; a longer array is told by its digest


@dataclass(frozen=True)
class Made:
    """A new image, its marks and masks, and what was done: [{"name": ..., parameter: ...}]."""

    pixels: NDArray[Any]
    marks: tuple[Mark, ...]
    masks: tuple[NDArray[Any], ...]
    applied: tuple[Json, ...]


def apply(
    compose: Any,
    pixels: NDArray[Any],
    marks: tuple[Mark, ...],
    masks: tuple[NDArray[Any], ...],
    seed: int,
) -> Made:
    """Run `compose` with its own generators set to `seed`.

    Outlines and run lengths move as masks. A mark goes where nothing of it is left in the picture
    (of a box: less than the pipeline's least visible share). Points that leave the picture stay
    in the list as not labelled, as COCO counts them by place.
    """
    height, width = pixels.shape[:2]
    shaped = [at for at, mark in enumerate(marks) if mark.outline or mark.runs]
    own = [drawn(marks[at], width, height) for at in shaped]
    boxes = {
        at: box
        for at, mark in enumerate(marks)
        if mark.box is not None and (box := clipped(mark.box, width, height)) is not None
    }
    points = {
        (at, place): (x, y)
        for at, mark in enumerate(marks)
        for place, (x, y, seen) in enumerate(mark.points)
        if seen
    }
    given: dict[str, Any] = {"image": pixels}
    if own or masks:
        given["masks"] = [*own, *masks]
    if "bboxes" in compose.processors:
        given |= {"bboxes": list(boxes.values()), "rows": list(boxes)}
    if "keypoints" in compose.processors:
        given |= {"keypoints": list(points.values()), "spots": list(range(len(points)))}
    compose.set_random_seed(seed)
    result = compose(**given)
    made: NDArray[Any] = result["image"]
    moved = list(result.get("masks", ()))
    moved_boxes: dict[int, list[Box]] = {}
    for row, box in zip(result.get("rows", ()), result.get("bboxes", ()), strict=True):
        left, top, right, bottom = map(float, box[:4])
        moved_boxes.setdefault(int(row), []).append((left, top, right, bottom))
    placed = _inside(result, list(points), made.shape[1], made.shape[0])
    mirrored = _mirrored(result)
    shapes = dict(zip(shaped, moved, strict=False))
    kept = [
        each
        for at, mark in enumerate(marks)
        for each in _moved(
            mark, moved_boxes.get(at, []), shapes.get(at), _points(mark, at, placed, mirrored)
        )
    ]
    applied = tuple(
        {"name": name, **{field: _told(value) for field, value in parameters.items()}}
        for name, parameters in result["applied_transforms"]
    )
    return Made(
        made,
        tuple(kept),
        tuple(moved[len(shaped) :]),
        applied,
    )


def _inside(
    result: Json, places: list[tuple[int, int]], width: int, height: int
) -> dict[tuple[int, int], tuple[float, float]]:
    """Where each point that is still in the picture lies now."""
    return {
        places[int(spot)]: (float(point[0]), float(point[1]))
        for spot, point in zip(result.get("spots", ()), result.get("keypoints", ()), strict=True)
        if 0 <= point[0] <= width and 0 <= point[1] <= height
    }


def _mirrored(result: Json) -> bool:
    """Whether left and right have changed places: by one mirror, not by two."""
    return sum(name in MIRRORS for name, _ in result["applied_transforms"]) % 2 == 1


def _points(
    mark: Mark, at: int, placed: dict[tuple[int, int], tuple[float, float]], mirrored: bool
) -> tuple[Point, ...]:
    """The points where they are now; in a mirrored picture each takes its counterpart's place."""
    points: list[Point] = []
    for place, (_, _, seen) in enumerate(mark.points):
        spot = placed.get((at, place)) if seen else None
        points.append((0.0, 0.0, 0) if spot is None else (*spot, seen))
    if mirrored and mark.counterparts:
        return tuple(points[place] for place in mark.counterparts)
    return tuple(points)


def _moved(
    mark: Mark, boxes: list[Box], shape: NDArray[np.uint8] | None, points: tuple[Point, ...]
) -> list[Mark]:
    """The mark where it is now; its box is drawn round its shape where it has one.

    None where it is gone; several where a reflecting border shows it again.
    """
    if shape is not None:
        found = reshaped(mark, shape, points)
        return [] if found is None else [found]
    if mark.box is not None:
        return [dataclasses.replace(mark, box=box, points=points) for box in boxes]
    gone = bool(points) and not any(seen for _, _, seen in points)
    return [] if gone else [dataclasses.replace(mark, points=points)]


def reshaped(mark: Mark, shape: NDArray[np.uint8], points: tuple[Point, ...]) -> Mark | None:
    """The mark with this mask as its shape, and its box drawn round it; None where it is empty."""
    rows, columns = np.flatnonzero(shape.any(axis=1)), np.flatnonzero(shape.any(axis=0))
    if not len(rows):
        return None
    around = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
    outline = traced(shape) if mark.outline else ()
    if mark.outline and not outline:
        return None
    box = None if mark.box is None else around
    runs = runs_of(shape) if mark.runs else ()
    return dataclasses.replace(mark, box=box, points=points, outline=outline, runs=runs)


def _told(value: Any) -> Any:
    """A parameter for the manifest: plain numbers, and a digest where they are many."""
    if isinstance(value, np.ndarray):
        if value.size <= MOST_NUMBERS:
            return _told(value.tolist())
        data = np.ascontiguousarray(value).tobytes()
        return {"shape": list(value.shape), "sha256": hashlib.sha256(data).hexdigest()}
    if isinstance(value, np.generic):
        return _told(value.item())
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(name): _told(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_told(each) for each in value]
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
