"""YOLO: one text file per image; boxes, outlines or keypoints as shares of its size."""

from __future__ import annotations

import dataclasses
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from augment.base.errors import BadInput
from augment.base.files import atomic
from augment.base.types import Json
from augment.images.annotations import Annotation, Mark
from augment.images.layouts import AS_FOUND, Asked, Entry, Layout, Passed, files_below, has_images

NAME_FILES = ("data.yaml", "data.yml", "classes.txt")
FRACTIONS = "fractions"  # marks the entries whose numbers are still shares of the image's size


class Yolo(Layout):
    """`SRC/labels/*.txt` beside `SRC/images/`; class names from data.yaml or classes.txt."""

    name = "YOLO"

    def claims(self, source: Path) -> bool:
        return (
            source.is_dir()
            and has_images(source / "images")
            and any((source / "labels").glob("*.txt"))
        )

    def entries(self, source: Path, passed: Passed, asked: Asked = AS_FOUND) -> Iterator[Entry]:
        names, points = read_names(source)
        for entry in files_below(source, source / "images", passed, asked):
            within = Path(entry.name).relative_to("images").with_suffix(".txt")
            labels = source / "labels" / within
            marks = read_labels(labels, names, points) if labels.is_file() else ()
            yield dataclasses.replace(entry, annotation=Annotation(marks, extra={FRACTIONS: True}))

    def picture(self, line: Json) -> str:
        return f"images/{line['stem']}"

    def rewrite(self, source: Path, out: Path, lines: Callable[[], Iterator[Json]]) -> None:
        for name in NAME_FILES:
            if (source / name).is_file():
                shutil.copyfile(source / name, out / name)
        for line in lines():
            path = out / "labels" / Path(line["file"]).relative_to("images")
            with atomic(path.with_suffix(".txt"), "w") as stream:
                stream.writelines(_written(mark, line) for mark in line["marks"])


def read_names(source: Path) -> tuple[list[str], int]:
    """Class names by number, and how many numbers each keypoint has (0: no keypoints)."""
    for name in NAME_FILES:
        path = source / name
        if not path.is_file():
            continue
        if path.suffix == ".txt":
            return path.read_text("utf-8").split("\n"), 0
        document = _yaml(path)
        named = document.get("names", [])
        listed = list(named.values()) if isinstance(named, dict) else list(named)
        shape = document.get("kpt_shape")
        return [str(each) for each in listed], int(shape[1]) if shape else 0
    return [], 0


def _yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError):
        raise BadInput("the file is not YAML.", where=str(path), hint="Mend the file.") from None
    return document if isinstance(document, dict) else {}


def read_labels(path: Path, names: list[str], point_size: int) -> tuple[Mark, ...]:
    """The marks of one image, still as shares of its width and height."""
    marks = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            code, *values = line.split()
            marks.append(_mark(int(code), [float(value) for value in values], names, point_size))
        except (ValueError, IndexError):
            raise BadInput(
                "the line is no class number with box, outline or keypoints.",
                where=f"{path}:{number}",
                hint="Write it as: class x y width height, in shares of the image.",
            ) from None
    return tuple(marks)


def _mark(code: int, values: list[float], names: list[str], point_size: int) -> Mark:
    label = names[code] if 0 <= code < len(names) else str(code)
    if code < 0 or not all(map(math.isfinite, values)):
        raise ValueError
    extra = {"class": code}
    if point_size or len(values) == 4:
        x, y, width, height = values[:4]
        box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        rest = values[4:]
        if len(rest) % max(point_size, 1) or (rest and not point_size):
            raise ValueError
        points = tuple(
            (rest[at], rest[at + 1], int(rest[at + 2]) if point_size == 3 else 2)
            for at in range(0, len(rest), point_size or 1)
        )
        return Mark(label, box, points, extra=extra | ({"point_size": point_size} if rest else {}))
    if len(values) < 6 or len(values) % 2:
        raise ValueError
    return Mark(label, outline=(tuple(values),), extra=extra)


def in_pixels(annotation: Annotation, width: int, height: int) -> Annotation:
    """Shares turned into pixels, now that the picture's size is known; others as they are."""
    if FRACTIONS not in annotation.extra:
        return annotation
    marks = tuple(
        dataclasses.replace(
            mark,
            box=None
            if mark.box is None
            else (
                mark.box[0] * width,
                mark.box[1] * height,
                mark.box[2] * width,
                mark.box[3] * height,
            ),
            points=tuple((x * width, y * height, seen) for x, y, seen in mark.points),
            outline=tuple(
                tuple(value * (height if at % 2 else width) for at, value in enumerate(ring))
                for ring in mark.outline
            ),
        )
        for mark in annotation.marks
    )
    return dataclasses.replace(annotation, marks=marks, extra={})


def _written(entry: Json, line: Json) -> str:
    """The lines of one mark; an outline in several pieces takes one line each."""
    mark, width, height = Mark.from_json(entry), line["width"], line["height"]
    code = mark.extra["class"]
    if mark.outline:
        rings = [
            [value / (height if at % 2 else width) for at, value in enumerate(ring)]
            for ring in mark.outline
        ]
        return "".join(f"{code} {_numbers(ring)}\n" for ring in rings)
    assert mark.box is not None, "a YOLO line without outline has a box"
    left, top, right, bottom = mark.box
    middle = [(left + right) / 2 / width, (top + bottom) / 2 / height]
    values = [*middle, (right - left) / width, (bottom - top) / height]
    for x, y, seen in mark.points:
        values += [x / width, y / height, seen][: mark.extra["point_size"]]
    return f"{code} {_numbers(values)}\n"


def _numbers(values: list[float]) -> str:
    return " ".join(f"{min(max(value, 0.0), 2.0):.6f}".rstrip("0").rstrip(".") for value in values)
