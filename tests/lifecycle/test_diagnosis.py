"""Likely causes of what failed, from documents alone, and the options that change them."""

from __future__ import annotations

from typing import Any

import pytest

from augment.evaluation.scoring import OUT_OF_TIME
from augment.lifecycle.causes import Result
from augment.lifecycle.diagnosis import Finding, findings, settings_of

ENGINE = {
    "name": "net",
    "control": False,
    "summary": "a network",
    "parameters": [
        {"name": "epochs", "default": None, "search": {"low": 10, "high": 300, "log": True}},
        {"name": "width", "default": 64, "search": {"values": [32, 64]}},
    ],
}
PLAN = {
    "source": "my table.csv",
    "engine": "net",
    "parameters": {"epochs": 50, "width": 64},
    "protect": True,
    "holdout": 0.2,
    "max_seconds": None,
    "where": [],
    "balance": None,
    "prompts": [],
}


def check(metric: str, group: str, state: str = "fail", reason: str = "") -> dict[str, Any]:
    return {
        "metric": metric,
        "title": metric.capitalize(),
        "group": group,
        "state": state,
        "sentence": f"the figures of {metric}",
        "reason": reason,
    }


def result(
    *checks: dict[str, Any],
    gates: tuple[dict[str, Any], ...] = (),
    run: dict[str, Any] | None = None,
    engine: dict[str, Any] | None = None,
    worst: tuple[dict[str, Any], ...] = (),
    **plan: Any,
) -> Result:
    """A run of 5,000 rows with these checks; `plan` and `run` say what was special about it."""
    scores = [
        {
            "metric": each["metric"],
            "where": "",
            "group": each["group"],
            "value": 0.7,
            "better": "lower",
            "ceiling": 0.5,
            "floor": None,
            "note": each["reason"],
        }
        for each in checks
    ]
    measures = [
        {
            "name": each["metric"],
            "title": each["title"],
            "unit": "number",
            "remedy": "it repeats: feed it more" if each["metric"] == "copies" else "",
            "evidence": "name the target" if each["metric"] == "utility" else "",
        }
        for each in checks
    ]
    report = {
        "verdict": {"checks": list(checks), "worst_columns": list(worst), "worst_pairs": []},
        "scores": scores,
        "measures": measures,
        "gates": {"fail": list(gates), "warn": [], "baseline": {"changed": [], "compared": 1}},
    }
    whole = {"plan": {**PLAN, **plan}, "rows": {"train": 5_000}, **(run or {})}
    return Result(report, whole, engine or ENGINE)


def gate(text: str, state: str = "fail", chance: float | None = 0.001) -> dict[str, Any]:
    return {"gate": text, "state": state, "reason": "", "chance": chance}


def only(found: list[Finding]) -> Finding:
    (finding,) = found
    return finding


CONTROL = {**ENGINE, "control": True}
AGE = {"where": "age", "metric": "shapes", "value": 0.5, "ceiling": 0.9}
FIDELITY = check("shapes", "fidelity")


@pytest.mark.parametrize(
    ("known", "why", "change", "asked"),
    [
        (result(FIDELITY, engine=CONTROL), "yardstick", "-e auto", {"fitting.engine": "auto"}),
        (
            result(FIDELITY, run={"shortened": ["300 of 500 steps"]}, max_seconds=90.0),
            "time was short: 300 of 500 steps",
            "--max-time 180s",
            {"fitting.max_time": "180s"},
        ),
        (
            result(FIDELITY, parameters={"epochs": 2, "width": 64}),
            "epochs=2 is less than",
            "the engine's own choice",
            {"engines.net.epochs": None},
        ),
        (result(FIDELITY, balance="churned"), "--balance", "without --balance", {}),
        (result(FIDELITY, worst=(AGE,)), "most is lost in age (0.50 of 0.90)", "inspect", {}),
        (
            result(FIDELITY, worst=(AGE,), run={"model_notes": ["column 'age': 3 values"]}),
            "rare values of age are protected",
            "--no-protect",
            {},
        ),
        (result(FIDELITY, run={"rows": {"train": 80}}), "only 80 rows", "more rows", {}),
        (result(FIDELITY), "'net'", "augment tune 'my table.csv'", {}),
        (
            result(check("copies", "privacy"), protect=False),
            "--no-protect",
            "--protect",
            {"fitting.no_protect": False},
        ),
        (result(check("copies", "privacy")), "it repeats", "feed it more", {}),
        (
            result(check("utility", "utility", "not shown", OUT_OF_TIME), max_seconds=10.0),
            "no time left",
            "--max-time 20s",
            {"fitting.max_time": "20s"},
        ),
        (
            result(check("utility", "utility", "not shown", "There is no target.")),
            "There is no target",
            "name the target",
            {},
        ),
        (
            result(check("shapes", "fidelity", "not shown", "There are too few to tell.")),
            "too few to tell",
            "--holdout 0.4",
            {"scoring.holdout": 0.4},
        ),
    ],
)
def test_each_cause_is_told_with_its_option(
    known: Result, why: str, change: str, asked: dict[str, Any]
) -> None:
    found = findings(known)
    causes = [cause for cause in only(found).causes if why in cause.why]
    assert len(causes) == 1, only(found).causes
    assert change in causes[0].change
    assert causes[0].settings == asked
    assert settings_of(found) == asked


def test_nothing_is_found_where_all_passed() -> None:
    assert findings(result(check("shapes", "fidelity", "pass"), gates=())) == []


def test_a_failed_group_is_told_by_its_checks_and_an_expression_by_itself() -> None:
    gates = gate("fidelity"), gate("shapes <= 0.6", chance=0.2), gate("privacy", "pass")
    found = findings(result(FIDELITY, check("copies", "privacy", "pass"), gates=gates))
    assert [(each.title, each.gates) for each in found] == [
        ("shapes <= 0.6", ("shapes <= 0.6",)),
        ("Shapes", ("fidelity",)),
    ]
    assert "fresh real 0.500" in found[0].what
    assert "would fail it by chance in about 20% of runs" in found[0].causes[-1].why
    assert "--gate 'shapes <= 1.1 * real'" in found[0].causes[-1].change


def test_a_gate_that_no_data_meets_is_the_first_cause_where_the_check_itself_passes() -> None:
    passed = check("shapes", "fidelity", "pass")
    found = findings(result(passed, gates=(gate("shapes <= 0.5", chance=0.5),)))
    assert "asks for much" in only(found).causes[0].why


def test_a_regression_is_told_with_what_has_changed() -> None:
    known = result(check("shapes", "fidelity", "pass"), gates=(gate("baseline"),))
    known.report["gates"]["baseline"]["changed"] = ["engine: net → other", "the data"]
    assert "engine: net → other; the data" in only(findings(known)).causes[0].why


def test_applying_never_weakens_a_gate_or_protection() -> None:
    """What is written is about the fit and the split alone."""
    known = result(
        FIDELITY,
        check("copies", "privacy"),
        worst=(AGE,),
        gates=(gate("shapes <= 0.1", chance=1.0),),
        run={"model_notes": ["column 'age': 3 values"], "shortened": ["x"]},
        max_seconds=5.0,
        engine=CONTROL,
    )
    asked = settings_of(findings(known))
    assert asked == {"fitting.engine": "auto", "fitting.max_time": "10s"}
