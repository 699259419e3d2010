"""`augment tune`: better parameters of an engine, by trials on one split of the rows.

The rows are split into three parts. Trials learn from the first and are judged on the second. The
winner, and the engine's defaults beside it, are at last fitted on both and judged on the third,
which no trial saw: that is the gain which is told.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import augment
from augment.core import registry
from augment.core.budget import Budget
from augment.core.errors import BadInput, GateFailed, MissingExtra, OutOfResources, UsageError
from augment.core.files import read_json, require_outside, write_json
from augment.core.holdout import split
from augment.core.seeds import Seed
from augment.core.source import path_of
from augment.core.types import PHASES, Json, Tick
from augment.evaluation import objective
from augment.lifecycle import search_space, trials
from augment.lifecycle.fitting import Prepared, described, finished, prepare
from augment.lifecycle.journal import LOG, Journal
from augment.lifecycle.plan import RunRequest
from augment.lifecycle.search_space import Space, space_of, with_values
from augment.lifecycle.time_limit import bounded, forecast_document, paced
from augment.lifecycle.trials import Bounds, Rows
from augment.report import tuning as page
from augment.settings import writing
from augment.work.store import Attempt, Store

if TYPE_CHECKING:
    from augment.lifecycle.study import Study

TUNE = "tune.json"
SCHEMA = "augment.tune/1"
TRIALS = "trials.db"  # the study's database inside OUT
LEAST_ROWS = 30
FINAL = 3.0  # of the longest trial: about what the two final fits on more rows and scores take
INSTALL = "pip install 'augment-synth[tune]'"


@dataclass(frozen=True)
class TuneRequest:
    """What is wanted: the engine, data and limits of `run`, how many trials, and what to raise."""

    run: RunRequest
    trials: int = 30
    objectives: tuple[str, ...] = ("fidelity",)
    storage: str | None = None  # the URL of a database that several machines share


@dataclass(frozen=True)
class Search:
    """One attempt at a tuning: what it follows, where it builds, its three parts of the rows."""

    request: TuneRequest
    prepared: Prepared
    space: Space
    folder: Store
    study: Study
    journal: Journal
    budget: Budget
    workers: int | None
    learnt: Any
    validation: Any
    test: Any

    def run(self) -> None:
        """Trials until there are enough, or no time is left for one more and the final scores."""
        request = self.request
        self.study.begin({name: getattr(self.prepared.plan.engine, name) for name in self.space})
        with self.journal.stage("tune"):
            while len(rows := self.study.rows()) < request.trials:
                longest = max((row["seconds"] for row in rows), default=None)
                seconds = self._seconds(longest)
                if longest is not None and seconds < longest:
                    left = request.trials - len(rows)
                    cut = f"{left} of {request.trials} trials were not begun"
                    self.journal.tick(Tick("tune", len(rows), request.trials, shortened=cut))
                    return
                row = self._trial(rows, seconds)
                self._require_possible(row)

    def _seconds(self, longest: float | None) -> float:
        """What a trial may take, so that the final scores have their time."""
        left = self.budget.left()
        if math.isinf(left):
            return left
        return left / (1 + FINAL) if longest is None else left - FINAL * longest

    def _trial(self, rows: list[Json], seconds: float) -> Json:
        """Do the next trial; one whose values were tried before is not done again."""
        asked = self.study.ask()
        number, total = len(rows) + 1, self.request.trials

        def tell(tick: Tick) -> None:
            note = PHASES.get(tick.phase, tick.phase)
            if tick.steps:
                note += f" {tick.step:,}/{tick.steps:,}"
            self.journal.tick(Tick("tune", number - 1, total, tick.loss, tick.held_out, note))

        same = [r for r in rows if json_like(r["parameters"]) == json_like(asked.parameters)]
        same = [row for row in same if row["reason"] != trials.OUT_OF_TIME]
        if same:
            row = {**same[0], "seconds": 0.0, "repeats": same[0]["number"]}
            del row["number"]
        else:
            row = trials.attempt(
                self.prepared,
                asked.parameters,
                Rows(self.learnt, self.validation),
                self.request.objectives,
                self.folder.scratch,
                Bounds(self._rivals(rows, asked.parameters), seconds),
                tell,
                lambda loss, step: self.study.report(asked, loss, step),
                self.workers,
            )
        row["defaults"] = asked.defaults
        self.study.tell(asked, json_like(row))
        self.journal.note("trial", number=number, state=row["state"], reason=row["reason"])
        return row

    def _rivals(self, rows: list[Json], parameters: Json) -> list[trials.Curve]:
        """The curves of trials that came to their ends with losses of the same scale."""
        scale = [name for name, each in self.space.items() if each.changes_loss]
        mine = self._whole(parameters)
        return [
            row["curve"]
            for row in rows
            if row["state"] == "done"
            and all(self._whole(row["parameters"])[name] == mine[name] for name in scale)
        ]

    def _whole(self, parameters: Json) -> Json:
        """All parameters of the space, defaults where a trial names none."""
        engine = self.prepared.plan.engine
        return {name: parameters.get(name, getattr(engine, name)) for name in self.space}

    def _require_possible(self, row: Json) -> None:
        """Refuse to go on where the defaults show that no trial can be scored, or ends in time."""
        if not row["defaults"] or row["state"] != "failed":
            return
        if row["reason"] == trials.OUT_OF_TIME:
            raise OutOfResources(
                f"--max-time {self.budget.max_seconds:g}s is not enough for a trial and the final "
                "scores. Give more time, or fewer rows."
            )
        if " was not scored: " in row["reason"]:
            raise UsageError(
                f"--objective: {row['reason'].removesuffix('.')}. Choose another objective, or "
                "name the column to predict with --target."
            )

    def final(self, parameters: Json) -> Json:
        """Parameters fitted on all rows that trials saw, judged on those that none saw."""
        key = hashlib.sha256(json.dumps(json_like(parameters), sort_keys=True).encode()).hexdigest()
        for record in self.folder.records():
            if record.key == key:
                return record.result
        place = self.folder.scratch / "final"
        place.mkdir(parents=True, exist_ok=True)
        engine = with_values(self.prepared.plan.engine, parameters)
        rows = Rows(_rest(self.prepared, self.request.run.holdout), self.test)
        with self.journal.stage("final"):
            start = time.monotonic()
            report = trials.scored(
                self.prepared, engine, rows, place, self.journal.tick, self.workers
            )
            seconds = round(time.monotonic() - start, 3)
        shutil.rmtree(place, ignore_errors=True)
        row = trials.judged(self.request.objectives, report)
        found = {**json_like(row), "seconds": seconds, "report": report}
        self.folder.commit(key, **found)
        return found


def json_like(value: Any) -> Any:
    """A document as it is once it has been JSON."""
    return json.loads(json.dumps(value))


def tune(
    request: TuneRequest,
    out: Path,
    *,
    force: bool,
    dry_run: bool,
    workers: int | None = None,
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
    with folder.held(), bounded(budget, journal), study.reachable(request.storage):
        prepared, space = _prepared(request, folder, journal)
        parts = _parts(prepared, run.holdout)
        if dry_run:
            return _foreseen(request, prepared, space, len(parts[0]))
        if folder.complete() and not force:
            document = finished(folder, prepared.key, run.seed)
            if document["asked"] >= request.trials:
                return document
        more = folder.complete() and not force and folder.planned() is None
        folder.begin(Attempt(prepared.key, prepared.plan.seed.value))
        if more and (out / TRIALS).is_file() and not (folder.partial / TRIALS).is_file():
            shutil.copyfile(out / TRIALS, folder.partial / TRIALS)
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
            document = _document(search, study.shown(request.storage))
        finally:
            found.close()
        write_json(folder.partial / TUNE, document)
        page.write(folder.partial / "tune.html", document)
        folder.publish()
    return document


def unmet(document: Json) -> GateFailed | None:
    """The error of a search that has no winner; None where it has one."""
    if document.get("dry_run") or document["winner"] is not None:
        return None
    done = [row for row in document["trials"] if row["state"] == "done"]
    if done:
        why = f"each of the {len(done)} trials that came to an end fails privacy"
        way = "Choose another engine, or give more trials."
    else:
        first = document["trials"][0]["reason"] if document["trials"] else "none was begun"
        why, way = f"no trial came to its end ({first.removesuffix('.')})", "Mend that first."
    return GateFailed(f"There is no winner: {why}. {document['folder']}/tune.html tells all. {way}")


def apply(document: Json, path: Path) -> Json:
    """Write the winner to a settings file, if it did better than the defaults on unseen rows.

    Returns the file and its backup (None where there was no file), or why it was left.
    """
    if document["winner"] is None:
        return {"file": None, "reason": "no trial won"}
    if not document["better"]:
        return {"file": None, "reason": document["verdict"]}
    engine, values = document["plan"]["engine"], document["winner"]["parameters"]
    backup = writing.write_engine(path, engine, values)
    return {"file": str(path), "backup": None if backup is None else str(backup)}


def _study() -> Any:
    """The module that needs Optuna. Raises `MissingExtra` with the line that installs it."""
    try:
        from augment.lifecycle import study
    except ModuleNotFoundError as error:
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
    request: TuneRequest, folder: Store, journal: Journal
) -> tuple[Prepared, dict[str, search_space.Dimension]]:
    """The plan, with the defaults of all that is searched, and the space.

    What `-p` names is kept, and so is what settings say of parameters that no search turns.
    """
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
    told = [plan.key(found.loaded.files), request.objectives, search_space.document(space)]
    key = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    earlier = folder.planned()
    if run.seed is None and earlier is not None and earlier.key == key:
        plan = replace(plan, seed=Seed(earlier.seed))
    if run.seed is None and folder.complete() and earlier is None:
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


def _rest(prepared: Prepared, holdout: float) -> Any:
    """All rows but those that no trial sees."""
    return split(prepared.loaded.data, holdout, prepared.plan.seed.child("split"))[0]


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


def _document(search: Search, storage: str | None) -> Json:
    """tune.json: the trials, the winner, and what it gains on rows that no trial saw."""
    rows, request = search.study.rows(), search.request
    best = trials.winner(rows)
    final: Json = {}
    if best is not None:
        final["winner"] = search.final(best["parameters"])
        final["defaults"] = search.final({})
    prepared = search.prepared
    engine = prepared.plan.engine
    better, sentence = _verdict(best, final, request.objectives)
    fixed = {k: getattr(engine, k) for k in request.run.parameters}
    won = None if best is None else {**search._whole(best["parameters"]), **fixed}
    counted = {
        "train": len(search.learnt),
        "validation": len(search.validation),
        "test": len(search.test),
    }
    importance = {n: search.study.importance(i) for i, n in enumerate(request.objectives)}
    document = {
        "schema": SCHEMA,
        "augment": augment.__version__,
        "key": prepared.key,
        "seed": prepared.plan.seed.value,
        "folder": str(search.folder.path),
        **described(prepared),
        "objectives": list(request.objectives),
        "asked": request.trials,
        "storage": storage,
        "unfinished_elsewhere": search.study.unfinished() if storage else 0,
        "rows": counted,
        "space": search_space.document(search.space),
        "trials": rows,
        "front": [row["number"] for row in trials.front(rows)],
        "winner": None if best is None else {"number": best["number"], "parameters": won},
        "final": final,
        "better": better,
        "verdict": sentence,
        "importance": importance,
        "shortened": list(dict.fromkeys(search.journal.shortened)),
        "seconds": search.journal.seconds,
    }
    told: Json = json_like(document)
    return told


def _verdict(best: Json | None, final: Json, objectives: tuple[str, ...]) -> tuple[bool, str]:
    """Whether the winner is better than the defaults on unseen rows, and in a sentence."""
    if best is None:
        return False, "No trial won."
    if best["defaults"]:
        return False, "No trial did better than the engine's defaults."
    if not trials.feasible(final["winner"]):
        why = final["winner"]["reason"] or "it fails privacy there"
        return False, f"On rows that no trial saw the winner is not acceptable: {why}."
    if not trials.feasible(final["defaults"]):
        return True, "On rows that no trial saw the winner is acceptable and the defaults are not."
    pairs = zip(final["winner"]["worth"], final["defaults"]["worth"], strict=True)
    gained = [name for name, (w, d) in zip(objectives, pairs, strict=True) if w > d]
    if not gained:
        return False, "On rows that no trial saw the winner does no better than the defaults."
    return True, f"On rows that no trial saw the winner does better on {' and '.join(gained)}."
