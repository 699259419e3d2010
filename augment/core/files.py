"""Files that are whole or absent: temporary name, fsync, rename; digests; locks."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from augment.core.errors import BadInput, DiskFailed, Locked, UsageError, is_disk_failure

CHUNK_BYTES = 1 << 20
LOCK_NAME = ".lock"
TEMPORARY = ".augment-"  # how the names of unfinished files begin
PRIVATE_MODE = 0o600  # outputs may hold personal data; the umask can only narrow this
PRIVATE_FOLDER_MODE = 0o700


@contextmanager
def atomic(path: Path, mode: str = "wb", *, force: bool = True) -> Iterator[IO[Any]]:
    """Open a file that appears under its name only when the block ends without an error.

    `mode` is "wb" or "w" (UTF-8, newlines kept). With `force=False` an existing file is refused.
    Raises `DiskFailed` when the disk is full or fails, and `UsageError` when the place cannot be
    written; the temporary file is gone in both cases. A device or a named pipe is written to as
    it is, and a link's target is replaced, not the link.
    """
    require_writable(path, force)
    encoding, newline = (None, None) if "b" in mode else ("utf-8", "")
    if path.exists() and not path.is_file():
        try:
            with path.open(mode, encoding=encoding, newline=newline) as stream:
                yield stream
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise _refused(path, error) from error
        return
    path = Path(os.path.realpath(path))
    try:
        make_private(path.parent)
        handle, temporary = _temporary(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        umask = os.umask(0)
        os.umask(umask)
        os.fchmod(handle, PRIVATE_MODE & ~umask)
        with os.fdopen(handle, mode, encoding=encoding, newline=newline) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        require_writable(path, force)  # another writer may have ended meanwhile
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        with suppress(OSError):
            os.unlink(temporary)


@contextmanager
def atomic_alone(path: Path, mode: str = "wb", *, force: bool = True) -> Iterator[IO[Any]]:
    """`atomic` for a file of its own, in a folder that is no result: what killed writers left
    beside it is cleared first, since no later attempt owns the folder."""
    clear_abandoned(path.resolve().parent)
    with atomic(path, mode, force=force) as stream:
        yield stream


def _temporary(folder: Path) -> tuple[int, str]:
    """A new file in a folder, open and locked as long as we live: see `clear_abandoned`."""
    while True:
        handle, name = tempfile.mkstemp(prefix=TEMPORARY, suffix=".tmp", dir=folder)
        with suppress(OSError):  # some network file systems know no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.path.exists(name):  # else it was taken for abandoned before it was locked  # noqa: PTH110
            return handle, name
        os.close(handle)


def require_writable(path: Path, force: bool) -> None:
    """Refuse a folder, and without `force` a file that exists; cheap enough to ask early."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder. Give the name of a file.")
    if path.is_file() and not force:
        raise UsageError(f"{path} exists already. Pass --force to replace it.")


def make_private(folder: Path) -> None:
    """Make a folder, and the missing ones above it, that only their owner can enter."""
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for each in reversed(missing):
        each.mkdir(mode=PRIVATE_FOLDER_MODE, exist_ok=True)


def clear_abandoned(folder: Path) -> None:
    """Remove the unfinished files that killed writers left in a folder that others may write to.

    A writer that lives holds a lock on its file, which the system lets go when it ends.
    """
    for left in folder.glob(f"{TEMPORARY}*.tmp"):
        with suppress(OSError), left.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def clear_unfinished(folder: Path) -> None:
    """Remove the unfinished files that a killed writer left anywhere below a folder."""
    for left in folder.rglob(f"{TEMPORARY}*"):
        left.unlink(missing_ok=True)


def empty_folder(folder: Path) -> None:
    """Remove all that is in a folder, if it is there. Raises as `atomic` does where that fails:
    what is left of one result must not be taken for a part of the next."""
    try:
        for where, folders, files in os.walk(folder, topdown=False):
            for name in (*files, *folders):
                path = Path(where, name)
                with suppress(FileNotFoundError):  # a process that ends removes its own files
                    if path.is_dir() and not path.is_symlink():
                        path.rmdir()
                    else:
                        path.unlink()
    except OSError as error:
        raise _refused(folder, error) from error


def require_outside(out: Path, source: Path | None) -> None:
    """Refuse to write below a folder that is read: its next reading would take that for data.

    A source without a place lies in memory.
    """
    if source is not None and source.is_dir() and source.resolve() in out.resolve().parents:
        raise UsageError(f"-o {out} lies inside {source}. Choose a folder outside.")


def _refused(path: Path, error: OSError) -> DiskFailed | UsageError:
    reason = error.strerror or str(error)
    if error.errno == errno.EIO:
        return DiskFailed(f"{path}: the disk fails ({reason}). Choose another place with -o.")
    if is_disk_failure(error):
        return DiskFailed(f"{path}: the disk is full. Free some space and run again.")
    return UsageError(f"{path}: cannot be written ({reason}). Choose another place with -o.")


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where the system allows it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_json(path: Path, document: Any, *, force: bool = True) -> None:
    """Write a JSON document atomically: sorted nowhere, NaN refused, one trailing newline."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    with atomic(path, "wb", force=force) as stream:
        stream.write(text.encode("utf-8", "surrogatepass") + b"\n")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises `BadInput` for anything else."""
    try:
        text = path.read_text("utf-8", "surrogatepass")
        document = json.loads(text, parse_constant=_no_constant)
    except OSError as error:
        raise BadInput(f"the file cannot be read ({error.strerror}).", where=str(path)) from None
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the file is not JSON ({error}).", where=str(path)) from None
    if not isinstance(document, dict):
        raise BadInput("the file holds no JSON object.", where=str(path))
    return document


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes, read in chunks."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def digest_of(document: Any) -> str:
    """Hex digest (SHA-256) of what JSON can say, the same for any order of its keys; of other
    objects, such as paths, counts their text."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for the block; a second holder is refused at once, exit code 75.

    The folder is made where it is missing, and taken away again if nothing was put into it.
    """
    from filelock import FileLock, Timeout

    try:
        make_private(folder)
    except OSError as error:
        raise _refused(folder, error) from error
    lock = FileLock(str(folder / LOCK_NAME), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise Locked(
            f"{folder}: another run is writing here. Wait for it, or choose another -o."
        ) from None
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        yield
    finally:
        with suppress(OSError):
            os.unlink(lock.lock_file)
        lock.release()
        with suppress(OSError):
            folder.rmdir()
