"""`report.html`: one file with no links outside itself, drawn from the report's document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from augment.core.files import atomic
from augment.core.types import Group, Json
from augment.evaluation.metric import Places
from augment.report import (
    gains,
    headline,
    outlines,
    plots,
    privacy,
    provenance,
    rounds,
    summary,
    tiles,
    training,
)
from augment.report.gauges import gauges
from augment.report.visible import visible

MOST_PLACES = 12  # columns, and pairs, in the tables of the worst
MOST_OVERLAYS = 300  # columns that are drawn: a page of thousands cannot be read, nor opened
MOST_PAIRS = 10  # under a matrix
GROUPS = {group: group.capitalize() for group in get_args(Group)}
DRAWINGS: dict[str, Callable[[Json], Any]] = {
    "curves": plots.curves,
    "bars": plots.bars,
    "intervals": plots.intervals,
    "matrices": tiles.matrices,
    "cloud": tiles.cloud,
    "sheet": lambda chart: None,
    "records": lambda chart: None,
}
CHART_SECTIONS = {  # besides the first two, by the name that charts call them by
    "associations": "Associations",
    "projection": "Projection",
    "detection": "What gives them away",
    "utility": "Usefulness",
    "privacy": "Privacy",
    "training": "Training",
    "rows": "Synthetic rows",
}


@dataclass(frozen=True)
class Drawn:
    """A chart of the document, and its drawing."""

    chart: Json
    plot: Any


def write(path: Path, document: Json, *, force: bool = True) -> None:
    """Write the page whole or not at all."""
    with atomic(path, "wb", force=force) as stream:
        stream.write(render(document).encode("utf-8", "replace"))


def render(document: Json) -> str:
    """The page. Every value passes through Jinja's escaping; there are no scripts."""
    overlays = list(_overlays(document))
    charts = drawings(
        [
            *document.get("charts", []),
            *gains.charts(document),
            *training.charts(document),
            *rounds.charts(document),
        ]
    )
    columns = summary.words(document)["columns"].capitalize()
    worst = [
        (columns, "columns", _measured(document, "columns"), _worst(document, "columns")),
        ("Pairs", "pairs", _measured(document, "pairs"), _worst(document, "pairs")),
    ]
    worst = [each for each in worst if each[-1]]
    groups = _groups(document)
    present = {
        "samples": ("Samples", bool(charts.get("samples") or document.get("grid"))),
        "checks": ("Checks", bool(groups)),
        "worst": ("Worst first", bool(worst)),
        "columns": (columns, bool(overlays or charts.get("columns"))),
        **{name: (title, name in charts) for name, title in CHART_SECTIONS.items()},
        "training": ("Training", bool(charts.get("training") or document["about"].get("rounds"))),
        "provenance": ("Provenance", True),
    }
    return template("page.html.jinja").render(
        title=provenance.title(document),
        verdict=headline.verdict(document),
        first=headline.look_first(document),
        gauges=gauges(document),
        groups=groups,
        worst=worst,
        overlays=overlays,
        outline_size=(outlines.WIDTH, outlines.HEIGHT + outlines.SPACE + outlines.STRIP),
        outline_height=outlines.HEIGHT,
        columns=len(document.get("columns", [])),
        columns_title=columns,
        charts=charts,
        sections=[(name, title) for name, (title, there) in present.items() if there],
        chart_sections=CHART_SECTIONS,
        relations=document["about"].get("relations"),
        privacy=privacy.sentences(document["about"].get("privacy")),
        spendings=privacy.spendings(document["about"].get("privacy")),
        rounds=rounds.rounds(document),
        main_facts=provenance.main_facts(document),
        facts=provenance.all_facts(document),
        grid=document.get("grid"),
        words=summary.words(document),
        plot_size=(plots.WIDTH, plots.HEIGHT),
        largest=lambda chart: tiles.largest(chart, MOST_PAIRS),
    )


def template(name: str) -> Template:
    """A page of this package, which escapes every value, shows control characters as pictures of
    them, and refuses what it is not given."""
    environment = Environment(
        loader=PackageLoader("augment.report", "."),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def drawings(charts: list[Json]) -> dict[str, list[Drawn]]:
    """The charts by section; those of an unknown form are left out (of a later version)."""
    found: dict[str, list[Drawn]] = {}
    for chart in charts:
        if chart["chart"] in DRAWINGS:
            found.setdefault(chart["section"], []).append(drawn(chart))
    return found


def drawn(chart: Json) -> Drawn:
    """A chart of a known form with its drawing."""
    return Drawn(chart, DRAWINGS[chart["chart"]](chart))


def _groups(document: Json) -> list[tuple[str, list[summary.Line], list[summary.Line]]]:
    """Per group, the lines that are judged, the failed ones first, and the others."""
    found = summary.lines(document)
    order = {"fail": 0, "not shown": 1, "pass": 2}
    return [
        (
            title,
            sorted((x for x in found if x.group == group and x.mark), key=lambda x: order[x.mark]),
            [x for x in found if x.group == group and not x.mark],
        )
        for group, title in GROUPS.items()
        if any(line.group == group for line in found)
    ]


def _overlays(document: Json) -> Iterator[outlines.Outline]:
    """The columns, those that are farthest below fresh real rows first."""
    shapes = {score["where"]: score for score in _of_places(document, "columns")}
    unscored: Json = {"value": None, "ceiling": None}
    found = [
        (column, shapes.get(column["name"], unscored)) for column in document.get("columns", [])
    ]
    found.sort(key=lambda pair: _distance(pair[1]))
    for column, score in found[:MOST_OVERLAYS]:
        yield outlines.outline(column, score["value"], score["ceiling"])


def _distance(score: Json) -> float:
    """How far a score lies above fresh real rows; 0 where it is not known."""
    if score["value"] is None or score["ceiling"] is None:
        return 0.0
    return float(score["value"] - score["ceiling"])


@dataclass(frozen=True)
class Place:
    """A column or a pair: its value, and what fresh real rows and those of the floor reach."""

    where: str
    value: str
    best: str
    independent: str
    behind: float  # of the farthest of all, in per cent
    poor: bool


def _worst(document: Json, places: Places) -> list[Place]:
    """The places farthest from fresh real rows."""
    scores = [
        (score, score["ceiling"] - score["value"])
        for score in _of_places(document, places)
        if score["value"] is not None and score["ceiling"] is not None
    ]
    scores = [(s, -gap if s["better"] == "lower" else gap) for s, gap in scores]
    scores.sort(key=lambda pair: -pair[1])
    most = max([gap for _, gap in scores] + [1e-9])
    return [
        Place(
            score["where"],
            f"{score['value']:.3f}",
            f"{score['ceiling']:.3f}",
            "–" if score["floor"] is None else f"{score['floor']:.3f}",
            round(100 * max(0.0, gap) / most, 1),
            score["better"] == "higher" and gap > outlines.POOR,
        )
        for score, gap in scores[:MOST_PLACES]
    ]


def _measured(document: Json, places: Places) -> str:
    """What the places are compared by."""
    titles = (each["title"] for each in document["measures"] if each["places"] == places)
    return next(titles, "")


def _of_places(document: Json, places: Places) -> list[Json]:
    """The scores of single columns, or pairs, by the first measure that has such."""
    named = [measure["name"] for measure in document["measures"] if measure["places"] == places]
    return [
        score for score in document["scores"] if score["metric"] in named[:1] and score["where"]
    ]
