"""Why checks and gates of a result failed or were not shown, and which settings change that."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from augment.core import registry
from augment.core.errors import BadInput, MissingExtra, UsageError
from augment.core.files import read_json
from augment.core.types import Json
from augment.evaluation import gates
from augment.evaluation.baseline import GATE as BASELINE
from augment.evaluation.figures import figure
from augment.lifecycle.causes import Cause, Result, failing, since_baseline, too_strict, unshown
from augment.lifecycle.gates import REPORT
from augment.report import facts
from augment.settings import writing
from augment.work.store import RUN, Store

SCHEMA = "augment.diagnosis/1"


@dataclass(frozen=True)
class Finding:
    """A check, or a gate that is no check, which failed or was not shown; `gates` are those of the
    result that ask for it."""

    title: str
    group: str
    state: str
    gates: tuple[str, ...]
    what: str
    causes: tuple[Cause, ...]


def findings(result: Result) -> list[Finding]:
    """What failed, then what was not shown: failed gates that are no checks first."""
    report = result.report
    found = [_of_gate(result, gate) for gate in _states(report) if _stands_alone(gate)]
    measures = {measure["name"]: measure for measure in report["measures"]}
    for check in report["verdict"]["checks"]:
        if check["state"] != "pass":
            found.append(_of_check(result, check, measures[check["metric"]]))
    return sorted(found, key=lambda each: each.state != "fail")


def settings_of(found: list[Finding]) -> Json:
    """The settings that all causes together ask for; of two for one setting the first holds."""
    asked: Json = {}
    for finding in found:
        for cause in finding.causes:
            asked = {**cause.settings, **asked}
    return asked


def _states(report: Json) -> list[Json]:
    """Every gate of the report that did not pass."""
    judged = report.get("gates") or {"fail": [], "warn": []}
    return [each for each in (*judged["fail"], *judged["warn"]) if each["state"] != "pass"]


def _stands_alone(gate: Json) -> bool:
    """Whether a gate is told of as itself, since it names no group, whose checks tell of it."""
    return gate["gate"] not in gates.GROUPS


def _of_gate(result: Result, gate: Json) -> Finding:
    """An expression, or the baseline."""
    text, what = gate["gate"], gate["reason"]
    if text == BASELINE:
        causes = tuple(since_baseline(result))
        return Finding(text, "", gate["state"], (text,), what, causes)
    compared = [
        tree
        for each in gates.parse(text)
        for tree in gates.comparisons([each.tree])
        if tree.values and gates.score_of(tree.column, result.report)
    ]
    group, found = "", list[Cause]()
    measures = {measure["name"]: measure for measure in result.report["measures"]}
    for tree in compared:
        score = gates.score_of(tree.column, result.report)
        assert score is not None
        group, measure = score["group"], measures.get(tree.column, {})
        what = what or _figures(score, measure)
        if gate["state"] == "fail":
            strict = list(too_strict(tree, gate, score, measure))
            others = list(failing(result, group, measure))
            good = _passes(result.report, tree.column)
            found += [*strict, *others] if good else [*others, *strict]
        else:
            found += unshown(result, score["note"], measure)
    causes = tuple({cause.why: cause for cause in found}.values())
    return Finding(text, group, gate["state"], (text,), what, causes)


def _figures(score: Json, measure: Json) -> str:
    unit = measure.get("unit", "number")
    parts = [f"{measure.get('title', score['metric'])} {figure(score['value'], unit)}"]
    for name, key in (("fresh real", "ceiling"), ("independent", "floor")):
        if score[key] is not None:
            parts.append(f"{name} {figure(score[key], unit)}")
    return ", ".join(parts)


def _passes(report: Json, metric: str) -> bool:
    """Whether a score passes a check of its own."""
    checks = {check["metric"]: check["state"] for check in report["verdict"]["checks"]}
    return checks.get(metric) == "pass"


def _of_check(result: Result, check: Json, measure: Json) -> Finding:
    group, failed = check["group"], check["state"] == "fail"
    asking = [gate["gate"] for gate in _states(result.report) if gate["gate"] == group]
    found = failing(result, group, measure) if failed else unshown(result, check["reason"], measure)
    return Finding(
        check["title"], group, check["state"], tuple(asking), check["sentence"], tuple(found)
    )


def _document(result: Result, folder: str) -> Json:
    """As `--json` prints it."""
    found = findings(result)
    judged = result.report.get("gates") or {"fail": [], "warn": []}
    return {
        "schema": SCHEMA,
        "folder": folder,
        "gates": {key: judged[key] for key in ("fail", "warn")},
        "findings": [asdict(each) for each in found],
        "settings": settings_of(found),
    }


def diagnose(folder: Path) -> Json:
    """What `augment doctor RUN` says of the folder of a run, finished or rejected, or of an
    evaluation. Where a run has no result but a rejected one, that is meant.

    Raises `BadInput` where there is none.
    """
    place = folder
    if not (folder / REPORT).is_file() and (Store(folder).rejected / REPORT).is_file():
        place = Store(folder).rejected
    if not (place / REPORT).is_file():
        raise BadInput(
            "there is no report of a run here.",
            where=str(folder),
            hint="Name the folder of a run (OUT or OUT.rejected), or of `evaluate -o`.",
        )
    report = read_json(place / REPORT)
    if report.get("schema") != facts.SCHEMA:
        raise BadInput(
            f"this report is of another version of augment ({report.get('schema')!r}).",
            where=str(place),
            hint="Make the run again.",
        )
    run = read_json(place / RUN) if (place / RUN).is_file() else {}
    return _document(Result(report, run, _engine(run)), str(place))


def explained(document: Json) -> Json:
    """The same of a run that has just ended: `document` is what it returned."""
    return _document(Result(document["report"], document, _engine(document)), document["folder"])


def _engine(run: Json) -> Json | None:
    """Its engine, as far as it is installed here."""
    name = run.get("plan", {}).get("engine")
    try:
        return None if name is None else registry.described(name, detailed=True)
    except (UsageError, MissingExtra):
        return None


def apply(document: Json, path: Path) -> Json:
    """Write the settings to a file; returns it and its backup (None where there was no file), or
    why nothing was written."""
    asked = {tuple(name.split(".")): value for name, value in document["settings"].items()}
    if not asked:
        return {"file": None, "reason": "no setting follows from what is known"}
    backup = writing.write(path, asked)
    return {"file": str(path), "backup": None if backup is None else str(backup)}
