"""The trials of `augment tune`, one after another, and the final scores on unseen rows."""

from __future__ import annotations

import json
import math
import shutil
import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from augment.core.budget import Budget
from augment.core.errors import OutOfResources, UsageError
from augment.core.files import digest_of
from augment.core.holdout import split
from augment.core.types import PHASES, Json, Tick, Workers
from augment.lifecycle import trials
from augment.lifecycle.fitting import Prepared
from augment.lifecycle.journal import Journal
from augment.lifecycle.plan import RunRequest
from augment.lifecycle.search_space import Space, with_values
from augment.lifecycle.time_limit import SAFETY, fit_budget, paced
from augment.lifecycle.trials import Bounds, Rows
from augment.work.store import Store

if TYPE_CHECKING:
    from augment.lifecycle.study import Study

FINAL = 3.0  # of the longest trial: about what the two final fits on more rows and scores take
SIDES = ("winner", "defaults")  # which are fitted and judged at the end
FEWEST_TRIALS = 8  # that a limit of time is to leave room for: their fits are shortened for it


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
    workers: Workers
    learnt: Any
    validation: Any
    test: Any

    def run(self) -> None:
        """Trials until there are enough, or no time is left for one more and the final scores."""
        request = self.request
        self.study.begin({name: getattr(self.prepared.plan.engine, name) for name in self.space})
        with self.journal.stage("tune"):
            self._tell_of_short_fits()
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

    @cached_property
    def fit_seconds(self) -> float | None:
        """What each fit may take, so that there is time for a few trials; None: as long as it does.

        A search that goes on keeps to what its trials had, so that they stay comparable.
        """
        rows, left = self.study.rows(), self.budget.left()
        if rows:
            found: float | None = rows[0].get("fit_seconds")
            return found
        if math.isinf(left):
            return None
        planned = min(self.request.trials, FEWEST_TRIALS)
        share = self.budget.within(left / (planned + FINAL))
        forecast = paced(self.prepared.plan.foresee(self.learnt, len(self.learnt)))
        if forecast is not None and SAFETY * forecast.seconds <= share.left():
            return None
        return round(fit_budget(share, forecast, True).left(), 1)

    def _tell_of_short_fits(self) -> None:
        if self.fit_seconds is not None:
            had = f"each fit had {self.fit_seconds:.0f} s"
            cut = f"{had}; what is best for that may not be best for longer ones"
            self.journal.tick(Tick("tune", shortened=cut))

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
            note = _within(tick)
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
                Bounds(self._rivals(rows, asked.parameters), seconds, self.fit_seconds),
                tell,
                lambda loss, step: self.study.report(asked, loss, step),
                self.workers,
            )
        row |= {"defaults": asked.defaults, "fit_seconds": self.fit_seconds}
        self.study.tell(asked, json_like(row))
        self.journal.note("trial", number=number, state=row["state"], reason=row["reason"])
        return row

    def _rivals(self, rows: list[Json], parameters: Json) -> list[trials.Curve]:
        """The curves of trials that came to their ends with losses of the same scale."""
        scale = [name for name, each in self.space.items() if each.changes_loss]
        mine = self.whole(parameters)
        return [
            row["curve"]
            for row in rows
            if row["state"] == "done"
            and all(self.whole(row["parameters"])[name] == mine[name] for name in scale)
        ]

    def whole(self, parameters: Json) -> Json:
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
                f"scores: the first was not done in {row['seconds']:.0f} s. Give more time, or "
                "fewer rows."
            )
        if " was not scored: " in row["reason"]:
            raise UsageError(
                f"--objective: {row['reason'].removesuffix('.')}. Choose another objective, or "
                "name the column to predict with --target."
            )

    def final(self, side: str, parameters: Json) -> Json:
        """Parameters fitted on all rows that trials saw, judged on those that none saw. `side` is
        one of `SIDES`."""
        key = digest_of(json_like(parameters))
        for record in self.folder.records():
            if record.key == key:
                return record.result
        place = self.folder.scratch / "final"
        place.mkdir(parents=True, exist_ok=True)
        engine = with_values(self.prepared.plan.engine, parameters)
        rows = Rows(rest(self.prepared, self.request.run.holdout), self.test)
        number = SIDES.index(side)

        def tell(tick: Tick) -> None:
            note = f"{side}: {_within(tick)}"
            told = Tick("final", number, len(SIDES), tick.loss, tick.held_out, note)
            self.journal.tick(replace(told, shortened=tick.shortened))

        with self.journal.stage("final"):
            start = time.monotonic()
            budget = Budget(self.fit_seconds)
            report = trials.scored(self.prepared, engine, rows, place, tell, budget, self.workers)
            seconds = round(time.monotonic() - start, 3)
        shutil.rmtree(place, ignore_errors=True)
        row = trials.judged(self.request.objectives, report)
        found = {**json_like(row), "seconds": seconds, "report": report}
        self.folder.commit(key, **found)
        return found


def _within(tick: Tick) -> str:
    """What of a trial goes on, as a note."""
    note = PHASES.get(tick.phase, tick.phase)
    return f"{note} {tick.step:,}/{tick.steps:,}" if tick.steps else note


def json_like(value: Any) -> Any:
    """A document as it is once it has been JSON."""
    return json.loads(json.dumps(value))


def rest(prepared: Prepared, holdout: float) -> Any:
    """All rows but those that no trial sees."""
    return split(prepared.loaded.data, holdout, prepared.plan.seed.child("split"))[0]
