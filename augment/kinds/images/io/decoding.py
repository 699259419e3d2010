"""From a file's bytes to pixels: upright, with nothing clipped or flattened in silence.

    file                       image kept by `transform`       on a canvas (uint8)
    1, 8-bit gray              gray uint8                      gray
    16-bit gray                gray uint16                     scaled by 255/65535, noted
    RGB, palette               RGB uint8                       RGB (gray where all are gray)
    16-bit RGB                 refused                         scaled by 255/65535, noted
    transparent pixels         RGBA uint8                      laid on --alpha (white), noted
    alpha without transparency RGB or gray                     the same
    CMYK, YCCK                 RGB, noted                      RGB, noted
    several frames             refused                         refused
    32-bit, float, Lab         refused                         refused

EXIF orientation is applied. The content says what a file is, not its suffix.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from augment.core.errors import is_lack_of_memory
from augment.kinds.images.io.png_checksums import is_intact

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECODERS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
MOST_PIXELS = 64_000_000  # of one image; a larger one is taken for a decompression bomb
BYTES_PER_PIXEL = 4  # that Pillow takes for any mode, at the most
MOST_BYTES = 512 << 20  # of one file
ORIENTATION = 0x0112  # the EXIF tag
SWAPPED = (5, 6, 7, 8)  # its values that exchange width and height

Alpha = Literal["white", "black", "fail"]
GRAY, RGB, RGBA, DEEP = "gray", "rgb", "rgba", "gray16"


class Undecodable(Exception):
    """One image cannot be used; the message finishes the sentence "the image ..."."""


@dataclass(frozen=True)
class ImageHeader:
    """What a file says of itself: upright size, Pillow's mode, format, and whether it is gray."""

    width: int
    height: int
    mode: str
    format: str
    gray: bool


@dataclass(frozen=True)
class Picture:
    """A decoded image of its own size; `notes` say what was not kept exactly."""

    pixels: NDArray[Any]  # (height, width) or (height, width, channels); uint8 or uint16
    mode: str  # gray, rgb, rgba, gray16
    notes: tuple[str, ...] = ()


def header_of(data: bytes) -> ImageHeader:
    """Look at an image without decoding it. Raises `Undecodable`."""
    with decoding(), _opened(data) as image:
        width, height = image.size
        # The base class' method: PNG's own decodes the whole image to find late chunks.
        if Image.Image.getexif(image).get(ORIENTATION) in SWAPPED:
            width, height = height, width
        gray = image.mode in ("1", "L", "LA", "I;16", "I;16B", "I") or _gray_palette(image)
        return ImageHeader(width, height, image.mode, str(image.format), gray)


def decode(data: bytes) -> Picture:
    """The whole image as its file has it, by the table above. Raises `Undecodable`."""
    with decoding(), _opened(data) as image:
        if _deep_colour(data, image):
            raise Undecodable("has 16 bits per colour, which only a canvas can take (8 bits)")
        return _picture(_loaded(data, image))


def decode_8bit(data: bytes, alpha: Alpha) -> Picture:
    """Gray or RGB with 8 bits, by the table's last column. Raises `Undecodable`."""
    with decoding(), _opened(data) as image:
        notes: tuple[str, ...] = (
            ("16-bit colours scaled to 8 bits",) if _deep_colour(data, image) else ()
        )
        picture = _picture(_loaded(data, image))
    pixels, mode = picture.pixels, picture.mode
    notes += picture.notes
    if mode == DEEP:
        scaled = np.rint(pixels.astype(np.float32) * (255 / 65535))
        return Picture(scaled.astype(np.uint8), GRAY, (*notes, "16-bit grays scaled to 8 bits"))
    if mode == RGBA:
        if alpha == "fail":
            raise Undecodable("has transparent pixels; pass --alpha white or --alpha black")
        ground = 255.0 if alpha == "white" else 0.0
        share = pixels[..., 3:].astype(np.float32) / 255
        laid = np.rint(pixels[..., :3] * share + ground * (1 - share)).astype(np.uint8)
        return Picture(laid, RGB, (*notes, f"transparent pixels laid on {alpha}"))
    return Picture(pixels, mode, notes)


