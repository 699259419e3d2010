"""`augment compare`: engines raced on a sample of the rows, and a leaderboard of them.

All have the same rows, split and seed, and the scores of the same evaluator. Each engine of each
round is a task, in a process of its own, so that its memory is its own and its crash a row.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from augment.core.budget import Budget
from augment.core.errors import OutOfResources, listed
from augment.core.files import require_outside, write_json
from augment.core.kind import Wanted
from augment.core.source import path_of
from augment.core.types import Json, Tick, Workers
from augment.evaluation.scoring import UNSCORED
from augment.lifecycle.comparison import CompareRequest, ComparisonPlan, planned
from augment.lifecycle.engine_race import Race
from augment.lifecycle.fitting import finished
from augment.lifecycle.halving import rounds
from augment.lifecycle.journal import Journal
from augment.lifecycle.time_limit import bounded, forecast_document, paced
from augment.lifecycle.unfinished import none_finished
from augment.report import leaderboard
from augment.work.store import Attempt, Store

COMPARE = "compare.json"


def compare(
    request: CompareRequest,
    out: Path,
    *,
    force: bool,
    dry_run: bool,
    workers: Workers = None,
    tell: Callable[[Tick], None],
) -> Json:
    """Race the engines into the folder `out`: `compare.json` and `compare.html`. Returns what
    `--json` prints.

    A killed comparison goes on where it stopped. Raises `UsageError` for an engine that is unknown
    or of another kind of data, and `BadInput`, `MissingExtra` or `OutOfResources` where no engine
    got to the end.
    """
    run = request.run
    require_outside(out, path_of(run.source))
    folder = store_at(out)
    folder.require_ours()
    budget, journal = Budget(run.max_seconds), Journal(None, tell)
    with folder.held(), bounded(budget, journal):
        plan = planned(request, folder, journal)
        if dry_run:
            return _foreseen(plan)
        if folder.complete() and not force:
            found = finished(folder, plan.key, run.seed)
            return {**found, "folder": str(out)}
        resumed = folder.begin(Attempt(plan.key, plan.seed.value))
        document = raced(plan, folder, journal, budget, workers)
    return {**document, "folder": str(out), "resumed": resumed}


def store_at(path: Path) -> Store:
    """The folder of a comparison."""
    return Store(path, COMPARE, "augment.compare/")


def raced(
    plan: ComparisonPlan, folder: Store, journal: Journal, budget: Budget, workers: Workers
) -> Json:
    """Do what is left of a comparison that was begun, and publish it; its document."""
    document = Race(plan, folder, journal, budget, workers).document()
    _require_any(document, folder)
    with journal.stage("write"):
        write_json(folder.partial / COMPARE, document)
        leaderboard.write(folder.partial / "compare.html", document)
    folder.publish()
    return document


def _foreseen(plan: ComparisonPlan) -> Json:
    """What would be compared, and about what it costs each engine on all rows of the sample."""
    train, unseen = plan.sides()
    stages = rounds(len(plan.racing), len(train))
    run, generator = plan.request.run, plan.kind.generator
    estimates = {}
    for each in plan.recipes:
        wanted = Wanted(each, len(train), plan.device(each), run.protect)
        forecast = paced(generator.foresee(train, wanted))
        estimates[each.about.name] = forecast_document(forecast, ("fit", "sample", "score"))
    return {
        **plan.document,
        "dry_run": True,
        "rows": {"train": len(train), "unseen": len(unseen)},
        "rounds": [{"engines": count, "rows": rows} for count, rows in stages],
        "estimates": estimates,
        "absent": dict(plan.absent),
    }


def _cut_scores(row: Json) -> bool:
    """Whether time ended before all of an engine's scores were taken."""
    return any(told.startswith(UNSCORED) for told in row["shortened"])


def _require_any(document: Json, folder: Store) -> None:
    """Refuse a comparison in which no engine got to the end, or none was scored in time; the next
    one begins anew."""
    rows = document["engines"]
    ended = [row for row in rows if row["state"] != "failed"]
    if any(row["fidelity"] is not None or not _cut_scores(row) for row in ended):
        return
    shutil.rmtree(folder.partial)
    if ended:
        raise OutOfResources(
            f"--max-time was over before {listed(row['engine'] for row in ended)} could be "
            "scored, and no other engine got to the end. Give it more, or compare fewer "
            "engines (--engines)."
        )
    attempts = ((row["engine"], row["reason"], row["exit_code"]) for row in rows)
    raise none_finished("engine", attempts, document["source"])
