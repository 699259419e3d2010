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
class Check:
    """One thing looked at: what was found, whether it will do, and the way out where not."""

    name: str
    found: str
    ok: bool = True
    hint: str = ""


def checks() -> list[Check]:
    """Every check, in the order in which they are shown."""
    return [
        Check("python", f"{platform.python_version()} on {platform.machine()}"),
        *_packages(),
        _torch(),
        _processors(),
        _memory(),
        _scratch(),
        _locale(),
        *_plugins(),
    ]


def _packages() -> list[Check]:
    """The required distributions of augment itself, as its metadata names them."""
    found = []
    for requirement in metadata.requires("augment-synth") or []:
        if "extra ==" in requirement:
            continue
        name = requirement.split(";")[0]
        for sign in "<>=!~[ ":
            name = name.split(sign)[0]
        try:
            found.append(Check(name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            hint = f"Install it with: pip install '{requirement}'"
            found.append(Check(name, "not installed", False, hint))
    return found


def _torch() -> Check:
    try:
        import torch
    except ImportError as error:
        return Check("devices", "torch cannot be imported", False, str(error))
    if torch.cuda.is_available():
        return Check("devices", f"cpu, cuda ({torch.cuda.get_device_name(0)})")
    return Check("devices", "cpu (torch sees no CUDA device)")


def _processors() -> Check:
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    return Check("cores", str(usable))


def _memory() -> Check:
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return Check("memory", "unknown")
    return Check("memory", f"{total / 2**30:.1f} GiB")


def _scratch() -> Check:
    try:
        folder = Path(tempfile.gettempdir())
    except FileNotFoundError:
        return Check("scratch", "no folder can be written", False, "Set TMPDIR to one that can.")
    free = shutil.disk_usage(folder).free
    found = f"{free / 2**30:.1f} GiB free in {folder}"
    if free < LEAST_FREE_BYTES:
        return Check("scratch", found, False, "Free some space, or set TMPDIR to a larger disk.")
    return Check("scratch", found)


def _locale() -> Check:
    found = f"{locale.getpreferredencoding(False)}, output {sys.stdout.encoding}"
    return Check("encoding", found)


def _plugins() -> list[Check]:
    """Everything that is registered must import, and metrics by the names that they declare."""
    found = []
    for group in ("kinds", "engines", "metrics", "formats"):
        names = registry.names(group)
        broken = [fault for name in names if (fault := _fault(group, name))]
        hint = f"{', '.join(broken)} cannot be loaded. Install augment-synth again."
        found.append(Check(group, ", ".join(names), not broken, hint if broken else ""))
    return found


def _fault(group: str, name: str) -> str:
    """What is wrong with an entry; "" where nothing is."""
    try:
        registered = registry.find(group, name)
        declared = f"{registered.kind}.{registered.name}" if group == "metrics" else name
    except (ImportError, AttributeError, AugmentError) as error:
        return f"{name} ({error})"
    return "" if declared == name else f"{name} (it declares itself as {declared})"
