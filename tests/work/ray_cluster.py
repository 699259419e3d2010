"""A Ray cluster of real processes: a head, and machines that are started one after another."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.cli.child import environment
from tests.places import ROOT

PATIENCE = 300.0  # seconds until a test gives up
SETTINGS = {
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": "90",  # seconds until a client's process answers
}
STORE = "--object-store-memory=80000000"  # the least that Ray takes


@dataclass(frozen=True)
class RayCluster:
    """`address` is for drivers on this machine, `client` for those elsewhere."""

    address: str
    client: str
    processes: list[subprocess.Popen[bytes]]

    def busy(self) -> list[int]:
        """The processes that run a task."""
        return [pid for pid in self._below(self.processes) if _title(pid).startswith(b"ray::_run")]

    def ranks(self) -> list[int]:
        """The processes that train together."""
        return [pid for pid in self._below(self.processes) if b"TrainWorker" in _title(pid)]

    def join(self) -> subprocess.Popen[bytes]:
        """One more machine."""
        self.processes.append(_started(f"--address={self.address}", "--num-cpus=1"))
        return self.processes[-1]

    def lose(self, machine: subprocess.Popen[bytes]) -> int:
        """Kill all processes of a machine at once; how many of them ran a task."""
        below = self._below([machine])
        ran = sum(_title(pid).startswith(b"ray::_run") for pid in below)
        for pid in (*below, machine.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.processes.remove(machine)
        machine.wait()
        return ran

    def _below(self, machines: list[subprocess.Popen[bytes]]) -> list[int]:
        """The processes that machines started."""
        roots, parents = {process.pid for process in machines}, dict[int, int]()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended
                text = (folder / "stat").read_text()
                parents[int(folder.name)] = int(text.rpartition(")")[2].split()[1])
        found = []
        for pid in parents:
            above = parents[pid]
            while above > 1 and above not in roots:
                above = parents.get(above, 0)
            if above in roots:
                found.append(pid)
        return found

    @property
    def environment(self) -> dict[str, str]:
        """For a command that says `--executor ray`."""
        return environment({"RAY_ADDRESS": self.address})


@contextmanager
def cluster(machines: int = 2) -> Iterator[RayCluster]:
    """A head that runs no task, and so many machines of one core each."""
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # names of sockets have to be short
    ports = _free_ports(2)
    begun: list[subprocess.Popen[bytes]] = []
    found = RayCluster(f"127.0.0.1:{ports[0]}", f"ray://127.0.0.1:{ports[1]}", begun)
    head = ("--head", f"--port={ports[0]}", f"--ray-client-server-port={ports[1]}")
    try:
        begun.append(
            _started(*head, "--num-cpus=0", "--include-dashboard=false", f"--temp-dir={folder}")
        )
        for _ in range(machines):
            found.join()
        yield found
    finally:
        for process in reversed(begun):
            process.send_signal(signal.SIGTERM)
        for process in begun:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _started(*words: str) -> subprocess.Popen[bytes]:
    """`ray start`, once it says that it runs."""
    command = [str(Path(sys.executable).with_name("ray")), "start", *words, STORE]
    process = subprocess.Popen(
        [*command, "--disable-usage-stats", "--block"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=environment(SETTINGS),
        start_new_session=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line.decode())
        if "will now block forever" in said[-1]:
            return process
    raise AssertionError("".join(said))


def _title(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def until(met: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)
