"""A PostgreSQL server of one's own, on a socket in a folder; no other machine can reach it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # where Debian puts them
OWNER = "postgres"  # it runs as no root
PASSWORD = "open sesame"


@contextmanager
def postgresql() -> Iterator[str]:
    """The query part of addresses that lead to it; every user needs the password."""
    if not BINARIES:
        pytest.skip("PostgreSQL is not on this machine (Debian: postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path is short
    secret = folder / "secret"
    secret.write_text(PASSWORD)
    root = os.geteuid() == 0
    if root:
        shutil.chown(folder, OWNER)
        shutil.chown(secret, OWNER)

    def tool(name: str, *arguments: str) -> None:
        subprocess.run(
            [str(BINARIES[-1] / name), *arguments],
            user=OWNER if root else None,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )

    data = str(folder / "data")
    try:
        made = ("-U", "shop", "-A", "scram-sha-256", f"--pwfile={secret}", "-N", "-E", "UTF8")
        tool("initdb", "-D", data, *made, "--locale=C")
        options = f"-c listen_addresses='' -k {folder} -c fsync=off"
        tool("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"host={folder}"
        finally:
            tool("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
