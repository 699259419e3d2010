"""Folders of images: one sub-folder per class, or all in one folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

from augment.base.errors import BadInput
from augment.base.types import Json
from augment.images.layouts import AS_FOUND, Asked, Entry, Layout, Passed, files_below, has_images
from augment.images.names import UNLABELLED_FOLDER, escaped, unescaped

PARTS = frozenset(("train", "training", "test", "testing", "val", "valid", "validation"))


class ClassFolders(Layout):
    """`SRC/{class}/**/image`: the first folder is the class; images beside it have none."""

    name = "class folders"

    def claims(self, source: Path) -> bool:
        return source.is_dir() and any(_nested(folder) for folder in _folders(source))

    def entries(self, source: Path, passed: Passed, asked: Asked = AS_FOUND) -> Iterator[Entry]:
        classes = [folder.name for folder in _folders(source) if _nested(folder)]
        if classes and all(name.lower() in PARTS for name in classes):
            raise BadInput(
                f"the folders {', '.join(classes)} are parts of a data set, not classes.",
                where=str(source),
                hint=f"Give one of them, such as {source / classes[0]}.",
            )
        for entry in files_below(source, source, passed, asked):
            folder, slash, _ = entry.name.partition("/")
            named = folder if slash and folder != UNLABELLED_FOLDER else None
            label = None if named is None else unescaped(named)
            yield dataclasses.replace(entry, label=label)

    def picture(self, line: Json) -> str:
        return f"{class_folder(line['label'])}{line['stem']}"

    def rewrite(self, source: Path, out: Path, lines: Callable[[], Iterator[Json]]) -> None:
        """Nothing: the label is in the path."""


class FlatFolder(Layout):
    """`SRC/image`, unlabelled."""

    name = "flat folder"

    def claims(self, source: Path) -> bool:
        return has_images(source)

    def entries(self, source: Path, passed: Passed, asked: Asked = AS_FOUND) -> Iterator[Entry]:
        return files_below(source, source, passed, asked)

    def picture(self, line: Json) -> str:
        return str(line["stem"])

    def rewrite(self, source: Path, out: Path, lines: Callable[[], Iterator[Json]]) -> None:
        """Nothing: there is nothing but the images."""


def class_folder(label: str | None) -> str:
    """The folder of a class with its slash; a folder of its own for images without one."""
    return f"{UNLABELLED_FOLDER if label is None else escaped(label)}/"


def _folders(source: Path) -> list[Path]:
    """Sub-folders by name; hidden ones and links to folders are none of ours."""
    found = (path for path in source.iterdir() if not path.name.startswith("."))
    return sorted(path for path in found if path.is_dir() and not path.is_symlink())


def _nested(folder: Path, depth: int = 3) -> bool:
    """Whether images lie in `folder`, or a few folders below it."""
    if has_images(folder):
        return True
    return depth > 0 and any(_nested(below, depth - 1) for below in _folders(folder))
