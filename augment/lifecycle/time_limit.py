"""`--max-time`: one limit for a whole command, and what each stage may take of it.

A stage gets what is left after those before it, less what those behind it are thought to need. It
leaves out what it has no time for and says so; a command that is late all the same is stopped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from augment.core.budget import Budget
from augment.core.errors import OutOfResources
from augment.core.kind import Forecast
from augment.core.types import PHASES, Json
from augment.lifecycle.journal import Journal
from augment.nets.machine_speed import slowdown
from augment.work.deadline import TimeIsUp, interrupted

MOST_RESERVED = 0.5  # of what is left before the fit, for sampling and scoring
RESERVE_UNKNOWN = 0.4  # the same where nobody knows what they take
SAFETY = 1.3
WRITING = 0.15  # of what is left before scoring, for the report: at most `WRITING_SECONDS`
WRITING_SECONDS = 10.0
GRACE, LEAST_GRACE_SECONDS = 0.05, 5.0  # over the limit, before a command is stopped
LIBRARY_BYTES = 420 << 20


@contextmanager
def bounded(budget: Budget, journal: Journal) -> Iterator[None]:
    """Stop the block a little after the budget is used up. Raises `OutOfResources`."""
    limit = budget.max_seconds
    grace = 0.0 if limit is None else max(GRACE * limit, LEAST_GRACE_SECONDS)
    try:
        with interrupted(budget.left() + grace):
            yield
    except TimeIsUp:
        raise OutOfResources(
            f"--max-time {limit:g}s was used up while {PHASES.get(journal.current, 'working')}. "
            "The same command goes on from what is finished; give it more time, or fewer rows, "
            "columns or pixels."
        ) from None


def fit_budget(budget: Budget, forecast: Forecast | None, scored: bool) -> Budget:
    """What a fit may take, so that sampling and scoring have their time."""
    left = budget.left()
    if math.isinf(left):
        return budget
    if forecast is None:
        return budget.within(left * (1 - RESERVE_UNKNOWN))
    needed = forecast.sample + (forecast.score if scored else 0.0)
    return budget.within(left - min(SAFETY * needed, MOST_RESERVED * left))


def score_budget(budget: Budget) -> Budget:
    """What scoring may take, so that the report can be written."""
    left = budget.left()
    if math.isinf(left):
        return budget
    return budget.within(left - min(WRITING * left, WRITING_SECONDS))


def paced(found: Forecast | None) -> Forecast | None:
    """A forecast (see `Plan.foresee`) for this machine, as busy as it is now."""
    if found is None:
        return None
    slower = slowdown()
    fit, sample, score = (slower * each for each in (found.fit, found.sample, found.score))
    return Forecast(fit, sample, score, found.bytes + LIBRARY_BYTES)


def forecast_document(
    forecast: Forecast | None, stages: tuple[str, ...], rounds: int = 1
) -> Json | None:
    """As `--json` prints it: seconds of these stages in so many rounds, and bytes at the peak."""
    if forecast is None:
        return None
    seconds = {"fit": forecast.fit, "sample": forecast.sample, "score": forecast.score}
    return {
        "seconds": {stage: round(rounds * seconds[stage], 1) for stage in stages},
        "bytes": forecast.bytes,
    }
