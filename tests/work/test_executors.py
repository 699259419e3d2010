"""When processes are started, and how many; the laws of all executors are in `augment.testing`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import augment
from augment.cli.parsing import placed
from augment.core.errors import BadInput, MissingExtra, UsageError
from augment.core.types import Cluster, Workers
from augment.testing.executors import square
from augment.work import pool
from augment.work.executors import executor, processes, ray
from augment.work.executors.processes import Processes
from augment.work.task import Task


def cores_there(shared: int) -> int:
    return pool.cores()


class Clock:
    """A clock that stands still but for `tick`."""

    def __init__(self) -> None:
        self.now = 0.0

    def read(self) -> float:
        return self.now


CLOCK = Clock()


def tick(shared: int, number: int) -> tuple[int, int]:
    """A task that takes a second of the clock, and tells which process ran it."""
    CLOCK.now += 1
    return number, os.getpid()


def test_no_more_processes_than_asked_for_are_started() -> None:
    tasks = [Task(str(number), square, (number,)) for number in range(9)]
    found = {process for _, process in Processes(2, patience=0).map(tasks, 0)}
    assert 1 <= len(found - {os.getpid()}) <= 2


def test_work_that_is_soon_done_starts_no_process() -> None:
    tasks = [Task(str(number), square, (number,)) for number in range(5)]
    found = {process for _, process in Processes(4, patience=3600).map(tasks, 0)}
    assert found == {os.getpid()}


@pytest.mark.parametrize(
    ("count", "here"),
    [(5, 5), (21, 11), (22, 2), (200, 2)],  # after two, 20 are twice the patience
)
def test_processes_start_once_enough_is_seen_to_be_left(
    count: int, here: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "time", SimpleNamespace(monotonic=CLOCK.read))
    tasks = (Task(str(number), tick, (number,)) for number in range(count))
    results = list(Processes(2, patience=10.0).map(tasks, 0))
    assert [number for number, _ in results] == list(range(count))
    assert [process for _, process in results].count(os.getpid()) == here


def test_a_process_of_several_keeps_one_core_busy() -> None:
    tasks = [Task(str(number), cores_there) for number in range(3)]
    assert list(Processes(2, patience=0).map(tasks, 0))[1:] == [1, 1]


def test_a_missing_package_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    elsewhere = executor(Cluster("ray", "ray://head:10001"))
    with pytest.raises(MissingExtra, match=r"augment-synth\[ray\]"):
        list(elsewhere.map([Task("one", square, (1,))], 0))


@pytest.mark.parametrize("failures", [2, 3])
def test_a_cluster_that_gives_a_client_no_process_is_asked_thrice(
    failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = iter(["Initialization failure:\nTraceback (most recent call last):\nno port left"] * 3)
    left = iter(range(failures))

    def init(*_: object, **__: object) -> None:
        if next(left, None) is not None:
            raise ConnectionAbortedError(next(said))

    cluster = SimpleNamespace(is_initialized=lambda: False, init=init)
    monkeypatch.setitem(sys.modules, "ray", cluster)
    for name in ("_require_answer", "_say_nothing"):
        monkeypatch.setattr(ray, name, lambda *_: None)
    if failures < 3:
        assert ray.connected("head:6379") is cluster
        return
    with pytest.raises(BadInput, match="no port left"):
        ray.connected("head:6379")


def folder_there(shared: object) -> str:
    return str(Path.cwd())


def test_relative_names_mean_the_commands_folder_on_a_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(ray, "take_one_core", lambda: None)
    monkeypatch.setattr(ray, "_held", ("sent before", None))
    sent = [SimpleNamespace(hex=lambda: "sent before")]

    def folder(asked: Path) -> str:
        return ray._run(sent, Task("one", folder_there), str(asked), augment.__version__)

    assert folder(tmp_path / "nowhere") == str(tmp_path / "here")
    assert folder(tmp_path / "there") == str(tmp_path / "there")


def test_a_machine_with_another_version_refuses_a_task() -> None:
    with pytest.raises(UsageError, match=r"this is 0\.0"):
        ray._run([], Task("one", square, (1,)), "/", "0.0")


@pytest.mark.parametrize(
    ("workers", "name", "meant"),
    [
        (None, None, None),
        (3, "processes", 3),
        (None, "inline", 1),
        (None, "ray", Cluster("ray")),
        (8, "ray://head:10001", Cluster("ray", "ray://head:10001", 8)),
    ],
)
def test_what_the_command_line_says_of_executors(
    workers: int | None, name: str | None, meant: Workers
) -> None:
    assert placed(workers, name) == meant


@pytest.mark.parametrize(
    ("workers", "name", "says"),
    [
        (None, "rays", "Did you mean 'ray'"),
        (None, "ray://", "ray://HOST:PORT"),
        (None, "processes://here", "ray://HOST:PORT"),
        (2, "inline", "one process"),
    ],
)
def test_executors_that_are_none_are_refused(workers: int | None, name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        placed(workers, name)


@pytest.mark.parametrize("workers", [0, -1, Cluster("ray", most=0)])
def test_fewer_than_one_process_is_refused(workers: Workers) -> None:
    with pytest.raises(UsageError, match="--workers"):
        executor(workers)