@contextmanager
def decoding() -> Iterator[None]:
    """Tell as `Undecodable` whatever decoders raise, which on hostile bytes is what they like.

    Lack of memory is no fault of the image: it stays a `MemoryError`. Pillow's warnings, which are
    about odd EXIF and not about pixels, are not shown.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning)
            yield
    except (Undecodable, MemoryError):
        raise
    except Exception as error:
        if is_lack_of_memory(error):  # Pillow says so of some damaged TIFF files as well
            bytearray(MOST_PIXELS * BYTES_PER_PIXEL)
        reason = "truncated" if "truncated" in str(error) else "damaged"
        raise Undecodable(f"is {reason} ({type(error).__name__})") from None


def _opened(data: bytes) -> Image.Image:
    """Open by content, with Pillow's own alarms as errors."""
    if not data:
        raise Undecodable("is an empty file")
    Image.init()  # all decoders; with a list of formats Pillow loads none beyond the common ones
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=DECODERS)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Undecodable(f"has more than {MOST_PIXELS:,} pixels (a bomb?)") from None
    except UnidentifiedImageError:
        raise Undecodable(
            "is none of PNG, JPEG, BMP, GIF, TIFF, WebP, PPM, or is damaged"
        ) from None
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise Undecodable(f"has more than {MOST_PIXELS:,} pixels (a bomb?)")
    # A camera's MPO is a JPEG whose further frames are previews and maps of the first.
    frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if frames > 1:
        raise Undecodable(f"holds {frames} frames; save the wanted one as an image of its own")
    return image


def _loaded(data: bytes, image: Image.Image) -> Image.Image:
    """Decode all of it, upright."""
    if image.format == "PNG" and not is_intact(data):
        raise Undecodable("is damaged (a checksum in it is wrong, or its end is missing)")
    image.load()
    return ImageOps.exif_transpose(image)


def _picture(image: Image.Image) -> Picture:
    mode = image.mode
    if mode in ("1", "L"):
        return Picture(np.asarray(image.convert("L")), GRAY)
    if mode in ("I;16", "I;16B", "I;16L", "I;16N"):
        return Picture(np.asarray(image).astype(np.uint16), DEEP)
    if mode == "I" and image.format == "PPM":
        return Picture(np.asarray(image).astype(np.uint16), DEEP)
    if mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        return _without_idle_alpha(np.asarray(image.convert("RGBA")))
    if mode == "P":
        return Picture(
            np.asarray(image.convert("L" if _gray_palette(image) else "RGB")), _kind(image)
        )
    if mode in ("RGB", "YCbCr"):
        return Picture(np.asarray(image.convert("RGB")), RGB)
    if mode == "CMYK":
        noted = ("CMYK turned into RGB without its colour profile",)
        return Picture(np.asarray(image.convert("RGB")), RGB, noted)
    raise Undecodable(f"has the mode {mode}; save it with 8 or 16 bits, gray or RGB")


def _without_idle_alpha(pixels: NDArray[np.uint8]) -> Picture:
    """RGBA only where a pixel is transparent; gray where there is neither that nor colour."""
    if (pixels[..., 3] < 255).any():
        return Picture(pixels, RGBA)
    colours = pixels[..., :3]
    if (colours == colours[..., :1]).all():
        return Picture(colours[..., 0].copy(), GRAY)
    return Picture(colours.copy(), RGB)


def _kind(image: Image.Image) -> str:
    return GRAY if _gray_palette(image) else RGB


def _gray_palette(image: Image.Image) -> bool:
    if image.mode != "P" or image.palette is None or "transparency" in image.info:
        return False
    colours = image.palette.getdata()[1]
    return image.palette.mode == "RGB" and colours[::3] == colours[1::3] == colours[2::3]


def _deep_colour(data: bytes, image: Image.Image) -> bool:
    """Whether a file has 16-bit colours, which Pillow would cut to 8 without a word."""
    if image.format == "PNG":  # IHDR: width, height, bit depth, colour type (3 bits: colour, alpha)
        return data[24] == 16 and data[25] in (2, 4, 6)
    if image.format == "TIFF":
        bits = getattr(image, "tag_v2", {}).get(258, (8,))
        return len(bits) > 1 and max(bits) > 8
    if image.format == "PPM":
        return image.mode == "RGB" and b"65535" in data[:64].split()
    return False
