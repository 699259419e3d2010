"""Files of made images: `{class}/{source}__{engine}__{number}.png`.

The number is the image's place in the whole set, so names do not depend on how the work was
shared out.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from augment.core.files import atomic
from augment.kinds.images.io.file_names import escaped

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


def put(path: Path, data: bytes) -> None:
    """Write one file unless it is there with these bytes."""
    if not (path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data):
        with atomic(path) as stream:
            stream.write(data)
