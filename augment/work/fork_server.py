"""The process of which those of a command are forked: it has loaded what they need.

A process that is started anew loads libraries for two seconds; a fork has them, and shares their
memory with the others. What computes has threads, and a fork of a process with threads can hang; so
this one loads, on one thread, and forks. A host program may use Python's fork server (there is one)
for its own ends, so only the command line has processes forked.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from multiprocessing import forkserver, util
from pathlib import Path

from augment.work import environment

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)
ITS_OWN = ONE_THREAD | {"JE_ARROW_MALLOC_CONF": "background_thread:false"}  # Arrow's, for freeing
SAFE = (3, 11, 1)  # Python's fork server before obeys whoever is on the machine (CVE-2022-42919)
ORDERS = "AUGMENT_FORK_SERVER"  # in its environment alone: what `_Orders` says, as JSON
LOADED = frozenset(
    ("augment", "numpy", "pandas", "PIL", "pyarrow", "rich", "scipy", "sklearn", "torch", "typer")
)
_allowed = False
_told: int | None = None  # a file in memory, empty until it has loaded


@dataclass(frozen=True)
class _Orders:
    """What the server is to load, which file it then writes to, and which folder, that of its
    socket, it removes in the end, since the command may be killed."""

    modules: list[str]
    told: str
    folder: str


def allow() -> None:
    """Have processes forked: nobody else in this process uses Python's fork server."""
    global _allowed
    linux = sys.platform == "linux"  # elsewhere the system's libraries may not be forked
    _allowed = linux and sys.version_info >= SAFE


def ready() -> bool:
    """Whether processes can be had at once."""
    return _told is not None and os.fstat(_told).st_size > 0


def start() -> bool:
    """Start it, the first time, and do not wait; it loads what this process has loaded of
    `LOADED`. Should it end, Python starts one that has loaded nothing.

    Returns whether processes can be forked: not where no socket can be made, for lack of a folder
    for temporary files, say, or since its name is too long.
    """
    global _allowed, _told
    if _told is not None or not _allowed:
        return _allowed
    try:
        told = os.memfd_create("augment")
        orders = _Orders(_public(), f"/proc/{os.getpid()}/fd/{told}", util.get_temp_dir())
        with environment.put_back([*ITS_OWN, ORDERS]):
            os.environ |= ITS_OWN | {ORDERS: json.dumps(asdict(orders))}
            forkserver.set_forkserver_preload([__name__])
            forkserver.ensure_running()
        _told = told
    except OSError:
        _allowed = False
    return _allowed


def _public() -> list[str]:
    """Modules of this process, of libraries those near the top: the others come with them."""
    named = [name for name in sys.modules if name.partition(".")[0] in LOADED]
    return [
        name
        for name in named
        if name.startswith("augment.") or (name.count(".") < 2 and "._" not in name)
    ]


def _become(orders: _Orders) -> None:
    """What the server does before it forks."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the command ends it
    for name in orders.modules:
        with suppress(Exception):  # whoever needs it will say what is wrong
            import_module(name)
    with suppress(OSError):  # the command may have ended before
        Path(orders.told).write_text("loaded")
    atexit.register(_end, orders.folder)


def _end(folder: str) -> None:
    """At once: whoever reads the standard output of the command waits for this."""
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if sys.argv[:1] == ["-c"] and ORDERS in os.environ:  # as Python starts its fork server
    _become(_Orders(**json.loads(os.environ.pop(ORDERS))))
