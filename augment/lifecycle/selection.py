"""`--engine auto` under `--max-time`: where there is time for it, engines race on a sample of the
rows, and the winner is fitted; where there is little, a cheaper engine takes the place of one that
could not learn, and a sentence says so.

The race has a part of the time, and of the rows that the fit may see: the unseen ones stay unseen.
An engine that could not be fitted on all rows in the time that is then left takes no part either.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from augment.core.budget import Budget
from augment.core.errors import AugmentError, DiskFailed
from augment.core.files import digest_of, read_json
from augment.core.types import Engine, Json, Tick
from augment.lifecycle.compare import COMPARE, raced, store_at
from augment.lifecycle.comparison import CompareRequest, ComparisonPlan
from augment.lifecycle.halving import LEAST_ROWS, rounds
from augment.lifecycle.journal import Journal
from augment.lifecycle.plan import Plan, able_engines
from augment.lifecycle.stages import Stages
from augment.lifecycle.time_limit import SAFETY, paced
from augment.work.store import Attempt

RACE, SELECT = "race", "select"
SHARE = 0.25  # of the time that is left, for a race
ROWS = (10_000, 5_000, 2_500, 1_000)  # of a race, as many as there is time for
START_SECONDS = 3.0  # of a process
TOO_SHORT = 1 / 3  # of the time that a fit needs: with less, its engine hardly learns


def selected(stages: Stages, train: Any) -> Stages:
    """The same stages with the engine that a race, or the want of time, decides on; a resumed run
    keeps the one that was decided on."""
    if stages.prepared.plan.request.engine != "auto" or math.isinf(stages.budget.left()):
        return stages
    for record in stages.folder.records():
        if record.key == SELECT:
            return _recalled(stages, record.result)
    found = _decided(stages, train)
    plan = found.prepared.plan
    told: Json = {"race": found.prepared.race, "advice": list(found.prepared.advice)}
    told |= {"engine": plan.engine.about.name, "reason": plan.reason}
    stages.folder.commit(SELECT, (), **told)
    return found


def _recalled(stages: Stages, decision: Json) -> Stages:
    """What an earlier attempt decided."""
    engines = {each.about.name: each for each in able_engines(stages.prepared.plan)}
    found = _chosen(stages, engines[decision["engine"]], decision["reason"])
    race, advice = decision["race"], tuple(decision["advice"])
    prepared = dataclasses.replace(found.prepared, race=race, advice=advice)
    return dataclasses.replace(found, prepared=prepared)


def _decided(stages: Stages, train: Any) -> Stages:
    plan, left = stages.prepared.plan, stages.budget.left()
    costs = _Costs(plan, train)
    needed = costs.seconds(plan.engine)
    if needed is not None and left < TOO_SHORT * needed:
        return _cheaper(stages, costs, needed)
    racing = [
        each
        for each in able_engines(plan)
        if (costs.seconds(each) or 0.0) * SAFETY <= (1 - SHARE) * left
    ]
    rows = costs.rows_of_race(racing, SHARE * left)
    if len(racing) < 2:
        return stages
    if rows is None:
        reason = f"{plan.reason}; --max-time is too short for a race of engines"
        return _chosen(stages, plan.engine, reason)
    return _raced(stages, train, racing, rows)


class _Costs:
    """About how long things take on this machine now."""

    def __init__(self, plan: Plan, train: Any) -> None:
        self.plan, self.train = plan, train

    def seconds(self, engine: Engine[Any], rows: int | None = None) -> float | None:
        """Of a fit with its sample and scores, on so many rows (None: on all); None: unknown."""
        plan, data = self.plan.with_engine(engine, ""), self.train
        if rows is not None and rows < len(data):
            data = data.take(np.arange(rows, dtype=np.int64))
        found = paced(plan.foresee(data, plan.rows if rows is None else rows))
        return None if found is None else found.seconds

    def rows_of_race(self, racing: list[Engine[Any]], seconds: float) -> int | None:
        """On how many rows these can race in so many seconds; None where on none."""
        sizes = [size for size in ROWS if size < len(self.train)]
        if len(self.train) <= ROWS[0]:
            sizes = [len(self.train), *sizes]
        for size in sizes:
            if size >= LEAST_ROWS and self._of_race(racing, size) <= seconds:
                return size
        return None

    def _of_race(self, racing: list[Engine[Any]], rows: int) -> float:
        """Of all rounds, if the dearest engines stay in it."""
        total = 0.0
        for places, size in rounds(len(racing), rows):
            each = sorted((self.seconds(engine, size) or 0.0) for engine in racing)
            total += sum(START_SECONDS + seconds for seconds in each[-places:])
        return total


def _cheaper(stages: Stages, costs: _Costs, needed: float) -> Stages:
    """The engine that the time is enough for, the dearest of them; the same stages without one."""
    plan, left = stages.prepared.plan, stages.budget.left()
    able = []
    for engine in able_engines(plan):
        seconds = costs.seconds(engine)
        if seconds is not None and seconds * SAFETY <= left:
            able.append((seconds, engine))
    if not able:
        return stages
    seconds, engine = max(able, key=lambda each: each[0])
    name, dear = engine.about.name, plan.engine.about.name
    sentence = (
        f"--max-time leaves {left:.0f} s, and {dear} would take about {needed:.0f} s: {name} is "
        f"fitted in its place, in about {seconds:.0f} s. Give more time, or pass -e {dear}."
    )
    stages.journal.tell(Tick("read", advice=sentence))
    reason = f"the time is too short for {dear}"
    found = _chosen(stages, engine, reason)
    advice = (*stages.prepared.advice, sentence)
    return dataclasses.replace(found, prepared=dataclasses.replace(found.prepared, advice=advice))


def _raced(stages: Stages, train: Any, racing: list[Engine[Any]], rows: int) -> Stages:
    """Let them race, or what an earlier attempt left of the race."""
    prepared, plan = stages.prepared, stages.prepared.plan
    folder = store_at(stages.folder.partial / RACE)
    if folder.complete():
        document = read_json(folder.path / COMPARE)
    else:
        request = CompareRequest(plan.request, rows=str(rows))
        loaded = dataclasses.replace(prepared.loaded, data=train)
        key = digest_of({"run": prepared.key, "race": [each.about.name for each in racing]})
        race = ComparisonPlan(
            request, plan.kind, loaded, tuple(racing), {}, plan.seed.child("race"), key, rows
        )
        folder.begin(Attempt(key, plan.seed.value))
        journal = Journal(None, stages.journal.tick)
        budget = Budget(SHARE * stages.budget.left())
        try:
            with stages.journal.stage("compare"):
                document = raced(race, folder, journal, budget, stages.workers)
        except DiskFailed:
            raise
        except AugmentError as error:
            reason = f"{plan.reason}; in a race no engine got to the end"
            stages.journal.note("race", failed=str(error))
            return _chosen(stages, plan.engine, reason)
    told = {
        "folder": RACE,
        "winner": document["winner"],
        "within_noise": document["within_noise"],
        "rows": document["rows"],
        "engines": [row["engine"] for row in document["engines"]],
    }
    engine, reason = _winner(plan, document)
    found = _chosen(stages, engine, reason)
    return dataclasses.replace(found, prepared=dataclasses.replace(found.prepared, race=told))


def _winner(plan: Plan, document: Json) -> tuple[Engine[Any], str]:
    """The engine to fit, and why. The usual one stays where the winner leads by noise alone."""
    usual, best = plan.engine.about.name, document["winner"]
    count, rows = len(document["engines"]), document["rows"]["train"]
    race = f"a race of {count} engines on {rows:,} {plan.kind.noun}"
    if best is None:
        return plan.engine, f"{plan.reason}; {race} had no winner"
    if best != usual and usual in document["within_noise"]:
        return plan.engine, f"as good as the best in {race}, within noise"
    engine = next(each for each in able_engines(plan) if each.about.name == best)
    return engine, f"the best in {race}"


def _chosen(stages: Stages, engine: Engine[Any], reason: str) -> Stages:
    plan = stages.prepared.plan.with_engine(engine, reason)
    return dataclasses.replace(stages, prepared=dataclasses.replace(stages.prepared, plan=plan))
