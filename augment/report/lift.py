"""`lift.html`: one file with no links outside itself, drawn from `lift.json` alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from augment.core.files import atomic
from augment.core.types import Json
from augment.evaluation.charts import Estimate, Intervals
from augment.report import html

MEASURES = {
    "auc": "AUC",
    "average_precision": "Average precision",
    "brier": "Brier",
    "calibrated_brier": "Brier, calibrated",
}


def write(path: Path, document: Json) -> None:
    """Write the page whole or not at all."""
    with atomic(path, "wb", force=True) as stream:
        stream.write(render(document).encode("utf-8", "replace"))


def render(document: Json) -> str:
    """The page. Every value passes through Jinja's escaping; there are no scripts."""
    return html.template("lift.html.jinja").render(
        lift=document, measures=MEASURES, differences=dict(_differences(document))
    )


def _differences(document: Json) -> Iterator[tuple[str, html.Drawn]]:
    """Per learner, the best way with made rows less the best without, by each measure."""
    for found in document["learners"]:
        known = [
            Estimate(
                f"{MEASURES.get(name, name)}: {each['arm']} less {each['against']}",
                each["difference"],
                each["interval"]["low"],
                each["interval"]["high"],
            )
            for name, each in found["differences"].items()
            if each is not None
        ]
        if known:
            chart = Intervals(
                "utility",
                "Best with made rows, less best without",
                "Only an interval that lies right of the dashed line gains anything.",
                tuple(known),
            )
            yield found["learner"], html.drawn(chart.to_json())
