"""How much memory this process has taken, and how much there is to take."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
MEMORY = Path("/proc/meminfo")
GROUP = Path("/sys/fs/cgroup")  # what a container may use at most, and what it uses


def peak_bytes() -> int:
    """The most memory that this process has held at one time so far.

    On Linux as the kernel counts it since the program began: `getrusage` there reports at least
    what the process that started this one held.
    """
    try:
        for line in STATUS.read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass  # another system
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def available_bytes() -> int | None:
    """The memory that can still be taken, of the machine or of its container; None: unknown."""
    found: list[int] = []
    try:
        lines = MEMORY.read_text("ascii").splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
        most, used = ((GROUP / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        found += [max(0, int(most) - int(used))] if most.isdigit() else []
    except (OSError, ValueError):
        pass  # another system, or no container
    return min(found, default=None)
