"""The rounds of a run as a terminal shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.cli.output import line, table
from augment.core.types import Json
from augment.report.rounds import unmet

if TYPE_CHECKING:
    from rich.console import Console


def of_rounds(console: Console, rounds: Json) -> None:
    """A row per round, what the later ones changed, whose result was taken and why, and what a
    further one would try."""
    rows = [
        [
            f"{each['round']}{' *' if each['round'] == rounds['chosen'] else ''}",
            each["engine"],
            _place(each["fidelity"]),
            _place(each["utility"]),
            each["privacy"],
            unmet(each),
        ]
        for each in rounds["history"]
    ]
    table(console, ["round", "engine", "fidelity", "utility", "privacy", "not met"], rows)
    for each in rounds["history"][1:]:
        line(console, f"Round {each['round']}: {each['reason']}.")
    met = "green" if rounds["goal_met"] else "yellow"
    reason = rounds["reason"][:1].upper() + rounds["reason"][1:]
    line(console, f"{reason}; the result is that of round {rounds['chosen']}.", style=met)
    following = rounds["next"]
    if following is not None:
        line(console, f"Next would be {following['engine']}: {following['reason']}.")


def _place(standing: Json | None) -> str:
    return "–" if standing is None else f"{standing['value']:.2f}"
