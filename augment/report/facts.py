"""`report.json`: everything a report says, as one document. Pages are drawn from it alone."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from augment.base.types import Json
from augment.base.wing import Scored

SCHEMA = "augment.report/1"
NOT_SCORED = (
    "Nothing was scored, since there were no unseen rows to score on.",
    "Scores need at least ten rows and a --holdout above 0.",
)


def document(scored: Scored | None, about: Json) -> Json:
    """The report's document: verdict, scores, what the wing adds for plots, and the run's facts.

    `about` is the caller's (source, rows, engine, seed, ...) and is kept as it is. Without scores
    the verdict passes nothing and says why.
    """
    if scored is None:
        verdict: Json = {"passed": {}, "sentences": [" ".join(NOT_SCORED)], "checks": []}
        return {"schema": SCHEMA, "verdict": verdict, "scores": [], "about": about}
    rest = {key: value for key, value in scored.document.items() if key != "verdict"}
    judged = scored.document.get("verdict", {"passed": dict(scored.passed), "sentences": []})
    return {
        "schema": SCHEMA,
        "verdict": finite(judged),
        "scores": [finite(dataclasses.asdict(score)) for score in scored.scores],
        **finite(rest),
        "about": about,
    }


def finite(value: Any) -> Any:
    """The same document with each NaN or infinity as null, which is all that JSON can say."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
