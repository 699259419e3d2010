"""Curves of a training, from what a model records of it."""

from __future__ import annotations

from augment.core.types import Json
from augment.evaluation.charts import Axis, Curves, Line, Tone

LINES: tuple[tuple[str, Tone, int], ...] = (("training", "made", 1), ("held out", "real", 2))
STOPPED = {
    "planned": "It ran to its planned end.",
    "early": "It stopped early: the held-out loss no longer fell.",
    "time": "It stopped for lack of time.",
}


def charts(document: Json) -> list[Json]:
    """Losses over steps for each network whose training was recorded step by step."""
    found = []
    for name, outcome in (document["about"].get("training") or {}).items():
        history = outcome.get("history") or []
        if len(history) < 2:
            continue
        lines = tuple(
            Line(words, tone, tuple(p[0] for p in history), tuple(p[place] for p in history))
            for words, tone, place in LINES
            if any(p[place] is not None for p in history)
        )
        best = f" The weights of step {outcome['best_step']:,} are kept."
        chart = Curves(
            "training",
            f"Loss of the {name}" if name else "Loss",
            f"{STOPPED.get(outcome['stopped'], '')}{best}",
            Axis("step", low=0.0),
            Axis("loss"),
            lines,
        )
        found.append(chart.to_json())
    return found
