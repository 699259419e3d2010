"""What a person reads of why checks failed, and what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.cli.output import applied, line
from augment.cli.report_summary import STYLES
from augment.core.types import Json

if TYPE_CHECKING:
    from rich.console import Console

HEADS = {"fail": "Failed", "not shown": "Not shown"}


def of_diagnosis(console: Console, document: Json, verbose: bool) -> None:
    """Each finding with its likely causes and their options, then the settings."""
    line(console, f"{document['folder']}: {_gates(document)}", style="bold")
    of_findings(console, document, verbose)
    asked = document["settings"]
    if document.get("applied") is not None:
        applied(console, document["applied"])
    elif asked:
        shown = ", ".join(f"{name} = {_spelt(value)}" for name, value in asked.items())
        line(console, f"As settings (--apply writes them to augment.toml): {shown}")


def of_findings(console: Console, document: Json, verbose: bool) -> None:
    """What failed and what was not shown, each with its causes, the likeliest first; each cause
    once. -v adds the figures."""
    for state, head in HEADS.items():
        found = [each for each in document["findings"] if each["state"] == state]
        if not found:
            continue
        line(console, f"{head}: {', '.join(map(_named, found))}", style=STYLES[state])
        for finding in found if verbose else ():
            line(console, f"  {finding['title']}: {finding['what']}")
        for cause, titles in _causes(found):
            of = f" ({', '.join(titles)})" if len(titles) < len(found) else ""
            line(console, f"  - {cause['why'][:1].upper()}{cause['why'][1:]}{of}.")
            if cause["change"]:
                line(console, f"    Change: {cause['change']}.")


def _named(finding: Json) -> str:
    """A check with the gates that ask for it, or a gate."""
    title, gates = finding["title"], finding["gates"]
    if not gates:
        return str(title)
    return f"{title} (gate)" if title in gates else f"{title} (gate {', '.join(gates)})"


def _causes(found: list[Json]) -> list[tuple[Json, list[str]]]:
    """Each cause with what it is of, the first causes of findings before their others."""
    titles: dict[str, list[str]] = {}
    causes: dict[str, tuple[int, Json]] = {}
    for finding in found:
        for place, cause in enumerate(finding["causes"]):
            titles.setdefault(cause["why"], []).append(finding["title"])
            earlier = causes.get(cause["why"], (place, cause))
            causes[cause["why"]] = min(place, earlier[0]), earlier[1]
    order = sorted(causes, key=lambda why: causes[why][0])
    return [(causes[why][1], titles[why]) for why in order]


def _gates(document: Json) -> str:
    """Which gates failed, in a sentence."""
    from augment.lifecycle.gates import named

    failed = [each["gate"] for each in document["gates"]["fail"] if each["state"] == "fail"]
    if failed:
        return f"failed {named(failed)}."
    if document["findings"]:
        return "no gate failed. What else did not pass:"
    return "every check passed; there is nothing to change."


def _spelt(value: object) -> str:
    """As TOML has it; None is the default, which is left out."""
    if value is None:
        return "(default)"
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
