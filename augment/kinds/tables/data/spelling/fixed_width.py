"""Dates whose fields have all their digits, such as 2024-05-01: read and written a column at once.

Their characters are a table of bytes, (rows, width), in which every field and every mark has its
place, so that no text is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

ZERO = ord("0")
WIDTHS = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2}
FRACTION_DIGITS = 6

Piece = tuple[str, str, str]  # literal text, flag and letter of a field; see `dates`


def numbers(pieces: list[Piece], texts: pa.Array) -> dict[str, NDArray[np.int64]] | None:
    """(rows,) the value of each field by its letter; None unless every text has all the digits
    and marks of the format in their places."""
    places = _places(pieces)
    if places is None or texts.null_count or not len(texts) or texts.type != pa.string():
        return None
    width = sum(len(literal) for literal, _, _ in places) + sum(size for _, _, size in places)
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    if (np.diff(ends) != width).any():
        return None
    characters = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]].reshape(-1, width)
    found, at = {}, 0
    for literal, letter, size in places:
        mark = np.frombuffer(literal.encode("ascii"), np.uint8)
        if (characters[:, at : at + len(mark)] != mark).any():
            return None
        at += len(mark)
        digits = characters[:, at : at + size] - ZERO  # anything below "0" wraps round above 9
        if (digits > 9).any():
            return None
        at += size
        if letter:
            value = digits @ _powers(size)
            found[letter] = value * 10 ** (FRACTION_DIGITS - size) if letter == "f" else value
    return found


def texts(pieces: list[Piece], parts: Mapping[str, NDArray[np.int64]]) -> pa.Array | None:
    """Undo `numbers` for the fields of `parts` (see `dates.parts_of`); None for a format without
    fixed widths, and for years that need other than four digits."""
    places = _places(pieces)
    rows = len(parts["Y"])
    if places is None or any("-" in flag for _, flag, _ in pieces) or not rows:
        return None
    if parts["Y"].min() < 0 or parts["Y"].max() > 9999:
        return None
    columns = []
    for literal, letter, size in places:
        mark = np.frombuffer(literal.encode("ascii"), np.uint8)
        columns.append(np.broadcast_to(mark, (rows, len(mark))))
        if letter:
            value = parts[letter]
            value = value // 10 ** (FRACTION_DIGITS - size) if letter == "f" else value
            columns.append((value[:, None] // _powers(size) % 10 + ZERO).astype(np.uint8))
    characters = np.concatenate(columns, axis=1)
    ends = np.arange(rows + 1, dtype=np.int64) * characters.shape[1]
    if ends[-1] > np.iinfo(np.int32).max:
        return None
    buffers = (pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(characters)))
    return pa.StringArray.from_buffers(rows, *buffers)


def _places(pieces: list[Piece]) -> list[tuple[str, str, int]] | None:
    """(literal, letter, digits) of each field in turn; None where one has no width of its own."""
    places = []
    for literal, flag, letter in pieces:
        width = {"": 0, "f": int(flag.lstrip("-") or FRACTION_DIGITS), **WIDTHS}.get(letter)
        if width is None or not literal.isascii():
            return None
        places.append((literal, letter, width))
    return places


def _powers(digits: int) -> NDArray[np.int64]:
    return 10 ** np.arange(digits - 1, -1, -1, dtype=np.int64)
