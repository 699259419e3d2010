"""A report held against an earlier one: which scores are worse by more than sampling noise."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from augment.core.errors import BadInput, listed
from augment.core.types import Json
from augment.evaluation.gates import score_of
from augment.evaluation.noise import FALSE_FAILURES, one_sided, widened
from augment.evaluation.verdict import ROUNDING

DECISIVE = ("engine", "rows", "where", "balance", "protect", "max_seconds", "holdout")
GATE = "baseline"  # what a regression is called among failed gates
NOTHING = "no score that has a limit has a value in both reports"


@dataclass(frozen=True)
class Baseline:
    """An earlier report: where it lies, its digest, and what it says."""

    place: str
    sha256: str
    report: Json


@dataclass(frozen=True)
class Regression:
    """A score that is worse than the baseline's `worse_by` more than `noise` allows."""

    metric: str
    title: str
    unit: str
    value: float
    baseline: float
    worse_by: float
    noise: float


def require_comparable(baseline: Baseline, data: Json) -> None:
    """Refuse a baseline of other data than those that `data` describes (see `facts.data_of`).

    Raises `BadInput` with what differs.
    """
    known = baseline.report.get("data") or {}
    if known.get("kind") != data["kind"]:
        said = known.get("kind", "unknown")
        why = f"this report is of {said} data, and the source is {data['kind']} data."
    elif set(known["columns"]) != set(data["columns"]):
        gone = [name for name in known["columns"] if name not in data["columns"]]
        new = [name for name in data["columns"] if name not in known["columns"]]
        parts = [f"it alone has {listed(map(repr, gone), 5)}"] if gone else []
        parts += [f"the source alone has {listed(map(repr, new), 5)}"] if new else []
        why = f"this report is of other columns: {'; '.join(parts)}."
    elif known.get("target") != data.get("target"):
        why = (
            f"this report's utility is of predicting {known.get('target')!r}, and here it is of "
            f"{data.get('target')!r}."
        )
    else:
        return
    raise BadInput(
        why, where=baseline.place, hint="Give --baseline a run or an evaluation of such data."
    )


def beside(report: Json, baseline: Baseline | None) -> Json:
    """The report with the baseline's value in each score of the whole data set, for gates that name
    it (`quantity.py`)."""
    if baseline is None:
        return report
    scores = []
    for score in report["scores"]:
        earlier = None if score["where"] else score_of(score["metric"], baseline.report)
        scores.append({**score, "baseline": None if earlier is None else earlier["value"]})
    return {**report, "scores": scores}


def compared(report: Json, baseline: Baseline) -> Json:
    """What became worse, as `report.json` holds it: regressions, and how many scores were compared.

    Compared are scores that have a limit and a value in both reports. The noise of a difference is
    that of two independent values, whose deviations add as squares, widened so that all comparisons
    together accuse a generator that did not change in at most `FALSE_FAILURES` of reports (see
    `noise.py`). A score without an interval is compared where its limit is 0 in both, as is that of
    what real rows never do; others are named among `not_compared`.
    """
    before = {check["metric"]: check for check in baseline.report["verdict"]["checks"]}
    pairs, left = [], []
    for check in report["verdict"]["checks"]:
        now, earlier = (score_of(check["metric"], each) for each in (report, baseline.report))
        half = None
        if now is not None and earlier is not None and check["metric"] in before:
            half = _noise(now, earlier, (check, before[check["metric"]]))
        if half is None:
            left.append(check["metric"])
        else:
            pairs.append((check, now, earlier, half))
    z = one_sided(FALSE_FAILURES / max(1, sum(half > 0 for *_, half in pairs)))
    units = {measure["name"]: measure["unit"] for measure in report["measures"]}
    found = []
    for check, now, earlier, half in pairs:
        assert now is not None and earlier is not None
        change = earlier["value"] - now["value"]
        worse_by = -change if now["better"] == "lower" else change
        noise = widened(half, z)
        if worse_by > noise + ROUNDING:
            name, title = check["metric"], check["title"]
            values = now["value"], earlier["value"], worse_by, noise
            found.append(Regression(name, title, units[name], *values))
    return {
        "folder": baseline.place,
        "sha256": baseline.sha256,
        "compared": len(pairs),
        "not_compared": left,
        "regressions": [asdict(each) for each in found],
        "changed": _changed(report["about"], baseline.report["about"]),
        "chance": FALSE_FAILURES if any(half > 0 for *_, half in pairs) else 0.0,
    }


def _changed(now: Json, earlier: Json) -> list[str]:
    """What was made otherwise, as `name: before → now`, where both are reports of runs."""
    found = []
    if earlier.get("plan") and now.get("plan"):
        before, after = _decisive(earlier["plan"]), _decisive(now["plan"])
        found = [
            f"{name}: {before.get(name)} → {after.get(name)}"
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        ]
    files = [[file["sha256"] for file in about.get("files", [])] for about in (earlier, now)]
    return [*found, "the data"] if files[0] != files[1] else found


def _decisive(plan: Json) -> Json:
    parameters = {f"-p {name}": value for name, value in plan["parameters"].items()}
    return {name: plan[name] for name in DECISIVE} | parameters


def _noise(now: Json, earlier: Json, checks: tuple[Json, Json]) -> float | None:
    """Half a 95% interval of the difference of two values; None where it is not known."""
    if now["value"] is None or earlier["value"] is None or now["better"] == "near":
        return None
    spans = now["interval"], earlier["interval"]
    if None in spans:
        return 0.0 if all(check["limit"] == 0 for check in checks) else None
    lower = now["better"] == "lower"
    kind, harsh = (spans[0]["low"], spans[1]["high"]) if lower else (
        spans[0]["high"], spans[1]["low"]
    )  # fmt: skip
    return math.hypot(now["value"] - kind, earlier["value"] - harsh)
