"""Files that lie elsewhere, as files here for as long as they are read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


@contextmanager
def fetched(uri: str) -> Iterator[Fetched]:
    """The files at `uri` in a folder that is there as long as the block; in errors they have their
    own names."""
    with tempfile.TemporaryDirectory(prefix="augment-") as name:
        folder = Path(name) / "fetched"
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
        with renamed(str(folder), root):
            yield Fetched(str(folder / rest), folder, root)


@contextmanager
def here(name: str | None) -> Iterator[Path]:
    """A file or folder, fetched if it lies elsewhere; the working folder for None."""
    if name is None or not is_uri(name):
        yield Path(name or "")
        return
    with fetched(name) as found:
        yield Path(found.local)
