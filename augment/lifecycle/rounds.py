"""`run --rounds N`: fit, sample and score again, in another way, until a goal is met.

Each round is a run in a folder of its own, `rounds/1/` and so on, so that it can be looked at,
verified and sampled from. Rounds are judged on one half of the unseen rows; the result is that of
the best round, scored on the other half, which no decision saw.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from augment.core.budget import Budget
from augment.core.errors import AugmentError, BadInput, DiskFailed, UsageError, is_disk_failure
from augment.core.files import digest_of, read_json
from augment.core.holdout import split
from augment.core.remedy import Symptom
from augment.core.types import Engine, Json, Tick
from augment.evaluation import gates as expressions
from augment.evaluation.standing import standing
from augment.lifecycle.fitting import Prepared
from augment.lifecycle.journal import LOG, Journal
from augment.lifecycle.plan import Plan, able_engines
from augment.lifecycle.refinement import Chances, Decision, Recipe, Round, best, decide
from augment.lifecycle.stages import Stages, completed
from augment.lifecycle.time_limit import paced
from augment.work.store import Attempt, Store

ROUNDS = "rounds"
LEAST_UNSEEN = 20  # rows that are parted into two halves
FINAL = 0.1  # of the time that is left, for the last scores and the report
AMPLE = 1.5  # times as long as a round is thought to take


def require_halves(plan: Plan, rows: int) -> None:
    """Refuse, before a fit, rounds of which nothing could be judged apart from the result."""
    unseen = round(rows * plan.request.holdout)
    if unseen >= LEAST_UNSEEN:
        return
    if plan.request.holdout == 0:
        raise UsageError("--rounds needs unseen rows to judge rounds by. Leave out --holdout 0.")
    raise BadInput(
        f"{unseen} unseen rows are too few for --rounds: one half judges the rounds, the other "
        f"the result, and at least {LEAST_UNSEEN} are needed.",
        where=str(plan.request.source),
        hint="Give more rows or a larger --holdout, or leave out --rounds.",
    )


def refined(stages: Stages, train: Any, unseen: Any) -> Json:
    """Rounds until the goal is met, or until rounds, time or ideas are used up; then the best
    one's result. Raises what the rounds raised where none got to its end."""
    judge, final = split(unseen, 0.5, stages.prepared.plan.seed.child("rounds"))
    race = _Rounds(stages, train, judge)
    with stages.journal.stage("refine"):
        history, decision = race.played()
    chosen = best(history)
    if chosen is None:
        raise race.errors[0]
    number = history.index(chosen) + 1
    _adopt(stages.folder, race.folder(number).path)
    prepared = race.prepared(chosen.recipe, number)
    prepared = dataclasses.replace(prepared, key=stages.prepared.key)
    told = {
        "goal": [gate.text for gate in race.goal],
        "goal_met": not chosen.unmet and not chosen.unshown,
        "chosen": number,
        "reason": decision.reason,
        "next": None if decision.next is None else _told(decision.next),
        "unseen": {"rounds": len(judge), "result": len(final)},
        "history": [each.row for each in history],
    }
    return completed(dataclasses.replace(stages, prepared=prepared), train, final, rounds=told)


