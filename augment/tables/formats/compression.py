"""Text files inside gzip or Zstandard: found by their first bytes, written by their suffix."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
SUFFIXES = {".gz": "gzip", ".zst": "zstd"}
HEAD_BYTES = 1 << 16


@contextmanager
def reading(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked where it is packed, whatever its name says."""
    with path.open("rb") as stream:
        magic = stream.read(4)
    if magic.startswith(GZIP):
        with gzip.open(path, "rb") as unpacked:
            yield cast("IO[bytes]", unpacked)
    elif magic == ZSTD:
        import pyarrow as pa

        with pa.input_stream(str(path), compression="zstd") as unpacked:
            yield unpacked
    else:
        with path.open("rb") as stream:
            yield stream


@contextmanager
def writing(stream: IO[bytes], suffix: str) -> Iterator[IO[bytes]]:
    """A stream that packs what it is given as `suffix` says ("" leaves it as it is).

    The gzip header holds neither a name nor a time, so that equal tables are equal bytes.
    """
    if suffix == ".gz":
        with gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as packed:
            yield cast("IO[bytes]", packed)
    elif suffix == ".zst":
        import pyarrow as pa

        with pa.CompressedOutputStream(
            pa.PythonFile(_Borrowed(stream), mode="w"), "zstd"
        ) as packed:
            yield packed
    else:
        yield stream


class _Borrowed(io.RawIOBase):
    """A stream that stays open when Arrow closes what it was given."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self.stream.write(data)


def head(path: Path) -> bytes:
    """The first bytes of a file's content, unpacked; raises what `reading` raises."""
    with reading(path) as stream:
        return bytes(stream.read(HEAD_BYTES))


def bare_suffix(path: Path) -> tuple[str, str]:
    """The suffix that names the format, and the one that names the packing.

    >>> bare_suffix(Path("a.csv.gz"))
    ('.csv', '.gz')
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in SUFFIXES:
        return (suffixes[0] if len(suffixes) == 2 else ""), suffixes[-1]
    return (suffixes[-1] if suffixes else ""), ""
