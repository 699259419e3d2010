"""A sample as files of pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from augment.core.kind import Origin, Part
from augment.core.types import Json
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.io.file_names import escaped
from augment.kinds.images.io.image_files import encoded, put
from augment.kinds.images.io.layouts.folders import class_folder


@dataclass(frozen=True)
class Picture:
    """An image as a PNG file, and a line on it: its name, the true name of its class, and where
    it comes from."""

    data: bytes
    line: Json


def pictures(part: Part[Images], origin: Origin) -> Iterator[Picture]:
    """The images as PNG, each named in a folder of its class where it has one."""
    images = part.data
    labels = images.labels()
    for row, name in enumerate(images.sources):
        label = None if labels is None else labels[row]
        assert label is None or isinstance(label, str), "classes have names"
        file = f"{'' if labels is None else class_folder(label)}{escaped(name)}.png"
        data = encoded(images.pixels[row])
        digest = hashlib.sha256(data).hexdigest()
        line: Json = {"file": file, "label": label, "number": part.start + row, "sha256": digest}
        if images.captions is not None:
            line["caption"] = images.captions[row]
        line |= {"engine": origin.engine, "seed": origin.seed, "model": origin.model}
        yield Picture(data, line)


def written(part: Part[Images], folder: Path, origin: Origin) -> list[Json]:
    """Write the images into a folder; the line on each."""
    lines = []
    for picture in pictures(part, origin):
        put(folder / picture.line["file"], picture.data)
        lines.append(picture.line)
    return lines
