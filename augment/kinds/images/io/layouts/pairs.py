"""Images in one folder and what belongs to them in another of the same shape beside it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from augment.core.errors import BadInput
from augment.kinds.images.io.layouts import has_images

PARTS = frozenset(("train", "training", "test", "testing", "val", "valid", "validation"))
DEPTH = 3  # folders below a folder in which its images may lie


def paired(
    source: Path,
    image_names: tuple[str, ...],
    other_names: tuple[str, ...],
    holds: Callable[[Path, Path], bool],
) -> tuple[Path, Path] | None:
    """The folder of images and the one beside it, by their names, or None.

    `source` holds both (`images/`, `labels/`), or is a part of a set that is kept as
    `images/train`, `labels/train`. `holds` says of both whether the second is what is looked for.
    Raises `BadInput` where several parts (train, val) are found, of which one must be named: what
    is made of a part that judges a model must not become a part that teaches it.
    """
    below = _below(source, image_names, other_names, holds)
    if below is not None:
        return below
    inside = _inside(source, image_names, other_names, holds)
    if inside is not None:
        images = inside[0]
        parts = [] if has_images(images) else [part for part in folders(images) if nested(part)]
        if len(parts) > 1:
            refuse_parts(source, parts)
        return inside
    parts = [
        part
        for part in folders(source)
        if part.name.lower() in PARTS and _inside(part, image_names, other_names, holds)
    ]
    if len(parts) > 1:
        refuse_parts(source, parts)
    return _inside(parts[0], image_names, other_names, holds) if parts else None


def refuse_parts(source: Path, parts: list[Path]) -> None:
    """Refuse folders that are all named as parts of a data set."""
    if parts and all(part.name.lower() in PARTS for part in parts):
        names = ", ".join(part.name for part in parts)
        raise BadInput(
            f"the folders {names} are parts of a data set, not classes.",
            where=str(source),
            hint=f"Give one of them, such as {parts[0]}.",
        )


def folders(source: Path) -> list[Path]:
    """Sub-folders by name; hidden ones and links to folders are none of ours."""
    if not source.is_dir():
        return []
    found = (path for path in source.iterdir() if not path.name.startswith("."))
    return sorted(path for path in found if path.is_dir() and not path.is_symlink())


def nested(folder: Path, depth: int = DEPTH) -> bool:
    """Whether images lie in `folder`, or a few folders below it."""
    if has_images(folder):
        return True
    return depth > 0 and any(nested(below, depth - 1) for below in folders(folder))


def _inside(
    source: Path,
    image_names: tuple[str, ...],
    other_names: tuple[str, ...],
    holds: Callable[[Path, Path], bool],
) -> tuple[Path, Path] | None:
    for images in (source / name for name in image_names):
        for other in (source / name for name in other_names):
            if images != other and nested(images) and holds(images, other):
                return images, other
    return None


def _below(
    source: Path,
    image_names: tuple[str, ...],
    other_names: tuple[str, ...],
    holds: Callable[[Path, Path], bool],
) -> tuple[Path, Path] | None:
    """`source` itself as the folder of images: `set/images/train` beside `set/labels/train`."""
    parts = Path(os.path.abspath(source)).parts  # noqa: PTH100 (links stay as they are named)
    for at in reversed(range(len(parts))):
        if parts[at] not in image_names:
            continue
        for name in other_names:
            other = Path(*parts[:at], name, *parts[at + 1 :])
            if name != parts[at] and nested(source) and holds(source, other):
                return source, other
    return None
