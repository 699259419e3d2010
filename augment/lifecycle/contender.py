"""One engine of a comparison: fitted, sampled and scored in a process of its own."""

from __future__ import annotations

import dataclasses
import math
import shutil
import time
from concurrent.futures import TimeoutError as NotDone
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from augment.core import registry
from augment.core.budget import Budget
from augment.core.errors import (
    AugmentError,
    DiskFailed,
    OutOfResources,
    is_disk_failure,
    is_lack_of_memory,
)
from augment.core.files import make_private
from augment.core.json_numbers import finite
from augment.core.kind import Kind, Origin, Part, Wanted
from augment.core.seeds import Seed
from augment.core.types import Condition, Engine, Job, Json, Tick, Workers
from augment.evaluation.standing import standing
from augment.lifecycle.sampling import Sample
from augment.lifecycle.time_limit import (
    GRACE,
    LEAST_GRACE_SECONDS,
    fit_budget,
    paced,
    score_budget,
)
from augment.report import facts
from augment.work.deadline import TimeIsUp, interrupted
from augment.work.folder_job import list_files
from augment.work.memory import peak_bytes
from augment.work.pool import pool
from augment.work.task import Task

START_SECONDS = 30.0  # for a process to start and end, over its time, before it is stopped
PLANNED = 0.9  # of its time, in which an engine is to be done; what it overruns is in the rest
MEMORY = "memory ran out"


@dataclass(frozen=True)
class Field:
    """What all engines have in common: the same rows, split and seed, and how they are scored.

    `train` lies in random order, so that its first rows are a sample of it.
    """

    kind: str
    source: str
    train: Any
    unseen: Any
    seed: Seed
    protect: bool
    score: Json
    workers: Workers
    scratch: Path


def contend(field: Field, engine: Engine[Any], device: str, rows: int, seconds: float) -> Json:
    """What came of an engine on the first `rows` rows, within so many seconds: see `contended`.

    Whatever goes wrong in its process, that it is killed or crashes too, is a reason in words.
    """
    task = Task(engine.about.name, contended, (engine, device, rows, seconds))
    late = None if math.isinf(seconds) else seconds * (1 + GRACE) + START_SECONDS
    try:
        with pool(1, field, single=False) as process:
            try:
                return process.submit(task).result(late)
            except NotDone:
                process.end()
                return _failed(_over(seconds), OutOfResources.exit_code)
    except BrokenProcessPool:
        return _failed("its process crashed", AugmentError.exit_code)
    except DiskFailed:
        raise
    except OutOfResources:
        return _failed(f"its process was killed, most likely since {MEMORY}", 6)


def contended(field: Field, engine: Engine[Any], device: str, rows: int, seconds: float) -> Json:
    """The task: scores, seconds of the stages and the peak of memory; or `failed`, the reason, and
    the exit code that the error has elsewhere."""
    kind: Kind[Any] = registry.find("kinds", field.kind)
    scratch = field.scratch / engine.about.name
    budget = Budget(None if math.isinf(seconds) else PLANNED * seconds)
    try:
        with interrupted(seconds + max(GRACE * seconds, LEAST_GRACE_SECONDS)):
            return _measured(field, kind, engine, device, rows, budget, scratch)
    except TimeIsUp:
        return _failed(_over(seconds), OutOfResources.exit_code)
    except DiskFailed:
        raise
    except AugmentError as error:
        return _failed(str(error), error.exit_code)
    except Exception as error:
        if is_disk_failure(error):
            raise
        if is_lack_of_memory(error):
            return _failed(MEMORY, OutOfResources.exit_code)
        name = engine.about.name
        what = f"{type(error).__name__} in it; augment fit -e {name} shows where"
        return _failed(what, AugmentError.exit_code)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _measured(
    field: Field,
    kind: Kind[Any],
    engine: Engine[Any],
    device: str,
    rows: int,
    budget: Budget,
    scratch: Path,
) -> Json:
    train, seconds = field.train.take(np.arange(rows, dtype=np.int64)), {}
    make_private(scratch)
    wanted = Wanted(engine, rows, device, field.protect)
    forecast = paced(kind.generator.foresee(train, wanted)) if budget.max_seconds else None
    shortened: list[str] = []

    def tick(tick: Tick) -> None:
        if tick.shortened:
            shortened.append(tick.shortened)

    start = time.monotonic()
    job = Job(
        field.seed.child("fit"),
        scratch,
        device,
        budget=fit_budget(budget, forecast, True),
        tick=tick,
    )
    model = kind.generator.fit(engine, train, job, field.protect, train)
    seconds["fit"] = time.monotonic() - start
    start = time.monotonic()
    made = _made(field, kind, model, rows, scratch)
    seconds["sample"], peak = time.monotonic() - start, peak_bytes()
    start = time.monotonic()
    scored = kind.evaluator.score(
        train,
        field.unseen,
        made,
        field.seed.child("score"),
        tick,
        field.score,
        score_budget(budget),
        field.workers,
    )
    seconds["score"] = time.monotonic() - start
    report = facts.document(scored, {})
    return {
        "measures": report["measures"],
        "words": report.get("words", {}),
        "verdict": {name: report["verdict"][name] for name in ("groups", "checks")},
        "scores": [score for score in report["scores"] if not score["where"]],
        **{group: _standing(report, group) for group in ("fidelity", "utility")},
        "shortened": list(dict.fromkeys(shortened)),
        "seconds": {name: round(took, 3) for name, took in seconds.items()},
        "peak_bytes": peak,
    }


def _made(field: Field, kind: Kind[Any], model: Any, rows: int, scratch: Path) -> Any:
    """As many rows as were fitted on, written and read again as those of a run are."""
    path = scratch / kind.writer.name(field.source)
    sample = Sample(model, rows, field.seed.child("sample"), Condition())
    parts = (Part(start, sample.made(start, end).data) for start, end in sample.spans())
    origin = Origin(model.engine, "", field.seed.value, {})
    written = kind.writer.write(parts, path, "", True, {}, origin)
    if kind.writer.folders:
        list_files(path, written.lines)
    return kind.reader.read_like(str(path), field.train, {}).data


def _standing(report: Json, group: Any) -> Json | None:
    found = standing(report, group)
    return None if found is None else finite(dataclasses.asdict(found))


def _failed(reason: str, code: int) -> Json:
    return {"failed": reason.removesuffix("."), "exit_code": code}


def _over(seconds: float) -> str:
    return f"its part of --max-time was over ({seconds:.0f} s)"
