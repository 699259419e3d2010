"""Faults at the Nth step that a process takes on disk below a folder, put in for the real calls.

Steps are what a write is made of: bytes written, a file or folder synced, a name changed, a file
removed. What libraries write by themselves (SQLite) takes none of these ways; a small disk is for
that.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EDQUOT": errno.EDQUOT}
REAL_OPEN, REAL_FDOPEN = io.open, os.fdopen
ALL = ("write", "fsync", "rename", "unlink")


@dataclass
class Fault:
    """At step `at` of `steps` below `folder` comes `end`: an error's name, or "kill".

    `lasting`: every later step fails too, as on a disk that stays full. `trees`: what is removed
    with its whole folder counts file by file.
    """

    folder: str
    at: int
    end: str
    steps: tuple[str, ...] = ALL
    lasting: bool = False
    trees: bool = False
    seen: list[str] = field(default_factory=list)

    def step(self, name: str, path: str) -> None:
        """Count one step, and end it where it is the one."""
        if name not in self.steps or not path.startswith(self.folder):
            return
        self.seen.append(name)
        number = len(self.seen)
        if number == self.at or (self.lasting and number > self.at > 0):
            if self.end == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(ERRORS[self.end], os.strerror(ERRORS[self.end]), path)

    def install(self) -> None:
        """For the rest of this process, which nothing else is done in."""
        fault = self

        class Counted(io.FileIO):
            def write(self, data: Any) -> int:
                view = memoryview(data).cast("B")
                # half of the bytes are there when the step fails, as of a disk that fills up
                half = len(view) // 2
                last = len(fault.seen) + 1 == fault.at and "write" in fault.steps
                if last and half and below(self):
                    super().write(view[:half])
                fault.step("write", path_of(self))
                return super().write(data)

        def path_of(file: Any) -> str:
            try:
                return os.readlink(f"/proc/self/fd/{file.fileno()}")  # noqa: PTH115
            except (OSError, ValueError):
                return ""

        def below(file: Any) -> bool:
            return path_of(file).startswith(fault.folder)

        def opened(
            file: Any,
            mode: str = "r",
            buffering: int = -1,
            encoding: str | None = None,
            errors: str | None = None,
            newline: str | None = None,
            closefd: bool = True,
            opener: Any = None,
        ) -> Any:
            plain = mode.replace("b", "").replace("t", "")
            if plain == "r" or buffering == 0:
                return REAL_OPEN(file, mode, buffering, encoding, errors, newline, closefd, opener)
            raw = Counted(file, plain, closefd=closefd, opener=opener)
            kind = io.BufferedRandom if "+" in plain else io.BufferedWriter
            stream: Any = kind(raw)
            return stream if "b" in mode else io.TextIOWrapper(stream, encoding, errors, newline)

        def fdopened(handle: int, mode: str = "r", *rest: Any, **more: Any) -> Any:
            return opened(handle, mode, *rest, **more)

        io.open = builtins.open = opened  # type: ignore[assignment]
        os.fdopen = fdopened  # type: ignore[assignment]
        os.write = self._before(os.write, "write", _of_handle)  # type: ignore[assignment]
        os.fsync = self._before(os.fsync, "fsync", _of_handle)  # type: ignore[assignment]
        for name in ("rename", "replace"):
            setattr(os, name, self._before(getattr(os, name), "rename", _of_name))
        for name in ("unlink", "remove", "rmdir"):
            setattr(os, name, self._before(getattr(os, name), "unlink", _of_name))

    def _before(
        self, real: Callable[..., Any], name: str, path_of: Callable[[Any], str]
    ) -> Callable[..., Any]:
        def call(target: Any, *rest: Any, **more: Any) -> Any:
            folder = more.get("dir_fd")  # of a tree that is removed, whose names are relative then
            if folder is None:
                self.step(name, path_of(target))
            elif self.trees:
                self.step(name, f"{_of_handle(folder)}/{target}")
            return real(target, *rest, **more)

        return call


def _of_handle(handle: Any) -> str:
    number = handle if isinstance(handle, int) else handle.fileno()
    try:
        return os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115
    except OSError:
        return ""


def _of_name(name: Any) -> str:
    return os.path.abspath(os.fsdecode(name))  # noqa: PTH100
