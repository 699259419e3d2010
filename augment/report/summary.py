"""The few lines of a report that fit on a terminal or at the top of a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from augment.core.types import Json
from augment.evaluation.figures import apart, figure, shows
from augment.evaluation.metric import Unit
from augment.evaluation.verdict import lowered

VERBS = {"pass": "passes", "fail": "fails", "not shown": "is not shown"}
# What a kind of data calls its rows, its columns and its floor, unless its scores say otherwise.
WORDS = {"rows": "rows", "columns": "columns", "floor": "columns shuffled apart from one another"}


@dataclass(frozen=True)
class Line:
    """One measure. `best` is what fresh real rows reach, `independent` what shuffled columns do;
    `limit` is the value that just passes, with its direction, and `mark` the state of its check
    ("" where it has none)."""

    group: str
    metric: str
    name: str
    value: str
    limit: str
    best: str
    independent: str
    mark: str
    note: str = ""
    meaning: str = ""


def words(document: Json) -> dict[str, str]:
    """What the kind of data calls its rows, its columns and its floor."""
    given: dict[str, str] = document.get("words", {})
    return WORDS | given


def predicted(scores: list[Json]) -> list[str]:
    """What utility is of, and how its target was chosen, in a sentence or none."""
    notes = [s["note"] for s in scores if s["metric"] == "utility" and s["value"] is not None]
    return [f"Utility: {note}" for note in notes[:1] if note]


def whole(document: Json) -> list[Json]:
    """The scores of the whole data set, in the order of the measures; undeclared ones come last."""
    order = {measure["name"]: place for place, measure in enumerate(document["measures"])}
    found = [score for score in document["scores"] if not score["where"]]
    return sorted(found, key=lambda score: order.get(score["metric"], len(order)))


def caveats(document: Json) -> list[str]:
    """That only some rows were fitted on; what no generator of single rows keeps of this source,
    and what this sample does not."""
    about = document["about"]
    sampled = [about["sampled"]] if "sampled" in about else []
    return [*sampled, *about.get("data", {}).get("caveats", []), *about.get("sample_notes", [])]


def appended(document: Json) -> list[str]:
    """What stands in an output that the real rows lead, and what its scores are of."""
    found = document["about"].get("appended")
    if found is None:
        return []
    noun = words(document)["rows"]
    said = [
        f"The output holds the {found['real']:,} real {noun} as they were read, then "
        f"{found['made']:,} synthetic ones. The scores are of the synthetic ones alone."
    ]
    balance = found.get("balance")
    if balance is not None:
        each = [f"{v['value']} {v['real']:,} + {v['made']:,}" for v in balance["values"]]
        said.append(
            f"Real + synthetic by {balance['column']!r}: {', '.join(each)}. Synthetic ones follow "
            "that mix and not the real one, which lowers their fidelity and utility."
        )
    return said


def gates(document: Json) -> list[str]:
    """What became of the gates, how often noise alone would fail a good generator, and what is
    worse than a baseline."""
    judged = document.get("gates")
    if judged is None:
        return []
    said = [
        f"{title} {each['gate']} {VERBS[each['state']]}"
        + (f": {lowered(each['reason'])}." if each["reason"] else ".")
        for title, key in (("Gate", "fail"), ("Gate that only warns:", "warn"))
        for each in judged[key]
    ]
    return [*said, chance(document)] if judged["fail"] and document["scores"] else said


def chance(document: Json) -> str:
    """How often fresh real rows would fail the gates, in a sentence; "" without gates."""
    judged = document.get("gates")
    if judged is None or not judged["fail"]:
        return ""
    rows = f"Fresh real {words(document)['rows']} in the place of the synthetic ones"
    share = judged["chance"]
    if share is None:
        return f"How often {lowered(rows)} would fail these gates by chance is not known."
    rounded = f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"
    about = "under 0.1%" if share < 0.001 else f"about {rounded}"
    return f"{rows} would fail these gates by chance in {about} of runs."


def lines(document: Json) -> list[Line]:
    """The report's main numbers; counts are left out where there is nothing to count."""
    checks = {check["metric"]: check for check in document["verdict"]["checks"]}
    measures = {measure["name"]: measure for measure in document["measures"]}
    found = []
    for score in whole(document):
        measure = measures.get(score["metric"], {"title": score["metric"], "unit": "number"})
        if measure["unit"] == "count" and not score["value"]:
            continue
        found.append(_line(score, measure, checks.get(score["metric"])))
    return found


def _line(score: Json, measure: Json, check: Json | None) -> Line:
    unit, value, limit = measure["unit"], figure(score["value"], measure["unit"]), ""
    if check is not None and check["limit"] is not None:
        value, limit = apart(score["value"], check["limit"], unit)
        limit = f"{'≤' if score['better'] == 'lower' else '≥'} {limit}"
    return Line(
        group=score["group"],
        metric=score["metric"],
        name=measure["title"],
        value=value,
        limit=limit,
        best=figure(score["ceiling"], unit),
        independent=figure(score["floor"], unit),
        mark="" if check is None else check["state"],
        note=" ".join(_notes(score, check, unit)),
        meaning=measure.get("meaning", ""),
    )


def _notes(score: Json, check: Json | None, unit: Unit) -> Iterator[str]:
    """What there is to know of a score, why its check shows nothing, and what its limit allows."""
    if score["note"]:
        yield score["note"]
    if check is not None and check["reason"] not in ("", score["note"]):
        yield check["reason"]
    if check is not None and shows(check["noise"], unit):
        yield f"{figure(check['noise'], unit)} of the limit is for sampling noise."
