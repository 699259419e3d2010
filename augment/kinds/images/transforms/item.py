"""One source image and all that is made of it: read, mix, apply, encode, write."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from augment.core.errors import UsageError, without_values
from augment.core.seeds import Seed
from augment.core.types import Json
from augment.kinds.images.data.annotations import Mark
from augment.kinds.images.io.decoding import Undecodable
from augment.kinds.images.io.file_names import escaped
from augment.kinds.images.io.image_files import encoded, put
from augment.kinds.images.io.layouts import Entry, Layout
from augment.kinds.images.io.rejects import printed
from augment.kinds.images.transforms.annotated import Annotated, read
from augment.kinds.images.transforms.application import apply
from augment.kinds.images.transforms.composition import with_pixels
from augment.kinds.images.transforms.mixing import mixed
from augment.kinds.images.transforms.pipeline import Pipeline, compose

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRIES = 20  # most draws of one image of which a mark shall be left
JPEG_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif")
SHARE_DIGITS = 6


@dataclass(frozen=True)
class Partners:
    """Other images that one result may be mixed of, in the order in which they are taken; in the
    `marked` ones something is marked."""

    plain: tuple[Entry, ...] = ()
    marked: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Item:
    """A source image; what is made of it has the numbers `first` to `first + count`."""

    entry: Entry
    first: int
    count: int
    original: bool  # the first of them is the source as it is
    partners: tuple[Partners, ...] = ()  # of each number, where images are mixed


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
    elsewhere: bool = False  # it may be made on a machine that does not see the images


@dataclass(frozen=True)
class Result:
    """What came of one draw, and what was done: [{"name": ..., parameter: ...}]."""

    image: Annotated
    applied: tuple[Json, ...] = ()


@dataclass
class Readings:
    """Images that were read, by name; partners that cannot be used end up in `refused`."""

    found: dict[str, Annotated] = field(default_factory=dict)
    refused: dict[str, tuple[Entry, str]] = field(default_factory=dict)

    def usable(self, entries: tuple[Entry, ...], mode: str) -> Iterator[Annotated]:
        """The images that can be read, in this mode."""
        for entry in entries:
            if entry.name in self.refused:
                continue
            try:
                if entry.name not in self.found:
                    self.found[entry.name] = read(entry)
                yield self.found[entry.name].in_mode(mode)
            except Undecodable as error:
                self.refused[entry.name] = (entry, str(error))


def made(item: Item, shared: Transformation) -> tuple[list[Json], list[tuple[Entry, str]]]:
    """Make and write the images of one item: their lines of the manifest, and partners that could
    not be used, with the reason.

    Each number draws from its own stream, so neither order nor process matters. Raises
    `Undecodable` for an image of which nothing can be made, and `UsageError` where the pipeline
    is at fault.
    """
    source, readings, lines = read(item.entry), Readings(), []
    for number in range(item.first, item.first + item.count):
        if item.original and number == item.first:
            result = Result(source)
        else:
            seed = Seed(shared.seed).child("transform", number)
            partners = item.partners[number - item.first] if item.partners else Partners()
            readings.found.clear()  # memory is not to grow with the images of an item
            try:
                result = _drawn(item.entry, source, partners, readings, seed, shared)
            except (ValueError, TypeError) as error:  # of the library, which may cite the marks
                raise Undecodable(f"cannot be transformed ({without_values(error)})") from None
        lines.append(_written(item, number, result, shared))
    return lines, list(readings.refused.values())


def _fitting(shared: Transformation, entry: Entry, image: Annotated) -> Pipeline:
    """The pipeline for an image. Raises `UsageError` where it cannot take the image."""
    unfit = shared.pipeline.unfit(image.mode)
    if unfit and shared.strict:
        named = ", ".join(dict.fromkeys(unfit))
        raise UsageError(
            f"{printed(entry.name)}: {named} cannot take {image.mode} images. Leave it out."
        )
    pipeline = shared.pipeline.fitted(image.mode)
    if any(mark.points for mark in image.marks) and pipeline.reflecting():
        named = ", ".join(pipeline.reflecting())
        raise UsageError(
            f"{printed(entry.name)}: {named} would show keypoints twice. Use border_mode replicate."
        )
    return pipeline


def _drawn(
    entry: Entry,
    source: Annotated,
    partners: Partners,
    readings: Readings,
    seed: Seed,
    shared: Transformation,
) -> Result:
    """The first draw, or the first that keeps a mark where that is asked for."""
    keeps = shared.keep_marks and source.is_marked
    for attempt in range(TRIES if keeps else 1):
        drawn_by = seed.child("again", attempt) if attempt else seed
        plain = readings.usable(partners.plain, source.mode)
        marked = readings.usable(partners.marked, source.mode)
        image, applied = mixed(
            shared.pipeline.mixing,
            source,
            lambda things: next(marked if things else plain, None),  # noqa: B023 (called at once)
            drawn_by.child("mix"),
        )
        pipeline = _fitting(shared, entry, image)
        if pipeline.steps:
            image, more = _applied(pipeline, image, drawn_by)
            applied += more
        if not keeps or image.is_marked:
            return Result(image, tuple(applied))
    raise Undecodable(f"lost all that is marked in it, in each of {TRIES} draws (--keep-marks)")


def _applied(pipeline: Pipeline, image: Annotated, seed: Seed) -> tuple[Annotated, list[Json]]:
    boxes = any(mark.box is not None for mark in image.marks)
    points = any(mark.points for mark in image.marks)
    runner = _composed(_Key(pipeline), boxes, points)
    arrays = tuple(mask.pixels for mask in image.masks)
    done = apply(runner, image.pixels, image.marks, arrays, seed.integer(32))
    masks = with_pixels(image.masks, done.masks)
    changed = dataclasses.replace(image, pixels=done.pixels, marks=done.marks, masks=masks)
    return changed, list(done.applied)


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


def _written(item: Item, number: int, result: Result, shared: Transformation) -> Json:
    """Write one image and its masks; its line of the manifest."""
    entry, image = item.entry, result.image
    label = image.label
    stem = f"{escaped(Path(entry.name).stem)}__{escaped(shared.pipeline.name)}__{number:06d}"
    base = shared.layout.picture({"label": label, "stem": stem})
    jpeg = shared.source_format and Path(entry.name).suffix.lower() in JPEG_SUFFIXES
    file = f"{base}{'.jpg' if jpeg else '.png'}"
    data = encoded(image.pixels, Path(file).suffix)
    put(shared.out / file, data)
    digest = hashlib.sha256(data).hexdigest()
    mask_files = []
    for mask in image.masks:
        name = f"{mask.folder}/{stem}.png"
        put(shared.out / name, _mask_file(mask.pixels, mask.palette))
        mask_files.append([mask.folder, name])
    height, width = image.pixels.shape[:2]
    line = {
        "number": number,
        "file": file,
        "sha256": digest,
        "label": label,
        "caption": ", ".join(image.captions) or None,
        "source": entry.name,
        "engine": f"transform:{shared.pipeline.name}",
        "seed": shared.seed,
        "width": width,
        "height": height,
        "depth": 1 if image.pixels.ndim == 2 else image.pixels.shape[2],
        "notes": list(image.notes),
        "applied": list(result.applied),
        "marks": [mark.to_json() for mark in map(_whole, image.marks)],
        "masks": mask_files,
        "extra": image.extra,
    }
    if shared.pipeline.mixing and image.shares:
        line["soft_label"] = {k: round(v, SHARE_DIGITS) for k, v in image.shares.items()}
    return line


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
