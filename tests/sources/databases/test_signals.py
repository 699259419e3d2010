"""A signal ends a statement that runs, on the server too, and nothing of it stays."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM, Signals
from threading import Event

import pytest

from augment.core.errors import BadInput
from augment.kinds.tables.io.formats import ReadOptions
from augment.kinds.tables.io.reading import read
from augment.sources.databases.address import parsed
from augment.sources.databases.connection import connected
from augment.sources.databases.session import Session
from augment.sources.databases.statements import Statements
from augment.work.deadline import TimeIsUp, interrupted
from tests.cli.in_process import augment
from tests.places import ROOT
from tests.sources.databases.servers import PASSWORD

pytest.importorskip("adbc_driver_manager", reason="the extra [sql] is not installed")
TOO_LONG = 600  # seconds for which a statement sleeps; nobody waits for its end
LEFT = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND state = 'active'"
RUNNING = f"SELECT count(*) FROM ({LEFT}) AS sleeping"


@pytest.fixture
def base(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A table of orders, and one that takes for ever to be written to."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    found = f"postgresql://shop@/postgres?{server}"
    with connected(parsed(found), write=True) as session:
        session.rows(f"SELECT pg_terminate_backend(pid) FROM ({LEFT}) AS left_by_a_failed_test")
        session.rows("DROP TABLE IF EXISTS orders, slow")
        session.rows("CREATE TABLE orders AS SELECT n % 7 AS k FROM generate_series(1, 60) n")
        session.rows("CREATE TABLE slow (k int)")
        session.rows(
            "CREATE OR REPLACE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN PERFORM pg_sleep({TOO_LONG}); RETURN new; END $$"
        )
        session.rows("CREATE TRIGGER w AFTER INSERT ON slow FOR EACH ROW EXECUTE FUNCTION wait()")
        session.end(commit=True)
    return found


def heard() -> None:
    """Undo that a shell's background commands ignore Ctrl-C, and `nohup`'s the end of a session."""
    for number in (SIGINT, SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def stopped(base: str, number: Signals, *words: str) -> int:
    """The exit code of a command that gets a signal once its statement sleeps on the server."""
    command = subprocess.Popen(
        [sys.executable, "-m", "augment", *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heard,
    )
    try:
        with connected(parsed(base)) as session:
            while running(session) == 0:
                assert command.poll() is None, command.communicate()[1]
                time.sleep(0.1)
            command.send_signal(number)
            said = command.communicate(timeout=TOO_LONG / 10)[1]
            assert running(session) == 0, "the statement goes on"
    finally:
        command.kill()
    assert "augment: interrupted." in said and "error" not in said
    return command.returncode


def running(session: Session) -> int:
    """How many statements sleep on the server now."""
    session.rows("SELECT pg_stat_clear_snapshot()")
    return int(session.rows(RUNNING)[0][0])


@pytest.mark.parametrize(("number", "code"), [(SIGTERM, 143), (SIGINT, 130), (SIGHUP, 129)])
def test_a_signal_ends_a_query(base: str, number: Signals, code: int) -> None:
    query = f"SELECT k, pg_sleep({TOO_LONG}) FROM orders"
    assert stopped(base, number, "inspect", base, "--sql", query) == code


def test_a_signal_ends_what_is_written_and_nothing_is_there(base: str, tmp_path: Path) -> None:
    model = str(tmp_path / "m")
    fitted = augment("fit", f"{base}&table=orders", "-o", model, "-e", "independent")
    assert fitted.returncode == 0, fitted.stderr
    for mode in ("&mode=append", ""):
        words = ["sample", model, "-n", "5", "-o", f"{base}&table=slow{mode}", "--workers", "1"]
        words += [] if mode else ["--force"]
        assert stopped(base, SIGTERM, *words) == 143
    with connected(parsed(base)) as session:
        assert session.rows("SELECT count(*) FROM slow") == [(0,)]


def test_what_the_server_ends_is_told(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=100ms")
    query = f"SELECT k, pg_sleep({TOO_LONG}) FROM orders"
    with pytest.raises(BadInput, match="ended the statement"):
        read(base, ReadOptions(sql=query))


def test_an_alarm_ends_a_statement_of_duckdb(tmp_path: Path) -> None:
    endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range < -b.range"
    address = parsed(f"duckdb:///{tmp_path}/t.duckdb")
    with connected(address, write=True) as session:
        with pytest.raises(TimeIsUp), interrupted(0.2):
            session.rows(endless)
        session.end(commit=False)
    with connected(address) as session:
        assert session.rows("SELECT 1") == [(1,)]


def test_a_connection_is_closed_once_a_statement_that_nothing_ends_has_ended() -> None:
    end, closed = Event(), Event()
    statements = Statements()
    with pytest.raises(TimeIsUp), interrupted(0.01):
        statements.waited(end.wait)
    statements.closed(closed.set)
    assert not closed.is_set()
    end.set()
    assert closed.wait(60)
