"""Folders of images: one sub-folder per class, or all in one folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

from augment.core.types import Json
from augment.kinds.images.io.file_names import UNLABELLED_FOLDER, escaped, unescaped
from augment.kinds.images.io.layouts import (
    AS_FOUND,
    Asked,
    Entry,
    Layout,
    Passed,
    files_below,
    has_images,
)
from augment.kinds.images.io.layouts.metadata import write_metadata
from augment.kinds.images.io.layouts.pairs import folders, nested, refuse_parts


class ClassFolders(Layout):
    """`SRC/{class}/**/image`: the first folder is the class; images beside it have none."""

    name = "class folders"
    specificity = 20
    soft_labels = (
        "A folder is of one class: a mixed image lies in that of its largest share. All shares "
        "are in metadata.jsonl (soft_label)."
    )

    def claims(self, source: Path) -> bool:
        return source.is_dir() and any(nested(folder) for folder in folders(source))

    def entries(self, source: Path, passed: Passed, asked: Asked = AS_FOUND) -> Iterator[Entry]:
        refuse_parts(source, [folder for folder in folders(source) if nested(folder)])
        for entry in files_below(source, source, passed, asked):
            folder, slash, _ = entry.name.partition("/")
            named = folder if slash and folder != UNLABELLED_FOLDER else None
            label = None if named is None else unescaped(named)
            yield dataclasses.replace(entry, label=label)

    def picture(self, line: Json) -> str:
        return f"{class_folder(line['label'])}{line['stem']}"

    def rewrite(self, source: Path, out: Path, lines: Callable[[], Iterator[Json]]) -> None:
        """Nothing, as the label is in the path; but a list where images are of several classes."""
        if any("soft_label" in line for line in lines()):
            write_metadata(out, lines())


class FlatFolder(Layout):
    """`SRC/image`, unlabelled."""

    name = "flat folder"
    specificity = 10

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
