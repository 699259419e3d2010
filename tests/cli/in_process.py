"""The command within this process, where Python and the libraries need no second start."""

from __future__ import annotations

import functools
import io
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import typer.main

from augment.cli.app import main
from tests.places import ROOT

MADE_ONCE = functools.cache(typer.main.get_command)  # which takes longer than many a call
UNSHOWN = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def augment(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run the console script's function to its end: its exit code and what it wrote, as bytes.

    What a process of its own must show (signals, kills, pipes and closed streams, the environment
    it starts with, what it imports) is for `child.augment`.
    """
    words = ["augment", *map(str, arguments)]
    stdin, stdout, stderr = (
        io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(3)
    )
    handlers = {
        number: signal.getsignal(number)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    }
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(typer.main, "get_command", MADE_ONCE)
        patch.setattr(sys, "argv", words)
        patch.setattr(sys, "stdin", stdin)
        patch.setattr(sys, "stdout", stdout)
        patch.setattr(sys, "stderr", stderr)
        patch.setenv("COLUMNS", "80")
        patch.chdir(ROOT)
        # pytest collects warnings; a user sees them on standard error, save those Python hides
        warnings.resetwarnings()
        for category in UNSHOWN:
            warnings.simplefilter("ignore", category)
        patch.setattr(warnings, "showwarning", _shown)
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    return subprocess.CompletedProcess(words, code, *map(_written, (stdout, stderr)))


def _written(stream: io.TextIOWrapper) -> bytes:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue()


def _shown(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object
) -> None:
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno))
