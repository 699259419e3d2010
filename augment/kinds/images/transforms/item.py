"""One source image and all that is made of it: decode, apply, encode, write."""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from augment.core.errors import UsageError, without_values
from augment.core.seeds import Seed
from augment.core.types import Json
from augment.kinds.images.data.annotations import Annotation, Mark
from augment.kinds.images.io.decoding import Picture, Undecodable, decode, decoding
from augment.kinds.images.io.file_names import escaped
from augment.kinds.images.io.image_files import encoded, put
from augment.kinds.images.io.layouts import Entry, Layout
from augment.kinds.images.io.layouts.yolo import in_pixels
from augment.kinds.images.io.manifest import read_bytes
from augment.kinds.images.io.rejects import printed
from augment.kinds.images.transforms.application import Made, apply
from augment.kinds.images.transforms.pipeline import Pipeline, compose

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRIES = 20  # most draws of one image of which a mark shall be left
JPEG_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif")


@dataclass(frozen=True)
class Item:
    """A source image; what is made of it has the numbers `first` to `first + count`."""

    entry: Entry
    first: int
    count: int
    original: bool  # the first of them is the source as it is


@dataclass(frozen=True)
class Transformation:
    """What all items share; small, as every process gets a copy."""

    out: Path
    layout: Layout
    pipeline: Pipeline
    strict: bool  # a transform that an image's mode cannot take is refused, else left out
    seed: int
    source_format: bool
    keep_marks: bool = False  # draw again where nothing of what was marked is left


def made(item: Item, shared: Transformation) -> list[Json]:
    """Make and write the images of one item; their lines of the manifest.

    Each number draws from its own stream, so neither order nor process matters. Raises
    `Undecodable` for an image of which nothing can be made, and `UsageError` where the pipeline
    is at fault.
    """
    entry = item.entry
    picture = decode(read_bytes(entry))
    annotation, masks = _annotated(entry, picture)
    boxes = any(mark.box is not None for mark in annotation.marks)
    points = any(mark.points for mark in annotation.marks)
    pipeline = _fitting(shared, entry, picture.mode, points)
    runner = _composed(_Key(pipeline), boxes, points)
    shapes = tuple(each.pixels for each in masks)
    lines = []
    for number in range(item.first, item.first + item.count):
        if item.original and number == item.first:
            result = Made(picture.pixels, annotation.marks, shapes, ())
        else:
            seed = Seed(shared.seed).child("transform", number)
            try:
                result = _drawn(runner, picture.pixels, annotation.marks, shapes, seed, shared)
            except (ValueError, TypeError) as error:  # of the library, which may cite the marks
                raise Undecodable(f"cannot be transformed ({without_values(error)})") from None
        lines.append(_written(item, number, picture, annotation, masks, result, shared))
    return lines


def _fitting(shared: Transformation, entry: Entry, mode: str, points: bool) -> Pipeline:
    """The pipeline for an image of a mode. Raises `UsageError` where it cannot take the image."""
    unfit = shared.pipeline.unfit(mode)
    if unfit and shared.strict:
        named = ", ".join(dict.fromkeys(unfit))
        raise UsageError(f"{printed(entry.name)}: {named} cannot take {mode} images. Leave it out.")
    pipeline = shared.pipeline.fitted(mode)
    if points and pipeline.reflecting():
        named = ", ".join(pipeline.reflecting())
        raise UsageError(
            f"{printed(entry.name)}: {named} would show keypoints twice. Use border_mode replicate."
        )
    return pipeline


def _drawn(
    runner: Any,
    pixels: NDArray[Any],
    marks: tuple[Mark, ...],
    masks: tuple[NDArray[Any], ...],
    seed: Seed,
    shared: Transformation,
) -> Made:
    """The first draw, or the first that keeps a mark where that is asked for."""
    marked = bool(marks) or any(mask.any() for mask in masks)
    for attempt in range(TRIES if shared.keep_marks and marked else 1):
        drawn_by = seed.child("again", attempt) if attempt else seed
        result = apply(runner, pixels, marks, masks, drawn_by.integer(32))
        if not (shared.keep_marks and marked) or _is_marked(result):
            return result
    raise Undecodable(f"lost all that is marked in it, in each of {TRIES} draws (--keep-marks)")


