"""The few lines of a report that fit on a terminal or at the top of a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from augment.core.types import Json
from augment.evaluation.figures import apart, figure
from augment.evaluation.metric import Unit

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


def whole(document: Json) -> list[Json]:
    """The scores of the whole data set, in the order of the measures; undeclared ones come last."""
    order = {measure["name"]: place for place, measure in enumerate(document["measures"])}
    found = [score for score in document["scores"] if not score["where"]]
    return sorted(found, key=lambda score: order.get(score["metric"], len(order)))


def caveats(document: Json) -> list[str]:
    """What no generator of single rows keeps of this source, and what this sample does not."""
    about = document["about"]
    return [*about.get("data", {}).get("caveats", []), *about.get("sample_notes", [])]


def appended(document: Json) -> list[str]:
    """What stands in an output that the real rows lead, and what its scores are of."""
    found = document["about"].get("appended")
    if found is None:
        return []
    noun = words(document)["rows"]
    said = [
        f"The output holds the {found['real']:,} real {noun} as they were read, then "
        f"{found['made']:,} made ones. The scores are of the made ones alone."
    ]
    balance = found.get("balance")
    if balance is not None:
        each = [f"{v['value']} {v['real']:,} + {v['made']:,}" for v in balance["values"]]
        said.append(
            f"Real and made by {balance['column']!r}: {', '.join(each)}. Made ones follow that "
            "mix and not the real one, which lowers their fidelity and utility."
        )
    return said


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
    if check is not None and check["noise"]:
        yield f"{figure(check['noise'], unit)} of the limit is for sampling noise."
