"""A gallery that is whole or absent: what a resumed run finds under its name is complete."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from augment.base.errors import UsageError
from augment.base.files import sync_folder
from augment.images import gallery
from augment.images.dataset import Images


def write(parts: Iterator[Images], path: Path, *, force: bool) -> int:
    """Write the parts into the folder `path`, which appears only once it is whole.

    With `force` a gallery that was written there before is replaced; any other folder with content
    is refused.
    """
    if path.exists():
        _require_ours(path, force)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".augment-", suffix=".tmp", dir=path.parent))
    try:
        written = gallery.write(parts, partial, {})
        umask = os.umask(0)
        os.umask(umask)
        partial.chmod(0o777 & ~umask)
        if path.exists():
            shutil.rmtree(path)
        os.replace(partial, path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):
            shutil.rmtree(partial)
    return written


def _require_ours(path: Path, force: bool) -> None:
    if not path.is_dir():
        raise UsageError(f"{path} is a file. Images go into a folder: choose one with -o.")
    if not any(path.iterdir()):
        return
    if not (path / gallery.LINES).is_file():
        raise UsageError(f"{path} holds other files. Choose an empty or a new folder with -o.")
    if not force:
        raise UsageError(f"{path} holds images already. Pass --force to replace them.")
