"""Standard input as a file, since readers look at a source more than once."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "-"  # as a user calls it
SHOWN = "stdin"  # in messages and records


@contextmanager
def spooled() -> Iterator[Path]:
    """All of standard input in a file that is there as long as the block."""
    with tempfile.TemporaryDirectory(prefix="augment-") as folder:
        path = Path(folder) / SHOWN
        with path.open("wb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
        yield path
