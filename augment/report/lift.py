"""`lift.html`: one file with no links outside itself, drawn from `lift.json` alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from augment.core.files import atomic
from augment.core.types import Json
from augment.evaluation.charts import Estimate, Intervals
from augment.report import html


def write(path: Path, document: Json) -> None:
    """Write the page whole or not at all."""
    with atomic(path, "wb", force=True) as stream:
        stream.write(render(document).encode("utf-8", "replace"))


def render(document: Json) -> str:
    """The page. Every value passes through Jinja's escaping; there are no scripts."""
    titles = {each["name"]: each["title"] for each in document["qualities"]}
    measures = {name: title[:1].upper() + title[1:] for name, title in titles.items()}
    return html.template("lift.html.jinja").render(
        lift=document,
        noun=document["data"]["noun"],
        measures=measures,
        differences=dict(_differences(document, measures)),
    )


def _differences(document: Json, measures: Json) -> Iterator[tuple[str, html.Drawn]]:
    """Per learner, the best way with made rows less the best without, by each measure."""
    for found in document["learners"]:
        known = [
            Estimate(
                f"{measures[name]}: {each['arm']} less {each['against']}",
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
                f"Best with synthetic {document['data']['noun']}, less best without",
                "Only an interval that lies right of the dashed line gains anything.",
                tuple(known),
            )
            yield found["learner"], html.drawn(chart.to_json())
