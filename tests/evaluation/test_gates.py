"""Gates: expressions over scores, of three values."""

from __future__ import annotations

from typing import Any

import pytest

from augment.core.errors import UsageError
from augment.evaluation.gates import outcome, parse

KNOWN = ("detection", "copies", "copies.near")


def report(detection: float | None = 0.55, **groups: str) -> dict[str, Any]:
    """A report with one score, and each group in a state."""
    values: dict[str, float | None] = {"detection": detection, "copies": 0.01}
    scores = [{"metric": n, "where": "", "value": v, "note": "Too few."} for n, v in values.items()]
    states = {name: {"state": state, "reason": f"why {name}"} for name, state in groups.items()}
    return {"verdict": {"groups": states, "checks": [{"value": 1.0}]}, "scores": scores}


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("detection <= 0.55", True),
        ("detection < 0.55", False),
        ("detection between 0.5 and 0.6", True),
        ("copies <= 1%", True),
        ("copies < 1%", False),
        ("not detection > 0.6", True),
        ("privacy", True),
        ("fidelity", False),
        ("fidelity or privacy", True),
        ("not (fidelity or utility and privacy)", None),
        ("utility", None),
        ("utility or privacy", True),
        ("(utility or fidelity)", None),
        ("validity", None),
    ],
)
def test_an_expression_is_met_or_not_or_not_shown(text: str, met: bool | None) -> None:
    found = outcome(
        parse(text, KNOWN),
        report(**{"privacy": "pass", "fidelity": "fail", "utility": "not shown"}),
    )
    shown = None if found.unshown else not found.failed
    assert shown is met
    assert all(found.unshown.values())


def test_each_part_that_and_joins_is_named_when_it_fails() -> None:
    gates = parse("detection <= 0.5 and privacy and (fidelity or copies = 0)", KNOWN)
    found = outcome(gates, report(privacy="pass", fidelity="fail"))
    assert found.failed == ("detection <= 0.5", "fidelity or copies in (0)")


def test_groups_may_be_listed_as_before() -> None:
    assert [gate.text for gate in parse("privacy, fidelity")] == ["privacy", "fidelity"]
    assert len(parse("all")) == 4
    assert parse("none") == ()


def test_a_score_without_a_value_is_not_shown_and_says_why() -> None:
    found = outcome(parse("detection <= 0.6", KNOWN), report(None))
    assert found.unshown == {"detection <= 0.6": "too few"}
    found = outcome(parse("copies.near <= 1%", KNOWN), report())
    assert "copies.near <= 1%" in found.unshown


def test_nothing_scored_meets_no_gate() -> None:
    bare = {"verdict": {"groups": {}, "checks": []}, "scores": []}
    assert outcome(parse("privacy and not fidelity"), bare).failed == ("privacy", "not fidelity")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("privcy", "privacy"),
        ("detecton <= 0.6", "detection"),
        ("detection <= high", "no number"),
        ("privacy <= 0.6", "group"),
        ("detection <=", "missing"),
        ("privacy and", "not understood"),
        ("(privacy", "not closed"),
        ("", "--gate"),
        ("all and privacy", "not understood"),
    ],
)
def test_unclear_gates_are_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(text, KNOWN)


def test_what_is_spelt_reads_back_as_itself() -> None:
    text = "not (copies < 1% or detection between 0 and 1) or privacy"
    (gate,) = parse(text, KNOWN)
    (again,) = parse(gate.text, KNOWN)
    assert again == gate