class _Rounds:
    """The rounds of one run: `stages` are those of the whole, `judge` the rows that judge them."""

    def __init__(self, stages: Stages, train: Any, judge: Any) -> None:
        self.stages, self.train, self.judge = stages, train, judge
        self.plan, self.most = stages.prepared.plan, stages.prepared.plan.request.rounds
        names, request = self.plan.kind.evaluator.names(), self.plan.request
        both = (*expressions.parse(request.goal, names), *expressions.parse(request.gate, names))
        self.goal = tuple(dict.fromkeys(both))  # what the result must pass is part of it
        self.errors: list[AugmentError] = []

    def played(self) -> tuple[list[Round], Decision]:
        """All rounds, and why there are no more."""
        recipe = Recipe(self.plan.engine, self.plan.reason)
        history: list[Round] = []
        while True:
            history.append(self._round(recipe, len(history) + 1))
            left = self.most - len(history)
            chances = Chances(left, self._left(), self._seconds)
            decision = decide(history, self._remedies, self._engines(), chances)
            self.stages.journal.note("round", **history[-1].row, decision=decision.reason)
            if decision.action != "again" or decision.next is None:
                return history, decision
            recipe = decision.next

    def folder(self, number: int) -> Store:
        return Store(self.stages.folder.partial / ROUNDS / str(number))

    def prepared(self, recipe: Recipe, number: int) -> Prepared:
        """The plan of a round; the first one is that of a run without rounds."""
        seed = self.plan.seed if number == 1 else self.plan.seed.child("round", number)
        plan = dataclasses.replace(self.plan.with_engine(recipe.engine, recipe.reason), seed=seed)
        key = digest_of({"run": self.stages.prepared.key, "round": number, "recipe": recipe.key})
        return dataclasses.replace(self.stages.prepared, plan=plan, key=key)

    def _round(self, recipe: Recipe, number: int) -> Round:
        """Do a round, or take what an earlier attempt made of it."""
        key = f"round {number}"
        for record in self.stages.folder.records():
            if record.key == key:
                return self._told(recipe, number, record.result["failed"])
        note = f"round {number} of at most {self.most}: {recipe.name} ({recipe.reason})"
        self.stages.journal.tick(Tick("refine", number - 1, self.most, note=note))
        try:
            failed = self._made(recipe, number)
        except DiskFailed:
            raise
        except AugmentError as error:
            self.errors.append(error)
            failed = str(error).removesuffix(".")
        except Exception as error:  # of an engine that nobody asked for
            if number == 1 or is_disk_failure(error):
                raise
            failed = f"{type(error).__name__} in it"
        if failed:
            self.folder(number).clear_attempt()
        self.stages.folder.commit(key, failed=failed)
        return self._told(recipe, number, failed)

    def _made(self, recipe: Recipe, number: int) -> str:
        """Fit, sample and score into the round's folder; why that failed, if it did."""
        prepared, folder = self.prepared(recipe, number), self.folder(number)
        folder.recover()
        if folder.complete():
            return ""
        resumed = folder.begin(Attempt(prepared.key, prepared.plan.seed.value))
        journal = Journal(folder.partial / LOG, self.stages.journal.tick)
        budget = self._share(recipe.engine, self.most - number + 1)
        stages = dataclasses.replace(
            self.stages,
            folder=folder,
            prepared=prepared,
            journal=journal,
            resumed=resumed,
            budget=budget,
            shadows=False,
        )
        completed(stages, self.train, self.judge, round=number)
        folder.publish()
        return ""

    def _told(self, recipe: Recipe, number: int, failed: str) -> Round:
        """A round as the policy and the reports see it."""
        row: Json = {
            "round": number,
            **_told(recipe),
            "state": "failed" if failed else "finished",
            "failed": failed,
            "fidelity": None,
            "utility": None,
            "privacy": "not shown",
            "unmet": [],
            "unshown": [],
            "seconds": {},
        }
        if failed:
            return Round(recipe, row)
        folder = self.folder(number).path
        report = read_json(folder / "report.json")
        outcome = expressions.outcome(self.goal, report)
        unmet, unshown = outcome.failed, tuple(outcome.unshown)
        for group in ("fidelity", "utility"):
            found = standing(report, group)
            row[group] = None if found is None else dataclasses.asdict(found)
        row["privacy"] = report["verdict"]["groups"].get("privacy", {}).get("state", "not shown")
        row |= {"unmet": list(unmet), "unshown": list(unshown)}
        row["seconds"] = read_json(folder / "run.json")["seconds"]
        trees = [gate for gate in self.goal if gate.text in unmet]
        ailing = frozenset(expressions.groups_of(trees, report))
        return Round(recipe, row, unmet, ailing, unshown)

    def _remedies(self, engine: Engine[Any], symptom: Symptom) -> Iterator[Recipe]:
        for remedy in engine.remedies(symptom, self.train):
            yield Recipe(remedy.recipe, remedy.reason)

    def _engines(self) -> list[Recipe]:
        """Other engines for this kind of data that may win, the quickest first."""
        found = [Recipe(each, "another engine") for each in able_engines(self.plan)]
        return sorted(found, key=lambda each: self._seconds(each.engine) or float("inf"))

    def _seconds(self, engine: Engine[Any]) -> float | None:
        """About how long a round with this engine takes; None where nobody knows."""
        found = paced(self.plan.with_engine(engine, "").foresee(self.train, self.plan.rows))
        return None if found is None else found.seconds

    def _left(self) -> float:
        """Seconds for rounds."""
        return (1 - FINAL) * self.stages.budget.left()

    def _share(self, engine: Engine[Any], rounds: int) -> Budget:
        """What this round may take: as long as it is thought to take, amply, and at least as long
        as each of those that may follow."""
        left, seconds = self._left(), self._seconds(engine)
        ample = left if seconds is None else AMPLE * seconds
        return self.stages.budget.within(min(left, max(ample, left / rounds)))


def _told(recipe: Recipe) -> Json:
    """A recipe as documents have it."""
    parameters = dataclasses.asdict(recipe.engine)
    return {"engine": recipe.name, "reason": recipe.reason, "parameters": parameters}


def _adopt(run: Store, chosen: Path) -> None:
    """Take the model and the sample of a round for those of the run."""
    done = run.done()
    for key, name in (("fit", "model"), ("sample", read_json(chosen / "run.json")["output"])):
        if key in done:
            continue
        source, target = chosen / name, run.partial / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, copy_function=_linked)
        else:
            target.unlink(missing_ok=True)
            _linked(str(source), str(target))
        run.commit(key)


def _linked(source: str, target: str) -> None:
    """The same file under another name, or a copy where a file system has no such names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
