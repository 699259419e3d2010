"""Tasks on a Ray cluster of real processes, of which some are killed: what is made is the same."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from augment.testing import ExecutorLaws
from tests.cli.child import write_table
from tests.kinds.images import pictures
from tests.places import ROOT
from tests.work.ray_cluster import PATIENCE, RayCluster, cluster, until

pytestmark = [
    pytest.mark.slow,  # a cluster starts in half a minute
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed"),
]
ROWS = "200k"


@pytest.fixture(scope="module")
def there() -> Iterator[RayCluster]:
    with cluster(machines=2) as found:
        yield found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, there: RayCluster) -> Path:
    folder = tmp_path_factory.mktemp("ray")
    table = write_table(folder / "t.csv", rows=200)
    called(there, "fit", table, "-o", folder / "m", "-e", "independent", "--seed", "1")
    return folder / "m"


def begun(there: RayCluster, *words: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "augment", *map(str, words), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=there.environment,
        preexec_fn=heard,
    )


def heard() -> None:
    """Let Ctrl-C reach what is begun, also where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def called(there: RayCluster, *words: str | Path) -> Any:
    process = begun(there, *words)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err.decode()
    return json.loads(out)


def sample(model: Path, out: Path, executor: str = "ray") -> tuple[str | Path, ...]:
    asked = ("sample", model, "-n", ROWS, "--seed", "2", "--shards", "5", "--format", "parquet")
    return (*asked, "-o", out, "--executor", executor)


def files(folder: Path) -> dict[str, bytes]:
    """What lies there, save that `manifest.json` and the lock are no results."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture(scope="module")
def inline(model: Path, there: RayCluster) -> dict[str, bytes]:
    """What one process makes."""
    called(there, *sample(model, model.parent / "inline", "inline"))
    return files(model.parent / "inline")


def test_the_laws_of_executors_hold(there: RayCluster) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.work.ray_laws"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=there.environment,
    )
    assert done.returncode == 0, done.stderr
    laws = [name for name in dir(ExecutorLaws) if name.startswith("test_")]
    assert done.stdout.split() == laws and len(laws) > 3


def test_a_sample_is_the_same_when_a_process_is_killed(
    there: RayCluster, model: Path, inline: dict[str, bytes], tmp_path: Path
) -> None:
    rng, killed = random.Random(3), 0
    process = begun(there, *sample(model, tmp_path / "s"))
    for _ in range(2):
        until(there.busy, "a task that runs")
        time.sleep(rng.uniform(0, 0.3))
        for pid in rng.sample(running := there.busy(), min(1, len(running))):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err.decode()
    assert killed and files(tmp_path / "s") == inline


def test_a_sample_is_the_same_when_a_machine_is_lost(
    there: RayCluster, model: Path, inline: dict[str, bytes], tmp_path: Path
) -> None:
    machine = there.join()
    process = begun(there, *sample(model, tmp_path / "s"))
    until(lambda: len(there.busy()) == 3, "a task on each machine")
    assert there.lose(machine) == 1
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err.decode()
    assert files(tmp_path / "s") == inline


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
def test_a_command_that_is_stopped_ends_its_tasks_and_goes_on(
    there: RayCluster,
    model: Path,
    inline: dict[str, bytes],
    tmp_path: Path,
    number: signal.Signals,
    code: int,
) -> None:
    process = begun(there, *sample(model, tmp_path / "s"))
    until(there.busy, "a task that runs")
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, err.decode()
    assert code < 0 or b"augment sample" in err  # how it goes on
    until(lambda: not there.busy(), "the tasks to end")
    called(there, *sample(model, tmp_path / "s"))
    assert files(tmp_path / "s") == inline


def test_from_another_machine_rows_come_back_through_the_client(
    there: RayCluster, model: Path, tmp_path: Path
) -> None:
    asked = ("sample", model, "-n", "45k", "--seed", "2")
    for name, executor in (("one", "inline"), ("two", there.client)):
        called(there, *asked, "-o", tmp_path / f"{name}.csv", "--executor", executor)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_scores_and_transformed_images_are_the_same(there: RayCluster, tmp_path: Path) -> None:
    real, made = (write_table(tmp_path / f"{seed}.csv", 120, seed) for seed in (1, 2))
    for number in range(8):
        pictures.saved(tmp_path / "in" / "ab"[number % 2] / f"{number}.png", number)
    scores, images = [], []
    for executor in ("inline", "ray"):
        chosen = ("--seed", "3", "--executor", executor)
        scores.append(called(there, "evaluate", real, made, *chosen)["report"]["scores"])
        called(there, "transform", tmp_path / "in", "-o", tmp_path / executor, *chosen)
        images.append(files(tmp_path / executor))
    assert scores[0] == scores[1] and images[0] == images[1]


def fit(table: Path, out: Path, executor: str) -> tuple[str | Path, ...]:
    """A training whose steps have three parts, with a checkpoint every tenth of it."""
    asked = ("fit", table, "-o", out, "-e", "anyorder", "--seed", "5", "--executor", executor)
    return (*asked, "-p", "micro_batches=3", "-p", "epochs=80")


def trained(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in ("weights.safetensors", "model.json")]


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory, there: RayCluster) -> Path:
    """A folder with a table, and the model that one process fits on it."""
    folder = tmp_path_factory.mktemp("trained")
    table = write_table(folder / "t.csv", rows=1_200)
    called(there, *fit(table, folder / "serial", "inline"))
    return folder


def test_a_training_ends_with_the_same_weights_when_a_rank_is_killed(
    there: RayCluster, serial: Path
) -> None:
    rng, out = random.Random(4), serial / "killed"
    process = begun(there, *fit(serial / "t.csv", out, "ray"))
    until(lambda: checkpoint(out), "a checkpoint")
    time.sleep(rng.uniform(0, 0.5))
    before = there.ranks()
    os.kill(rng.choice(before), signal.SIGKILL)
    until(lambda: set(there.ranks()) - set(before), "other ranks")
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err.decode()
    assert trained(out) == trained(serial / "serial")


def test_what_a_rank_fails_with_is_told(there: RayCluster) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.work.ray_failing_rank"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**there.environment, "PYTHONPATH": str(ROOT)},  # which its processes get, too
    )
    assert done.stdout.splitlines() == ["here: rank 1 says why", "True"], done.stderr


def test_a_training_that_is_stopped_through_the_client_goes_on_in_one_process(
    there: RayCluster, serial: Path
) -> None:
    out = serial / "stopped"
    process = begun(there, *fit(serial / "t.csv", out, there.client))
    until(lambda: checkpoint(out), "a checkpoint")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 143, err.decode()
    assert b"augment fit" in err  # how it goes on
    until(lambda: not there.ranks(), "the ranks to end")
    assert called(there, *fit(serial / "t.csv", out, "inline"))["resumed"]
    assert trained(out) == trained(serial / "serial")


def checkpoint(out: Path) -> list[Path]:
    return list(out.glob(".partial/**/training.safetensors"))


def test_where_nobody_answers_the_command_says_so(model: Path, there: RayCluster) -> None:
    words = ("sample", model, "-n", "9", "-o", "-", "--executor", "ray://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "augment", *map(str, words)],
        capture_output=True,
        cwd=ROOT,
        env=there.environment,
    )
    assert done.returncode == 4 and b"127.0.0.1:9" in done.stderr
