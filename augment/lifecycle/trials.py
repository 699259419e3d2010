"""One trial of a tuning: fit, sample and score with certain parameters; and which trial is best.

Every trial has the same rows and the same streams, so that nothing but parameters tells trials
apart. One whose held-out loss is far behind those of earlier trials is ended early (pruned).
"""

from __future__ import annotations

import dataclasses
import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from augment.core.budget import UNLIMITED, Budget
from augment.core.errors import (
    AugmentError,
    OutOfResources,
    is_disk_failure,
    is_lack_of_memory,
    without_values,
)
from augment.core.files import digest_of
from augment.core.kind import Origin
from augment.core.types import PHASES, Engine, Json, Tick, Workers
from augment.evaluation import objective
from augment.lifecycle.fitting import Prepared, fit_model
from augment.lifecycle.journal import Journal
from augment.lifecycle.sampling import Sample, executor_for, parts_of
from augment.lifecycle.search_space import with_values
from augment.report import facts
from augment.work.deadline import TimeIsUp, interrupted
from augment.work.folder_job import list_files

WARM_UP = 0.2  # share of a training before which no trial is pruned
FEWEST_RIVALS = 4
WORST_SHARE = 0.25  # of the rivals: whoever is behind all but these is pruned
OUT_OF_TIME = "its time was up (--max-time)"

Point = tuple[str, float, float]  # phase, share of the planned steps, held-out loss
Curve = Sequence[Point]


class Pruned(BaseException):
    """A trial is not worth going on with; no library's `except Exception` swallows it."""


@dataclass(frozen=True)
class Bounds:
    """What a trial is held against and may take: the curves of earlier trials whose losses have
    its scale, its seconds, and those of its fit (None: no limit)."""

    rivals: Sequence[Curve]
    seconds: float
    fit_seconds: float | None = None


@dataclass(frozen=True)
class Rows:
    """Rows that a generator learns from, and rows that it is judged on."""

    learnt: Any
    unseen: Any


def falls_behind(curve: Curve, rivals: Sequence[Curve]) -> bool:
    """Whether a curve's last loss is worse than most rivals' were at that share of the same phase.

    >>> rival = [("fit", 0.5, 1.0), ("fit", 1.0, 0.9)]
    >>> falls_behind([("fit", 0.5, 1.1)], [rival] * 4), falls_behind([("fit", 0.5, 1.1)], [rival])
    (True, False)
    """
    phase, share, loss = curve[-1]
    if share < WARM_UP:
        return False
    known = []
    for rival in rivals:
        before = [point[2] for point in rival if point[0] == phase and point[1] <= share]
        known += before[-1:]
    return len(known) >= FEWEST_RIVALS and loss > float(np.quantile(known, 1 - WORST_SHARE))


def scored(
    prepared: Prepared,
    engine: Engine[Any],
    rows: Rows,
    folder: Path,
    tick: Callable[[Tick], None],
    budget: Budget,
    workers: Workers,
) -> Json:
    """The report of an engine that is fitted on the rows it learns from, within the budget, and
    sampled once as many.

    What is made goes through a file, as users get it; `folder` keeps checkpoints of the fit.
    """
    plan = dataclasses.replace(prepared.plan, engine=engine)
    kind, data = plan.kind, prepared.loaded.data
    journal = Journal(None, tick)
    mine = dataclasses.replace(prepared, plan=plan)
    fitted = fit_model(mine, rows.learnt, folder, journal, budget)
    model = kind.restore(fitted.stored()).on(plan.device)  # as a run samples it
    given = model.condition(plan.request.ask)
    sample = Sample(model, len(rows.learnt), plan.seed.child("sample"), given, tick=tick)
    path = folder / kind.writer.name(str(plan.request.source))
    parts = parts_of(sample, executor_for(engine.about, plan.device, workers), tick)
    origin = Origin(model.engine, "", plan.seed.value, {})
    written = kind.writer.write(parts, path, "", True, plan.request.write, origin)
    if kind.writer.folders:
        list_files(path, list(written.lines))
    made = kind.reader.read_like(str(path), data, {}).data
    seed, options = plan.seed.child("score"), plan.request.score
    found = kind.evaluator.score(
        rows.learnt, rows.unseen, made, seed, tick, options, UNLIMITED, workers
    )
    return facts.document(found, {})


