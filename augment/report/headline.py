"""What stands at the top of a report: the verdict in a sentence, and what to look at first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from augment.core.types import Json
from augment.evaluation.figures import figure
from augment.report import summary

STATES = {"fail": ("fails", "fail"), "pass": ("passes", "pass"),
          "not shown": ("is not shown", "are not shown")}  # fmt: skip
MOST_NAMED = 3  # columns and pairs in a line


@dataclass(frozen=True)
class Pointer:
    """Something to look at: a state for its colour, the text, and the section that shows it."""

    state: str
    text: str
    section: str


def verdict(document: Json) -> str:
    """The groups by their states, the worst first.

    >>> verdict({"verdict": {"groups": {"fidelity": {"state": "pass"}, "privacy": {"state": "fail"},
    ...     "utility": {"state": "pass"}}}})
    'Privacy fails; fidelity and utility pass.'
    """
    groups = document["verdict"]["groups"]
    if not groups:
        return "Nothing was scored."
    parts = []
    for state, (one, several) in STATES.items():
        names = [name for name, found in groups.items() if found["state"] == state]
        if names:
            joined = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
            parts.append(f"{joined} {one if len(names) == 1 else several}")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def look_first(document: Json) -> list[Pointer]:
    """Failed gates and checks, then what could not be shown, the worst places, what is not kept,
    and what became of the other gates."""
    gates = list(_gates(document))
    return [
        *(item for item in gates if item.state),
        *_checks(document, "fail"),
        *_shortened(document),
        *_unshown(document),
        *_places(document),
        *(
            Pointer("not-shown", f"Not kept: {text}", "provenance")
            for text in summary.caveats(document)
        ),
        *(item for item in gates if not item.state),
        *(Pointer("", text, "checks") for text in _rest(document)),
    ]


def _gates(document: Json) -> Iterator[Pointer]:
    """What became of each gate; a failed one that only warns is amber, a passed one plain."""
    judged = document.get("gates") or {"fail": [], "warn": []}
    states = [
        "" if each["state"] == "pass" else "fail" if key == each["state"] else "not-shown"
        for key in ("fail", "warn")
        for each in judged[key]
    ]
    for text, state in zip_longest(summary.gates(document), states, fillvalue=""):
        yield Pointer(state, text, "checks")


def _checks(document: Json, state: str) -> Iterator[Pointer]:
    for check in document["verdict"]["checks"]:
        if check["state"] == state:
            yield Pointer(state, f"{check['title']}: {check['sentence']}.", "checks")


def _shortened(document: Json) -> Iterator[Pointer]:
    texts = document["about"].get("shortened", [])
    if texts:
        yield Pointer("not-shown", f"For lack of time: {'; '.join(texts)}.", "provenance")


def _unshown(document: Json) -> Iterator[Pointer]:
    for name, group in document["verdict"]["groups"].items():
        if group["state"] == "not shown":
            reason = group["reason"].removesuffix(".")
            yield Pointer("not-shown", f"{name.capitalize()} is not shown: {reason}.", "checks")


def _places(document: Json) -> Iterator[Pointer]:
    words = summary.words(document)
    for what, key in ((words["columns"], "worst_columns"), ("pairs", "worst_pairs")):
        gaps = document["verdict"].get(key, [])
        if gaps:
            named = ", ".join(
                f"{gap['where']} ({figure(gap['value'], 'number')}, fresh real "
                f"{figure(gap['ceiling'], 'number')})"
                for gap in gaps[:MOST_NAMED]
            )
            yield Pointer("", f"Worst {what}: {named}.", "worst")


def _rest(document: Json) -> Iterator[str]:
    """Sentences of the verdict that say more than a group's state or the worst places."""
    told = ("Worst ", *(f"{name.capitalize()} " for name in document["verdict"]["groups"]))
    for sentence in document["verdict"].get("sentences", []):
        if not sentence.startswith(told):
            yield sentence
    yield from summary.appended(document)
