"""What lies at an address, listed once by each command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from augment.sources.remote.files import Remote, remote

_listed: ContextVar[dict[str, list[str]] | None] = ContextVar("listed", default=None)


@contextmanager
def listed_once() -> Iterator[None]:
    """What is listed within the block is remembered as long as it lasts. Elsewhere, as in a program
    that goes on for long, every question is asked anew."""
    token = _listed.set({})
    try:
        yield
    finally:
        _listed.reset(token)


def names(uri: str) -> list[str]:
    """The names of the files at an address. Raises `BadInput` where there is none."""
    known = (_listed.get() or {}).get(uri)
    if known is None:
        with remote(uri) as found:
            known = require_names(found)
    return [name or uri.rpartition("/")[2] for name in known]


def require_names(found: Remote) -> list[str]:
    """The same as `Remote.require_names`."""
    remembered = _listed.get()
    if remembered is None:
        return found.require_names()
    if found.uri not in remembered:
        remembered[found.uri] = found.require_names()
    return remembered[found.uri]
