"""Characters from the bytes of a text file, strictly: what does not decode is refused."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from augment.core.errors import BadInput
from augment.core.files import CHUNK_BYTES
from augment.kinds.tables.io.formats import ReadOptions, checked_encoding, compression

if TYPE_CHECKING:
    import pyarrow as pa


@contextmanager
def opened(path: Path, name: str, codec: str) -> Iterator[IO[str]]:
    """The text of a file, line ends kept, a byte-order mark taken off.

    `codec` is as `encoding_of` gives it. Raises `BadInput` with line and byte for text in another
    encoding, and for a damaged archive.
    """
    try:
        with compression.reading(path, name) as stream:
            # A file must not be closed twice: `reading` owns the bytes.
            text = io.TextIOWrapper(stream, encoding=codec, newline="")
            try:
                yield text
            finally:
                text.detach()
    except UnicodeDecodeError:
        raise _misread(path, name, codec) from None
    except compression.UNREADABLE as error:
        raise compression.unreadable(name, error) from None


def encoding_of(path: Path, name: str, options: ReadOptions) -> str:
    """The encoding to read a file in, as Python calls it: "utf-8-sig" where a mark begins it.

    It is the one that is given, else UTF-8. Where something is known of the file
    (`options.expected`), it may be in UTF-16 with its mark, or in the encoding that is expected,
    if it is not UTF-8.
    """
    given = None if options.encoding is None else checked_encoding(options.encoding)
    with compression.reading(path, name) as stream:
        start = stream.read(4)
    if given not in (None, "utf-8", "utf-8-sig"):
        return str(given)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    like = options.expected
    if given is None and like is not None:
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        other = like.dialect.encoding if like.dialect else "utf-8"
        if not other.startswith("utf-8") and not _decodes(path, name, "utf-8"):
            return other
    return "utf-8"


def _decodes(path: Path, name: str, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    with compression.reading(path, name) as stream:
        try:
            while chunk := stream.read(CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        except compression.UNREADABLE:
            return True  # reading it as such tells what is wrong with it
    return True


def _misread(path: Path, name: str, codec: str) -> BadInput:
    """Say where the bytes stop being text, and in which encoding to try them."""
    offset = 0
    where = name
    with compression.reading(path, name) as stream:
        start = stream.read(4)
    with compression.reading(path, name) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode(codec)
            except UnicodeDecodeError as error:
                where, offset = f"{name}:{number}", offset + error.start
                break
            offset += len(line)
    wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return BadInput(
        f"byte {offset} is no {codec.removesuffix('-sig').upper()} text.",
        where=where,
        hint=f"Pass --encoding {'utf-16' if wide else 'cp1252 (or latin-1)'}, "
        "or save the file as UTF-8.",
    )


class Encoder:
    """Text to the bytes of one file; a byte-order mark goes before the first of them."""

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self._encoder = codecs.getincrementalencoder(codec)()

    def write(self, stream: IO[bytes], text: str, names: list[str]) -> None:
        """Write text that holds the `names` of columns. Raises `BadInput` for a character that
        the encoding lacks."""
        try:
            stream.write(self._encoder.encode(text))
        except UnicodeEncodeError:
            raise self._lacking(next(name for name in names if self._lacks(name))) from None

    def write_rows(
        self, stream: IO[bytes], rows: pa.StringArray, cells: list[pa.Array], names: list[str]
    ) -> None:
        """Write rows as they are, whose `cells` (columns of text) stand in the columns `names`."""
        if self.codec == "utf-8":  # which is how Arrow holds them, one after another
            stream.write(_held(rows))
            return
        try:
            stream.write(self._encoder.encode("".join(rows.to_pylist())))
        except UnicodeEncodeError:
            bad = zip(names, cells, strict=True)
            name = next(n for n, column in bad if self._lacks("".join(column.to_pylist())))
            raise self._lacking(name) from None

    def _lacks(self, text: str) -> bool:
        try:
            text.encode(self.codec)
        except UnicodeEncodeError:
            return True
        return False

    def _lacking(self, name: str) -> BadInput:
        return BadInput(
            f"a character to be written is not in the encoding {self.codec}.",
            where=f"column {name!r}",
            hint="Pass --encoding utf-8 to `augment sample`.",
        )


def _held(texts: pa.StringArray) -> memoryview:
    """The bytes of all texts, one after another."""
    _, ends, held = texts.buffers()
    if not len(texts) or held is None:
        return memoryview(b"")
    places = memoryview(ends).cast("i")
    return memoryview(held)[places[texts.offset] : places[texts.offset + len(texts)]]
