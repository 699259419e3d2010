"""The first half of the lifecycle: read, choose, fit, and a model on disk."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import augment
from augment.core import model_folder as store
from augment.core import registry
from augment.core.budget import Budget
from augment.core.errors import UsageError
from augment.core.files import read_json, require_outside, write_json
from augment.core.fitted import Fitted
from augment.core.kind import Forecast, Loaded, Reserved
from augment.core.reading_options import require_known
from augment.core.schema_drift import SchemaDrift
from augment.core.seeds import Seed
from augment.core.source import path_of
from augment.core.types import Job, Json, Tick, Workers
from augment.lifecycle.data_parallel import Fit, fitted
from augment.lifecycle.journal import Journal
from augment.lifecycle.opened_model import Opened
from augment.lifecycle.plan import (
    Plan,
    RunRequest,
    is_private,
    kind_of,
    require_private,
    resolve,
)
from augment.lifecycle.time_limit import bounded, forecast_document, paced
from augment.lifecycle.update import REASON, described_start, following
from augment.nets.schedule import CONTINUED_STEPS
from augment.work.manifest import require_unchanged
from augment.work.store import Attempt, Store

FIT = "fit.json"
SCHEMA = "augment.fit/1"
# Of a private model's document; all else may tell of its rows.
PUBLISHABLE = frozenset(
    [
        "schema",
        "augment",
        "key",
        "seed",
        "model",
        "plan",
        "shortened",
        "model_notes",
        "engine_facts",
    ]
)


@dataclass(frozen=True)
class Prepared:
    """A plan and the data that it was made for; `key` is its digest without the seed."""

    plan: Plan
    loaded: Loaded[Any]
    key: str
    advice: tuple[str, ...] = ()  # see `Loaded`
    race: Json | None = None  # what decided on the engine, see `selection`
    planned: Json = field(default_factory=dict)  # the plan, before a race or rounds changed it
    start: Opened | None = None  # the older model that the fit goes on from
    drift: tuple[SchemaDrift, ...] = ()  # how the rows differ from what it knows


def prepare(
    request: RunRequest,
    journal: Journal,
    folder: Store | None,
    holdout: float = 0.0,
    start: Opened | None = None,
    published: bool = False,
) -> Prepared:
    """Read the source and make the plan; an unfinished attempt at it in `folder` lends its seed.

    `holdout` is the share of the rows that the fit will not see. With `start`, an older model, the
    request follows it, and so does the reading. `published` says that the key goes where the model
    goes, so that of a private one it must not tell of the rows.
    """
    request = request if start is None else following(request, start)
    kind = kind_of(request.source, request.kind)
    private = is_private(request.engine)
    if private:
        require_private(request)
    drift: tuple[SchemaDrift, ...] = ()
    with journal.stage("read"):
        if start is None:
            reserved = Reserved(
                holdout,
                request.protect,
                request.read,
                request.device,
                request.engine if private else None,
            )
            loaded = kind.generator.prepared(kind.read(request.source, request.read), reserved)
        else:
            require_known(request.read, kind.reader.options, kind.name)
            loaded, drift = start.model.newer_rows(request.source, request.read)
    seed = Seed.fresh() if request.seed is None else Seed(request.seed)
    plan = resolve(request, kind, loaded, seed)
    plan = plan if start is None else dataclasses.replace(plan, reason=REASON)
    settled = plan.engine.about.foreign or start is not None  # whether to fit is no question
    advice = () if settled else loaded.advice
    for sentence in advice:
        journal.tell(Tick("read", advice=sentence))
    key = plan.key(() if private and published else loaded.files)
    lent = None if folder is None or request.seed is not None else folder.lent_seed(key)
    if lent is not None:
        plan = dataclasses.replace(plan, seed=Seed(lent))
    return Prepared(plan, loaded, key, advice, planned=plan.document, start=start, drift=drift)


def fit_model(
    prepared: Prepared,
    data: Any,
    scratch: Path,
    journal: Journal,
    budget: Budget,
    workers: Workers = 1,
) -> Fitted[Any]:
    """Fit the plan's engine on `data`, with checkpoints in `scratch`, within the budget.

    `workers` share its training where the engine's steps fall into parts.
    """
    plan = prepared.plan
    job = Job(
        seed=plan.seed.child("fit"),
        scratch=scratch,
        device=plan.device,
        budget=budget,
        tick=journal.tick,
    )
    whole = prepared.loaded.data
    fit = Fit(plan.kind.name, plan.engine, data, plan.request.protect, whole, prepared.start)
    return fitted(fit, job, workers)


def fit(
    request: RunRequest,
    out: Path,
    *,
    force: bool,
    dry_run: bool,
    tell: Callable[[Tick], None],
    start: Opened | None = None,
    show_values: bool = False,
    workers: Workers = 1,
) -> Json:
    """`augment fit`: a model folder from a source. Returns what `--json` prints.

    `start` is an older model to go on from. How the source differs from what it knows is told
    before the fit; with `show_values` the values that it lacks are named, but never written.
    `workers` share the training where its steps fall into parts, and change nothing.
    """
    require_outside(out, path_of(request.source))
    folder = _store(out)
    folder.require_ours()
    budget, journal = Budget(request.max_seconds), Journal(None, tell)
    with folder.held(), bounded(budget, journal):
        prepared = prepare(request, journal, folder, start=start, published=True)
        for found in prepared.drift:
            journal.tick(Tick("read", advice=found.told(show_values)))
        facts = {"model": str(out), **described(prepared)}
        shown = (
            {"schema_drift": [each.to_json(show_values) for each in prepared.drift]}
            if start
            else {}
        )
        standing = folder.complete() and not force
        if not standing:
            registry.require_libraries(prepared.plan.engine.about)
        if dry_run:
            estimate = forecast_document(paced(_forecast(prepared)), ("fit",))
            return {"schema": SCHEMA, "dry_run": True, **facts, **shown, "estimate": estimate}
        if standing:
            document = finished(folder, prepared.key, request.seed)
            if prepared.plan.engine.about.private:  # which keeps nothing to tell other rows by
                return {**document, **facts, "rows_compared": False}
            return document
        resumed = folder.begin(Attempt(prepared.key, prepared.plan.seed.value))
        with journal.stage("fit"):
            data = prepared.loaded.data
            model = fit_model(prepared, data, folder.scratch, journal, budget, workers)
        document = {
            "schema": SCHEMA,
            "augment": augment.__version__,
            "key": prepared.key,
            "seed": prepared.plan.seed.value,
            **facts,
            "resumed": resumed,
            "seconds": journal.seconds,
            "phases": journal.phases,
            "shortened": model.stored().facts.get("shortened", []),
            "model_notes": model.stored().facts.get("notes", []),
            "engine_facts": model.stored().facts,
        }
        with journal.stage("write"):
            _publish(folder, model, document)
        return {**document, **shown}


def publishable(document: Json) -> Json:
    """What `fit` says of a private model, without what it knows of the rows but for the model."""
    kept = {name: document[name] for name in PUBLISHABLE if name in document}
    if "plan" in kept:
        kept["plan"] = {name: said for name, said in kept["plan"].items() if name != "rows"}
    return kept


def _forecast(prepared: Prepared) -> Forecast | None:
    """About what the fit takes; one that goes on from an older model has fewer steps."""
    data = prepared.loaded.data
    found = prepared.plan.foresee(data, len(data))
    if found is None or prepared.start is None:
        return found
    return dataclasses.replace(found, fit=found.fit * CONTINUED_STEPS)


def save(model: Fitted[Any], document: Json, out: Path, *, force: bool) -> None:
    """A model folder of a model that exists already, with what `fit` said of it if that is known.

    Raises `UsageError` where `out` holds something else, or a model without `force`.
    """
    folder = _store(out)
    folder.require_free(force)
    said = {"schema": SCHEMA, **document, "model": str(out)}
    with folder.held():
        folder.require_free(force)
        folder.begin(Attempt(str(said.get("key", "")), int(said.get("seed", 0))))
        _publish(folder, model, said)


def _store(out: Path) -> Store:
    return Store(out, FIT, "augment.fit/")


def _publish(folder: Store, model: Fitted[Any], document: Json) -> None:
    store.save(folder.partial, model.stored())
    private = registry.find("engines", model.engine).about.private
    write_json(folder.partial / FIT, publishable(document) if private else document)
    folder.publish()


def finished(folder: Store, key: str, seed: int | None) -> Json:
    """Answer for a finished folder: its own document when it is of this plan and seed (None: of
    any) and whole, else a refusal."""
    document = read_json(folder.path / folder.document)
    same_seed = seed is None or seed == document.get("seed")
    if document.get("key") != key or not same_seed:
        raise UsageError(
            f"{folder.path} holds the result of another source, plan or seed. "
            "Pass --force to replace it, or choose another -o."
        )
    require_unchanged(folder.path)
    return {**document, "up_to_date": True}


def described(prepared: Prepared) -> Json:
    """The plan, the files and the data as the user reads of them."""
    start = prepared.start
    drift = [each.to_json() for each in prepared.drift]
    return {
        **({"start": described_start(start), "schema_drift": drift} if start else {}),
        "plan": prepared.plan.document,
        "files": list(prepared.loaded.files),
        "notes": list(prepared.loaded.notes),
        "advice": list(prepared.advice),
        "rejected_rows": prepared.loaded.rejected,
        **({"sampled": prepared.loaded.sampled} if prepared.loaded.sampled else {}),
        "data": prepared.plan.kind.describe(prepared.loaded.data, show_values=False),
    }
