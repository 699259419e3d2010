"""How long a training runs and how fast it learns."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

CONTINUED_STEPS = 0.25  # share of the steps of a fresh fit that one which goes on is given
CONTINUED_RATE = 0.5  # share of the learning rate


@dataclass(frozen=True)
class Schedule:
    """How long and how fast. `check_every` steps the held-out loss is taken on averaged weights;
    after `patience` checks without a new best the run stops. `checkpoint_every` is in steps."""

    steps: int
    learning_rate: float = 3e-3
    warmup: int = 50
    weight_decay: float = 0.1
    clip: float = 1.0
    average: float = 0.999
    check_every: int = 100
    patience: int = 5
    checkpoint_every: int = 500
    betas: tuple[float, float] = (0.9, 0.99)
    lowest: float = 0.01  # share of the full rate that it falls to
    fewest: int = 0  # steps, below which nothing is learnt that is worth having
    micro_batches: int = 1  # of a step, whose slopes are averaged

    def continued(self) -> Schedule:
        """The same for weights that start from those of an older fit: shorter, slower, and with
        checks that lie closer, since the best weights come sooner."""
        steps = max(1, round(self.steps * CONTINUED_STEPS))
        return replace(
            self,
            steps=steps,
            learning_rate=self.learning_rate * CONTINUED_RATE,
            check_every=max(1, self.check_every // 2),
            fewest=min(self.fewest, steps),
        )

    def rate(self, step: int, steps: int) -> float:
        """Linear warm-up, then half a cosine down to the lowest rate."""
        rise = min(1.0, (step + 1) / max(1, min(self.warmup, steps // 4)))
        fall = 0.5 + 0.5 * math.cos(math.pi * step / steps)
        return self.learning_rate * rise * max(fall, self.lowest)
