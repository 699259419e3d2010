"""What libraries read of the environment when they load: stay offline, leave cores alone."""

from __future__ import annotations

import os

OFFLINE = dict.fromkeys(("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"), "1")
ENVIRONMENT = OFFLINE | {
    "NO_ALBUMENTATIONS_UPDATE": "1",  # it calls home otherwise
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait by spinning stall a busy machine
}


def settle() -> None:
    """Set what is not set; it holds for libraries that load from now on."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
