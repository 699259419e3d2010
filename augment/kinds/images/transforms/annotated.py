"""An image with all that belongs to it: its marks, its masks, its classes and captions."""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from augment.core.types import Json
from augment.kinds.images.data.annotations import Annotation, Mark
from augment.kinds.images.io.decoding import Undecodable, decode, decoding
from augment.kinds.images.io.layouts import Entry
from augment.kinds.images.io.layouts.yolo import in_pixels
from augment.kinds.images.io.manifest import read_bytes
from augment.kinds.images.io.png_checksums import is_intact

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEEPER = 257  # times an 8-bit gray is the 16-bit one


@dataclass(frozen=True)
class Mask:
    """A mask file: the folder that it goes to, its numbers, and the palette that colours them."""

    folder: str
    pixels: NDArray[Any]
    palette: bytes


@dataclass(frozen=True)
class Annotated:
    """`shares` says how much of the picture is of which class; it is empty without labels."""

    name: str
    pixels: NDArray[Any]  # (height, width) or (height, width, channels)
    mode: str  # gray, rgb, rgba, gray16
    marks: tuple[Mark, ...] = ()
    masks: tuple[Mask, ...] = ()
    shares: dict[str, float] = field(default_factory=dict)
    captions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    extra: Json = field(default_factory=dict)

    @property
    def label(self) -> str | None:
        """The class of the largest share; of equal ones the first."""
        return max(self.shares, key=lambda name: self.shares[name]) if self.shares else None

    @property
    def is_marked(self) -> bool:
        return bool(self.marks) or any(mask.pixels.any() for mask in self.masks)

    def in_mode(self, mode: str) -> Annotated:
        """The same in another mode: gray as colour and back, transparent pixels laid on white."""
        if mode == self.mode:
            return self
        pixels = self.pixels
        if self.mode == "gray16":
            pixels = np.rint(pixels / DEEPER).astype(np.uint8)
        image = Image.fromarray(pixels)
        if image.mode == "RGBA":
            ground = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(ground, image)
        wanted = {"rgb": "RGB", "rgba": "RGBA"}.get(mode, "L")
        turned: NDArray[Any] = np.asarray(image.convert(wanted))
        if mode == "gray16":
            turned = turned.astype(np.uint16) * np.uint16(DEEPER)
        return dataclasses.replace(self, pixels=turned, mode=mode)


def read(entry: Entry) -> Annotated:
    """Decode an image and its masks; marks in its pixels. Raises `Undecodable`."""
    picture = decode(read_bytes(entry))
    height, width = picture.pixels.shape[:2]
    annotation = in_pixels(entry.annotation or Annotation(), width, height)
    if annotation.size not in (None, (width, height)):
        assert annotation.size is not None, "None was asked for above"
        declared = f"{annotation.size[0]}x{annotation.size[1]}"
        raise Undecodable(f"is {width}x{height}, but its annotation speaks of {declared}")
    masks = tuple(_mask(folder, Path(path), width, height) for folder, path in annotation.masks)
    return Annotated(
        entry.name,
        picture.pixels,
        picture.mode,
        annotation.marks,
        masks,
        {} if entry.label is None else {entry.label: 1.0},
        () if entry.caption is None else (entry.caption,),
        picture.notes,
        annotation.extra,
    )


def _mask(folder: str, path: Path, width: int, height: int) -> Mask:
    try:
        with (
            decoding(),
            Image.open(io.BytesIO(data := path.read_bytes()), formats=("PNG",)) as image,
        ):
            if not is_intact(data):
                raise Undecodable("is damaged")
            fits = image.size == (width, height)  # asked before it is decoded
            numbers = image.mode in ("P", "L", "1", "I;16")
            if fits and numbers:
                palette = bytes(image.getpalette() or ()) if image.mode == "P" else b""
                return Mask(
                    folder, np.asarray(image.convert("L") if image.mode == "1" else image), palette
                )
    except Undecodable:
        raise Undecodable(f"has a mask in {folder} that cannot be read") from None
    if not fits:
        raise Undecodable(f"has a mask of another size in {folder}")
    raise Undecodable(f"has a mask in {folder} that is no map of class numbers")
