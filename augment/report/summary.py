"""The few lines of a report that fit on a terminal or at the top of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from augment.base.types import Json

Mark = Literal["pass", "fail", "unknown", ""]

# Metrics worth a line, in order, with a name that leaves room for four numbers in 80 columns.
SHOWN = {
    "shapes": "Column shapes",
    "trends": "Pair trends",
    "shapes.error": "Shape error",
    "trends.error": "Trend error",
    "detection": "Detection AUC, unseen rows",
    "detection.train": "Detection AUC, seen rows",
    "utility": "Trained on synthetic",
    "rows_per_id": "Rows per id",
    "rows_per_id.constant": "One value within an id",
    "autocorrelation": "Lag-1 autocorrelation",
    "neighbours.precision": "Precision",
    "neighbours.recall": "Recall",
    "neighbours.density": "Density",
    "neighbours.coverage": "Coverage",
    "validity.missing": "Missing-rate difference",
    "validity.range": "Out of range",
    "validity.unknown": "Unknown categories",
    "validity.missing_columns": "Missing columns",
    "validity.extra_columns": "Extra columns",
    "validity.unfit_values": "Values of a wrong type",
    "validity.repeated_ids": "Repeated ids",
    "keys": "Repeated keys",
    "copies": "Exact copies",
    "nndr": "Neighbour ratio, 5th pct.",
    "membership.auc": "Membership AUC",
    "membership.tpr@0.001": "Membership TPR at 0.1%",
    "membership.tpr@0.01": "Membership TPR at 1%",
}
# What a wing calls its rows, its columns and its floor, unless its scores say otherwise.
WORDS = {"rows": "rows", "columns": "columns", "floor": "columns shuffled apart from one another"}
QUIET_AT_ZERO = {
    "validity.missing_columns",
    "validity.extra_columns",
    "validity.unfit_values",
    "validity.repeated_ids",
}


@dataclass(frozen=True)
class Line:
    """One metric. `best` is what fresh real rows reach, `independent` what shuffled columns do."""

    group: str
    name: str
    value: str
    best: str
    independent: str
    mark: Mark
    note: str = ""


def words(document: Json) -> dict[str, str]:
    """What the kind of data calls its rows, its columns and its floor."""
    given: dict[str, str] = document.get("words", {})
    return WORDS | given


def caveats(document: Json) -> list[str]:
    """What no generator of single rows keeps of this source, and what this sample does not."""
    about = document["about"]
    return [*about.get("data", {}).get("caveats", []), *about.get("sample_notes", [])]


def lines(document: Json) -> list[Line]:
    """The report's main numbers in a fixed order; metrics unknown here (plugins') come last."""
    checks = {
        (check["metric"], check["where"]): check["passed"]
        for check in document["verdict"].get("checks", [])
    }
    whole = [
        score for score in document["scores"] if not score["where"] or score["metric"] == "utility"
    ]
    order = {name: place for place, name in enumerate(SHOWN)}
    whole.sort(key=lambda score: order.get(score["metric"], len(order)))
    return [
        _line(score, _mark(checks, score))
        for score in whole
        if score["value"] or score["metric"] not in QUIET_AT_ZERO
    ]


def _line(score: Json, mark: Mark) -> Line:
    metric = str(score["metric"])
    return Line(
        group=score["group"],
        name=SHOWN.get(metric, metric),
        value=number(metric, score["value"]),
        best=number(metric, score["ceiling"]),
        independent=number(metric, score["floor"]),
        mark=mark,
        note=score["note"],
    )


def _mark(checks: dict[tuple[str, str], bool | None], score: Json) -> Mark:
    key = (score["metric"], score["where"])
    if key not in checks:
        return ""
    passed = checks[key]
    return "unknown" if passed is None else "pass" if passed else "fail"


def number(metric: str, value: float | None) -> str:
    """Shares in per cent where they are small by nature, counts whole, the rest to 3 decimals."""
    if value is None:
        return "–"
    if metric in QUIET_AT_ZERO:
        return f"{value:,.0f}"
    percent = metric.endswith(".error") or metric.startswith(("validity.", "membership.tpr"))
    if percent or metric in ("copies", "keys"):
        return f"{100 * value:.2f}%"
    return f"{value:.3f}"
