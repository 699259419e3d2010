"""`report.json`: everything a report says, as one document. Pages are drawn from it alone."""

from __future__ import annotations

import dataclasses

from augment.core.json_numbers import finite
from augment.core.kind import Scored
from augment.core.types import Json

SCHEMA = "augment.report/2"
NOT_SCORED = (
    "Nothing was scored, since there were no unseen rows to score on.",
    "Scores need at least ten rows (or images) and a --holdout above 0.",
)


def data_of(kind: str, description: Json) -> Json:
    """What must be the same where two reports are compared: kind, columns and target of the real
    rows, from what `inspect` prints of them."""
    return {
        "kind": kind,
        "columns": [column["name"] for column in description["columns"]],
        "target": description["schema"].get("target"),
    }


def document(scored: Scored | None, about: Json) -> Json:
    """The report's document: verdict, measures, scores, what the kind of data adds, and `about`.

    `about` is the caller's (source, rows, engine, seed, ...) and is kept as it is. Without scores
    the verdict has no groups and says why.
    """
    if scored is None:
        verdict: Json = {"groups": {}, "checks": [], "not_scored": []}
        verdict["sentences"] = [" ".join(NOT_SCORED)]
        bare: Json = {"verdict": verdict, "measures": [], "scores": []}
        return {"schema": SCHEMA, **bare, "about": about}
    first = {key: scored.document[key] for key in ("verdict", "measures")}
    rest = {key: value for key, value in scored.document.items() if key not in first}
    return {
        "schema": SCHEMA,
        **finite(first),
        "scores": [finite(dataclasses.asdict(score)) for score in scored.scores],
        **finite(rest),
        "about": about,
    }
