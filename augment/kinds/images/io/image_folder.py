"""A folder of made images: `{class}/{source}__{engine}__{number}.png` and a manifest of them.

The number is the image's place in the whole set, so names do not depend on how the work was
shared out. `manifest.jsonl` has a line per image with the true class name and where it came from.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from augment.core.errors import UsageError
from augment.core.files import LOCK_NAME, TEMPORARY, atomic, clear_unfinished, read_json, write_json
from augment.core.types import Json
from augment.kinds.images.io.file_names import escaped

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINES = "manifest.jsonl"
JOURNAL = ".partial.jsonl"
COMPLETE = "manifest.json"
JPEG_QUALITY = 95
PNG_LEVEL = 1  # a higher one costs more than making the image, and saves a tenth of its bytes


def made_names(source: str, engine: str, start: int, n: int) -> tuple[str, ...]:
    """`sources` for images `start` to `start + n` of the endless sample of an engine."""
    return tuple(f"{escaped(source)}__{engine}__{start + row:06d}" for row in range(n))


def encoded(pixels: NDArray[Any], suffix: str = ".png") -> bytes:
    """An image file: PNG of (h, w), (h, w, 1), RGB or RGBA with 8 bits, or of gray with 16.

    `.jpg` is taken for 8-bit gray and RGB, and loses a little.
    """
    flat = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    stream = io.BytesIO()
    image = Image.fromarray(flat)
    if suffix == ".jpg":
        image.save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    else:
        image.save(stream, "PNG", compress_level=PNG_LEVEL)
    return stream.getvalue()


def put(path: Path, data: bytes) -> str:
    """Write one file unless it is there with these bytes; its SHA-256."""
    if not (path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data):
        with atomic(path) as stream:
            stream.write(data)
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class ImageFolder:
    """A folder that is filled image by image and taken up again where it was left.

    The file `settings` says what is being made, `.partial.jsonl` what is done; at the end the
    lines become `manifest.jsonl`, sorted by number, and the journal goes.
    """

    folder: Path
    schema: str = "augment.transform/1"
    settings: str = "run.json"
    marker: str = COMPLETE  # the file that is written last

    def seed_of(self, plan: Json) -> int | None:
        """The seed of what was begun here by this plan and is not whole."""
        found = self._found()
        begun = found.get("key") == _key(plan) and not self.whole()
        return int(found["seed"]) if begun else None

    def whole(self) -> bool:
        """Whether all is there that is to be."""
        return (self.folder / self.marker).is_file() and not (self.folder / JOURNAL).exists()

    def _found(self) -> Json:
        """The settings of a folder that was begun with this schema, else nothing."""
        settings = self.folder / self.settings
        found = read_json(settings) if settings.is_file() else {}
        return found if found.get("schema") == self.schema else {}

    def begin(self, plan: Json, seed: int | None, fresh: int, force: bool) -> tuple[int, bool]:
        """Start or resume: the seed that holds, and whether all is done already.

        An unfinished folder with the same plan goes on with its seed. Raises `UsageError` for a
        folder that holds something else, unless it is ours and may be replaced.
        """
        found, key = self._found(), _key(plan)
        ours = bool(found)
        if ours and found.get("key") == key and seed in (None, found["seed"]) and not force:
            whole = self.whole()
            if not whole:
                clear_unfinished(self.folder)
            return int(found["seed"]), whole
        there = {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set()
        there = {name for name in there if name != LOCK_NAME and not name.startswith(TEMPORARY)}
        if not ours and there:
            raise UsageError(f"{self.folder} holds other files. Choose an empty or new -o.")
        if ours and not force:
            raise UsageError(
                f"{self.folder} holds images made in another way or by another seed. "
                "Pass --force to replace them, or choose another -o."
            )
        clear_unfinished(self.folder)
        if ours:
            self._clear()
        chosen = fresh if seed is None else seed
        document = {"schema": self.schema, "key": key, "seed": chosen, "plan": plan}
        write_json(self.folder / self.settings, document)
        return chosen, False

    def _clear(self) -> None:
        """Remove what an earlier run made, by its own list of it."""
        root = self.folder.resolve()
        (self.folder / COMPLETE).unlink(missing_ok=True)
        for line in self._lines():
            for name in (line["file"], *(file for _, file in line.get("masks", ()))):
                path = self.folder / name
                if path.parent.resolve().is_relative_to(root):
                    path.unlink(missing_ok=True)
                    with suppress(OSError):  # a folder of a class, unless others lie in it
                        path.parent.rmdir()
        for name in (LINES, JOURNAL):
            (self.folder / name).unlink(missing_ok=True)

    def done(self) -> set[int]:
        """Numbers of the images that are there; a last line torn by a kill is cut off."""
        journal = self.folder / JOURNAL
        if journal.is_file():
            with journal.open("r+b") as stream:
                stream.truncate(stream.read().rfind(b"\n") + 1)
        return {line["number"] for line in self._lines() if (self.folder / line["file"]).is_file()}

    def _lines(self) -> Iterator[Json]:
        for name in (LINES, JOURNAL):
            path = self.folder / name
            if not path.is_file():
                continue
            with path.open(encoding="utf-8") as stream:
                for text in stream:
                    if text.endswith("\n"):
                        yield json.loads(text)

    def add(self, lines: list[Json]) -> None:
        """Note that these images are written."""
        with (self.folder / JOURNAL).open("ab") as stream:
            stream.write("".join(json.dumps(line) + "\n" for line in lines).encode())

    def finish(self) -> None:
        """Sort the journal into the manifest."""
        kept = {line["number"]: line for line in self._lines()}
        with atomic(self.folder / LINES, "w") as stream:
            stream.writelines(json.dumps(kept[number]) + "\n" for number in sorted(kept))
        (self.folder / JOURNAL).unlink(missing_ok=True)

    def conclude(self, result: Json) -> None:
        """Note beside the plan what came of it."""
        settings = self.folder / self.settings
        write_json(settings, {**read_json(settings), "result": result})

    def result(self) -> Json:
        """What `conclude` noted."""
        found = self._found().get("result")
        return found if isinstance(found, dict) else {}

    def lines(self) -> Iterator[Json]:
        """The finished manifest, line by line."""
        with (self.folder / LINES).open(encoding="utf-8") as stream:
            for text in stream:
                yield json.loads(text)


def _key(plan: Json) -> str:
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()
