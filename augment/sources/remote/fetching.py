"""Files that lie elsewhere, as files here for as long as they are read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from augment.sources.remote.files import remote
from augment.sources.remote.listing import require_names
from augment.sources.remote.naming import renamed
from augment.sources.remote.uri import is_uri, root_of


@dataclass(frozen=True)
class Fetched:
    """`local` is to be read in the place of an address; `shown` is what a file of it is called."""

    local: str
    folder: Path
    root: str

    def shown(self, path: Path | str) -> str:
        """The address of a file that was fetched."""
        return str(path).replace(str(self.folder), self.root)


@dataclass(frozen=True)
class _Kept:
    """Copies that stay until `folders` is closed, by their addresses."""

    folders: ExitStack
    wanted: set[str] = field(default_factory=set)
    copies: dict[str, Fetched] = field(default_factory=dict)


_kept: ContextVar[_Kept | None] = ContextVar("kept", default=None)


@contextmanager
def fetched_once() -> Iterator[None]:
    """Copies for which `keep` asks within the block stay here until it ends, however it ends, and
    serve who reads the same address again. All others are gone once they are read."""
    with ExitStack() as folders:
        token = _kept.set(_Kept(folders))
        try:
            yield
        finally:
            _kept.reset(token)


def keep(source: str) -> None:
    """What is being read will be read again. Nothing comes of it outside `fetched_once`, or where
    the source lies here."""
    kept = _kept.get()
    if kept is not None:
        kept.wanted.add(source)


@contextmanager
def fetched(uri: str) -> Iterator[Fetched]:
    """The files at `uri` in a folder that is there as long as the block; in errors they have their
    own names."""
    kept = _kept.get()
    with ExitStack() as folders:
        found = None if kept is None else kept.copies.get(uri)
        if found is None:
            name = folders.enter_context(tempfile.TemporaryDirectory(prefix="augment-"))
            found = _fetched_into(Path(name) / "fetched", uri)
        with renamed(str(found.folder), found.root):
            yield found
        if kept is not None and uri in kept.wanted:
            kept.folders.enter_context(folders.pop_all())
            kept.copies[uri] = found


def _fetched_into(folder: Path, uri: str) -> Fetched:
    root, base = root_of(uri), uri.partition("?")[0].rpartition("/")[2]
    with remote(uri) as found:
        listed = require_names(found)
        for each in listed:
            place = folder / (each or base)
            place.parent.mkdir(parents=True, exist_ok=True)
            found.system.get_file(found.at(each), str(place))
    if listed == [""]:
        root, rest = root.partition("?")[0].rpartition("/")[0], base
    else:
        rest = uri[len(root) :].strip("/")
    return Fetched(str(folder / rest), folder, root)


@contextmanager
def here(name: str | None) -> Iterator[Path]:
    """A file or folder, fetched if it lies elsewhere; the working folder for None."""
    if name is None or not is_uri(name):
        yield Path(name or "")
        return
    with fetched(name) as found:
        yield Path(found.local)
