"""`tune.html`: the trials of a search, its winner and what it gained, drawn from tune.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.core.files import atomic
from augment.core.types import Json
from augment.evaluation.charts import Bars, Series
from augment.evaluation.objective import GROUPS
from augment.report import html, summary

WIDTH, HEIGHT, MARGIN = 640.0, 180.0, 10.0  # of a history, in SVG units
MOST_TRIALS_SHOWN = 500


@dataclass(frozen=True)
class Dot:
    """A trial in a history: its place, how it is drawn, and what a pointer on it says."""

    x: float
    y: float
    mark: str  # a CSS class: done, infeasible, winner
    title: str


@dataclass(frozen=True)
class History:
    """One objective over the trials, with the best so far as a line."""

    name: str
    dots: tuple[Dot, ...]
    best: str  # the points of the line
    low: str
    high: str
    better: str  # higher or lower; "" where it is neither


@dataclass(frozen=True)
class Gain:
    """A score on rows that no trial saw: of the winner and of the defaults. `role` says whether it
    is an objective or the constraint."""

    name: str
    title: str
    better: str
    winner: str
    defaults: str
    role: str


def write(path: Path, document: Json) -> None:
    """Write the page whole or not at all."""
    with atomic(path) as stream:
        stream.write(render(document).encode("utf-8", "replace"))


def render(document: Json) -> str:
    """The page. Every value passes through Jinja's escaping; there are no scripts."""
    shown = document["trials"][:MOST_TRIALS_SHOWN]
    return html.template("tuning.html.jinja").render(
        document=document,
        source=Path(document["plan"]["source"]).name,
        aims=list(aims(document)),
        changed=changed(document),
        gains=list(gains(document)),
        winner=list(winner(document)),
        histories=[history(document, name) for name in document["objectives"]],
        importance=[drawn for _, drawn in _importance(document)],
        unknown=[name for name, shares in document["importance"].items() if not shares],
        rows=[_row(document, row) for row in shown],
        hidden=len(document["trials"]) - len(shown),
        width=WIDTH,
        height=HEIGHT,
    )


def changed(document: Json) -> bool:
    """Whether the winner is another set of parameters than the engine's defaults."""
    won = document["winner"]
    rows = document["trials"]
    return won is not None and not any(r["defaults"] for r in rows if r["number"] == won["number"])


def aims(document: Json) -> Iterator[str]:
    """What each objective's figures mean, in a sentence."""
    report = document["final"]["winner"]["report"] if document["final"] else {"scores": []}
    words = summary.words(report)
    places = [name for name in document["objectives"] if name in GROUPS]
    if places:
        floor = words["floor"]
        yield (
            f"Objective: {' and '.join(places)}; 1 is fresh real {words['rows']}, 0 {floor}, "
            "higher is better."
        )
    if "utility" in places:
        yield from summary.predicted(report["scores"])
    for name in document["objectives"]:
        if name not in GROUPS:
            better = _better(document, name)
            said = f"; {better} is better" if better in ("higher", "lower") else ""
            yield f"Objective: {name}{said}."


def gains(document: Json) -> Iterator[Gain]:
    """Each score on rows that no trial saw, objectives first and privacy last."""
    if not document["final"]:
        return
    sides = [document["final"][side] for side in ("winner", "defaults")]
    titles = {each["name"]: each["title"] for each in sides[0]["report"]["measures"]}
    names = [*document["objectives"], *sides[0]["scores"]]
    for name in dict.fromkeys(names):
        values = [{**side["scores"], **side["values"]}.get(name) for side in sides]
        role = "objective" if name in document["objectives"] else ""
        title, better = titles.get(name, name), _better(document, name)
        title = name.capitalize() if name in GROUPS else title
        yield Gain(name, title, better, number(values[0]), number(values[1]), role)
    won, plain = (str(side["privacy"] or "–") for side in sides)
    yield Gain("privacy", "Privacy", "", won, plain, "constraint")


def _better(document: Json, name: str) -> str:
    """Which values of a score are better; "" where nothing was scored at the end."""
    if name in GROUPS:
        return "higher"
    if not document["final"]:
        return ""
    scores = document["final"]["winner"]["report"]["scores"]
    found = [each["better"] for each in scores if each["metric"] == name and not each["where"]]
    return "near real" if found == ["near"] else "".join(found[:1])


def winner(document: Json) -> Iterator[tuple[str, str, str]]:
    """The winner's parameters, each beside the engine's default."""
    if document["winner"] is None:
        return
    defaults = document["plan"]["parameters"]
    for name, value in document["winner"]["parameters"].items():
        plain = defaults.get(name)
        yield name, spelt(value), "left to the engine" if plain is None else spelt(plain)


def spelt(value: Any) -> str:
    """A parameter's value as `-p` takes it, rounded where it is long.

    >>> spelt([128, 128]), spelt(0.00123456), spelt(None)
    ('128,128', '0.001235', 'none')
    """
    if value is None:
        return "none"
    if isinstance(value, (list, tuple)):
        return ",".join(map(spelt, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value)


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def history(document: Json, name: str) -> History:
    """An objective's values over the trials that came to their ends."""
    place = document["objectives"].index(name)
    done = [row for row in document["trials"] if row["state"] == "done"]
    values = [row["values"][name] for row in done]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    span, last = (high - low) or 1.0, max(1, len(document["trials"]) - 1)

    def point(row: Json) -> tuple[float, float]:
        x = MARGIN + (WIDTH - 2 * MARGIN) * (row["number"] - 1) / last
        y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (row["values"][name] - low) / span
        return round(x, 1), round(y, 1)

    won = None if document["winner"] is None else document["winner"]["number"]
    dots, line, best = [], [], None
    for row in done:
        mark = "infeasible" if row["violation"] else "done"
        mark = "winner" if row["number"] == won else mark
        said = f"trial {row['number']}: {number(row['values'][name])}"
        dots.append(Dot(*point(row), mark, said + (", fails privacy" if row["violation"] else "")))
        if row["violation"]:
            continue
        if best is None or row["worth"][place] > best["worth"][place]:
            if best is not None:
                line.append((point(row)[0], point(best)[1]))
            best = row
            line.append(point(row))
    if best is not None:
        line.append((WIDTH - MARGIN, point(best)[1]))
    points = " ".join(f"{x},{y}" for x, y in line)
    better = _better(document, name)
    better = better if better in ("higher", "lower") else ""
    return History(name, tuple(dots), points, number(low), number(high), better)


def _importance(document: Json) -> Iterator[tuple[str, html.Drawn]]:
    """Per objective, how much each parameter explains, where that is known."""
    for name, shares in document["importance"].items():
        if shares:
            chart = Bars(
                "training",
                f"Share of {name}",
                "How much of the differences between trials each parameter explains (fANOVA).",
                tuple(shares),
                (Series(name, "made", tuple(shares.values())),),
                "share",
                1.0,
            )
            yield name, html.drawn(chart.to_json())


def _row(document: Json, row: Json) -> Json:
    """A trial as a line of the table."""
    won = document["winner"] is not None and row["number"] == document["winner"]["number"]
    state = "winner" if won else "fails privacy" if row["violation"] else row["state"]
    values = ", ".join(f"{name}={spelt(v)}" for name, v in row["parameters"].items())
    return {
        "number": row["number"],
        "values": [number(row["values"].get(name)) for name in document["objectives"]],
        "state": state,
        "reason": row["reason"] or (f"as trial {row['repeats']}" if "repeats" in row else ""),
        "parameters": values or "the engine's defaults",
        "seconds": f"{row['seconds']:.1f}",
    }
