"""What a person reads of `augment lift`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.cli.output import line, table
from augment.cli.summary import estimated
from augment.core.types import Json

if TYPE_CHECKING:
    from rich.console import Console


def of_lift(console: Console, document: Json, verbose: bool) -> None:
    """A table per learner, and its advice."""
    rows, engine = document["rows"], document["plan"]["engine"]
    noun, qualities = document["data"]["noun"], document["qualities"]
    if document.get("dry_run"):
        line(
            console,
            f"Would predict {document['target']!r} on {rows['unseen']:,} unseen {noun} after "
            f"training on {rows['train']:,}, in {document['seeds']} splits. Made by {engine}.",
            style="bold",
        )
        line(console, f"Trained on: {', '.join(document['arms'])}.")
        estimated(console, document)
        return
    if document.get("up_to_date"):
        line(console, "Up to date: this is compared already; nothing was done.", style="green")
    line(
        console,
        f"Predicting {document['target']!r} on {rows['unseen']:,} unseen {noun} after training on "
        f"{rows['train']:,}; means of {document['seeds']} splits. Made by {engine}, seed "
        f"{document['seed']}.",
        style="bold",
    )
    for found in document["learners"]:
        line(console, found["learner"].capitalize(), style="bold")
        table(
            console,
            ("trained on", *(each["head"] for each in qualities)),
            [
                [arm["arm"], *(_number(arm[each["name"]]) for each in qualities)]
                for arm in found["arms"]
            ],
        )
        for note in dict.fromkeys(arm["note"] for arm in found["arms"] if arm["note"]):
            arms = ", ".join(arm["arm"] for arm in found["arms"] if arm["note"] == note)
            line(console, f"  Note: {arms}: {note}.")
    if any("Brier" in each["title"] for each in qualities):
        sentence = "Brier scores: less is better; calibrated ones are fitted on other real rows."
        line(console, sentence)
    for found in document["learners"]:
        advice = found["advice"]
        style = "green" if found["augment"] else ""
        line(console, advice[:1].upper() + advice[1:], style=style)
    line(console, f"Report: {document['folder']}/lift.html", style="bold")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
