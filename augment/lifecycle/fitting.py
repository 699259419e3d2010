"""The first half of the lifecycle: read, choose, fit, and a model on disk."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.base import store
from augment.base.files import locked, require_outside
from augment.base.seeds import Seed
from augment.base.types import Budget, Job, Json, Tick
from augment.base.wing import Fitted, Loaded
from augment.lifecycle.folder import Attempt, Folder
from augment.lifecycle.journal import Journal
from augment.lifecycle.plan import Plan, Request, resolve, wing_for

MODEL_MARKER = "model.json"


@dataclass(frozen=True)
class Prepared:
    """A plan and the data that it was made for; `key` is its digest without the seed."""

    plan: Plan
    loaded: Loaded[Any]
    key: str


def prepare(request: Request, journal: Journal, folder: Folder | None = None) -> Prepared:
    """Read the source and make the plan; an unfinished attempt at it in `folder` lends its seed."""
    wing = wing_for(request.source, request.kind)
    with journal.stage("read"):
        loaded = wing.read(request.source, request.read)
    seed = Seed.fresh() if request.seed is None else Seed(request.seed)
    plan = resolve(request, wing, loaded, seed)
    key = plan.key(loaded.files)
    earlier = folder.planned() if folder else None
    if request.seed is None and earlier and earlier.key == key:
        plan = dataclasses.replace(plan, seed=Seed(earlier.seed))
    return Prepared(plan, loaded, key)


def fit_model(prepared: Prepared, data: Any, scratch: Path, journal: Journal) -> Fitted[Any]:
    """Fit the plan's engine on `data`, with checkpoints in `scratch`."""
    plan = prepared.plan
    job = Job(
        seed=plan.seed.child("fit"),
        scratch=scratch,
        device=plan.device,
        budget=Budget(plan.request.max_seconds),
        tick=journal.tick,
    )
    rows = len(prepared.loaded.data)
    return plan.wing.fit(plan.engine, data, job, plan.request.protect, rows)


def fit(
    request: Request,
    out: Path,
    *,
    force: bool,
    dry_run: bool,
    tell: Callable[[Tick], None],
) -> Json:
    """`augment fit`: a model folder from a source. Returns what `--json` prints."""
    require_outside(out, Path(request.source))
    folder = Folder(out, marker=MODEL_MARKER)
    folder.require_ours()
    with locked(out):
        folder.recover()
        folder.require_free(force)
        journal = Journal(None, tell)
        prepared = prepare(request, journal, folder)
        facts = {"model": str(out), **described(prepared)}
        if dry_run:
            return {"schema": "augment.fit/1", "dry_run": True, **facts}
        resumed = folder.begin(Attempt(prepared.key, prepared.plan.seed.value))
        with journal.stage("fit"):
            model = fit_model(prepared, prepared.loaded.data, folder.scratch, journal)
        with journal.stage("write"):
            store.save(folder.partial, model.stored())
            folder.publish()
        return {
            "schema": "augment.fit/1",
            **facts,
            "resumed": resumed,
            "seconds": journal.seconds,
            "model_notes": model.stored().facts.get("notes", []),
            "engine_facts": model.stored().facts,
        }


def described(prepared: Prepared) -> Json:
    """The plan, the files and the data as the user is told of them."""
    return {
        "plan": prepared.plan.document,
        "files": list(prepared.loaded.files),
        "notes": list(prepared.loaded.notes),
        "rejected_rows": prepared.loaded.rejected,
        "data": prepared.plan.wing.describe(prepared.loaded.data, show_values=False),
    }
