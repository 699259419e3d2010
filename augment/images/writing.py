"""Made images to a folder: one PNG each in the folder of its class, and a list of them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from augment.base.errors import UsageError
from augment.base.files import PRIVATE_MODE, sync_folder
from augment.base.types import Json
from augment.images.dataset import Images
from augment.images.layouts.folders import class_folder
from augment.images.layouts.listed import write_metadata
from augment.images.names import escaped

LIST = "metadata.jsonl"


def write(parts: Iterator[Images], path: Path, *, force: bool) -> int:
    """Write the parts into the folder `path`, which appears only once it is whole.

    The names depend on class and source alone: `{class}/{source}.png`. With `force` a folder
    that was written here before is replaced; any other folder with content is refused.
    """
    if path.exists():
        _require_ours(path, force)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".augment-", suffix=".tmp", dir=path.parent))
    try:
        lines: list[Json] = []
        for part in parts:
            lines += _written(part, partial)
        write_metadata(partial, iter(lines))
        umask = os.umask(0)
        os.umask(umask)
        partial.chmod(0o777 & ~umask)
        if path.exists():
            shutil.rmtree(path)
        os.replace(partial, path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):
            shutil.rmtree(partial)
    return len(lines)


def _require_ours(path: Path, force: bool) -> None:
    if not path.is_dir():
        raise UsageError(f"{path} is a file. Images go into a folder: choose one with -o.")
    if not any(path.iterdir()):
        return
    if not (path / LIST).is_file():
        raise UsageError(f"{path} holds other files. Choose an empty or a new folder with -o.")
    if not force:
        raise UsageError(f"{path} holds images already. Pass --force to replace them.")


def _written(part: Images, folder: Path) -> list[Json]:
    """The images' lines for the list, once their files are there."""
    from PIL import Image

    classes, lines = part.schema.classes, []
    for row, (code, source) in enumerate(zip(part.label_codes.tolist(), part.sources, strict=True)):
        label = classes[code] if code >= 0 else None
        name = f"{class_folder(label) if classes else ''}{escaped(source)}.png"
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        pixels = part.pixels[row]
        picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
        with os.fdopen(handle, "wb") as out:
            picture.save(out, "PNG")
        caption = None if part.captions is None else part.captions[row]
        lines.append({"file": name, "label": label, "caption": caption})
    return lines
