"""The plugins beside this file as if they were installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from augment.core import registry

MODULES = {"lines": "lines_kind", "engines": "extra_engines"}


def environment(*names: str) -> dict[str, str]:
    """What a process is started with that is to find these plugins."""
    folders = (str(Path(__file__).parent / f"{name}_plugin") for name in names)
    return {"PYTHONPATH": os.pathsep.join(folders)}


@contextmanager
def installed(*names: str) -> Iterator[None]:
    """This process, and those that a pool starts for it, find these plugins; none does after."""
    with pytest.MonkeyPatch.context() as patch:
        for folder in environment(*names)["PYTHONPATH"].split(os.pathsep):
            patch.syspath_prepend(folder)
        registry._points.cache_clear()
        try:
            yield
        finally:
            for name in names:
                sys.modules.pop(MODULES[name], None)
    registry._points.cache_clear()
