"""What captions say of images, as columns: `dark` is true or false, `colour red` a value of colour.

Captions are texts and, behind commas, attributes: a true one by its name, another by its name and
value (see `layouts/listed.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from augment.core.types import Scalar
from augment.kinds.images.data.captions import words_of


def attribute(name: str, captions: Sequence[str]) -> list[Scalar] | None:
    """Per caption the value that it gives `name`; None where no caption has the word.

    Where a value follows the name in every caption that has it, as in `dark, colour red`, that
    value in lower case, and None where there is none. Else whether the caption holds the words.
    """
    wanted = words_of(name)
    found = [_said(wanted, caption) for caption in captions]
    if not wanted or all(value is None for value in found):
        return None
    if all(value is None or value for value in found):
        return list(found)
    return [value is not None for value in found]


def _said(name: list[str], caption: str) -> str | None:
    """What stands behind the name where a part of the caption begins with it, "" for nothing or
    where it stands inside a text; None where the caption does not have it."""
    pieces = [words_of(piece) for piece in caption.split(",")]
    for piece in pieces:
        if piece[: len(name)] == name and len(piece) > len(name):
            return " ".join(piece[len(name) :])
    places = ((piece, i) for piece in pieces for i in range(len(piece)))
    return "" if any(piece[i : i + len(name)] == name for piece, i in places) else None
