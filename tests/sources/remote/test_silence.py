"""A server that never answers is given up; one that is slow is waited for; a signal ends either."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from augment.core.errors import BadInput
from augment.sources.remote import files, patience
from augment.sources.remote.files import Remote, remote
from tests.places import ROOT

fsspec = pytest.importorskip("fsspec", reason="the extra [cloud] is not installed")
FOLDER = Path(__file__).parent
LONGEST = 120  # seconds that a silent server may cost a command
IN_TIME = "from augment.sources.remote import patience; patience.STORE_SECONDS = {}; "
COMMAND = "from augment.cli.app import main; main()"
MOVED = (
    "import sys; from pathlib import Path; from augment.sources.remote.files import remote\n"
    "with remote('s3://b/x') as found:\n"
    "    found.send(Path(sys.argv[1]), '')\n"
    "    found.system.get_file(found.at(''), sys.argv[1])"
)


@contextmanager
def server(*words: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    """The environment in which a server on loopback is the store, and a line for each call."""
    pytest.importorskip("s3fs", reason="the extra [cloud] is not installed")
    calls: list[str] = []
    process = subprocess.Popen(
        [sys.executable, str(FOLDER / "slow_server.py"), *words], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        address = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        Thread(target=lambda: calls.extend(process.stdout or ()), daemon=True).start()
        keys = {"AWS_ACCESS_KEY_ID": "one", "AWS_SECRET_ACCESS_KEY": "two"}
        yield {**os.environ, **keys, "AWS_ENDPOINT_URL": address}, calls
    finally:
        process.kill()
        process.wait()


def python(code: str, env: dict[str, str], *words: str) -> subprocess.Popen[str]:
    """In this process nothing may be connected to."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    "words",
    [
        ["inspect", "s3://b/t.csv"],
        ["inspect", "s3://b/t/*.csv"],
        ["run", "samples/clinic.csv", "-o", "s3://b/out"],
    ],
    ids=str,
)
def test_a_store_that_never_answers_is_given_up(words: list[str], tmp_path: Path) -> None:
    with server("silent") as (env, calls):
        env["XDG_CACHE_HOME"] = str(tmp_path)
        found = python(IN_TIME.format(0.3) + COMMAND, env, *words)
        said = found.communicate(timeout=LONGEST)[1]
    assert found.returncode == 4, said
    assert "there is no answer" in said and "Does a server of the right kind" in said
    assert calls and len(calls) * patience.STORE_SECONDS < LONGEST


def test_a_signal_ends_what_waits_for_such_a_store() -> None:
    with server("silent") as (env, calls):
        found = python(COMMAND, env, "inspect", "s3://b/t.csv")
        while not calls:
            assert found.poll() is None
            time.sleep(0.05)
        found.send_signal(signal.SIGTERM)
        said = found.communicate(timeout=LONGEST)[1]
    assert found.returncode == 143 and "interrupted" in said


def test_a_slow_transfer_that_goes_on_is_not_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(40 << 20))
    with server() as (env, calls):
        found = python(IN_TIME.format(2) + MOVED, env, str(file))
        said = found.communicate(timeout=LONGEST)[1]
    assert found.returncode == 0, said
    assert len(calls) <= 2, "it was begun anew"
    assert file.stat().st_size == 40 << 20


def test_any_question_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    end = Event()
    monkeypatch.setattr(files, "QUESTION_SECONDS", 0.01)
    monkeypatch.setattr(type(fsspec.filesystem("memory")), "info", lambda *_, **__: end.wait())
    monkeypatch.setattr(type(fsspec.filesystem("memory")), "cat_file", lambda *_, **__: end.wait())
    questions = (Remote.names, Remote.exists, Remote.is_file, lambda found: found.read("x"))
    for question in questions:
        with (
            pytest.raises(BadInput, match=r"no answer within 0\.01 s"),
            remote("memory://b/t") as r,
        ):
            question(r)
    end.set()
    assert patience.QUESTION_SECONDS < LONGEST
