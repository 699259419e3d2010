"""The checksums of a PNG file, which Pillow does not compare for the pixels themselves."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
AROUND = 12  # bytes of a chunk beside its content: length, type, CRC-32
END = b"IEND"


def is_intact(data: bytes) -> bool:
    """Whether each chunk of a PNG file, up to its end, is there and has the CRC-32 that it says:
    so that no single flipped bit passes. What follows the end is not looked at.

    Source: PNG (Third Edition), W3C 2025, sections 5.3 and 5.5.

    >>> is_intact(SIGNATURE + bytes(4) + END + zlib.crc32(END).to_bytes(4, "big"))
    True
    """
    return data.startswith(SIGNATURE) and END in _intact_chunks(memoryview(data))


def _intact_chunks(data: memoryview) -> Iterator[bytes]:
    """The type of each chunk, up to the first that is not as its checksum says."""
    at = len(SIGNATURE)
    while at + AROUND <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + AROUND + length
        if end > len(data):
            return
        (crc,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(data[at + 4 : end - 4]) != crc:
            return
        yield bytes(data[at + 4 : at + 8])
        at = end
