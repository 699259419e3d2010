"""From a typed table to a file or standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from augment.core import registry
from augment.core.errors import UsageError
from augment.core.files import atomic_alone
from augment.core.reading_options import flag
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.io.formats import (
    Format,
    WriteOptions,
    checked_encoding,
    compression,
    delimiter,
)

PLAIN = WriteOptions()


def write(
    chunks: Table | Iterator[Table],
    path: Path | None,
    format: str,
    *,
    force: bool = False,
    options: WriteOptions = PLAIN,
) -> None:
    """Write a table, or the chunks of one in turn, atomically to `path` or to standard output.

    Raises `UsageError` where `path` exists without `force` and for options that the format does
    not know, and `BrokenPipeError` where the reader of standard output has gone.
    """
    writer: Format = registry.find("formats", format)()
    options = _checked(options, writer, format)
    stream_of_chunks = iter([chunks]) if isinstance(chunks, Table) else chunks
    first = next(stream_of_chunks)

    def all_chunks() -> Iterator[Table]:
        yield first
        yield from stream_of_chunks

    if path is None:
        writer.write(all_chunks(), sys.stdout.buffer, first.schema, options)
        sys.stdout.buffer.flush()
        return
    packing = compression.bare_suffix(path)[1] if writer.text else ""
    stream: IO[bytes]
    name = path.name.removesuffix(path.suffix) if packing else path.name
    inside = name if Path(name).suffix else name + writer.suffixes[0]
    with (
        atomic_alone(path, force=force) as file,
        compression.writing(file, packing, inside) as stream,
    ):
        writer.write(all_chunks(), stream, first.schema, options)


def _checked(options: WriteOptions, writer: Format, format: str) -> WriteOptions:
    """The options with the delimiter and the encoding as Python calls them."""
    for option in ("encoding", "delimiter"):
        if getattr(options, option) is not None and option not in writer.spelling:
            raise UsageError(f"{flag(option)} is no option for writing {format}.")
    mark = None if options.delimiter is None else delimiter.checked(options.delimiter)
    codec = None if options.encoding is None else checked_encoding(options.encoding)
    return replace(options, delimiter=mark, encoding=codec)
