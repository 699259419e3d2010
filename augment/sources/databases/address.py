"""Where a table lies in a database: `sqlite:///shop.db?table=orders`, and no password in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from augment.core.errors import UsageError, did_you_mean

SCHEMES = {"sqlite": "sqlite", "duckdb": "duckdb", "postgresql": "postgresql",
           "postgres": "postgresql"}  # fmt: skip
OURS = ("table", "mode", "like")
SECRET = ("password", "passwd", "pwd", "sslpassword", "token", "secret")
WAY_OUT = (
    "Other programs of this machine can read it there, and files keep it. Leave it out: "
    "PGPASSWORD, ~/.pgpass (PGPASSFILE) or a service file (PGSERVICEFILE, ?service=NAME) hold it."
)


@dataclass(frozen=True)
class Address:
    """A database, and a table in it if one is named.

    `place` is the file of SQLite and DuckDB, or the address that libpq takes. `like` is the table
    whose types and keys a new one gets; with `append` rows go below those that are there.
    """

    scheme: str
    place: str
    table: str | None = None
    append: bool = False
    like: str | None = None

    def __str__(self) -> str:
        base = self.place if self.scheme == "postgresql" else f"{self.scheme}:///{self.place}"
        given = {"table": self.table, "like": self.like, "mode": "append" if self.append else None}
        query = urlencode({k: v for k, v in given.items() if v is not None}, quote_via=quote)
        return f"{base}{'&' if '?' in base else '?'}{query}" if query else base

    @property
    def path(self) -> Path | None:
        """The file, where the database is one."""
        return None if self.scheme == "postgresql" else Path(self.place)


def is_address(text: str) -> bool:
    """Whether a source or an output is a database.

    >>> is_address("sqlite:///shop.db?table=orders"), is_address("shop.db")
    (True, False)
    """
    return text.partition("://")[0] in SCHEMES and "://" in text


def parsed(text: str) -> Address:
    """The address that a text gives. Raises `UsageError` for a password in it, which no message
    repeats, and for what it cannot mean."""
    scheme = SCHEMES[text.partition("://")[0]]
    try:
        parts = urlsplit(text)
        secret = parts.password is not None
    except ValueError:
        raise UsageError(f"This {scheme} address cannot be read. {_example(scheme)}") from None
    given = parse_qsl(parts.query, keep_blank_values=True)
    if secret or any(key.lower() in SECRET for key, _ in given):
        raise UsageError(f"There is a password in the {scheme} address. {WAY_OUT}")
    own = {key: value for key, value in given if key in OURS}
    rest = [(key, value) for key, value in given if key not in OURS]
    if own.get("mode", "append") != "append":
        raise UsageError(f"mode={own['mode']}: only mode=append is known. Replace with --force.")
    if scheme == "postgresql":
        query = urlencode(rest, quote_via=quote)
        place = f"postgresql://{parts.netloc}{parts.path}{'?' if query else ''}{query}"
    else:
        if rest:
            raise UsageError(f"{rest[0][0]}=…: {did_you_mean(rest[0][0], list(OURS))}")
        place = unquote(parts.path[1:])
        if parts.netloc or not place:
            raise UsageError(f"This {scheme} address names no file. {_example(scheme)}")
    return Address(scheme, place, own.get("table") or None, "mode" in own, own.get("like") or None)


def _example(scheme: str) -> str:
    if scheme == "postgresql":
        return "Write it as postgresql://USER@HOST:PORT/DATABASE?table=NAME."
    return f"Write it as {scheme}:///FILE?table=NAME (a fourth slash begins an absolute path)."
