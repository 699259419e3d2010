"""The process of which those of a command are forked: it has loaded what they need.

A process that is started anew loads libraries for two seconds; a fork has them, and shares their
memory with the others. What computes has threads, and a fork of a process with threads can hang; so
this one loads, on one thread, and forks. A host program may use Python's fork server (there is one)
for its own ends, so only the command line has processes forked.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from multiprocessing import forkserver
from pathlib import Path

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)
ITS_OWN = ONE_THREAD | {"JE_ARROW_MALLOC_CONF": "background_thread:false"}  # Arrow's, for freeing
TO_LOAD = "AUGMENT_FORK_SERVER_LOADS"  # in its environment alone: modules by commas
TO_TELL = "AUGMENT_FORK_SERVER_TELLS"  # and a file to write to when it has
LOADED = frozenset(
    ("augment", "numpy", "pandas", "PIL", "pyarrow", "rich", "scipy", "sklearn", "torch", "typer")
)
_allowed = False
_told: int | None = None  # a file in memory, empty until it has loaded


def allow() -> None:
    """Have processes forked: nobody else in this process uses Python's fork server."""
    global _allowed
    _allowed = sys.platform == "linux"  # elsewhere system libraries may not be forked


def allowed() -> bool:
    return _allowed


def ready() -> bool:
    """Whether processes can be had at once."""
    return _told is not None and os.fstat(_told).st_size > 0


def start() -> None:
    """Start it, the first time, and do not wait; it loads what this process has loaded of
    `LOADED`. Should it end, Python starts one that has loaded nothing."""
    global _told
    if _told is not None:
        return
    _told = os.memfd_create("augment")
    forkserver.set_forkserver_preload([__name__])
    before = os.environ.copy()
    os.environ |= ITS_OWN | {TO_LOAD: ",".join(_public())}
    os.environ[TO_TELL] = f"/proc/{os.getpid()}/fd/{_told}"
    try:
        forkserver.ensure_running()
    finally:
        for name in (*ITS_OWN, TO_LOAD, TO_TELL):
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]


def _public() -> list[str]:
    """Modules of this process, of libraries those near the top: the others come with them."""
    named = [name for name in sys.modules if name.partition(".")[0] in LOADED]
    return [
        name
        for name in named
        if name.startswith("augment.") or (name.count(".") < 2 and "._" not in name)
    ]


def _become(modules: list[str], told: Path) -> None:
    """What the server does before it forks."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the command ends it
    for name in modules:
        with suppress(Exception):  # whoever needs it will say what is wrong
            import_module(name)
    told.write_text("loaded")
    atexit.register(os._exit, 0)  # at once: who reads its standard output waits for its end


if TO_LOAD in os.environ:
    _become(os.environ.pop(TO_LOAD).split(","), Path(os.environ.pop(TO_TELL)))
