"""The command in processes that are forked off one that has loaded everything, so that a test may
afford hundreds: each is a process of its own, to be killed, starved or limited for real."""

from __future__ import annotations

import base64
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.cli.child import environment
from tests.lifecycle import plugins
from tests.places import ROOT
from tests.trust.injection import ALL, Fault

LIMITS = {"memory": resource.RLIMIT_AS, "file": resource.RLIMIT_FSIZE}
MOST_SECONDS = 120.0


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit code, negative for a signal; its words; its steps on disk."""

    code: int
    out: str
    err: str
    steps: tuple[str, ...]
    seconds: float
    peak_kib: int


class Commands:
    """A process that has loaded augment and forks each command off itself."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.trust.processes", str(scratch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=environment(plugins.environment("lines", "engines")),
        )

    def __call__(
        self,
        *words: str | Path,
        kill_after: float | None = None,
        fault: dict[str, Any] | None = None,
        limits: dict[str, int] | None = None,
        cwd: Path | None = None,
        environment: dict[str, str] | None = None,
        modules: bool = False,
    ) -> Done:
        """Run one command to its end, or until it is killed after so many seconds.

        `fault` are the fields of an `injection.Fault`; `limits` bound the bytes of "memory" beyond
        what is loaded already, and of a "file"; `environment` is set for this command alone.
        """
        asked = {
            "words": [str(word) for word in words],
            "kill_after": kill_after,
            "fault": fault,
            "limits": limits or {},
            "cwd": str(cwd or ROOT),
            "environment": environment or {},
            "modules": modules,
        }
        self._send(asked)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the process that forks has ended"
        found = json.loads(line)
        out, err = (
            base64.b64decode(found[key]).decode("utf-8", "replace") for key in ("out", "err")
        )
        return Done(
            found["code"], out, err, tuple(found["steps"]), found["seconds"], found["peak_kib"]
        )

    def _send(self, document: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(document).encode() + b"\n")
        self.process.stdin.flush()

    def warm(self, *words: str | Path, cwd: Path) -> None:
        """Run a command for the modules that it loads, which every later one then finds loaded."""
        done = self(*words, cwd=cwd, modules=True)
        assert done.code == 0, done.err
        self._send({"load": json.loads(done.out.splitlines()[-1])})

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


def _load(names: Sequence[str]) -> None:
    """Load modules, so that no fork has to."""
    for name in names:
        with suppress(Exception):  # made by a command itself, or not to be loaded by its name
            import_module(name)
    import_module("torch").set_num_threads(1)


def _child(asked: dict[str, Any], files: Sequence[Path]) -> None:
    """Become the command; never returns."""
    out, err, steps = files
    code = 70
    try:
        os.setsid()
        os.chdir(asked["cwd"])
        os.environ.update(asked["environment"])
        for path, number in ((out, 1), (err, 2)):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(handle, number)
            os.close(handle)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        from augment.cli.app import main

        fault = None
        if asked["fault"] is not None:
            fault = Fault(**{**asked["fault"], "steps": tuple(asked["fault"].get("steps", ALL))})
            fault.install()
        for name, most in asked["limits"].items():
            held = _held() if name == "memory" else 0
            resource.setrlimit(LIMITS[name], (held + most, held + most))
        sys.argv = ["augment", *asked["words"]]
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        if asked["modules"]:
            print(json.dumps(sorted(sys.modules)), flush=True)
        if fault is not None:
            fault.at = 0
            steps.write_text(json.dumps(fault.seen))
    finally:
        os._exit(code)


def _held() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _perform(asked: dict[str, Any], scratch: Path) -> dict[str, Any]:
    files = [scratch / name for name in ("out", "err", "steps")]
    for path in files:
        path.unlink(missing_ok=True)
    begun = time.monotonic()
    number = os.fork()
    if number == 0:
        _child(asked, files)
    watched = os.pidfd_open(number)
    seconds = asked["kill_after"]
    ended, _, _ = select.select([watched], [], [], MOST_SECONDS if seconds is None else seconds)
    if not ended:
        try:
            os.killpg(number, signal.SIGKILL)
        except ProcessLookupError:  # it has no group of its own yet
            os.kill(number, signal.SIGKILL)
    _, status, usage = os.wait4(number, 0)
    os.close(watched)
    out, err, steps = (path.read_bytes() if path.exists() else b"" for path in files)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "out": base64.b64encode(out).decode(),
        "err": base64.b64encode(err).decode(),
        "steps": json.loads(steps or b"[]"),
        "seconds": time.monotonic() - begun,
        "peak_kib": usage.ru_maxrss,
    }


def _serve(scratch: Path) -> None:
    from tests.few_trees import judged_by_few_trees

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints as it loads is no answer
    _load(("augment.cli.app",))
    with judged_by_few_trees():
        for line in sys.stdin.buffer:
            asked = json.loads(line)
            if "load" in asked:
                _load(asked["load"])
                continue
            found = _perform(asked, scratch)
            answers.write(json.dumps(found).encode() + b"\n")
            answers.flush()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
