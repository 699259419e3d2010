"""Characters from the bytes of a text file, strictly: what does not decode is refused."""

from __future__ import annotations

import codecs
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from augment.base.errors import BadInput, UsageError
from augment.tables.formats import compression


@contextmanager
def opened(path: Path, name: str, encoding: str) -> Iterator[IO[str]]:
    """The text of a file, line ends kept, a byte-order mark taken off.

    Raises `BadInput` with line and byte for text in another encoding, and for a damaged archive.
    """
    try:
        codec = codecs.lookup(encoding).name
    except LookupError:
        raise UsageError(
            f"--encoding {encoding!r} is unknown. Try utf-8, utf-16, cp1252 or latin-1."
        ) from None
    try:
        with compression.reading(path) as stream:
            # A file must not be closed twice: `reading` owns the bytes.
            text = io.TextIOWrapper(
                stream, encoding="utf-8-sig" if codec == "utf-8" else codec, newline=""
            )
            try:
                yield text
            finally:
                text.detach()
    except UnicodeDecodeError:
        raise _misread(path, name, codec) from None
    except (EOFError, OSError, zlib.error) as error:
        raise BadInput(
            f"the file cannot be unpacked or read ({error}).", where=name, hint="Restore a copy."
        ) from None


def _misread(path: Path, name: str, codec: str) -> BadInput:
    """Say where the bytes stop being text, and in which encoding to try them."""
    offset = 0
    where = name
    with compression.reading(path) as stream:
        start = stream.read(4)
    with compression.reading(path) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode(codec)
            except UnicodeDecodeError as error:
                where, offset = f"{name}:{number}", offset + error.start
                break
            offset += len(line)
    wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return BadInput(
        f"byte {offset} is no {codec.upper()} text.",
        where=where,
        hint=f"Pass --encoding {'utf-16' if wide else 'cp1252 (or latin-1)'}, "
        "or save the file as UTF-8.",
    )
