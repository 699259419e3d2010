"""`augment doctor`: whether this machine has what augment needs."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from augment.core import registry
from augment.core.errors import AugmentError

LEAST_FREE_BYTES = 1 << 30


@dataclass(frozen=True)
class HealthCheck:
    """One thing looked at: what was found, whether it will do, and the way out where not."""

    name: str
    found: str
    ok: bool = True
    hint: str = ""


def checks() -> list[HealthCheck]:
    """Every check, in the order in which they are shown."""
    return [
        HealthCheck("python", f"{platform.python_version()} on {platform.machine()}"),
        *_packages(),
        _torch(),
        _processors(),
        _memory(),
        _scratch(),
        _locale(),
        *_plugins(),
    ]


def _packages() -> list[HealthCheck]:
    """The required distributions of augment itself, as its metadata names them."""
    found = []
    for requirement in metadata.requires("augment-synth") or []:
        if "extra ==" in requirement:
            continue
        name = requirement.split(";")[0]
        for sign in "<>=!~[ ":
            name = name.split(sign)[0]
        try:
            found.append(HealthCheck(name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            hint = f"Install it with: pip install '{requirement}'"
            found.append(HealthCheck(name, "not installed", False, hint))
    return found


def _torch() -> HealthCheck:
    try:
        import torch
    except ImportError as error:
        return HealthCheck("devices", "torch cannot be imported", False, str(error))
    if torch.cuda.is_available():
        return HealthCheck("devices", f"cpu, cuda ({torch.cuda.get_device_name(0)})")
    return HealthCheck("devices", "cpu (torch sees no CUDA device)")


def _processors() -> HealthCheck:
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    return HealthCheck("cores", str(usable))


def _memory() -> HealthCheck:
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return HealthCheck("memory", "unknown")
    return HealthCheck("memory", f"{total / 2**30:.1f} GiB")


def _scratch() -> HealthCheck:
    try:
        folder = Path(tempfile.gettempdir())
    except FileNotFoundError:
        return HealthCheck(
            "scratch", "no folder can be written", False, "Set TMPDIR to one that can."
        )
    free = shutil.disk_usage(folder).free
    found = f"{free / 2**30:.1f} GiB free in {folder}"
    if free < LEAST_FREE_BYTES:
        return HealthCheck(
            "scratch", found, False, "Free some space, or set TMPDIR to a larger disk."
        )
    return HealthCheck("scratch", found)


def _locale() -> HealthCheck:
    found = f"{locale.getpreferredencoding(False)}, output {sys.stdout.encoding}"
    return HealthCheck("encoding", found)


def _plugins() -> list[HealthCheck]:
    """Everything that is registered must import, and metrics by the names that they declare."""
    found = []
    for group in ("kinds", "engines", "metrics", "formats", "layouts", "executors"):
        names = registry.names(group)
        broken = [fault for name in names if (fault := _fault(group, name))]
        hint = f"{', '.join(broken)} cannot be loaded. Install augment-synth again."
        found.append(HealthCheck(group, ", ".join(names), not broken, hint if broken else ""))
    return found


def _fault(group: str, name: str) -> str:
    """What is wrong with an entry; "" where nothing is."""
    try:
        registered = registry.find(group, name)
        declared = f"{registered.kind}.{registered.name}" if group == "metrics" else name
    except (ImportError, AttributeError, AugmentError) as error:
        return f"{name} ({error})"
    return "" if declared == name else f"{name} (it declares itself as {declared})"
