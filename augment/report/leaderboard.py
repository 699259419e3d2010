"""`compare.html`, and what a leaderboard of engines says in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from augment.core.errors import listed
from augment.core.files import atomic
from augment.core.types import Json
from augment.evaluation.charts import Estimate, Intervals
from augment.evaluation.verdict import lowered
from augment.report import html, summary


@dataclass(frozen=True)
class Mean:
    """A standing (see `evaluation/standing.py`) as text, and in per cent of a bar."""

    value: str
    interval: str
    place: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """One measure of all engines: its title, and a value and the state of its check for each."""

    group: str
    title: str
    limit: str
    cells: tuple[tuple[str, str], ...]


def write(path: Path, document: Json) -> None:
    """Write the page whole or not at all."""
    with atomic(path) as stream:
        stream.write(render(document).encode("utf-8", "replace"))


def render(document: Json) -> str:
    """The page, from `compare.json` alone: no script, no link outside itself."""
    rows = document["engines"]
    return html.template("leaderboard.html.jinja").render(
        title=f"Engines compared on {Path(document['source']).name}",
        verdict=verdict(document),
        sentences=[*sentences(document), scale(document)],
        rows=[(row, mean(row["fidelity"]), mean(row["utility"])) for row in rows],
        scored=[row["engine"] for row in rows if row["scores"]],
        standings=list(_standings(rows)),
        plot_size=(0, 0),
        measures=measures(document),
        facts=_facts(document),
        megabytes=megabytes,
    )


def verdict(document: Json) -> str:
    """Which engine won, and whether by more than noise."""
    best = document["winner"]
    if best is None:
        return f"No winner: {_no_winner(document['engines'])}."
    near = document["within_noise"]
    said = [f"Best: {best}."]
    if near:
        said.append(f"Its lead over {listed(near)} is within sampling noise.")
    if lacks_structure(document):
        words = summary.words(document)
        said.append(f"Its {words['rows']} are no truer than {words['floor']}.")
    return " ".join(said)


def lacks_structure(document: Json) -> bool:
    """Whether even the winner is no better than the floor."""
    won = [row["fidelity"] for row in document["engines"] if row["engine"] == document["winner"]]
    return any(each is not None and each["value"] <= 0 for each in won)


def _no_winner(rows: list[Json]) -> str:
    able = [row for row in rows if row["state"] == "finished" and not row["control"]]
    if not able:
        return "no engine but controls got to the end"
    if all(row["privacy"] == "fail" for row in able):
        return "every engine fails privacy"
    return "fidelity could not be scored"


def sentences(document: Json) -> Iterator[str]:
    """What has to be said of the engines: who cannot win, who was left out, what failed."""
    rows = document["engines"]
    for row in rows:
        if row["privacy"] == "fail" and not row["control"]:
            yield f"{row['engine']} cannot win: privacy fails ({row['privacy_reason']})."
    controls = [row["engine"] for row in rows if row["control"] and row["state"] != "failed"]
    if controls:
        verb = "is a control" if len(controls) == 1 else "are controls"
        yield f"{listed(controls)} {verb} and cannot win."
    for row in rows:
        if row["rows"] < row.get("asked", 0):
            yield (
                f"{row['engine']} has scores of {row['rows']:,} {document['noun']} only; on "
                f"{row['asked']:,}: {lowered(row['reason'])}."
            )
    out = [row for row in rows if row["state"] == "left out" and not row["reason"]]
    for count in dict.fromkeys(row["rows"] for row in out):
        names = listed(row["engine"] for row in out if row["rows"] == count)
        yield f"Left out after a round on {count:,} {document['noun']}: {names}."
    for row in rows:
        if row["state"] == "failed":
            yield f"{row['engine']} failed: {row['reason']}."
        for what in row["shortened"]:
            yield f"{row['engine']}, shortened for lack of time: {what}."


def scale(document: Json) -> str:
    """What 0 and 1 mean, and the intervals."""
    words = summary.words(document)
    said = (
        f"Fidelity and utility: 1 is fresh real {words['rows']}, 0 {words['floor']}; "
        "± is half of a 95% interval."
    )
    scores = [score for row in document["engines"] for score in row["scores"]]
    return " ".join([said, *summary.predicted(scores)])


def mean(standing: Json | None) -> Mean | None:
    """How a standing is shown.

    >>> mean({"value": 0.9, "low": 0.88, "high": 0.94})
    Mean(value='0.90', interval='±.03', place=90.0, low=88.0, high=94.0)
    """
    if standing is None:
        return None
    value, low, high = standing["value"], standing["low"], standing["high"]
    places = [round(100 * max(0.0, each), 1) for each in (value, low, high)]
    half = f"{(high - low) / 2:.2f}".removeprefix("0")
    return Mean(f"{value:.2f}", f"±{half}", *places)


def megabytes(count: int) -> str:
    """Bytes of memory, without their unit.

    >>> megabytes(734_003_200)
    '734'
    """
    return f"{count / 1e6:,.0f}"


def measures(document: Json) -> list[Compared]:
    """The judged measures, each with all engines that have scores."""
    rows = [row for row in document["engines"] if row["scores"]]
    of_engines = [
        {
            line.metric: line
            for line in summary.lines(
                {
                    "measures": document["measures"],
                    "scores": row["scores"],
                    "verdict": {"checks": row["checks"]},
                }
            )
        }
        for row in rows
    ]
    found = []
    for measure in document["measures"]:
        lines = [each.get(measure["name"]) for each in of_engines]
        known = [line for line in lines if line is not None]
        if measure["judged"] and known:
            cells = tuple(("–", "") if line is None else (line.value, line.mark) for line in lines)
            found.append(Compared(known[0].group, measure["title"], known[0].limit, cells))
    return found


def _standings(rows: list[Json]) -> Iterator[html.Drawn]:
    """Engines beside one another by fidelity and by utility."""
    for group in ("fidelity", "utility"):
        known = tuple(
            Estimate(row["engine"], each["value"], each["low"], each["high"],
                     "floor" if row["control"] else "made")
            for row in rows
            if (each := row[group]) is not None
        )  # fmt: skip
        if known:
            meaning = "From rows without structure (0) to fresh real ones (1, the dashed line)."
            chart = Intervals("utility", group.capitalize(), meaning, known, origin=1.0)
            yield html.drawn(chart.to_json())


def _facts(document: Json) -> list[tuple[str, str]]:
    noun = document["noun"]
    rounds = "; ".join(
        f"{', '.join(each['engines'])} on {each['rows']:,}" for each in document["rounds"]
    )
    return [
        ("source", f"{document['source']} ({document['source_rows']:,} {noun})"),
        ("fitted on, at most", f"{document['rows']['train']:,} {noun}"),
        ("scored on", f"{document['rows']['unseen']:,} unseen {noun}"),
        ("rounds", rounds),
        ("seed", str(document["seed"])),
        ("augment", document["augment"]),
    ]
