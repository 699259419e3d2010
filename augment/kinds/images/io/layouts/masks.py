"""Images and masks in two folders, as segmentation sets are kept: a mask has its image's name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from augment.core.types import Json
from augment.kinds.images.data.annotations import Annotation
from augment.kinds.images.io.layouts import (
    AS_FOUND,
    SUFFIXES,
    Asked,
    Entry,
    Layout,
    Passed,
    files_below,
)
from augment.kinds.images.io.layouts.pairs import paired

IMAGE_FOLDERS = ("images", "image", "imgs", "img")
MASK_FOLDERS = ("masks", "mask", "segmentations", "segmentation", "labels", "annotations")
NAMES = ("{}", "{}_mask", "{}-mask", "{}_label", "mask_{}")  # of a mask, by its image's stem
LOOKED_AT = 100  # images whose masks are looked for before a set is taken for one of masks


class MaskedImages(Layout):
    """`SRC/images/**` beside `SRC/masks/**`: PNG maps of class numbers, one for each image."""

    name = "images with masks"
    specificity = 50
    marks = "masks"

    def claims(self, source: Path) -> bool:
        return source.is_dir() and _folders(source) is not None

    def entries(self, source: Path, passed: Passed, asked: Asked = AS_FOUND) -> Iterator[Entry]:
        found = _folders(source)
        assert found is not None, "claims() comes first"
        images, masks = found
        root = source if images.is_relative_to(source) else images
        for entry in files_below(root, images, passed, asked):
            mask = _mask_of(entry.path, images, masks)
            if mask is None:
                missing = entry.error or f"has no mask in {masks.name}/"
                yield dataclasses.replace(entry, error=missing)
            else:
                annotation = Annotation(masks=((masks_folder(masks), str(mask)),))
                yield dataclasses.replace(entry, annotation=annotation)

    def picture(self, line: Json) -> str:
        return f"images/{line['stem']}"

    def rewrite(self, source: Path, out: Path, lines: Callable[[], Iterator[Json]]) -> None:
        """Nothing: masks are written beside each image."""


def masks_folder(masks: Path) -> str:
    """The output's folder of masks: called as in the source, whatever part of a set was read."""
    return next((name for name in reversed(masks.parts) if name in MASK_FOLDERS), masks.name)


def _folders(source: Path) -> tuple[Path, Path] | None:
    return paired(source, IMAGE_FOLDERS, MASK_FOLDERS, _fit)


def _fit(images: Path, masks: Path) -> bool:
    """Whether at least half of the first images have a mask."""
    if not masks.is_dir():
        return False
    files = (path for path in images.rglob("*") if path.suffix.lower() in SUFFIXES)
    looked = [_mask_of(path, images, masks) is not None for path in islice(files, LOOKED_AT)]
    return 2 * sum(looked) >= max(1, len(looked))


def _mask_of(image: Path, images: Path, masks: Path) -> Path | None:
    folder = masks / image.relative_to(images).parent
    named = (folder / f"{name.format(image.stem)}.png" for name in NAMES)
    return next((path for path in named if path.is_file()), None)
