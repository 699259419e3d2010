"""A sample as files of pictures."""

from __future__ import annotations

from pathlib import Path

from augment.core.kind import Origin, Part
from augment.core.types import Json
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.io.file_names import escaped
from augment.kinds.images.io.image_files import encoded, put
from augment.kinds.images.io.layouts.folders import class_folder


def written(part: Part[Images], folder: Path, origin: Origin) -> list[Json]:
    """Write the images as PNG, in a folder of their class where they have one; a line on each
    with the true name of the class and where the image comes from."""
    data, lines = part.data, []
    labels = data.labels()
    for row, name in enumerate(data.sources):
        label = None if labels is None else labels[row]
        assert label is None or isinstance(label, str), "classes have names"
        file = f"{'' if labels is None else class_folder(label)}{escaped(name)}.png"
        digest = put(folder / file, encoded(data.pixels[row]))
        line: Json = {"file": file, "label": label, "number": part.start + row, "sha256": digest}
        if data.captions is not None:
            line["caption"] = data.captions[row]
        lines.append(line | {"engine": origin.engine, "seed": origin.seed, "model": origin.model})
    return lines
