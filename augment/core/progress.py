"""What work tells of itself while it goes on."""

from __future__ import annotations

from dataclasses import dataclass

PHASES = {  # of a command and of a fit, and what a user is told is being done
    "read": "reading",
    "fit": "fitting",
    "autoencoder": "training the autoencoder",
    "encode": "encoding",
    "prior": "training the prior",
    "calibrate": "calibrating",
    "sample": "sampling",
    "shadow": "fitting shadow models",
    "score": "scoring",
    "compare": "comparing",
    "write": "writing",
    "tune": "tuning",
    "refine": "refining",
    "final": "scoring the winner",
}


@dataclass(frozen=True)
class Tick:
    """One step of progress. `phase` is one of `PHASES`.

    `shortened` says what is left out for want of time; whoever asked for a limit is told of it.
    `advice` is a sentence that is worth reading before a long fit.
    """

    phase: str
    step: int = 0
    steps: int | None = None
    loss: float | None = None
    held_out: float | None = None
    note: str = ""
    shortened: str = ""
    advice: str = ""


def silent(tick: Tick) -> None:
    """A `Job.tick` that tells nobody."""
