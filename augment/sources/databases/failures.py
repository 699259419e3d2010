"""What a database's refusals mean, told without its own words, which may cite values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from augment.core.errors import AugmentError, BadInput, OutOfResources, UsageError
from augment.sources.databases.address import Address

NO_ADDRESS = ("invalid uri query parameter", "invalid sslmode value", "invalid port number")
NO_DATABASE = re.compile('database ".*" does not exist')
NO_DATABASE_FILE = ("not a database", "not a valid duckdb", "in-memory", "sqlite_scanner")
ENDED = "canceling statement due to"  # while rows come, the driver gives no code
STATES = {  # what PostgreSQL says of a statement, by the standard's codes or their classes
    "3F000": ("there is no such schema", "Make it first, or name another."),
    "42601": ("the SQL is not one query", "Give a single SELECT, and try it with psql."),
    "42P01": ("the SQL names a table that is not there", "Try it with psql."),
    "42703": ("the SQL names a column that is not there", "Try it with psql."),
    "22": (
        "a value is none of the column's type; nothing was written",
        "Texts that stand for arrays, addresses and the like are made up: leave such columns out "
        "of the fit with --column NAME=drop.",
    ),
}


@contextmanager
def failures(address: Address) -> Iterator[None]:
    """Tell what a driver raises by the kind of error alone: its words may hold values."""
    try:
        yield
    except (AugmentError, MemoryError):
        raise
    except Exception as error:
        raise _told(error, address) from None


def _told(error: Exception, address: Address) -> AugmentError:
    state = getattr(error, "sqlstate", None) or ""
    said = str(error).lower()
    where = str(address)
    if state.startswith("28") or "password" in said or "authentication" in said:
        return BadInput(
            "the server refuses this user, or needs a password.",
            where=where,
            hint="Give it by PGPASSWORD, ~/.pgpass or a service file; never in the address.",
        )
    if any(each in said for each in NO_ADDRESS):
        return UsageError(
            f"{where}: PostgreSQL does not take this address: a part behind the ? is unknown, or "
            "has a value that it cannot have."
        )
    if state == "3D000" or NO_DATABASE.search(said):
        return BadInput(
            "the server has no database of this name.", where=where, hint="Is it spelt right?"
        )
    if any(each in said for each in NO_DATABASE_FILE):
        return BadInput(
            f"the file is no database of {address.scheme}.",
            where=where,
            hint="Is sqlite:/// or duckdb:/// right? A file of rows is named by its path alone.",
        )
    if state == "57014" or ENDED in said:
        return BadInput(
            "the server ended the statement: its statement_timeout, or somebody else, did.",
            where=where,
            hint="Ask for fewer rows, or for more time.",
        )
    if state.startswith("08") or "connect" in said or "could not translate host" in said:
        return BadInput(
            "the server cannot be reached.",
            where=where,
            hint="Is it running, at this host and port?",
        )
    if state.startswith("53") or "disk" in said:
        return OutOfResources(f"{where}: the database is out of disk space or memory.")
    if "lock" in said or state.startswith(("55", "40")):
        return BadInput(
            "another program holds the table or the file.", where=where, hint="Try again later."
        )
    if "read-only" in said or "readonly" in said or "permission" in said or state == "42501":
        return BadInput(
            "this user may not read, or not write, what is asked for.",
            where=where,
            hint="Ask for the right to.",
        )
    if state.startswith("23") or "constraint" in said:
        return BadInput(
            "the rows break a key or a check of the table; nothing was written.",
            where=where,
            hint="With rows that are there already, ids may repeat: replace them with --force.",
        )
    if state in STATES or state[:2] in STATES:
        what, hint = STATES.get(state) or STATES[state[:2]]
        return BadInput(f"{what} (SQLSTATE {state}).", where=where, hint=hint)
    code = f" (SQLSTATE {state})" if state.strip("\0") else ""
    return BadInput(
        f"the database refuses this: {type(error).__name__}{code}.",
        where=where,
        hint="Check the table, its types and the SQL.",
    )