def _is_marked(result: Made) -> bool:
    return bool(result.marks) or any(mask.any() for mask in result.masks)


@dataclass(frozen=True, eq=False)
class _Key:
    """A pipeline as the key of a cache, by what it says."""

    pipeline: Pipeline

    def __hash__(self) -> int:
        return hash(repr(self.pipeline))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.pipeline == other.pipeline


@cache
def _composed(key: _Key, boxes: bool, points: bool) -> Any:
    return compose(key.pipeline, boxes, points)


@dataclass(frozen=True)
class _Mask:
    """A mask file: where it goes, its numbers, and the palette that colours them."""

    folder: str
    pixels: NDArray[Any]
    palette: bytes


def _annotated(entry: Entry, picture: Picture) -> tuple[Annotation, tuple[_Mask, ...]]:
    """What is marked in the picture, in its pixels. Raises `Undecodable` where sizes differ."""
    height, width = picture.pixels.shape[:2]
    annotation = in_pixels(entry.annotation or Annotation(), width, height)
    if annotation.size not in (None, (width, height)):
        assert annotation.size is not None, "None was asked for above"
        declared = f"{annotation.size[0]}x{annotation.size[1]}"
        raise Undecodable(f"is {width}x{height}, but its annotation speaks of {declared}")
    masks = tuple(_mask(folder, Path(path), width, height) for folder, path in annotation.masks)
    return annotation, masks


def _mask(folder: str, path: Path, width: int, height: int) -> _Mask:
    try:
        with decoding(), Image.open(path, formats=("PNG",)) as image:
            fits = image.size == (width, height)  # asked before it is decoded
            numbers = image.mode in ("P", "L", "1", "I;16")
            if fits and numbers:
                palette = bytes(image.getpalette() or ()) if image.mode == "P" else b""
                return _Mask(
                    folder, np.asarray(image.convert("L") if image.mode == "1" else image), palette
                )
    except Undecodable:
        raise Undecodable(f"has a mask in {folder} that cannot be read") from None
    if not fits:
        raise Undecodable(f"has a mask of another size in {folder}")
    raise Undecodable(f"has a mask in {folder} that is no map of class numbers")


def _written(
    item: Item,
    number: int,
    picture: Picture,
    annotation: Annotation,
    masks: tuple[_Mask, ...],
    result: Made,
    shared: Transformation,
) -> Json:
    """Write one image and its masks; its line of the manifest."""
    entry = item.entry
    stem = f"{escaped(Path(entry.name).stem)}__{escaped(shared.pipeline.name)}__{number:06d}"
    base = shared.layout.picture({"label": entry.label, "stem": stem})
    jpeg = shared.source_format and Path(entry.name).suffix.lower() in JPEG_SUFFIXES
    file = f"{base}{'.jpg' if jpeg else '.png'}"
    digest = put(shared.out / file, encoded(result.pixels, Path(file).suffix))
    mask_files = []
    for mask, pixels in zip(masks, result.masks, strict=True):
        name = f"{mask.folder}/{stem}.png"
        put(shared.out / name, _mask_file(pixels, mask.palette))
        mask_files.append([mask.folder, name])
    height, width = result.pixels.shape[:2]
    return {
        "number": number,
        "file": file,
        "sha256": digest,
        "label": entry.label,
        "caption": entry.caption,
        "source": entry.name,
        "engine": f"transform:{shared.pipeline.name}",
        "seed": shared.seed,
        "width": width,
        "height": height,
        "depth": 1 if result.pixels.ndim == 2 else result.pixels.shape[2],
        "notes": list(picture.notes),
        "applied": list(result.applied),
        "marks": [mark.to_json() for mark in map(_whole, result.marks)],
        "masks": mask_files,
        "extra": annotation.extra,
    }


def _whole(mark: Mark) -> Mark:
    """Boxes without the library's 32-bit rounding."""
    if mark.box is None:
        return mark
    left, top, right, bottom = (round(edge, 3) for edge in mark.box)
    return dataclasses.replace(mark, box=(left, top, right, bottom))


def _mask_file(pixels: NDArray[Any], palette: bytes) -> bytes:
    if not palette:
        return encoded(pixels)
    image = Image.fromarray(pixels).convert("P")
    image.putpalette(palette)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
