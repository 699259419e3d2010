"""Text files inside gzip, Zstandard or zip: found by their first bytes, written by their suffix."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

from augment.core.errors import BadInput, listed
from augment.kinds.tables.io.formats.expansion import Bounded, most_bytes

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
ZIPS = (b"PK\x03\x04", b"PK\x05\x06")  # the second begins an empty archive
SUFFIXES = {".gz": "gzip", ".zst": "zstd", ".zip": "zip"}
HEAD_BYTES = 1 << 16
OFFICE = ("[Content_Types].xml", "mimetype")  # a zip with one of these is a document of its own
LIKELY = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".jsonlines", ".json")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip archive can hold
MOST_NAMED = 5
NAMES = "the names in it are not UTF-8"
UNREADABLE = (OSError, EOFError, zlib.error)  # what a damaged file or archive raises


@contextmanager
def reading(path: Path, name: str) -> Iterator[IO[bytes]]:
    """The bytes of a file, called `name` in messages, unpacked where it is packed, whatever its
    own name says.

    Raises what `UNREADABLE` lists for a damaged file, `BadInput` for a zip archive that is
    damaged or holds several tables, and `OutOfResources` for what unpacks to far more than the
    file's size.
    """
    with path.open("rb") as stream:
        magic = stream.read(4)
    if magic.startswith(GZIP):
        with gzip.open(path, "rb") as unpacked:
            yield _bounded(unpacked, path, name)
    elif magic == ZSTD:
        with pa.input_stream(str(path), compression="zstd") as unpacked:
            yield _bounded(unpacked, path, name)
    elif magic in ZIPS and (archive := _archive(path, name)) is not None:
        with archive, _member(archive, name) as unpacked:
            yield _bounded(unpacked, path, name)
    else:
        with path.open("rb") as stream:
            yield stream


def _bounded(unpacked: Any, path: Path, name: str) -> IO[bytes]:
    return cast("IO[bytes]", io.BufferedReader(Bounded(unpacked, name, most_bytes(path))))


def unreadable(name: str, error: BaseException) -> BadInput:
    """The error for a file that raised one of `UNREADABLE`."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return BadInput(
        f"the file cannot be unpacked or read ({reason}).", where=name, hint="Restore a whole copy."
    )


def require_whole(path: Path, name: str) -> None:
    """Unpack a packed file to its end, so that what is wrong with it shows before it is parsed.

    Raises what `reading` raises. That takes a few seconds a gigabyte, a small part of what
    parsing takes; and a flipped bit is not taken for a bad row, nor a bomb parsed row by row.
    """
    with path.open("rb") as stream:
        packed = stream.read(4).startswith((GZIP, ZSTD, *ZIPS))
    if packed:
        with reading(path, name) as unpacked:
            while unpacked.read(HEAD_BYTES):
                pass


def _archive(path: Path, name: str) -> zipfile.ZipFile | None:
    """A zip archive of files; None where it is a document of an office suite, as a workbook is."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, OSError, UnicodeError) as error:
        said = NAMES if isinstance(error, UnicodeError) else error
        raise BadInput(
            f"this is a damaged zip archive or workbook ({said}).",
            where=name,
            hint="Restore a whole copy. Save or export what it holds as CSV or Parquet.",
        ) from None
    if not set(OFFICE).isdisjoint(archive.namelist()):
        archive.close()
        return None
    return archive


@contextmanager
def _member(archive: zipfile.ZipFile, name: str) -> Iterator[IO[bytes]]:
    """The one table in an archive. Raises `BadInput` where there is none, several, or a bad one."""
    found = _tables(archive)
    if len(found) != 1:
        named = listed(map(repr, found), MOST_NAMED)
        raise BadInput(
            f"the archive holds {len(found)} files that may be tables{': ' * bool(found)}{named}.",
            where=name,
            hint="Unpack it, and name one of its files or the folder."
            if found
            else "Put one table into it.",
        )
    try:
        unpacked = archive.open(found[0])
    except (NotImplementedError, RuntimeError) as error:  # a method unknown here, or a password
        secret = isinstance(error, RuntimeError) and not isinstance(error, NotImplementedError)
        raise BadInput(
            f"the archive cannot be unpacked ({'it needs a password' if secret else error}).",
            where=name,
            hint="Unpack it, and name the file.",
        ) from None
    except zipfile.BadZipFile as error:
        raise _damaged(str(error), name) from None
    except UnicodeError:
        raise _damaged(NAMES, name) from None
    try:
        with unpacked:
            yield unpacked
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _damaged(str(error), name) from None


def _damaged(why: str, name: str) -> BadInput:
    return BadInput(f"the archive is damaged ({why}).", where=name, hint="Restore a whole copy.")


def _tables(archive: zipfile.ZipFile) -> list[str]:
    """The names of the files in an archive that can be meant: of several, those named as tables."""
    names = [
        entry.filename
        for entry in archive.infolist()
        if entry.filename  # a damaged archive has nameless ones
        and not entry.is_dir()
        and not entry.filename.startswith("__MACOSX/")
        and not Path(entry.filename).name.startswith(".")
    ]
    if len(names) <= 1:
        return names
    return [name for name in names if Path(name).suffix.lower() in LIKELY] or names


@contextmanager
def writing(stream: IO[bytes], suffix: str, name: str) -> Iterator[IO[bytes]]:
    """A stream that packs what it is given as `suffix` says ("" leaves it as it is).

    `name` is what a zip archive calls the file in it. No header holds a time, and that of gzip
    no name, so that equal tables are equal bytes.
    """
    if suffix == ".gz":
        with gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as packed:
            yield cast("IO[bytes]", packed)
    elif suffix == ".zst":
        with pa.CompressedOutputStream(
            pa.PythonFile(_Borrowed(stream), mode="w"), "zstd"
        ) as packed:
            yield packed
    elif suffix == ".zip":
        entry = zipfile.ZipInfo(name, EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        with (
            zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open(entry, "w", force_zip64=True) as packed,
        ):
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


def head(path: Path, name: str) -> bytes:
    """The first bytes of a file's content, unpacked; raises what `reading` raises."""
    with reading(path, name) as stream:
        return bytes(stream.read(HEAD_BYTES))


def bare_suffix(path: Path) -> tuple[str, str]:
    """The suffix that names the format, and the one that names the packing.

    A zip archive whose own name tells no format is asked for the name of the table in it.

    >>> bare_suffix(Path("a.csv.gz"))
    ('.csv', '.gz')
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in SUFFIXES:
        inner = suffixes[0] if len(suffixes) == 2 else ""
        if suffixes[-1] == ".zip" and inner not in LIKELY:
            inner = _inner_suffix(path) or inner
        return inner, suffixes[-1]
    return (suffixes[-1] if suffixes else ""), ""


def _inner_suffix(path: Path) -> str:
    """The suffix of the one table in an archive; "" where there is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = [Path(name).suffix.lower() for name in _tables(archive)]
    except (OSError, zipfile.BadZipFile, NotImplementedError, UnicodeError):
        return ""
    return found[0] if len(found) == 1 and found[0] in LIKELY else ""