def attempt(
    prepared: Prepared,
    parameters: Json,
    rows: Rows,
    objectives: Sequence[str],
    folder: Path,
    bounds: Bounds,
    tell: Callable[[Tick], None],
    heard: Callable[[float, int], None],
    workers: Workers,
) -> Json:
    """A trial's row: its state (done, pruned or failed) with the reason and the exit code that this
    has elsewhere, and what it came to.

    `heard` is told of each held-out loss with its number. Whatever an engine raises is a reason,
    save that the disk fails, which ends the search.
    """
    start, curve = time.monotonic(), list[Point]()

    def tick(tick: Tick) -> None:
        tell(tick)
        if tick.held_out is None or not tick.steps or not math.isfinite(tick.held_out):
            return
        curve.append((tick.phase, tick.step / tick.steps, tick.held_out))
        heard(tick.held_out, len(curve))
        if falls_behind(curve, bounds.rivals):
            raise Pruned

    state, reason, code, report = "done", "", 0, None
    place = folder / _name(parameters)
    try:
        with interrupted(bounds.seconds):
            engine = with_values(prepared.plan.engine, parameters)
            place.mkdir(parents=True, exist_ok=True)
            budget = Budget(bounds.fit_seconds)
            report = scored(prepared, engine, rows, place, tick, budget, workers)
    except Pruned:
        phase, share, _ = curve[-1]
        reason = f"behind most trials after {share:.0%} of {PHASES.get(phase, phase)}"
        state = "pruned"
    except TimeIsUp:
        state, reason, code = "failed", OUT_OF_TIME, OutOfResources.exit_code
    except Exception as error:
        if is_disk_failure(error):
            raise
        state, reason, code = "failed", without_values(error), 1
        if is_lack_of_memory(error):
            reason, code = "memory ran out", OutOfResources.exit_code
        elif isinstance(error, AugmentError):
            code = error.exit_code
    shutil.rmtree(place, ignore_errors=True)
    return {
        "parameters": parameters,
        **judged(objectives, report, state, reason),
        "exit_code": code,
        "seconds": round(time.monotonic() - start, 3),
        "curve": curve,
    }


def judged(
    objectives: Sequence[str], report: Json | None, state: str = "done", reason: str = ""
) -> Json:
    """What a report says of a trial; one of whose objectives has no value has failed."""
    empty: Json = {"values": {}, "worth": [], "privacy": None, "violation": None, "scores": {}}
    if report is None:
        return {"state": state, "reason": reason, **empty}
    found = {name: objective.reached(name, report) for name in objectives}
    missing = [name for name, each in found.items() if each is None]
    if missing:
        why = objective.why_not(missing[0], report)
        return {"state": "failed", "reason": f"{missing[0]} was not scored: {why}", **empty}
    groups = report["verdict"]["groups"]
    reached = [each for each in found.values() if each is not None]
    return {
        "state": state,
        "reason": reason,
        "values": {name: each.value for name, each in zip(found, reached, strict=True)},
        "worth": [each.worth for each in reached],
        "privacy": groups.get(objective.CONSTRAINT, {}).get("state"),
        "violation": objective.violation(report),
        "scores": {s["metric"]: s["value"] for s in report["scores"] if not s["where"]},
    }


def feasible(row: Json) -> bool:
    """Whether a trial came to its end and does not fail privacy."""
    return bool(row["state"] == "done" and not row["violation"])


def front(rows: Sequence[Json]) -> list[Json]:
    """The feasible trials that no other beats on one objective without losing on another."""
    known = [row for row in rows if feasible(row)]
    return [row for row in known if not any(_beats(other, row) for other in known)]


def winner(rows: Sequence[Json]) -> Json | None:
    """The best feasible trial, the earliest of equals; None where there is none.

    Of several objectives, the one of the front that is nearest to the best of each, where each
    runs from 0 to 1 over the feasible trials.
    """
    best = front(rows)
    if not best:
        return None
    worth = np.array([row["worth"] for row in rows if feasible(row)])  # (trials, objectives)
    top, span = worth.max(axis=0), np.ptp(worth, axis=0)
    span[span == 0] = 1.0
    return min(best, key=lambda row: float((((top - row["worth"]) / span) ** 2).sum()))


def _beats(one: Json, other: Json) -> bool:
    pairs = list(zip(one["worth"], other["worth"], strict=True))
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def _name(parameters: Json) -> str:
    """A folder's name for these values: a trial that was killed finds its checkpoints there."""
    return f"trial-{digest_of(parameters)[:16]}"
