"""`augment reproduce`: a finished run again, from its `run.json`; the same bytes, or why not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import augment
from augment.core import registry
from augment.core.errors import BadInput, NotReproduced, UsageError, listed
from augment.core.files import digest_of, read_json
from augment.core.fitted import Ask
from augment.core.kind import Loaded
from augment.core.result_files import MANIFEST
from augment.core.source import Rows
from augment.core.types import Json, Tick, Workers
from augment.lifecycle import inspection
from augment.lifecycle.journal import LOG
from augment.lifecycle.plan import RunRequest, digests, is_private
from augment.lifecycle.run import run
from augment.lifecycle.stages import versions
from augment.sources.databases.address import is_address
from augment.sources.remote.uri import is_uri
from augment.work.manifest import verify
from augment.work.store import RUN, Store

SCHEMA = "augment.reproduce/1"
TIMED = (RUN, LOG)  # files that hold times: no two runs have the same
WRITTEN = ("rejects", "quarantine")  # options of reading that name what is written
NEEDED = frozenset(
    [
        "source",
        "kind",
        "engine",
        "engine_reason",
        "parameters",
        "seed_given",
        "count",
        "mode",
        "where",
        "balance",
        "prompts",
        "holdout",
        "max_seconds",
        "device",
        "protect",
        "gates",
        "warn_gates",
        "baseline",
        "read",
        "write",
        "score",
        "rounds",
        "goal",
    ]
)
REPORT, PAGE = "report.json", "report.html"
MODEL = "model/"


def reproduce(
    folder: Path,
    source: str | None,
    out: Path | None,
    *,
    workers: Workers,
    tell: Callable[[Tick], None],
) -> Json:
    """Run a finished run again and compare the bytes of every file but those that hold times.

    `source` says where the data lie now, None: where they lay. The second run goes to `out`, or to
    a scratch folder that is removed. Nothing is fitted where the data, or a file that an option
    names, are not what they were. Returns what `--json` prints; `same` is whether the bytes are,
    and `changed_since` names the files of the first run that are not what it wrote (any more).

    Raises `BadInput` for a folder without a finished run, and where there is no source.
    """
    old = _document(folder)
    old_versions = {"augment": old["augment"], **old["versions"]}
    with TemporaryDirectory(prefix="augment-reproduce-") as scratch:
        read = {
            name: value for name, value in old["planned"]["read"].items() if name not in WRITTEN
        }
        read |= {name: f"{scratch}/{name}" for name in WRITTEN if name in old["planned"]["read"]}
        loaded = _loaded(old, source, read, tell)
        request = _request(old, loaded)
        found: Json = {
            "schema": SCHEMA,
            "run": str(folder),
            "seed": old["seed"],
            "source": _source(old, loaded),
            "named_files": _changed(old["planned"].get("named_files", {}), digests(request)),
            "versions": _changed(old_versions, {"augment": augment.__version__, **versions()}),
            "shortened": list(old.get("shortened", [])),
            "compared": 0,
            "differing": [],
            "folder": None,
        }
        if found["source"] is None and not found["named_files"]:
            place = Path(scratch) / "run" if out is None else out
            again = run(request, place, force=False, dry_run=False, workers=workers, tell=tell)
            found["shortened"] += again["shortened"]
            rounds = old["planned"]["rounds"] > 1
            found |= compared(folder, Path(again["folder"]), rounds)
            found["folder"] = None if out is None else again["folder"]
    same = found["compared"] > 0 and not found["differing"]
    kept = verify(folder)
    return {
        **found,
        "same": same,
        "sentences": [] if same else _sentences(found),
        "changed_since": [*kept.changed, *kept.missing],
    }


def failure(document: Json) -> NotReproduced | None:
    """The error of a run that gave other bytes; None where they are the same."""
    if document["same"]:
        return None
    if not document["compared"]:
        return NotReproduced(f"{document['run']} was not made again. {document['sentences'][0]}")
    files = listed(document["differing"], 3)
    return NotReproduced(f"{document['run']} made again gave other bytes: {files}.")


def _document(folder: Path) -> Json:
    """What the run says of itself. Raises `BadInput` where that is not enough."""
    if not Store(folder).complete():
        raise BadInput(
            "there is no finished run here.",
            where=str(folder),
            hint="Give the folder that `augment run -o` wrote.",
        )
    old = read_json(folder / RUN)
    try:
        plan = old["planned"]
        if not all(isinstance(old[name], dict) for name in ("planned", "versions", "data")):
            raise TypeError
        if not plan.keys() >= NEEDED:
            raise KeyError
    except (KeyError, TypeError):
        raise BadInput(
            "run.json is incomplete, or of a version that did not record all of its request.",
            where=str(folder / RUN),
            hint="Run it once more with this version; what that writes can be reproduced.",
        ) from None
    if is_private(str(plan["engine"])):
        raise UsageError(
            f"{folder} was fitted by engine {plan['engine']!r}, whose noise comes from the "
            "operating system: no seed repeats it, or it would protect nobody. A fit anew would "
            "spend the budget again. Samples of its model can be made again, by their seed."
        )
    return old


def _loaded(old: Json, source: str | None, read: Json, tell: Callable[[Tick], None]) -> Loaded[Any]:
    """The rows, with what the run recorded of its files where they are still the same."""
    where = str(old["planned"]["source"]) if source is None else source
    if source is None and not _is_there(where):
        raise BadInput(
            "the run's source is not there (any more).",
            where=where,
            hint="Name where it is now: --source SRC.",
        )
    _, loaded = inspection.read(where, old["planned"]["kind"], read, tell)
    same = [file["sha256"] for file in old["files"]] == [file["sha256"] for file in loaded.files]
    return dataclasses.replace(loaded, files=tuple(old["files"])) if same else loaded


def _is_there(source: str) -> bool:
    elsewhere = is_uri(source) or is_address(source)  # where reading tells
    return elsewhere or Path(source).exists() or bool(set(source) & set("*?["))


def _request(old: Json, loaded: Loaded[Any]) -> RunRequest:
    """The request that the run answered, of the same rows."""
    plan = old["planned"]
    name = str(plan["engine"])
    choice = registry.find("kinds", plan["kind"]).generator.choose(loaded.data)
    rows = Rows(
        str(plan["source"]),
        (loaded.data,),
        loaded.files,
        loaded.notes,
        loaded.rejected,
        loaded.sampled,
    )
    return RunRequest(
        source=rows,
        kind=plan["kind"],
        engine="auto" if choice == (name, plan["engine_reason"]) else name,
        settings={name: _values(plan["parameters"])},
        seed=old["seed"],
        seed_drawn=not plan["seed_given"],
        count=plan["count"],
        append=plan["mode"] == "append",
        ask=Ask(tuple(plan["where"]), plan["balance"], None, tuple(plan["prompts"])),
        holdout=plan["holdout"],
        max_seconds=plan["max_seconds"],
        device=plan["device"],
        protect=plan["protect"],
        gate=gate_of(plan["gates"]),
        warn=gate_of(plan["warn_gates"]),
        baseline=plan["baseline"],
        read=plan["read"],
        write=plan["write"],
        score=plan["score"],
        rounds=plan["rounds"],
        goal=plan["goal"],
    )


def gate_of(texts: list[str]) -> str:
    """The one expression of which these are the gates.

    >>> gate_of(["privacy", "validity or fidelity"]), gate_of([])
    ('(privacy) and (validity or fidelity)', 'none')
    """
    return " and ".join(f"({text})" for text in texts) or "none"


def _values(parameters: Json) -> Json:
    """An engine's parameters as they were before they became JSON, which knows no tuples."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in parameters.items()
    }


