"""`report.html`: one file with no links outside itself, drawn from the report's document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from augment.core.files import atomic
from augment.core.types import Group, Json
from augment.evaluation.metric import Places
from augment.report import plots, summary

MOST_PAIRS = 12
MOST_OVERLAYS = 200  # columns that are drawn: a page of thousands cannot be read, nor opened
MOST_FACTS = 2_000
GROUPS = {group: group.capitalize() for group in get_args(Group)}


def write(path: Path, document: Json, *, force: bool = True) -> None:
    """Write the page whole or not at all."""
    with atomic(path, "wb", force=force) as stream:
        stream.write(render(document).encode("utf-8", "replace"))


def render(document: Json) -> str:
    """The page. Every value passes through Jinja's escaping; there are no scripts."""
    return template("page.html.jinja").render(
        title=_title(document),
        verdict=_verdict(document),
        sentences=[*document["verdict"].get("sentences", []), *summary.appended(document)],
        caveats=summary.caveats(document),
        groups=_groups(document),
        overlays=list(_overlays(document)),
        columns=len(document.get("columns", [])),
        pairs=_pairs(document),
        relations=document["about"].get("relations"),
        facts=_facts(document),
        grid=document.get("grid"),
        words=summary.words(document),
        height=plots.HEIGHT,
        width=plots.WIDTH,
    )


def template(name: str) -> Template:
    """A page of this package, which escapes every value and refuses what it is not given."""
    environment = Environment(
        loader=PackageLoader("augment.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _title(document: Json) -> str:
    about = document["about"]
    source = about.get("source") or about.get("plan", {}).get("source")
    return f"Synthetic data for {Path(str(source)).name}" if source else "Synthetic data"


def _verdict(document: Json) -> list[tuple[str, str]]:
    """(group, state) in a fixed order; where nothing was scored, that."""
    groups = document["verdict"]["groups"]
    if not groups:
        return [("Scores", "not shown")]
    return [(title, groups[group]["state"]) for group, title in GROUPS.items() if group in groups]


def _groups(document: Json) -> list[tuple[str, list[tuple[summary.Line, plots.Scale | None]]]]:
    """Per group, its lines with their places between floor and ceiling."""
    scales = {
        (score["group"], score["metric"]): plots.scale(score) for score in summary.whole(document)
    }
    found = summary.lines(document)
    return [
        (
            title,
            [(line, scales.get((group, line.metric))) for line in found if line.group == group],
        )
        for group, title in GROUPS.items()
        if any(line.group == group for line in found)
    ]


def _overlays(document: Json) -> Iterator[plots.Overlay]:
    """The columns in the table's order, each with its own score; of many, those that are farthest
    below fresh real rows."""
    shapes = {score["where"]: score for score in _of_places(document, "columns")}
    unscored: Json = {"value": None, "ceiling": None}
    found = [
        (column, shapes.get(column["name"], unscored)) for column in document.get("columns", [])
    ]
    order = sorted(range(len(found)), key=lambda place: _distance(found[place][1]))
    for place in sorted(order[:MOST_OVERLAYS]):
        column, score = found[place]
        yield plots.overlay(column, score["value"], score["ceiling"])


def _distance(score: Json) -> float:
    """How far a score lies above fresh real rows; 0 where it is not known."""
    if score["value"] is None or score["ceiling"] is None:
        return 0.0
    return float(score["value"] - score["ceiling"])


def _pairs(document: Json) -> list[Json]:
    """The pairs farthest below fresh real rows."""
    pairs = [
        score
        for score in _of_places(document, "pairs")
        if score["value"] is not None and score["ceiling"] is not None
    ]
    pairs.sort(key=lambda score: score["value"] - score["ceiling"])
    return pairs[:MOST_PAIRS]


def _of_places(document: Json, places: Places) -> list[Json]:
    """The scores of single columns, or pairs, by the first measure that has such."""
    named = [measure["name"] for measure in document["measures"] if measure["places"] == places]
    return [
        score for score in document["scores"] if score["metric"] in named[:1] and score["where"]
    ]


def _facts(document: Json) -> list[tuple[str, str]]:
    """The caller's plain facts, one line each, nested ones joined by a dot; relations are shown
    apart."""
    data = {k: v for k, v in document["about"].get("data", {}).items() if k != "caveats"}
    about: Json = {
        **{k: v for k, v in document["about"].items() if k != "relations"},
        "data": data,
        "target": document.get("target", {}).get("column"),
    }
    lines = [(name, text) for name, text in _flat("", about) if text]
    if len(lines) <= MOST_FACTS:
        return lines
    more = f"{len(lines) - MOST_FACTS:,} further lines stand in report.json."
    return [*lines[:MOST_FACTS], ("…", more)]


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, (list, tuple)):
        if all(not isinstance(inner, (dict, list, tuple)) for inner in value):
            yield prefix, ", ".join(str(inner) for inner in value)
        else:
            for number, inner in enumerate(value, start=1):
                yield from _flat(f"{prefix}.{number}", inner)
    elif value is not None:
        yield prefix, f"{value:,}" if isinstance(value, int) and prefix != "seed" else str(value)
