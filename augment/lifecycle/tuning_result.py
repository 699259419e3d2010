"""What a search came to: tune.json, what is gained, and the winner in a settings file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import augment
from augment.core.errors import AugmentError, GateFailed, OutOfResources
from augment.core.types import Json
from augment.evaluation import objective
from augment.lifecycle import search_space, trials
from augment.lifecycle.fitting import described
from augment.lifecycle.search import Search, json_like
from augment.lifecycle.unfinished import none_finished
from augment.settings import writing
from augment.settings.names import ENGINES, Name
from augment.work.store import Store

SCHEMA = "augment.tune/1"


def document(search: Search, storage: str | None) -> Json:
    """tune.json: the trials, the winner, and what it gains on rows that no trial saw."""
    rows, request = search.study.rows(), search.request
    best = trials.winner(rows)
    final: Json = {}
    if best is not None:
        final["winner"] = search.final("winner", best["parameters"])
        final["defaults"] = search.final("defaults", {})
    prepared = search.prepared
    engine = prepared.plan.engine
    better, sentence = verdict(best, final, request.objectives, prepared.plan.kind.noun)
    fixed = {k: getattr(engine, k) for k in request.run.parameters}
    won = None if best is None else {**search.whole(best["parameters"]), **fixed}
    counted = {
        "train": len(search.learnt),
        "validation": len(search.validation),
        "test": len(search.test),
    }
    importance = {n: search.study.importance(i) for i, n in enumerate(request.objectives)}
    told = {
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
    found: Json = json_like(told)
    return found


def verdict(
    best: Json | None, final: Json, objectives: tuple[str, ...], noun: str
) -> tuple[bool, str]:
    """Whether the winner is better than the defaults on unseen rows, and in a sentence, in which
    these are called `noun`."""
    place = f"On {noun} that no trial saw"
    if best is None:
        return False, "No trial won."
    if best["defaults"]:
        return False, "No trial did better than the engine's defaults."
    if not trials.feasible(final["winner"]):
        why = final["winner"]["reason"] or "it fails privacy there"
        return False, f"{place} the winner is not acceptable: {why}."
    if not trials.feasible(final["defaults"]):
        return True, f"{place} the winner is acceptable and the defaults are not."
    pairs = zip(final["winner"]["worth"], final["defaults"]["worth"], strict=True)
    differences = {name: w - d for name, (w, d) in zip(objectives, pairs, strict=True)}
    gained = [name for name, more in differences.items() if more > 0]
    lost = [name for name, more in differences.items() if more < 0]
    if not gained:
        return False, f"{place} the winner does no better than the defaults."
    said = f"{place} the winner does better on {' and '.join(gained)}"
    if lost:
        return False, f"{said}, and worse on {' and '.join(lost)}."
    if all(_meet(name, final) for name in gained):
        return True, f"{said}, within sampling noise."
    return True, f"{said}."


def _meet(name: str, final: Json) -> bool:
    """Whether the two intervals of an objective overlap; not where there are none."""
    ends = [objective.interval(name, final[side]["report"]) for side in ("winner", "defaults")]
    if ends[0] is None or ends[1] is None:
        return False
    return max(ends[0][0], ends[1][0]) <= min(ends[0][1], ends[1][1])


def unmet(document: Json) -> AugmentError | None:
    """The error of a search that has no winner; None where it has one."""
    if document.get("dry_run") or document["winner"] is not None:
        return None
    done = [row for row in document["trials"] if row["state"] == "done"]
    if not done:
        return _none_finished(document)
    return GateFailed(
        f"There is no winner: each of the {len(done)} trials that came to an end fails privacy. "
        f"{document['folder']}/tune.html tells all. Choose another engine, or give more trials."
    )


def require_any(document: Json, folder: Store) -> None:
    """Refuse a search in which no trial got to its end; the next one begins anew."""
    if all(row["state"] != "done" for row in document["trials"]):
        shutil.rmtree(folder.partial)
        raise _none_finished(document)


def _none_finished(document: Json) -> AugmentError:
    attempts = [
        (f"trial {row['number']}", row["reason"], row.get("exit_code", 1))
        for row in document["trials"]
    ]
    none = ("trial 1", "no time was left for it (--max-time)", OutOfResources.exit_code)
    return none_finished("trial", attempts or [none], document["plan"]["source"])


def apply(document: Json, path: Path) -> Json:
    """Write the winner to a settings file, if it did better than the defaults on unseen rows.

    Returns the file and its backup (None where there was no file), or why it was left.
    """
    if document["winner"] is None:
        return {"file": None, "reason": "no trial won"}
    if not document["better"]:
        return {"file": None, "reason": document["verdict"]}
    engine, values = document["plan"]["engine"], document["winner"]["parameters"]
    settings: dict[Name, Any] = {(ENGINES, engine, name): value for name, value in values.items()}
    backup = writing.write(path, settings)
    return {"file": str(path), "backup": None if backup is None else str(backup)}