def _source(old: Json, loaded: Loaded[Any]) -> Json | None:
    """How the source changed since; None where it is the same."""
    before, now = ([file["sha256"] for file in files] for files in (old["files"], loaded.files))
    if before == now:
        return None
    return {
        "changed_files": sum(digest not in before for digest in now),
        "files": {"was": len(before), "now": len(now)},
        "rows": {"was": old["data"].get("rows"), "now": len(loaded.data)},
    }


def _changed(before: Json, now: Json) -> list[Json]:
    """What differs, each with what it was and is."""
    names = [*before, *(name for name in now if name not in before)]
    return [
        {"name": name, "was": before.get(name), "now": now.get(name)}
        for name in names
        if before.get(name) != now.get(name)
    ]


def compared(first: Path, second: Path, rounds: bool) -> Json:
    """How many files are in either, and those of which the digests differ.

    With `rounds`, whose seconds stand in the report, its page is left out and they do not count.
    """
    before, now = (_digests(folder, rounds) for folder in (first, second))
    names = sorted(before.keys() | now.keys())
    differing = [name for name in names if before.get(name) != now.get(name)]
    return {"compared": len(names), "differing": differing}


def _digests(folder: Path, rounds: bool) -> dict[str, str]:
    """As the manifest has them, so that it counts what was made and not what became of it."""
    entries: Json = read_json(folder / MANIFEST)["files"]
    found = {
        name: str(entry["sha256"])
        for name, entry in entries.items()
        if Path(name).name not in (*TIMED, MANIFEST)  # those of rounds, too
    }
    if rounds and REPORT in found:
        found[REPORT] = digest_of(_without_seconds(read_json(folder / REPORT)))
        found.pop(PAGE, None)
    return found


def _without_seconds(document: Any) -> Any:
    if isinstance(document, dict):
        return {k: _without_seconds(v) for k, v in document.items() if k != "seconds"}
    return [_without_seconds(each) for each in document] if isinstance(document, list) else document


def _sentences(found: Json) -> list[str]:
    """What differs, and what may be the reason, the surest first."""
    said = []
    if found["source"] is not None:
        rows = found["source"]["rows"]
        alike = rows["was"] == rows["now"]
        how = "as many rows" if alike else f"{rows['was']:,} rows then, {rows['now']:,} now"
        said.append(f"The source changed since ({how}), so no two runs of it can be the same.")
    for each in found["named_files"]:
        said.append(f"The file of --{each['name']} changed since.")
    if any(name.startswith(MODEL) for name in found["differing"]):
        said.append("The fit gave another model, and so all that comes of it differs.")
    elif found["differing"]:
        said.append("The model is the same; what was made of it, or the report, differs.")
    for each in found["versions"]:
        said.append(f"{each['name']}: {each['was']} then, {each['now']} now.")
    if found["shortened"]:
        said.append("Something was left out for lack of time (--max-time), which never repeats.")
    if found["differing"] and not found["versions"] and not found["shortened"]:
        said.append("Source, settings, versions and machine type are the same: please report this.")
    return said
