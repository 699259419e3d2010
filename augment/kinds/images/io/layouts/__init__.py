"""How a set of images lies on disk: which files, which labels, which marks.

A layout only lists; nothing is decoded here. Layouts are registered in the entry points
`augment.layouts` and asked from the most specific on; the first that claims a source lists it.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from augment.core.errors import BadInput
from augment.core.types import Json
from augment.kinds.images.data.annotations import Annotation

DECODED = ("png", "jpg", "jpeg", "jpe", "jfif", "bmp", "gif", "tif", "tiff", "webp")
NETPBM = ("ppm", "pgm", "pnm", "pbm")
SUFFIXES = frozenset(f".{name}" for name in (*DECODED, *NETPBM))
# Images, but not ours to decode: named as errors rather than passed over like a text file.
ODD = ("heic", "heif", "avif", "jxl", "svg", "psd", "exr", "hdr", "dcm", "jp2", "ico")
CAMERA = ("raw", "dng", "cr2", "nef", "arw")
FOREIGN = frozenset(f".{name}" for name in (*ODD, *CAMERA))


@dataclass(frozen=True)
class Entry:
    """One image before it is looked at.

    `name` is how the user finds it; `path` with `offset` and `size` where its bytes lie (`size`
    is None for a whole file, else a member of an archive). `error` says why it cannot be used.
    """

    name: str
    path: Path
    label: str | None = None
    caption: str | None = None
    offset: int = 0
    size: int | None = None
    error: str = ""
    annotation: Annotation | None = None

    def data(self) -> bytes:
        """The file's bytes. Raises `OSError`."""
        with self.path.open("rb") as stream:
            stream.seek(self.offset)
            return stream.read(-1 if self.size is None else self.size)


Passed = Callable[[str], None]  # is told the name of each file that is no image


@dataclass(frozen=True)
class Asked:
    """What the user says of a source beyond its name; what is absent is found by looking."""

    root: Path | None = None  # listed paths begin here, and no link may lead out of it
    label_column: str | None = None  # of a list, or of the JSON beside an image in a shard
    caption_columns: tuple[str, ...] = ()


AS_FOUND = Asked()


class Layout(ABC):
    """One way in which people keep images. A subclass is made without arguments.

    `specificity` says when it is asked, the highest first: from 50 on what has marks in files of
    their own, at 40 lists of files, at 30 archives, and from 20 down any folder of images.
    """

    name: ClassVar[str]  # as messages call it
    specificity: ClassVar[int]
    has_columns: ClassVar[bool] = False  # whether labels and captions lie in named columns
    marks: ClassVar[str] = ""  # what is marked inside the images, as a user would call it
    soft_labels: ClassVar[str] = ""  # a sentence on where the classes of a mixed image are written

    @abstractmethod
    def claims(self, source: Path) -> bool:
        """Whether `source` is laid out like this, by a look at its names and first lines."""

    @abstractmethod
    def entries(self, source: Path, passed: Passed, asked: Asked = AS_FOUND) -> Iterator[Entry]:
        """The images in an order that depends on their names alone."""

    @abstractmethod
    def picture(self, line: Json) -> str:
        """The path, without suffix, of a made image in an output folder of this layout.

        `line` is the image's line in the output's manifest; its "stem" is unique there.
        """

    @abstractmethod
    def rewrite(self, source: Path, out: Path, lines: Callable[[], Iterator[Json]]) -> None:
        """Write the labels and marks of the made images (lines of the manifest) as they came.

        A line of a mixed image has a "soft_label", the shares of its classes.
        """


def files_below(
    root: Path, folder: Path, passed: Passed, asked: Asked = AS_FOUND
) -> Iterator[Entry]:
    """Every image below `folder`, sorted, named from `root`; hidden files are passed over.

    A link to a file is followed where it stays below `root`, or the root that was asked for; a
    link to a folder never is, as its images would stand twice.
    """
    inside = (root if asked.root is None else asked.root).resolve()
    try:
        found = sorted(path.name for path in folder.iterdir())  # names: there may be a million
    except OSError as error:
        raise BadInput(
            f"the folder cannot be listed ({error.strerror}).", where=str(folder)
        ) from None
    for base in found:
        if base.startswith("."):
            continue
        path = folder / base
        name = path.relative_to(root).as_posix()
        linked = path.is_symlink()
        if path.is_dir() and not linked:
            yield from files_below(root, path, passed, asked)
        elif linked and path.is_dir():
            yield Entry(name, path, error="is a link to a folder, which is not followed")
        elif path.suffix.lower() in SUFFIXES | FOREIGN or not path.suffix:
            yield Entry(name, path, error=unreachable(path, inside) if linked else "")
        else:
            passed(name)


def unreachable(path: Path, inside: Path) -> str:
    """Why `path` may not be read as a part of the folder `inside` (resolved); "" if it may."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return "is a link that leads nowhere" if path.is_symlink() else "does not exist"
    if target.is_relative_to(inside):
        return ""
    return "leads out of the folder; --root FOLDER says how far paths and links may lead"


def has_images(folder: Path) -> bool:
    """Whether an image lies directly in `folder`."""
    if not folder.is_dir():
        return False
    with os.scandir(folder) as items:
        return any(Path(item.name).suffix.lower() in SUFFIXES for item in items)
