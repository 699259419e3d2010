"""A sample as a folder of images that a killed run takes up where it was left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from augment.core.kind import Block, Origin, Written
from augment.core.types import Json
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.io.file_names import escaped
from augment.kinds.images.io.image_folder import LINES, ImageFolder, encoded, put
from augment.kinds.images.io.layouts.folders import class_folder

SCHEMA = "augment.sample/1"
SETTINGS = "sample.json"


def image_folder_at(folder: Path) -> ImageFolder:
    return ImageFolder(folder, SCHEMA, SETTINGS, LINES)


def plan_of(origin: Origin) -> Json:
    """All that decides the images apart from the seed."""
    return {"engine": origin.engine, "model": origin.model, **origin.asked}


def write(blocks: Iterator[Block[Images]], folder: Path, origin: Origin, force: bool) -> Written:
    """Make the blocks and write their images as PNG; what is there already is not made again.

    With `force` a sample that was written there before is replaced; any other folder with content
    is refused.
    """
    image_folder = image_folder_at(folder)
    _, whole = image_folder.begin(plan_of(origin), origin.seed, origin.seed, force)
    done = image_folder.done()
    fresh = 0
    for block in blocks:
        if whole or done.issuperset(range(block.start, block.start + block.rows)):
            continue
        fresh += _write_block(image_folder, block, done, origin)
    if not whole:
        image_folder.finish()
    return Written(len(done) + fresh, fresh)


def _write_block(
    image_folder: ImageFolder, block: Block[Images], done: set[int], origin: Origin
) -> int:
    """Write what is missing of a block; how many images that was."""
    part = block.make()
    labels = part.labels()
    fresh = 0
    for row, name in enumerate(part.sources):
        number = block.start + row
        if number in done:
            continue
        label = None if labels is None else labels[row]
        assert label is None or isinstance(label, str), "classes have names"
        file = f"{'' if labels is None else class_folder(label)}{escaped(name)}.png"
        digest = put(image_folder.folder / file, encoded(part.pixels[row]))
        line: Json = {"file": file, "label": label, "number": number, "sha256": digest}
        if part.captions is not None:
            line["caption"] = part.captions[row]
        line |= {"engine": origin.engine, "seed": origin.seed, "model": origin.model}
        image_folder.add([line])
        fresh += 1
    return fresh
