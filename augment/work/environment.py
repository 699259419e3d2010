"""What libraries read of the environment when they load: stay offline, leave cores alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "NO_ALBUMENTATIONS_UPDATE": "1",  # it calls home otherwise
}
QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DIFFUSERS_VERBOSITY": "error",
    "TRANSFORMERS_VERBOSITY": "error",
}
ENVIRONMENT = OFFLINE | {
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait by spinning stall a busy machine
    # oneDNN keeps a plan for each number of rows that it has met, a thousand of them by default:
    # some 200 MB after a million rows.
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64",
}


def settle() -> None:
    """Set what is not set; it holds for libraries that load from now on."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)


def stay_offline() -> None:
    """No library that loads from now on fetches anything or chats, whatever the user has set."""
    os.environ.update(OFFLINE | QUIET)


@contextmanager
def put_back(names: Iterable[str]) -> Iterator[None]:
    """What the block says of `names` is forgotten when it ends."""
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
