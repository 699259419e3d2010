"""YOLO: one text file per image; boxes, outlines or keypoints as shares of its size."""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from augment.core.errors import BadInput
from augment.core.files import atomic
from augment.core.types import Json
from augment.kinds.images.data.annotations import Annotation, Mark
from augment.kinds.images.io.layouts import AS_FOUND, Asked, Entry, Layout, Passed, files_below
from augment.kinds.images.io.layouts.pairs import paired

NAME_FILES = ("data.yaml", "data.yml", "classes.txt")
FRACTIONS = "fractions"  # marks the entries whose numbers are still shares of the image's size


class Yolo(Layout):
    """`SRC/labels/**.txt` beside `SRC/images/`, as a whole (`images/`), one part of a set
    (`images/train`) or below a part (`train/images`); class names from data.yaml or classes.txt,
    there or above."""

    name = "YOLO"
    specificity = 60
    marks = "boxes, outlines and keypoints"

    def claims(self, source: Path) -> bool:
        return source.is_dir() and _folders(source) is not None

    def entries(self, source: Path, passed: Passed, asked: Asked = AS_FOUND) -> Iterator[Entry]:
        found = _folders(source)
        assert found is not None, "claims() comes first"
        images, folder = found
        declared = read_declared(source)
        root = source if images.is_relative_to(source) else images
        for entry in files_below(root, images, passed, asked):
            labels = folder / entry.path.relative_to(images).with_suffix(".txt")
            marks = read_labels(labels, declared) if labels.is_file() else ()
            yield dataclasses.replace(entry, annotation=Annotation(marks, extra={FRACTIONS: True}))

    def picture(self, line: Json) -> str:
        return f"images/{line['stem']}"

    def rewrite(self, source: Path, out: Path, lines: Callable[[], Iterator[Json]]) -> None:
        _rewrite_declared(source, out)
        for line in lines():
            path = out / "labels" / Path(line["file"]).relative_to("images")
            with atomic(path.with_suffix(".txt"), "w") as stream:
                stream.writelines(_written(mark, line) for mark in line["marks"])


@dataclass(frozen=True)
class Declared:
    """What data.yaml or classes.txt says: class names by number, how many numbers each keypoint
    has (0: no keypoints), and each keypoint's counterpart in a mirrored picture."""

    names: tuple[str, ...] = ()
    point_size: int = 0
    counterparts: tuple[int, ...] = ()


def read_declared(source: Path) -> Declared:
    """The declaration of the set that `source` is, or is a part of."""
    path = _declaration(source)
    if path is None:
        return Declared()
    if path.suffix == ".txt":
        return Declared(tuple(path.read_text("utf-8").split("\n")))
    document = _yaml(path)
    try:
        named = document.get("names", [])
        listed = list(named.values()) if isinstance(named, dict) else list(named)
        points, size = map(int, document.get("kpt_shape") or (0, 0))
        counterparts = tuple(map(int, document.get("flip_idx") or ()))
    except (TypeError, ValueError):
        raise BadInput(
            "names, kpt_shape or flip_idx is not as YOLO's should be.", where=str(path)
        ) from None
    if counterparts and sorted(counterparts) != list(range(points)):
        raise BadInput(
            f"flip_idx must name each of the {points} keypoints once.",
            where=str(path),
            hint="Mend it, or take it out: then nothing is mirrored.",
        )
    return Declared(tuple(str(each) for each in listed), size, counterparts)


def _declaration(source: Path) -> Path | None:
    """The file that names the classes: in `source`, or a data.yaml above it in the same set."""
    for name in NAME_FILES:
        if (source / name).is_file():
            return source / name
    folder = Path(os.path.abspath(source))  # noqa: PTH100 (links stay as they are named)
    for above in (folder.parent, folder.parent.parent):
        for name in NAME_FILES[:-1]:
            path = above / name
            if path.is_file() and "names" in _yaml(path):
                return path
    return None


def _rewrite_declared(source: Path, out: Path) -> None:
    """The declaration of the made set: as the source's, with the made images to train on."""
    path = _declaration(source)
    if path is None:
        return
    if path.suffix == ".txt":
        shutil.copyfile(path, out / path.name)
        return
    document = {k: v for k, v in _yaml(path).items() if k not in ("path", "train", "val", "test")}
    with atomic(out / path.name, "w") as stream:
        stream.write(yaml.safe_dump(document | {"train": "images"}, sort_keys=False))


def _folders(source: Path) -> tuple[Path, Path] | None:
    return paired(source, ("images",), ("labels",), lambda _, labels: _has_texts(labels))


def _has_texts(folder: Path) -> bool:
    return folder.is_dir() and any(folder.rglob("*.txt"))


def _yaml(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError):
        raise BadInput("the file is not YAML.", where=str(path), hint="Mend the file.") from None
    return document if isinstance(document, dict) else {}


def read_labels(path: Path, declared: Declared) -> tuple[Mark, ...]:
    """The marks of one image, still as shares of its width and height."""
    marks = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            code, *values = line.split()
            marks.append(_mark(int(code), [float(value) for value in values], declared))
        except (ValueError, IndexError):
            raise BadInput(
                "the line is no class number with box, outline or keypoints.",
                where=f"{path}:{number}",
                hint="Write it as: class x y width height, in shares of the image.",
            ) from None
    return tuple(marks)


def _mark(code: int, values: list[float], declared: Declared) -> Mark:
    names, point_size = declared.names, declared.point_size
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
        more = extra | ({"point_size": point_size} if rest else {})
        if len(points) != len(declared.counterparts):
            return Mark(label, box, points, extra=more)
        return Mark(label, box, points, extra=more, counterparts=declared.counterparts)
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
