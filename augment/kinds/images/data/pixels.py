"""Room for many images: in memory while they are few, else on disk behind the same array type."""

from __future__ import annotations

import math
import tempfile
from typing import TYPE_CHECKING

import numpy as np

from augment.core.errors import OutOfResources

if TYPE_CHECKING:
    from numpy.typing import NDArray

IN_MEMORY_BYTES = 32 << 20
CHUNK_BYTES = 16 << 20


def room(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A zeroed uint8 array; above `IN_MEMORY_BYTES` it lies in an unnamed temporary file.

    The file has no name, so it is gone with the last array that looks at it, however the process
    ends. `TMPDIR` says where it lies. Raises `OutOfResources` where the disk cannot hold it.
    """
    size = math.prod(shape)
    return np.zeros(shape, np.uint8) if size <= IN_MEMORY_BYTES else _on_disk(shape, size)


def _on_disk(shape: tuple[int, ...], size: int) -> NDArray[np.uint8]:
    with tempfile.TemporaryFile(prefix="augment-") as stream:
        try:
            for part in chunks(size, (1,)):  # a full disk is told now, not by SIGBUS
                stream.write(bytes(part.stop - part.start))
            stream.flush()
        except OSError as error:
            raise OutOfResources(
                f"{tempfile.gettempdir()} cannot hold {size / 1e9:.1f} GB of decoded images "
                f"({error.strerror}). Set TMPDIR to a larger disk, or choose a smaller --canvas."
            ) from error
        return np.memmap(stream, np.uint8, "r+", shape=shape)


def chunks(count: int, shape: tuple[int, ...]) -> list[slice]:
    """Slices over `count` images of `shape`, each about `CHUNK_BYTES` large."""
    step = max(1, CHUNK_BYTES // max(1, math.prod(shape)))
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]
