"""Shadow models: fits like a run's own on other rows of its source, for attacks on membership.

Of a small table so few rows stay unseen that nobody could tell from them whether a model gives
its rows away. Each shadow model leaves other rows unseen, drawn by lot: Shokri et al. 2017,
arXiv 1610.05820.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from pathlib import Path
from typing import Any

from augment.core.budget import Budget
from augment.core.errors import AugmentError, DiskFailed
from augment.core.holdout import split
from augment.core.kind import Shadow
from augment.core.types import Condition, Tick, Workers, silent
from augment.lifecycle.fitting import Prepared, fit_model
from augment.lifecycle.journal import Journal
from augment.lifecycle.sampling import Sample, executor_for, rows_in_memory

SHARE = 0.5  # of the time that is left, at most
FITTING = 0.8  # of what a shadow model may take, for its fit: it is sampled and attacked, too
FEWEST = 2  # of one alone nothing is said


def shadows(
    prepared: Prepared,
    count: int,
    scratch: Path,
    journal: Journal,
    budget: Budget,
    workers: Workers,
) -> list[Shadow[Any]]:
    """`count` shadow models of the plan's engine, or as many as half of the time left is enough
    for; none where those are fewer than two, or where the engine learns from no rows, is private
    (each fit would spend its budget again), or fails."""
    about = prepared.plan.engine.about
    if not count or about.private or about.foreign:
        return []
    found: list[Shadow[Any]] = []
    within, longest = budget.part(SHARE), journal.seconds.get("fit", 0.0)
    enough = within.left() > FEWEST * longest
    with journal.stage("shadow"):
        while enough and len(found) < count and within.left() > longest:
            journal.tick(Tick("shadow", len(found), count))
            start, each = time.monotonic(), within.part(FITTING / (count - len(found)))
            folder = scratch / f"shadow-{len(found)}"
            try:
                found.append(_shadow(prepared, len(found), folder, each, workers))
            except DiskFailed:
                raise
            except AugmentError as error:
                journal.note("shadow model", failed=str(error))
                break
            longest = max(longest, time.monotonic() - start)
    if len(found) < count:
        cut = f"{len(found)} of {count} shadow models were fitted"
        journal.tick(Tick("shadow", shortened=cut))
    return found if len(found) >= FEWEST else []


def _shadow(
    prepared: Prepared, number: int, scratch: Path, budget: Budget, workers: Workers
) -> Shadow[Any]:
    plan, data = prepared.plan, prepared.loaded.data
    seed = plan.seed.child("shadow", number)
    members, outsiders = split(data, plan.request.holdout, seed.child("split"))
    mine = dataclasses.replace(prepared, plan=dataclasses.replace(plan, seed=seed), start=None)
    scratch.mkdir(parents=True, exist_ok=True)
    fitted = fit_model(mine, members, scratch, Journal(None, silent), budget)
    shutil.rmtree(scratch, ignore_errors=True)
    model = plan.kind.restore(fitted.stored()).on(plan.device)  # as a run samples it
    sample = Sample(model, len(members), seed.child("sample"), Condition())
    processes = executor_for(plan.engine.about, plan.device, workers)
    made = rows_in_memory(sample, processes, silent, "the rows of a shadow model")
    return Shadow(members, outsiders, made)
