"""`augment run`: read, split, fit, sample, score, gate, publish; a killed run resumes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import augment
from augment.core import registry
from augment.core.budget import Budget
from augment.core.errors import UsageError
from augment.core.files import read_json, require_outside
from augment.core.holdout import independent_split, kept_secret, split
from augment.core.source import path_of
from augment.core.types import Json, Tick, Workers
from augment.lifecycle import changes, gates
from augment.lifecycle.augmentation import require_appendable, require_unmarked
from augment.lifecycle.fitting import Prepared, described, finished, prepare
from augment.lifecycle.journal import LOG, Journal
from augment.lifecycle.plan import RunRequest, require_once
from augment.lifecycle.rounds import refined, require_halves
from augment.lifecycle.selection import selected
from augment.lifecycle.stages import Stages, completed
from augment.lifecycle.time_limit import bounded, forecast_document, paced
from augment.report import facts
from augment.work.store import Attempt, Store


def run(
    request: RunRequest,
    out: Path,
    *,
    force: bool,
    dry_run: bool,
    if_changed: bool = False,
    workers: Workers = None,
    tell: Callable[[Tick], None],
) -> Json:
    """The whole lifecycle into a run folder. Returns what `--json` prints.

    With `if_changed` a finished run of other data, settings or version is replaced, and one of the
    same is left, as is one that a gate rejected already; see `changes`.

    `failed_gates` in it names the gates of the request that failed, and `folder` is then
    `OUT.rejected/`; what OUT held before stays as it was. `warned_gates` are those that failed and
    only warn; `unshown_gates` says of those that were not shown to pass why.
    """
    gates.asked(request.gate, request.warn, request.baseline)
    if if_changed:
        require_once(request.engine, "--if-changed")
    require_outside(out, path_of(request.source))
    folder = Store(out)
    folder.require_ours()
    Store(folder.rejected).require_ours()
    budget, journal = Budget(request.max_seconds), Journal(None, tell)
    with folder.held(), bounded(budget, journal):
        prepared = prepare(request, journal, folder, request.holdout)
        plan, data = prepared.plan, prepared.loaded.data
        _require_gates(prepared)
        foreseen = plan.foresee(data, plan.rows)
        gates.require_scores(request, len(data))
        if request.rounds > 1:
            require_halves(plan, len(data))
        if request.append:
            require_appendable(plan.kind)
        if request.write.get("mark"):
            require_unmarked(plan.kind, data)
        standing = changes.standing(folder, prepared, force, if_changed, tell)
        if standing.result is None:
            registry.require_libraries(plan.engine.about)
        if dry_run:
            costly = ("fit", "sample", *(["score"] if gates.scorable(request, len(data)) else []))
            estimate = forecast_document(paced(foreseen), costly, request.rounds)
            plain = {**described(prepared), "estimate": estimate, **standing.document}
            return {"schema": "augment.run/1", "dry_run": True, **plain}
        if standing.result is not None:
            return _up_to_date(standing.result, prepared)
        resumed = folder.begin(Attempt(prepared.key, prepared.plan.seed.value))
        journal.path = folder.partial / LOG
        journal.note("start", resumed=resumed, augment=augment.__version__)
        train, unseen = _sides(prepared, folder)
        refit = standing.refit
        stages = Stages(folder, prepared, journal, resumed, budget, workers, refit)
        stages = selected(stages, train)
        refine = completed if request.rounds == 1 else refined
        document = refine(stages, train, unseen)
        place = folder.publish(rejected=bool(document["failed_gates"]))
    return {**document, "folder": str(place)}


def _require_gates(prepared: Prepared) -> None:
    """Refuse, before a fit, gates on scores that there will not be, and baselines of other data."""
    kind, baseline = prepared.plan.kind, prepared.plan.request.baseline
    data = prepared.loaded.data
    gates.of_plan(prepared.plan, None if baseline is None else kind.describe(data, False))


def _sides(prepared: Prepared, folder: Store) -> tuple[Any, Any]:
    """The rows to fit on and the unseen ones, none where nothing can be scored.

    Which rows a private fit sees does not depend on how many there are: few are parted too.
    """
    plan, data = prepared.plan, prepared.loaded.data
    scorable = gates.scorable(plan.request, len(data))
    none = data.take(np.empty(0, dtype=np.int64))
    if plan.engine.about.private:
        secret = kept_secret(folder.scratch)
        train, unseen = independent_split(data, plan.request.holdout, secret)
        return train, unseen if scorable else none
    return split(data, plan.request.holdout, plan.seed.child("split")) if scorable else (data, none)


def _up_to_date(folder: Store, prepared: Prepared) -> Json:
    """The document of a finished run of this plan, with its report; else a refusal."""
    document = finished(folder, prepared.key, prepared.plan.request.seed)
    report = read_json(folder.path / "report.json")
    if report.get("schema") != facts.SCHEMA:
        raise UsageError(
            f"{folder.path} holds this run, but the report of another version of augment. "
            "Pass --force to make it again."
        )
    gated = gates.document(gates.judged(gates.of_plan(prepared.plan, document["data"]), report))
    return {**document, "report": report, "folder": str(folder.path), **gated}
