"""Commands that are interrupted or killed: what is left, and what goes on from it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.child import environment, write_table
from tests.cli.in_process import augment
from tests.places import ROOT

SLOW_START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
import sys
from augment.kinds.tables.engines.independent import Independent
fit = Independent.fit
def slow(self, data, job):
    print("fitting now", file=sys.stderr, flush=True)
    sys.stdin.read()
    return fit(self, data, job)
Independent.fit = slow
from augment.cli.app import main
main()
"""


def slow_fit(table: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    """A fit that waits in the middle for its input to end; returns once it has begun to."""
    arguments = ["fit", str(table), "-o", str(out), "-e", "independent"]
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_START, *arguments, *options],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    )
    assert process.stderr is not None
    while b"fitting now" not in (line := process.stderr.readline()):
        assert line, "the fit ended early"
    return process


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.slow),
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow),
    ],
)
def test_a_signal_names_the_command_that_resumes_and_leaves_only_the_partial_folder(
    table: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "a model"
    process = slow_fit(table, out)
    process.send_signal(number)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == code
    assert b"Traceback" not in complaint
    last = complaint.decode().strip().splitlines()[-1]
    assert last == f"Resume with: augment fit {table} -o '{out}' -e independent"
    assert [entry.name for entry in out.iterdir()] == [".partial"]


def test_a_second_writer_is_refused_while_the_first_goes_on(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "m"
    process = slow_fit(table, out, "--seed", "1")
    second = augment("fit", table, "-o", out, "-e", "independent")
    assert second.returncode == 75, second.stderr
    process.communicate(timeout=60)
    assert process.returncode == 0
    names = ["fit.json", "manifest.json", "model.json", "weights.safetensors"]
    assert sorted(entry.name for entry in out.iterdir()) == names


def test_what_a_killed_sample_left_is_cleared_by_the_next_writer(
    model: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "augment", "sample", str(model), "-n", "5m", "-q"]
    process = subprocess.Popen([*command, "-o", str(tmp_path / "a.csv")], cwd=ROOT)
    while not (left := list(tmp_path.glob(".augment-*"))):
        assert process.poll() is None, "the sample ended early"
        time.sleep(0.05)
    done = augment("sample", model, "-n", "5", "-o", tmp_path / "beside.csv")
    assert done.returncode == 0 and left[0].exists()  # its writer lives
    process.kill()
    process.wait()
    assert left[0].exists()
    assert augment("sample", model, "-n", "5", "-o", tmp_path / "b.csv").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.csv", "beside.csv"]


KILLED = ("-e", "independent", "--seed", "5", "--gate", "none")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody killed, beside its table."""
    folder = tmp_path_factory.mktemp("whole")
    table = write_table(folder / "t.csv", rows=60)
    assert augment("run", table, "-o", folder / "whole", *KILLED).returncode == 0
    return folder / "whole"


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.2, 1.6, 2.0, 2.4, 2.8, 3.2])
def test_a_run_killed_at_any_moment_goes_on_to_the_same_bytes(
    whole: Path, tmp_path: Path, seconds: float
) -> None:
    table, cut = whole.with_name("t.csv"), tmp_path / "cut"
    command = [sys.executable, "-m", "augment", "run", str(table), "-o", str(cut), *KILLED]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    process.kill()
    process.wait()
    if cut.exists() and not (cut / "manifest.json").exists():
        assert {entry.name for entry in cut.iterdir()} <= {".partial", ".lock"}
    done = augment("run", table, "-o", cut, *KILLED)
    assert done.returncode == 0, done.stderr
    assert augment("verify", cut).returncode == 0
    same = ["synthetic.csv", "report.json", "model/model.json", "model/weights.safetensors"]
    for name in same:
        assert (cut / name).read_bytes() == (whole / name).read_bytes(), name
    assert not [p for p in cut.rglob("*") if p.name.startswith(".augment-")]
