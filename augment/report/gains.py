"""What is gained, with intervals, from the scores that are gains."""

from __future__ import annotations

from augment.core.types import Json
from augment.evaluation.charts import Estimate, Intervals
from augment.report import summary


def charts(document: Json) -> list[Json]:
    """One chart of all gains of the whole data set that have a value; none where there is none."""
    measures = {m["name"]: m for m in document["measures"] if m.get("gain")}
    found = []
    for score in summary.whole(document):
        measure = measures.get(score["metric"])
        if measure is None or score["value"] is None:
            continue
        ends = score["interval"] or {"low": None, "high": None}
        label = f"{measure['title']}: {measure['meaning']}"
        found.append(Estimate(label, score["value"], ends["low"], ends["high"]))
    if not found:
        return []
    told = "Only an interval that lies right of the dashed line gains anything."
    return [Intervals("utility", "Lift", told, tuple(found)).to_json()]
