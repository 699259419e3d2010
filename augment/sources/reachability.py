"""Whether what a name leads to can be reached, read and written, tried on the spot."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from augment.core.errors import BadInput, listed
from augment.core.types import Json
from augment.sources.databases import address, connection, session
from augment.sources.files import matching
from augment.sources.remote import uri as uris
from augment.sources.remote.files import remote
from augment.sources.silence import answered

MAX_SECONDS = 45
TRIED = "augment_ping"


def tried(name: str, write: bool) -> Json:
    """What was tried of `name`, and what came of it. Raises what tells why it failed."""
    if address.is_address(name):
        place = address.parsed(name)
        return answered(str(place), lambda: _database(place, write), MAX_SECONDS)
    if uris.is_uri(name):
        uris.require_no_secret(name)
        return answered(name, lambda: _remote(name, write), MAX_SECONDS)
    return _local(name, write)


def _database(place: address.Address, write: bool) -> Json:
    steps = []
    path = place.path
    if path is None or path.exists() or not write:
        with connection.connected(place) as base:
            found = base.tables()
            steps.append(
                _step("reached", f"{_counted(len(found), 'table')}: {listed(found) or 'none'}")
            )
            if place.table is not None and not write:
                fields = session.require_table(base, place.table)
                session.first_row(base, place.table)
                steps.append(_step("read", f"{place.table}, {_counted(len(fields), 'column')}"))
    if write:
        made = f"{TRIED}_{secrets.token_hex(4)}"
        fresh = path is not None and not path.exists()
        with connection.connected(place, write=True) as base:
            session.make_and_undo(base, made)
        if fresh and path is not None:
            path.unlink(missing_ok=True)
        steps.append(_step("written", "a table was made, and undone"))
    return {"uri": str(place), "steps": steps}


def _remote(name: str, write: bool) -> Json:
    if write:
        uris.require_writable(name)
    steps = []
    with remote(name) as place:
        found = place.names() if write else place.require_names()
        steps.append(_step("reached", _counted(len(found), "file")))
        if found:
            at = place.at(found[0])
            # A store has no first byte of an empty file. The web tells sizes poorly, and errors so.
            empty = uris.scheme_of(name) not in uris.READ_ONLY and place.system.size(at) == 0
            place.system.cat_file(at, **({} if empty else {"start": 0, "end": 1}))
            steps.append(_step("read", found[0] or name))
    if write:
        ending = f"{TRIED}_{secrets.token_hex(4)}"
        inside = "/" not in name.partition("://")[2].rstrip(
            "/"
        )  # a whole bucket has nothing beside
        beside = f"{name.rstrip('/')}{'/' if inside else '.'}{ending}"
        with remote(beside) as place, tempfile.NamedTemporaryFile() as file:
            file.write(b"augment ping")
            file.flush()
            place.send(Path(file.name), "")
            place.remove("")
        steps.append(
            _step("written", f"a file was made {'in' if inside else 'beside'} it, and removed")
        )
    return {"uri": name, "steps": steps}


def _local(name: str, write: bool) -> Json:
    steps = []
    path = Path(name)
    if not write or path.exists():
        found = matching(name)
        for each in found:
            if not os.access(each, os.R_OK):
                raise BadInput("this user may not read it.", where=str(each))
        steps.append(_step("read", f"{len(found):,} files" if len(found) > 1 else str(found[0])))
    if write:
        folder = path if path.is_dir() else path.absolute().parent
        try:
            with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{TRIED}"):
                pass
        except OSError as error:
            raise BadInput(f"it cannot be written ({error.strerror}).", where=name) from None
        steps.append(_step("written", "a file was made, and removed"))
    return {"uri": name, "steps": steps}


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _step(name: str, found: str) -> Json:
    return {"name": name, "found": found}
