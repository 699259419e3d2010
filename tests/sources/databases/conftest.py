"""A table of orders in each database."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from augment.sources.databases.address import parsed
from augment.sources.databases.connection import connected
from tests.sources.databases.servers import PASSWORD, postgresql

ORDERS = [
    (n, f"name {n % 7}", Decimal(n) / 4, n % 2 == 0 if n % 9 else None, f"2024-05-{n % 28 + 1:02d}")
    for n in range(60, 0, -1)
]
TABLE = (
    "CREATE TABLE {} (id bigint PRIMARY KEY, name varchar(20) NOT NULL, "
    "price decimal(10, 2) CHECK (price >= 0), paid boolean, day date)"
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as query:
        yield query


@pytest.fixture(params=["sqlite", "duckdb", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a database with a table of orders, up to the name of a table."""
    if request.param == "postgresql":
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        found = f"postgresql://shop@/postgres?{request.getfixturevalue('server')}&table="
    else:
        found = f"{request.param}:///{tmp_path / 'shop.db'}?table="
    with connected(parsed(found), write=True) as session:
        for table in ("orders", "made", "other"):
            session.rows(f"DROP TABLE IF EXISTS {table}")
        session.rows(TABLE.format("orders"))
        for row in ORDERS:
            cells = ", ".join("NULL" if v is None else f"'{v}'" if isinstance(v, str) else str(v)
                              for v in row)  # fmt: skip
            session.rows(f"INSERT INTO orders VALUES ({cells})")
        session.end(commit=True)
    return found
