"""`transform` in several processes, stopped in every way: nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from augment.kinds.images.io.image_files import encoded, put
from tests.cli.child import environment
from tests.places import ROOT
from tests.work.test_pool import PATIENCE, both, pytestmark, running, until

__all__ = ["pytestmark"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number in range(300):
        put(folder / f"{number:03d}.png", encoded(rng.integers(0, 255, (16, 16)).astype(np.uint8)))
    return folder


def begun(source: Path, out: Path) -> subprocess.Popen[bytes]:
    """A `transform` that has written its first images and has many more to write."""
    words = ["transform", str(source), "-o", str(out), "--per-image", "40", "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "augment", *words, "--seed", "1"],
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    )
    until(lambda: any(out.rglob("*.png")) or process.poll() is not None, "an image")
    assert process.poll() is None
    return process


@pytest.mark.slow  # `tests/work/test_pool.py` shows the same of any pool
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGHUP, 129),
        (signal.SIGKILL, -9),
        (signal.SIGTERM, 143),
        (signal.SIGINT, 130),
    ],
)
def test_no_process_outlives_the_command(
    pictures: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = begun(pictures, tmp_path / "out")
    below = both(process.pid)
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert b"Traceback" not in errors
    assert (b"Resume with" in errors) == (code > 0)
    until(lambda: not any(map(running, below)), "the processes to end")


@pytest.mark.slow
def test_a_process_that_the_system_kills_is_lack_of_memory(pictures: Path, tmp_path: Path) -> None:
    process = begun(pictures, tmp_path / "out")
    below = both(process.pid)
    os.kill(below[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 6, errors
    assert b"--workers 1" in errors
    assert not any(map(running, below))
