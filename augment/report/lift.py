"""`lift.html`: one file with no links outside itself, drawn from `lift.json` alone."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from augment.core.files import atomic
from augment.core.types import Json

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
    environment = Environment(
        loader=PackageLoader("augment.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("lift.html.jinja").render(lift=document, measures=MEASURES)
