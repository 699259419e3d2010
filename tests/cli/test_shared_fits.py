"""Fits whose training several processes share, from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.child import augment, environment, write_table
from tests.kinds.images import pictures
from tests.places import ROOT
from tests.work.test_pool import children, running, until

pytestmark = [
    pytest.mark.slow,  # each process imports torch
    pytest.mark.skipif(
        not Path("/proc/self/task").is_dir(), reason="the tests ask /proc for processes"
    ),
]


def model(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in ("weights.safetensors", "model.json")]


def test_a_fit_of_images_is_the_same_for_any_number_of_processes(tmp_path: Path) -> None:
    for number in range(40):
        pictures.saved(tmp_path / "in" / "ab"[number % 2] / f"{number}.png", number)
    asked = (
        "-e",
        "flow",
        "-p",
        "steps=25",
        "-p",
        "micro_batches=4",
        "--canvas",
        "8",
        "--seed",
        "1",
    )
    for workers in "13":
        out = tmp_path / workers
        done = augment("fit", tmp_path / "in", "-o", out, *asked, "--workers", workers)
        assert done.returncode == 0, done.stderr.decode()
    assert model(tmp_path / "1") == model(tmp_path / "3")


def test_a_fit_that_is_stopped_ends_its_processes_and_goes_on_in_one(tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", rows=1_200)
    asked = ("fit", table, "-e", "anyorder", "--seed", "5", "-p", "micro_batches=2")
    asked = (*asked, "-p", "epochs=100", "--json")
    whole = augment(*asked, "-o", tmp_path / "whole", "--workers", "1")
    assert whole.returncode == 0, whole.stderr.decode()
    process = subprocess.Popen(
        [sys.executable, "-m", "augment", *map(str, asked), "-o", "cut", "--workers", "2"],
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment({"PYTHONPATH": str(ROOT)}),
    )
    until(lambda: any((tmp_path / "cut").glob(".partial/**/training.safetensors")), "a checkpoint")
    others = children(process.pid)
    assert len(others) == 1
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143 and b"augment fit" in err, err.decode()
    until(lambda: not any(map(running, others)), "the other process to end")
    again = augment(*asked, "-o", tmp_path / "cut", "--workers", "1")
    assert json.loads(again.stdout)["resumed"]
    assert model(tmp_path / "cut") == model(tmp_path / "whole")
