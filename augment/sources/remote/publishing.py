"""Results that are made here and lie elsewhere: sent whole, the manifest last.

They are staged in a folder of the user's cache that a killed command finds again, so that it
resumes. A reader that asks for the manifest first never takes a half-sent folder for a whole one;
object stores show a file only once all of it is there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.core.errors import UsageError
from augment.core.files import make_private
from augment.core.folders import home_folder
from augment.core.result_files import MANIFEST, PARTIAL, REJECTED
from augment.sources.remote.files import Remote, remote
from augment.sources.remote.naming import in_document, renamed
from augment.sources.remote.uri import is_uri, require_no_secret, require_writable

UNSENT = "unsent"  # beside a result that is finished, until all of it lies at its address


@dataclass(frozen=True)
class Place:
    """Where a command writes: `path`, which is sent to `uri` if there is one."""

    path: Path
    uri: str | None = None
    force: bool = False
    manifest: bytes | None = None  # of what lay there when the command began

    def send(self, rejected: bool = False) -> None:
        """What was written goes to its address; to OUT.rejected, if a gate rejected it."""
        if self.uri is None:
            return
        ending = REJECTED if rejected else ""
        local = self.path.with_name(self.path.name + ending)
        (_staging(self.uri) / UNSENT).touch()
        with remote(self.uri + ending) as found:
            if local.is_dir():
                self._send_folder(local, found, checked=not (rejected or self.force))
            else:
                self._require_free(found)
                found.send(local, "")
        shutil.rmtree(_staging(self.uri), ignore_errors=True)

    def _send_folder(self, local: Path, found: Remote, *, checked: bool) -> None:
        now, made = found.read(MANIFEST), (local / MANIFEST).read_bytes()
        if now == made:
            return
        if checked and now != self.manifest:
            raise UsageError(f"{self.uri}: another command wrote here meanwhile. Pass --force.")
        before = set(found.names()) if now is not None else set()
        if now is not None:
            found.remove(MANIFEST)
        files = [path for path in sorted(local.rglob("*")) if path.is_file()]
        names = [path.relative_to(local).as_posix() for path in files]
        kept = [name for name in names if name != MANIFEST and not _is_ours(name)]
        for name in (*kept, MANIFEST):
            found.send(local / name, name)
        for name in before - set(names):
            found.remove(name)

    def _require_free(self, found: Remote) -> None:
        if not self.force and found.exists():
            raise UsageError(f"{self.uri} exists already. Pass --force to replace it.")

    def shown(self, document: Any) -> Any:
        """A document that names the address."""
        return document if self.uri is None else in_document(document, str(self.path), self.uri)


def _is_ours(name: str) -> bool:
    """Whether a file only serves the making: a lock, an unfinished attempt."""
    return name.startswith((PARTIAL, ".lock", ".augment-"))


@contextmanager
def published(
    out: str | Path, *, force: bool, replace: bool = False, file: bool = False
) -> Iterator[Place]:
    """Where to write what is to lie at `out`; `send` it at the end. `file`: it may be one file.

    A result that lies there already is fetched, so that it is found up to date, or refused; with
    `replace` the command itself decides whether another takes its place.
    """
    text = str(out)
    if not is_uri(text):
        yield Place(Path(out))
        return
    require_no_secret(text)
    require_writable(text)
    uri = text.rstrip("/")
    staging = _staging(uri)
    path = staging / (uri.rpartition("/")[2] or "out")
    with remote(uri) as found:
        manifest = None
        if file and found.is_file():
            Place(path, uri, force)._require_free(found)
        else:
            manifest = found.read(MANIFEST)
        begun = _is_begun(staging, path)
        if manifest is not None and begun and not (force or replace):
            raise UsageError(
                f"{uri} holds a result, and an unfinished one for it is here. Pass --force to "
                "finish that and replace it, or choose another -o."
            )
        make_private(staging)
        if manifest is not None and not begun and not force:
            for name in found.names():
                place = path / name
                make_private(place.parent)
                found.system.get_file(found.at(name), str(place))
    if path.is_file():  # which a command would not replace
        path.unlink()
    try:
        with renamed(str(path), uri):
            yield Place(path, uri, force, manifest)
    finally:
        if not _is_begun(staging, path):  # nothing that could be gone on with
            shutil.rmtree(staging, ignore_errors=True)


def _is_begun(staging: Path, path: Path) -> bool:
    """Whether an earlier command left something to go on with, or to send."""
    return (path / PARTIAL).exists() or (staging / UNSENT).exists()


def _staging(uri: str) -> Path:
    """The folder here for results of an address, the same in each command."""
    given, home = os.environ.get("XDG_CACHE_HOME"), home_folder()
    if given:
        cache = Path(given)
    elif home is not None:
        cache = home / ".cache"
    else:
        raise UsageError(
            f"{uri}: what is sent there is made here first, and there is no home folder for it. "
            "Set XDG_CACHE_HOME to a folder that can be written."
        )
    return cache / "augment" / "staging" / hashlib.sha256(uri.encode()).hexdigest()[:16]
