"""`augment lift`: what made rows add to a model trained on real ones, and whether to add them.

Each repetition is a task of its own: it splits, fits the engine on the training rows alone,
samples, and trains every arm. One that is finished is not done again.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import augment
from augment.core import registry
from augment.core.budget import Budget
from augment.core.errors import UsageError
from augment.core.files import require_outside, write_json
from augment.core.fitted import Fitted
from augment.core.holdout import split
from augment.core.kind import Forecast
from augment.core.parameters import listed_choices
from augment.core.seeds import Seed
from augment.core.source import Rows as SourceRows
from augment.core.source import path_of
from augment.core.types import Json, Tick, Workers
from augment.evaluation.lift import Draw, Lift, Rows, compared
from augment.lifecycle.augmentation import output_of
from augment.lifecycle.fitting import Prepared, described, finished, fit_model, prepare
from augment.lifecycle.journal import Journal
from augment.lifecycle.plan import Plan, RunRequest, require_once
from augment.lifecycle.sampling import Sample, executor_for, rows_in_memory
from augment.lifecycle.time_limit import bounded, forecast_document, paced
from augment.report import lift as page
from augment.work.store import Attempt, Store

SCHEMA = "augment.lift/1"
LIFT = "lift.json"
LEAST_SEEDS = 5
UNSEEN, CALIBRATION = 0.25, 0.2  # of all rows, to judge on; of the others, to calibrate by
TRAINING = 0.8  # of the time of a repetition, for its fit


@dataclass(frozen=True)
class Repetitions:
    """One attempt: what is split and fitted, by what it is judged, and where results go."""

    prepared: Prepared
    lift: Lift[Any]
    target: str
    folder: Store
    journal: Journal
    budget: Budget
    seeds: int
    workers: Workers

    def results(self) -> list[list[Json]]:
        """Every repetition's results, those of an earlier attempt among them."""
        found = {record.key: record.result["trained"] for record in self.folder.records()}
        for number in range(self.seeds):
            key = f"repetition {number}"
            if key not in found:
                found[key] = self._repetition(number)
                self.folder.commit(key, trained=found[key])
        return [found[f"repetition {number}"] for number in range(self.seeds)]

    def _repetition(self, number: int) -> list[Json]:
        plan, data = self.prepared.plan, self.prepared.loaded.data
        seed = plan.seed.child("repetition", number)
        others, test = split(data, UNSEEN, seed.child("test"))
        train, calibration = split(others, CALIBRATION, seed.child("calibration"))
        with self.journal.stage("fit"):
            model = self._model(train, number, seed)
        with self.journal.stage("sample"):
            draws = self.lift.draws(train, seed.child("draws"))
            made = self._made(model, train, draws, seed)
        with self.journal.stage("score"):
            parts = Rows(train, calibration, test, made)
            return [each.document for each in self.lift.train(parts, seed.child("train"))]

    def _model(self, train: Any, number: int, seed: Seed) -> Fitted[Any]:
        left = self.budget.left()
        budget = self.budget
        if not math.isinf(left):
            budget = budget.within(TRAINING * left / (self.seeds - number))
        plan = dataclasses.replace(self.prepared.plan, seed=seed)
        prepared = dataclasses.replace(self.prepared, plan=plan)
        scratch = self.folder.scratch / str(number)
        scratch.mkdir(exist_ok=True)
        return fit_model(prepared, train, scratch, self.journal, budget).on(plan.device)

    def _made(
        self, model: Fitted[Any], train: Any, draws: Mapping[str, Draw], seed: Seed
    ) -> dict[str, Any]:
        """The rows of each draw; none of one for which no class lacks any."""
        found = {}
        for name, draw in draws.items():
            real = None
            if draw.rows is None:
                real = model.source_rows(SourceRows("the training rows", (train,)))[0]
                counts = model.value_counts(real, self.target).values()
                if len({count for count in counts if count}) < 2:
                    continue
            found[name] = self._sample(model, draw, real, seed.child(name))
        return found

    def _sample(self, model: Fitted[Any], draw: Draw, real: Any | None, seed: Seed) -> Any:
        output = output_of(model, model.condition(draw.ask), None, real, draw.rows or 0)
        plan = self.prepared.plan
        sample = Sample(model, output.rows, seed, output.given, tick=self.journal.tick)
        processes = executor_for(plan.engine.about, plan.device, self.workers)
        return rows_in_memory(sample, processes, self.journal.tick, "the synthetic rows")


