"""Images made for the tests, hostile ones among them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image


def noise(seed: int, height: int = 12, width: int = 16, channels: int = 3) -> np.ndarray:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def file_of(pixels: np.ndarray, format: str = "PNG", mode: str | None = None) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(stream, format)
    return stream.getvalue()


def saved(path: Path, seed: int = 0, channels: int = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file_of(noise(seed, channels=channels)))
    return path


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 10^10 pixels."""
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def deep_rgb() -> bytes:
    """A PNG with 16 bits per colour, which Pillow cannot write."""
    import cv2

    pixels = np.full((12, 16, 3), 40_000, np.uint16)
    return bytes(cv2.imencode(".png", pixels)[1].tobytes())


def animated() -> bytes:
    stream = io.BytesIO()
    frames = [Image.fromarray(noise(seed)) for seed in range(3)]
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    return stream.getvalue()


def turned() -> bytes:
    """A JPEG whose EXIF says that it lies on its side: 16 wide as stored, 12 wide upright."""
    stream = io.BytesIO()
    image = Image.fromarray(noise(5))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(stream, "JPEG", exif=exif)
    return stream.getvalue()


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "zero-byte": (lambda: b"", "empty"),
    "truncated png": (lambda: file_of(noise(1))[:300], "truncated|damaged"),
    "truncated jpeg": (lambda: file_of(noise(1, 64, 64), "JPEG")[:900], "truncated|damaged"),
    "bomb": (bomb, "pixels"),
    "animated gif": (animated, "3 frames"),
    "text": (lambda: b"hello, I am a text\n" * 9, "none of PNG"),
    "float tiff": (lambda: file_of(np.zeros((12, 16), np.float32), "TIFF"), "mode F"),
}
