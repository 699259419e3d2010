"""Which driver speaks to a database, loaded only when one is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from augment.core.errors import MissingExtra
from augment.sources.databases.address import Address
from augment.sources.databases.failures import failures
from augment.sources.databases.session import Session

INSTALL = "pip install 'augment-synth[sql]'"


@contextmanager
def connected(address: Address, *, write: bool = False) -> Iterator[Session]:
    """One transaction on the database; what is not written to cannot be changed.

    Raises `MissingExtra` without its driver, and `BadInput` where it cannot be reached.
    """
    path = address.path
    if path is not None and not write:
        _require_file(address)
    made = path is not None and not path.exists()
    kind = _kind(address.scheme)
    done = False
    with failures(address):
        session = kind(address, write)
        try:
            yield session
            done = True
        finally:
            session.close()
            if made and not done and path is not None:
                path.unlink(missing_ok=True)


def _kind(scheme: str) -> Callable[[Address, bool], Session]:
    try:
        if scheme == "duckdb":
            from augment.sources.databases import duckdb_file

            return duckdb_file.DuckDb
        from augment.sources.databases import adbc
    except ImportError:
        raise MissingExtra(f"A driver for {scheme} is not installed: {INSTALL}") from None
    return adbc.Sqlite if scheme == "sqlite" else adbc.Postgresql


def _require_file(address: Address) -> None:
    from augment.sources.files import absent

    if address.path is not None and not address.path.is_file():
        raise absent(str(address.path))
