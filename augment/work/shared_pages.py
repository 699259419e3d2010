"""What many processes are given at once: its arrays lie in memory a single time, for all of them.

Arrays are pickled apart from the rest (protocol 5, PEP 574) into a file that is in memory alone,
which each process maps. Their pages are shared as long as nobody writes to them; who does gets a
page of its own, so that no process sees what another does. Where there is no such file, as
elsewhere than on Linux, each process gets a copy.
"""

from __future__ import annotations

import mmap
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ALIGNED = 64  # bytes: what NumPy and torch read fastest


@dataclass(frozen=True)
class Packed:
    """A pickle, and where the bytes of its arrays lie; to be sent to processes of this machine
    while the block of `packed` lasts."""

    pickled: bytes
    path: str = ""
    spans: tuple[tuple[int, int], ...] = ()

    def content(self) -> Any:
        """What was packed."""
        if not self.path:
            return pickle.loads(self.pickled)  # noqa: S301 - from the process that started us
        with Path(self.path).open("rb") as file:
            pages = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        buffers = [pages[first:last] for first, last in self.spans]
        return pickle.loads(self.pickled, buffers=buffers)  # noqa: S301 - as above


@contextmanager
def packed(shared: Any) -> Iterator[Packed]:
    """`shared` for other processes."""
    apart: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(shared, protocol=5, buffer_callback=apart.append)
    if not any(buffer.raw().nbytes for buffer in apart) or not hasattr(os, "memfd_create"):
        yield Packed(pickle.dumps(shared) if apart else pickled)
        return
    spans: list[tuple[int, int]] = []
    with os.fdopen(os.memfd_create("augment"), "wb") as file:
        for buffer in apart:
            file.write(bytes(-file.tell() % ALIGNED))
            first = file.tell()
            file.write(buffer.raw())
            spans.append((first, file.tell()))
        file.flush()
        yield Packed(pickled, f"/proc/{os.getpid()}/fd/{file.fileno()}", tuple(spans))
