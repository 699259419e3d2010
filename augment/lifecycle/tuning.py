"""`augment tune`: better parameters of an engine, by trials on one split of the rows.

The rows are split into three parts. Trials learn from the first and are judged on the second. The
winner, and the engine's defaults beside it, are at last fitted on both and judged on the third,
which no trial saw: that is the gain which is told.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.core import registry
from augment.core.budget import Budget
from augment.core.errors import BadInput, MissingExtra, UsageError
from augment.core.files import atomic, read_json, require_outside, write_json
from augment.core.holdout import split
from augment.core.seeds import Seed
from augment.core.source import path_of
from augment.core.types import Json, Tick, Workers
from augment.evaluation import objective
from augment.lifecycle import search_space
from augment.lifecycle.fitting import Prepared, described, finished, prepare
from augment.lifecycle.journal import LOG, Journal
from augment.lifecycle.plan import require_once
from augment.lifecycle.search import FINAL, Search, TuneRequest
from augment.lifecycle.search_space import Space, space_of
from augment.lifecycle.time_limit import bounded, forecast_document, paced
from augment.lifecycle.tuning_result import SCHEMA, document, require_any
from augment.report import tuning as page
from augment.work.store import Attempt, Store

if TYPE_CHECKING:
    pass

TUNE = "tune.json"
TRIALS = "trials.db"  # the study's database inside OUT
LEAST_ROWS = 30
INSTALL = "pip install 'augment-synth[tune]'"


def tune(
    request: TuneRequest,
    out: Path,
    *,
    force: bool,
    dry_run: bool,
    workers: Workers = None,
    tell: Callable[[Tick], None],
) -> Json:
    """Search for parameters into the folder `out`; returns what `--json` prints (tune.json).

    A killed search goes on where it was; a finished one is left as it is, unless more trials are
    asked for: then it goes on from those that it has.
    """
    study = _study()
    run, budget, journal = request.run, Budget(request.run.max_seconds), Journal(None, tell)
    require_outside(out, path_of(run.source))
    _require_sound(request)
    folder = Store(out, TUNE, "augment.tune/")
    folder.require_ours()
    with folder.held(), bounded(budget, journal), study.quiet(), study.reachable(request.storage):
        prepared, space = _prepared(request, folder, journal, force)
        parts = _parts(prepared, run.holdout)
        if dry_run:
            return _foreseen(request, prepared, space, len(parts[0]))
        if folder.complete() and not force:
            earlier = finished(folder, prepared.key, run.seed)
            if earlier["asked"] >= request.trials:
                return earlier
        folder.begin(Attempt(prepared.key, prepared.plan.seed.value))
        if folder.complete() and not force:
            _taken_up(folder.path / TRIALS, folder.partial / TRIALS)
        journal.path = folder.partial / LOG
        seed = prepared.plan.seed
        found = study.opened(
            request.storage,
            folder.partial / TRIALS,
            f"augment-{prepared.key[:16]}-{seed.value}",
            space,
            len(request.objectives),
            seed.child("search"),
        )
        search = Search(request, prepared, space, folder, found, journal, budget, workers, *parts)
        try:
            search.run()
            told = document(search, study.shown(request.storage))
        finally:
            found.close()
        require_any(told, folder)
        write_json(folder.partial / TUNE, told)
        page.write(folder.partial / "tune.html", told)
        folder.publish()
    return told


def _taken_up(earlier: Path, file: Path) -> None:
    """Begin with the trials of a finished search, unless this one has begun."""
    if earlier.is_file() and not file.exists():
        with atomic(file) as stream, earlier.open("rb") as source:
            shutil.copyfileobj(source, stream)


def _study() -> Any:
    """The module that needs Optuna. Raises `MissingExtra` with the line that installs the extra."""
    try:
        import tomlkit  # noqa: F401 - of use at the end: said before the search

        from augment.lifecycle import study
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("augment"):
            raise
        raise MissingExtra(
            f"`augment tune` needs the Python package {error.name!r}, which is not installed. "
            f"Install it with: {INSTALL}"
        ) from None
    return study


def _require_sound(request: TuneRequest) -> None:
    if request.trials < 1:
        raise UsageError(f"--trials {request.trials}: at least 1.")
    if len(set(request.objectives)) < len(request.objectives):
        raise UsageError("--objective: the same one is named twice.")
    if request.run.holdout == 0:
        raise UsageError("--holdout 0 keeps no rows unseen, so no trial can be judged.")
    if request.storage is not None and request.run.seed is None:
        raise UsageError(
            "--storage needs --seed: machines that share a search split the rows alike. "
            "Give all of them the same --seed."
        )


def _prepared(
    request: TuneRequest, folder: Store, journal: Journal, force: bool
) -> tuple[Prepared, dict[str, search_space.Dimension]]:
    """The plan, with the defaults of all that is searched, and the space.

    What `-p` names is kept, and so is what settings say of parameters that no search turns.
    """
    require_once(request.run.engine, "tune")
    run = replace(request.run, max_seconds=None)  # how long a search may take is no part of it
    found = prepare(replace(run, settings={}), journal, None, 2 * run.holdout)
    plan, rows = found.plan, len(found.loaded.data)
    objective.require_known(request.objectives, plan.kind.evaluator.names())
    if rows < LEAST_ROWS:
        raise BadInput(
            f"{rows} is too few to be split into three parts (at least {LEAST_ROWS} are needed).",
            where=str(run.source),
            hint="Give more.",
        )
    name = plan.engine.about.name
    space = space_of(type(plan.engine), run.parameters)
    settled = {k: v for k, v in run.settings.get(name, {}).items() if k not in space}
    plan = replace(plan, engine=registry.engine(name, run.parameters, settled))
    decisive = [plan.key(found.loaded.files), request.objectives, search_space.document(space)]
    key = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()
    lent = folder.lent_seed(key) if run.seed is None else None
    if lent is not None:
        plan = replace(plan, seed=Seed(lent))
    if run.seed is None and folder.complete() and folder.planned() is None and not force:
        plan = replace(plan, seed=_seed_of(folder, plan.seed))
    return Prepared(plan, found.loaded, key), space


def _seed_of(folder: Store, fresh: Seed) -> Seed:
    """The seed of a finished search, which goes on if more trials are asked for."""
    seed = read_json(folder.path / folder.document).get("seed")
    return Seed(seed) if isinstance(seed, int) else fresh


def _parts(prepared: Prepared, holdout: float) -> tuple[Any, Any, Any]:
    """Rows to learn from, to judge trials on, and those that no trial sees."""
    rest, test = split(prepared.loaded.data, holdout, prepared.plan.seed.child("split"))
    share = min(holdout / (1 - holdout), 0.5)
    learnt, validation = split(rest, share, prepared.plan.seed.child("validation"))
    return learnt, validation, test


def _foreseen(request: TuneRequest, prepared: Prepared, space: Space, rows: int) -> Json:
    """What would be searched, and about what it takes: trials as long as the defaults' one."""
    found = paced(prepared.plan.foresee(prepared.loaded.data, rows))
    one = forecast_document(found, ("fit", "sample", "score"))
    total = None if one is None else sum(one["seconds"].values()) * (request.trials + FINAL)
    return {
        "schema": SCHEMA,
        "dry_run": True,
        **described(prepared),
        "objectives": list(request.objectives),
        "asked": request.trials,
        "space": search_space.document(space),
        "estimate": None if one is None else {**one, "trial": one["seconds"], "total": total},
        "max_seconds": request.run.max_seconds,
    }
