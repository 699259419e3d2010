"""`preview.png`: some of the images that were made, with what is marked in them drawn on.

It is for a reader's eyes: no line of the manifest names it.
"""

from __future__ import annotations

import colorsys
import io
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from augment.core.files import atomic
from augment.core.types import Json
from augment.kinds.images.data.annotations import Mark
from augment.kinds.images.data.outlines import drawn

if TYPE_CHECKING:
    from numpy.typing import NDArray

PREVIEW = "preview.png"
ACROSS, MOST = 4, 12  # images in a row, and in all
SIDE = 240  # pixels of the longer side of an image on the sheet
CAPTION = 18  # pixels of the line of text below an image
GAP = 8
PAPER, INK = (247, 247, 245), (34, 34, 34)
TINT = 0.45  # of a shape's colour over the image
MOST_LINES, MOST_LETTERS = 4, 40  # of the names of classes
VOID = 255  # in a mask: no class
GOLDEN = 0.618034  # of the circle of hues, between one class and the next: neighbours differ


def write(folder: Path, lines: Callable[[], Iterator[Json]], total: int) -> None:
    """Write the sheet of the images in `folder` that the `total` lines of its manifest are on."""
    places = {round(at) for at in np.linspace(0, total - 1, min(MOST, total)).tolist()}
    chosen = [line for at, line in enumerate(lines()) if at in places]
    colours = _Colours()
    tiles = [_tile(folder, line, colours) for line in chosen]
    sheet = _sheet(tiles, colours)
    stream = io.BytesIO()
    sheet.save(stream, "PNG", optimize=True)
    with atomic(folder / PREVIEW) as file:
        file.write(stream.getvalue())


class _Colours:
    """A colour for each class, in the order in which they are met."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __getitem__(self, label: str) -> tuple[int, int, int]:
        place = self._places.setdefault(label, len(self._places))
        red, green, blue = colorsys.hsv_to_rgb((0.02 + place * GOLDEN) % 1, 0.85, 0.95)
        return round(255 * red), round(255 * green), round(255 * blue)


def _tile(folder: Path, line: Json, colours: _Colours) -> Image.Image:
    """One image with its marks and a line of text, on paper of its own size."""
    with Image.open(folder / line["file"]) as image:
        shown = _shown(image)
    marks = [Mark.from_json(entry) for entry in line["marks"]]
    pixels = np.asarray(shown).copy()
    for _, name in line["masks"]:
        _tint_mask(pixels, folder / name, colours)
    for mark in marks:
        if mark.outline or mark.runs:
            _tint(pixels, drawn(mark, shown.width, shown.height) > 0, colours[mark.label])
    scale = SIDE / max(shown.size)
    size = (max(1, round(scale * shown.width)), max(1, round(scale * shown.height)))
    # Small pictures are enlarged as they are, pixel by pixel.
    how = Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.LANCZOS
    picture = Image.fromarray(pixels).resize(size, how)
    brush, font = ImageDraw.Draw(picture), _font()
    for mark in marks:
        _draw_mark(brush, mark, scale, colours[mark.label])
    tile = Image.new("RGB", (SIDE, size[1] + CAPTION), PAPER)
    tile.paste(picture, ((SIDE - size[0]) // 2, 0))
    text = _fitting(_said(line), font)
    ImageDraw.Draw(tile).text(((SIDE - size[0]) // 2, size[1] + 3), text, INK, font)
    return tile


def _shown(image: Image.Image) -> Image.Image:
    """As 8-bit colours; transparent pixels on white."""
    if image.mode.startswith("I;16") or image.mode == "I":
        return Image.fromarray((np.asarray(image) / 257).astype(np.uint8)).convert("RGB")
    if image.mode == "RGBA":
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _tint_mask(pixels: NDArray[np.uint8], path: Path, colours: _Colours) -> None:
    with Image.open(path) as image:
        numbers: NDArray[Any] = np.asarray(image)
    for number in np.unique(numbers).tolist():
        if number not in (0, VOID):
            _tint(pixels, numbers == number, colours[f"mask {number}"])


def _tint(
    pixels: NDArray[np.uint8], region: NDArray[np.bool_], colour: tuple[int, int, int]
) -> None:
    mixed = (1 - TINT) * pixels[region] + TINT * np.array(colour)
    pixels[region] = mixed.astype(np.uint8)


def _draw_mark(
    brush: ImageDraw.ImageDraw, mark: Mark, scale: float, colour: tuple[int, int, int]
) -> None:
    if mark.box is not None:
        left, top, right, bottom = (scale * edge for edge in mark.box)
        brush.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), outline=colour)
    for ring in mark.outline:
        brush.polygon([scale * value for value in ring], outline=colour)
    for x, y, seen in mark.points:
        if seen:
            around = (scale * x - 2, scale * y - 2, scale * x + 2, scale * y + 2)
            brush.ellipse(around, fill=colour, outline=(0, 0, 0))


def _said(line: Json) -> str:
    """Its classes, with their shares where there are several, and what was done."""
    shares = line.get("soft_label", {})
    label = line["label"] or ""
    if len(shares) > 1:
        label = " + ".join(f"{share:.0%} {name}" for name, share in shares.items())
    steps = ", ".join(step["name"] for step in line["applied"]) or "as it is"
    return f"{label}: {steps}" if label else steps


def _fitting(text: str, font: Any) -> str:
    """The text, cut to the width of a tile."""
    if font.getlength(text) <= SIDE:
        return text
    while text and font.getlength(text + "...") > SIDE:
        text = text[:-1]
    return text + "..."


def _sheet(tiles: list[Image.Image], colours: _Colours) -> Image.Image:
    """The tiles in rows, and below them which colour is which class."""
    across = min(ACROSS, len(tiles))
    down = math.ceil(len(tiles) / across)
    rows = [tiles[row * across : (row + 1) * across] for row in range(down)]
    heights = [max(tile.height for tile in row) for row in rows]
    width = across * (SIDE + GAP) + GAP
    legend = _legend(colours, width)
    sheet = Image.new("RGB", (width, sum(heights) + (down + 1) * GAP + legend.height), PAPER)
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        for place, tile in enumerate(row):
            sheet.paste(tile, (GAP + place * (SIDE + GAP), top))
        top += height + GAP
    sheet.paste(legend, (0, top))
    return sheet


def _legend(colours: _Colours, width: int) -> Image.Image:
    """A square and a name for each class, in as many lines as it takes, `MOST_LINES` at most."""
    font, placed, left, line = _font(), list[tuple[int, int, str]](), GAP, 0
    for name in colours:
        needed = CAPTION + round(font.getlength(name[:MOST_LETTERS])) + 2 * GAP
        if left > GAP and left + needed > width:
            left, line = GAP, line + 1
        if line == MOST_LINES:
            break
        placed.append((left, line * CAPTION, name))
        left += needed
    lines = max((top // CAPTION + 1 for _, top, _ in placed), default=0)
    legend = Image.new("RGB", (width, lines * CAPTION), PAPER)
    brush = ImageDraw.Draw(legend)
    for left, top, name in placed:
        brush.rectangle((left, top + 2, left + 10, top + 12), fill=colours[name])
        brush.text((left + CAPTION, top), name[:MOST_LETTERS], INK, font)
    return legend


def _font() -> Any:
    return ImageFont.load_default(11)
