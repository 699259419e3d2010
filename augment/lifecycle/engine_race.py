"""The rounds of a comparison and the leaderboard that comes of them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from augment.core.budget import Budget
from augment.core.errors import AugmentError, MissingExtra, OutOfResources
from augment.core.types import Engine, Json, Tick, Workers
from augment.lifecycle.comparison import ComparisonPlan
from augment.lifecycle.contender import Field, contend
from augment.lifecycle.halving import ranked, rounds, winner, within_noise
from augment.lifecycle.journal import Journal
from augment.work.store import Store

START_SECONDS = 3.0  # for a process to start, and for the report
UNSCORED: Json = {  # a row of the leaderboard without scores
    "engine": "",
    "place": None,
    "state": "failed",
    "reason": "",
    "exit_code": None,
    "licence": "",
    "control": False,
    "rows": 0,
    "asked": 0,
    "fidelity": None,
    "utility": None,
    "privacy": None,
    "privacy_reason": "",
    "measured": None,
    "parameters": {},
    "shortened": [],
    "scores": [],
    "checks": [],
}


@dataclass(frozen=True)
class Race:
    """One attempt at a comparison: where it is kept, whom it tells, how long it has."""

    plan: ComparisonPlan
    folder: Store
    journal: Journal
    budget: Budget
    workers: Workers

    def document(self) -> Json:
        """Every round, and the leaderboard that comes of them."""
        plan = self.plan
        train, unseen = plan.sides()
        field = Field(
            plan.kind.name,
            str(plan.request.run.source),
            train,
            unseen,
            plan.seed,
            plan.request.run.protect,
            plan.request.run.score,
            self.workers,
            self.folder.scratch.resolve(),
        )
        done = {record.key: record.result["outcome"] for record in self.folder.records()}
        stages = rounds(len(plan.racing), len(train))
        board: dict[str, Json] = {}
        racing, held = plan.racing, []
        with self.journal.stage("compare"):
            for number, (places, rows) in enumerate(stages):
                racing = _promoted(racing, board, places) if number else racing
                later = sum(count * size for count, size in stages[number + 1 :])
                if number == len(stages) - 1:
                    racing = [*racing, *plan.controls]
                else:
                    later += len(plan.controls) * len(train)
                held.append({"rows": rows, "engines": [each.about.name for each in racing]})
                board |= _kept(self._round(field, racing, rows, later, done), board)
        _end_early(list(board.values()))
        found = winner(list(board.values()))
        scored: Json = next((each for each in done.values() if "measures" in each), {})
        return {
            **plan.document,
            "rows": {"train": len(train), "unseen": len(unseen)},
            "rounds": held,
            "words": scored.get("words", {}),
            "measures": scored.get("measures", []),
            "engines": [
                *_ordered(list(board.values())),
                *(_absent(name, why) for name, why in plan.absent.items()),
            ],
            "winner": None if found is None else found["engine"],
            "within_noise": [] if found is None else within_noise(found, list(board.values())),
        }

    def _round(
        self, field: Field, racing: list[Engine[Any]], rows: int, later: int, done: dict[str, Json]
    ) -> dict[str, Json]:
        """The rows of these engines, each fitted on so many rows unless that is done already;
        `later` is how many rows other rounds will fit on."""
        found = {}
        for place, engine in enumerate(racing):
            name, ahead = engine.about.name, len(racing) - place
            self.journal.tick(Tick("compare", place, len(racing), note=f"{name}, {rows:,} rows"))
            key = f"{name} on {rows}"
            if key not in done:
                left = self.budget.left() - START_SECONDS * ahead
                seconds = left * rows / (rows * ahead + later)
                done[key] = self._outcome(field, engine, rows, seconds)
                self.folder.commit(key, outcome=done[key])
            found[name] = _row(engine, rows, done[key])
        return found

    def _outcome(self, field: Field, engine: Engine[Any], rows: int, seconds: float) -> Json:
        """What comes of an engine within so many seconds."""
        try:
            device = self.plan.device(engine)
            if seconds <= 0:
                raise OutOfResources("no time was left for it (--max-time)")
        except AugmentError as error:
            return {"failed": str(error).removesuffix("."), "exit_code": error.exit_code}
        return contend(field, engine, device, rows, seconds)


def _promoted(racing: list[Engine[Any]], board: dict[str, Json], places: int) -> list[Engine[Any]]:
    """Those of the engines that go on; the rows of the others say that they were left out."""
    finished = [row for row in board.values() if row["state"] == "finished"]
    for row in ranked(finished)[places:]:
        row["state"] = "left out"
    return [each for each in racing if board[each.about.name]["state"] == "finished"]


def _kept(found: dict[str, Json], board: dict[str, Json]) -> dict[str, Json]:
    """The rows of a round; an engine for which time or memory ran out in it keeps its row of the
    round before, with the reason, and goes no further."""
    kept = {}
    for name, row in found.items():
        before = board.get(name)
        if before is not None and row["exit_code"] == OutOfResources.exit_code:
            row = {**before, "state": "left out", "reason": row["reason"], "asked": row["rows"]}
        kept[name] = row
    return kept


def _end_early(rows: list[Json]) -> None:
    """Where no engine got through the last round, the last one that some got through decides."""
    racing = [row for row in rows if not row["control"]]
    if any(row["state"] == "finished" for row in racing):
        return
    out = [row for row in racing if row["state"] == "left out"]
    for row in out:
        if row["rows"] == max(each["rows"] for each in out):
            row["state"] = "finished"


def _row(engine: Engine[Any], rows: int, outcome: Json) -> Json:
    """A row of the leaderboard. `measured` is what differs from one attempt to the next."""
    about = engine.about
    known: Json = {
        "engine": about.name,
        "licence": about.licence,
        "control": about.control,
        "parameters": dataclasses.asdict(engine),
        "rows": rows,
        "asked": rows,
    }
    if "failed" in outcome:
        return {**UNSCORED, **known, "reason": outcome["failed"], "exit_code": outcome["exit_code"]}
    groups = outcome["verdict"]["groups"]
    privacy = groups.get("privacy", {"state": "not shown", "reason": "nothing scores it"})
    return {
        **UNSCORED,
        **known,
        "state": "finished",
        "fidelity": outcome["fidelity"],
        "utility": outcome["utility"],
        "privacy": privacy["state"],
        "privacy_reason": privacy["reason"],
        "measured": {"seconds": outcome["seconds"], "peak_bytes": outcome["peak_bytes"]},
        "scores": outcome["scores"],
        "checks": outcome["verdict"]["checks"],
        "shortened": outcome["shortened"],
    }


def _ordered(rows: list[Json]) -> list[Json]:
    """Finalists, then those left out, the last ones first; then controls, then those that failed;
    each best first, with its place where it has one."""
    racing = [row for row in rows if row["state"] != "failed" and not row["control"]]
    sizes = sorted({row["rows"] for row in racing}, reverse=True)
    found = [row for size in sizes for row in ranked([r for r in racing if r["rows"] == size])]
    known = [row["engine"] for row in found if row["fidelity"] is not None]
    places = {name: place for place, name in enumerate(known, 1)}
    found = [{**row, "place": places.get(row["engine"])} for row in found]
    rest = ranked([row for row in rows if row["state"] != "failed" and row["control"]])
    rest += [row for row in rows if row["state"] == "failed"]
    return [*found, *({**row, "place": None} for row in rest)]


def _absent(name: str, why: str) -> Json:
    """The row of an engine that is not installed."""
    reason, code = why.removesuffix("."), MissingExtra.exit_code
    return {**UNSCORED, "engine": name, "reason": reason, "exit_code": code}