def lift(
    request: RunRequest,
    out: Path,
    *,
    seeds: int = LEAST_SEEDS,
    force: bool,
    dry_run: bool = False,
    workers: Workers = None,
    tell: Callable[[Tick], None],
) -> Json:
    """Train on real rows with and without made ones, `seeds` times; returns what `--json` prints.

    OUT gets `lift.json` and `lift.html`. Raises `UsageError` where there is no class to predict.
    """
    if seeds < LEAST_SEEDS:
        raise UsageError(f"--seeds {seeds}: at least {LEAST_SEEDS}, for an interval to mean much.")
    require_outside(out, path_of(request.source))
    folder = Store(out, LIFT, "augment.lift/")
    folder.require_ours()
    budget, journal = Budget(request.max_seconds), Journal(None, tell)
    with folder.held(), bounded(budget, journal):
        require_once(request.engine, "lift")
        prepared = _with_seeds(prepare(request, journal, None, UNSEEN), seeds, folder)
        plan, data = prepared.plan, prepared.loaded.data
        judged = _lift_of(plan.kind.name)
        target = judged.require_possible(data)
        if "where" not in plan.engine.about.conditions:
            raise UsageError(
                f"Engine {plan.engine.about.name!r} takes no conditions, and lift asks for rows of "
                "single classes. `augment engines` lists those that do."
            )
        facts = {
            **described(prepared),
            "target": target,
            "seeds": seeds,
            "rows": _rows(len(data)),
            "arms": [arm.name for arm in judged.arms],
            "qualities": [dataclasses.asdict(each) for each in judged.qualities],
        }
        if dry_run:
            estimate = _estimate(plan, judged, data, seeds)
            return {"schema": SCHEMA, "dry_run": True, **facts, "estimate": estimate}
        if folder.complete() and not force:
            found = finished(folder, prepared.key, prepared.plan.request.seed)
            return {**found, "folder": str(out)}
        resumed = folder.begin(Attempt(prepared.key, plan.seed.value))
        attempt = Repetitions(prepared, judged, target, folder, journal, budget, seeds, workers)
        results = attempt.results()
        test_share = UNSEEN / ((1 - UNSEEN) * (1 - CALIBRATION))
        document = {
            "schema": SCHEMA,
            "augment": augment.__version__,
            "key": prepared.key,
            "seed": plan.seed.value,
            **facts,
            "learners": compared(results, judged.arms, test_share, judged.qualities),
            "repetitions": results,
            "seconds": journal.seconds,
            "resumed": resumed,
        }
        write_json(folder.partial / LIFT, document)
        page.write(folder.partial / "lift.html", document)
        folder.publish()
    return {**document, "folder": str(out)}


def _rows(total: int) -> Json:
    """How many rows a split has, about."""
    unseen = round(UNSEEN * total)
    calibration = round(CALIBRATION * (total - unseen))
    return {"train": total - unseen - calibration, "calibration": calibration, "unseen": unseen}


def _estimate(plan: Plan, judged: Lift[Any], data: Any, seeds: int) -> Json | None:
    """About what all repetitions take together, by stage; None where the engine does not say."""
    train = data.take(np.arange(_rows(len(data))["train"], dtype=np.int64))
    made = math.ceil(max(arm.ratio for arm in judged.arms) * len(train))
    once = plan.foresee(train, made)
    if once is None:
        return None
    whole = Forecast(
        seeds * once.fit, seeds * once.sample, seeds * judged.seconds(train), once.bytes
    )
    return forecast_document(paced(whole), ("fit", "sample", "score"))


def _lift_of(kind: str) -> Lift[Any]:
    if kind not in registry.names("lifts"):
        able = listed_choices(registry.names("lifts"))
        raise UsageError(f"augment lift knows no way to train on {kind} data; it is for {able}.")
    found: Lift[Any] = registry.find("lifts", kind)()
    return found


def _with_seeds(prepared: Prepared, seeds: int, folder: Store) -> Prepared:
    """The plan under a key of this comparison; an unfinished attempt at it lends its seed."""
    key, plan = f"{prepared.key}/{seeds}", prepared.plan
    lent = folder.lent_seed(key) if plan.request.seed is None else None
    if lent is not None:
        plan = dataclasses.replace(plan, seed=Seed(lent))
    return dataclasses.replace(prepared, plan=plan, key=key)
