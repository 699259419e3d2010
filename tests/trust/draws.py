"""What a check draws at random: always the same, or others with TRUST_SEED in the environment."""

from __future__ import annotations

import os
import random

SEED = os.environ.get("TRUST_SEED", "")


def drawn(key: int | str) -> random.Random:
    """The draws of one case of a check."""
    return random.Random(f"{key} {SEED}" if SEED else key)
