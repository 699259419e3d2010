"""What is marked inside an image: boxes, keypoints, outlines and whole-image masks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from augment.core.types import Json

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels; edges, not centres
Point = tuple[float, float, int]  # x, y in pixels, and COCO's visibility (0: not labelled)


@dataclass(frozen=True)
class Mark:
    """One marked thing.

    `outline` holds closed polygons (x0, y0, x1, y1, ...) in pixels. `runs` is a mask of the whole
    image as COCO's run lengths, down the columns, beginning with zeros. `extra` is what the
    format says beyond that and is carried along as it is. `counterparts` holds, for each point,
    the place of the one that it becomes in a mirrored picture (a left eye's is the right eye's);
    empty where the format does not say.
    """

    label: str
    box: Box | None = None
    points: tuple[Point, ...] = ()
    outline: tuple[tuple[float, ...], ...] = ()
    runs: tuple[int, ...] = ()
    extra: Json = field(default_factory=dict)
    counterparts: tuple[int, ...] = ()

    def to_json(self) -> Json:
        entry: Json = {"label": self.label}
        if self.box is not None:
            entry["box"] = [round(edge, 3) for edge in self.box]
        if self.points:
            entry["points"] = [[round(x, 3), round(y, 3), seen] for x, y, seen in self.points]
        if self.outline:
            entry["outline"] = [[round(value, 3) for value in ring] for ring in self.outline]
        if self.runs:
            entry["runs"] = list(self.runs)
        if self.extra:
            entry["extra"] = self.extra
        return entry

    @staticmethod
    def from_json(entry: Any) -> Mark:
        """Undo `to_json`, for lines that this program wrote."""
        box = entry.get("box")
        return Mark(
            entry["label"],
            None if box is None else (box[0], box[1], box[2], box[3]),
            tuple((x, y, seen) for x, y, seen in entry.get("points", ())),
            tuple(tuple(ring) for ring in entry.get("outline", ())),
            tuple(entry.get("runs", ())),
            entry.get("extra", {}),
        )


@dataclass(frozen=True)
class Annotation:
    """All that is marked in one image.

    `size` is the (width, height) that the annotation speaks of, None where it does not say; the
    picture must have it. `masks` are files of the picture's size, by the folder that they lie in.
    """

    marks: tuple[Mark, ...] = ()
    size: tuple[int, int] | None = None
    masks: tuple[tuple[str, str], ...] = ()  # (folder in the output, path of the source)
    extra: Json = field(default_factory=dict)


def clipped(box: Box, width: float, height: float) -> Box | None:
    """The part of a box that lies in the picture; None where nothing does.

    Rounding in files (YOLO's six digits) leaves edges a hair outside; they are drawn back in.

    >>> clipped((-0.001, 2, 8.002, 4), 8, 8)
    (0.0, 2.0, 8.0, 4.0)
    """
    left, top = min(max(box[0], 0.0), width), min(max(box[1], 0.0), height)
    right, bottom = min(max(box[2], 0.0), width), min(max(box[3], 0.0), height)
    whole = right > left and bottom > top
    return (float(left), float(top), float(right), float(bottom)) if whole else None
