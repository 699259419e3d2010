"""What a person reads of `augment lift`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.cli.output import line, table
from augment.core.types import Json

if TYPE_CHECKING:
    from rich.console import Console

HEAD = ("trained on", "AUC", "avg. precision", "Brier", "calibrated")


def of_lift(console: Console, document: Json, verbose: bool) -> None:
    """A table per learner, and its advice."""
    rows, engine = document["rows"], document["plan"]["engine"]
    if document.get("up_to_date"):
        line(console, "Up to date: this is compared already; nothing was done.", style="green")
    line(
        console,
        f"Predicting {document['target']!r} on {rows['unseen']:,} unseen rows after training on "
        f"{rows['train']:,}; means of {document['seeds']} splits. Made by {engine}, seed "
        f"{document['seed']}.",
        style="bold",
    )
    for found in document["learners"]:
        line(console, found["learner"].capitalize(), style="bold")
        table(
            console,
            HEAD,
            [[arm["arm"], *(_number(arm[name]) for name in _MEASURES)] for arm in found["arms"]],
        )
        notes = dict.fromkeys(f"{a['arm']}: {a['note']}" for a in found["arms"] if a["note"])
        for note in notes:
            line(console, f"  Note: {note}.")
    for found in document["learners"]:
        advice = found["advice"]
        style = "green" if found["augment"] else ""
        line(console, advice[:1].upper() + advice[1:], style=style)


_MEASURES = ("auc", "average_precision", "brier", "calibrated_brier")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
