"""Gates: expressions over scores, of three values."""

from __future__ import annotations

from typing import Any

import pytest

from augment.core.errors import UsageError
from augment.evaluation.chance import chance, together
from augment.evaluation.gates import outcome, parse

KNOWN = ("detection", "copies", "copies.near", "utility")


def report(detection: float | None = 0.55, **groups: str) -> dict[str, Any]:
    """A report with one score, and each group in a state."""
    values: dict[str, float | None] = {"detection": detection, "copies": 0.01}
    more = {"note": "Too few.", "interval": None, "ceiling_interval": None}
    scores = [
        {"metric": name, "where": "", "value": value, "ceiling": None, "floor": None, **more}
        for name, value in values.items()
    ]
    scores[0] |= {"ceiling": 0.5, "floor": 0.8, "interval": {"low": 0.53, "high": 0.57}}
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
        ("detection <= 1.1 * real", True),
        ("detection <= 1.1 * real - 0.01", False),
        ("detection <= real + 5%", True),
        ("detection <= real", False),
        ("detection < 0.7*floor", True),
        ("detection between real and floor", True),
        ("not detection >= 110% * real", False),
        ("copies <= 2 * real", None),
        ("detection <= baseline", None),
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


def test_a_group_and_a_score_of_one_name_are_told_apart() -> None:
    document = report(utility="pass")
    document["scores"].append({**document["scores"][0], "metric": "utility", "value": 0.45})
    gates = parse("utility and utility >= 0.95 * real", KNOWN)
    assert [gate.text for gate in gates] == ["utility", "utility >= 0.95 * real"]
    assert outcome(gates, document).failed == ("utility >= 0.95 * real",)
    parse("utility >= 0.95 * real")


def test_what_fresh_real_rows_lack_is_not_shown_and_says_so() -> None:
    found = outcome(parse("copies <= 2 * real and detection <= baseline", KNOWN), report())
    assert found.unshown == {
        "copies <= 2 * real": "fresh real rows have no such score",
        "detection <= baseline": "the baseline has no such score",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("detection <= 0.5", 0.5),
        ("detection > 0.5", 0.5),
        ("detection <= 0.52", 0.025),
        ("not detection <= 0.52", 0.975),
        ("not detection > 0.52", 0.025),
        ("detection between 0 and 0.52", 0.025),
        ("detection <= real + 0.02828427", 0.025),  # the limit has noise of its own
        ("detection <= baseline", None),
        ("detection = 0.5", None),
        ("copies <= 1%", None),
        ("privacy", 0.003),
        ("fidelity or privacy", 0.002),
        ("not (fidelity or privacy)", None),
        ("(privacy and fidelity or detection <= 0.5)", 0.005),
    ],
)
def test_the_chance_of_a_false_failure_is_that_of_fresh_real_rows(
    text: str, expected: float | None
) -> None:
    document = report(privacy="pass", fidelity="pass")
    groups = {"privacy": (0.001, 0.002, 0.0), "fidelity": (0.002,)}
    document["verdict"]["checks"] = [
        {"value": 1.0, "group": group, "chance": chance}
        for group, chances in groups.items()
        for chance in chances
    ]
    (gate,) = parse(text, KNOWN)
    found = chance(gate, document)
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-4))


def test_chances_add_up_and_an_unknown_one_makes_their_sum_unknown() -> None:
    assert together([0.1, 0.2]) == pytest.approx(0.3)
    assert (together([0.7, 0.8]), together([]), together([0.1, None])) == (1.0, 0, None)


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
        ("detection <= 0.9 * reel", "Did you mean 'real'"),
        ("detection <= real * real", "no multiple"),
        ("detection <= 0.9 real", "no multiple"),
        ("detection <= inf", "Known: baseline, floor, real"),
        ("detection is null", "with a number"),
    ],
)
def test_unclear_gates_are_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(text, KNOWN)


def test_what_is_spelt_reads_back_as_itself() -> None:
    text = "not (copies < 1% or detection between 0.9 * real - 1% and 1) or privacy"
    (gate,) = parse(text, KNOWN)
    (again,) = parse(gate.text, KNOWN)
    assert again == gate
