"""What continuous integration is told of a report: JUnit XML; GitHub's summary, annotations."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from augment.cli import continuous_integration
from augment.core.types import Json
from augment.report import facts, junit
from augment.report.judged import Judged
from tests.cli import in_process

HOSTILE = "a<b>&\"'\x1b[2J\x00\ud800::error::%0A\nz, ]]>"


def report(**states: str) -> Json:
    """A report with a group of that state for each name, and a check in it."""
    groups = {
        name: {"state": state.replace("_", " "), "reason": f"{HOSTILE} is why"}
        for name, state in states.items()
    }
    checks = [
        {
            "group": name,
            "title": HOSTILE,
            "metric": name,
            "value": 1.0,
            "limit": 0.5,
            "noise": 0.0,
            "reason": "",
            "state": found["state"],
            "sentence": f"{HOSTILE} says so",
        }
        for name, found in groups.items()
    ]
    verdict = {"groups": groups, "checks": checks, "not_scored": [], "sentences": [HOSTILE]}
    return {
        "schema": facts.SCHEMA,
        "verdict": verdict,
        "measures": [],
        "scores": [],
        "gates": {
            "fail": [
                {"gate": name, "state": found["state"], "reason": "", "chance": 0.0}
                for name, found in groups.items()
            ],
            "warn": [{"gate": "validity", "state": "pass", "reason": "", "chance": 0.0}],
        },
        "about": {},
    }


REPORT = report(privacy="pass", fidelity="fail", utility="not_shown")
JUDGED = Judged(HOSTILE, REPORT)


def test_junit_has_a_case_for_each_gate_and_check_whatever_they_are_called() -> None:
    root = ElementTree.fromstring(junit.render([JUDGED, Judged("broken", None, error=HOSTILE)]))
    gates, checks, broken = root
    for suite, cases in ((gates, 4), (checks, 3)):
        assert [case.tag for case in suite] == ["testcase"] * cases
        tags = [[child.tag for child in case] for case in suite]
        assert tags[:3] == [[], ["failure"], ["skipped"]] and not any(tags[3:])
        counts = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
        assert counts == [str(cases), "1", "0", "1"]
    assert [case.get("name") for case in gates] == ["privacy", "fidelity", "utility", "validity"]
    assert "\\u001b[2J\\u0000\\ud800" in (checks[0].get("name") or "")
    assert broken.get("errors") == "1" and broken[0][0].tag == "error"


def test_a_gate_that_only_warns_is_no_failure() -> None:
    failed = {"gate": "utility", "state": "fail", "reason": "", "chance": 0.0}
    told = Judged("out", {**REPORT, "gates": {"fail": [], "warn": [failed]}})
    (line,) = continuous_integration.workflow_commands([told])
    assert line.startswith("::warning") and line.endswith("The gate utility failed; it only warns.")


def test_annotations_are_at_most_ten_escaped_and_errors_first() -> None:
    few = continuous_integration.workflow_commands([JUDGED])
    assert [line.split(" ")[0] for line in few] == ["::error", "::warning"]
    for line in few:
        head, _, text = line[2:].partition("::")
        assert "\n" not in line and ":" not in head and "," not in head and text
        assert "title=augment%3A " in line and "%250A%0Az" in line
    many = continuous_integration.workflow_commands([JUDGED] * 12)
    assert len(many) == 10 and many[-1].endswith("see the job summary.")


def test_in_a_job_of_github_the_summary_grows_and_elsewhere_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    continuous_integration.publish([("out", REPORT)], None)
    assert not path.exists() and capsys.readouterr().err == ""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for _ in range(2):
        continuous_integration.publish([("out", REPORT)], tmp_path / "j.xml")
    assert path.read_text().count("- Gate fidelity: **failed**") == 2
    assert capsys.readouterr().err.count("::error title=augment%3A out::") == 2
    assert ElementTree.parse(tmp_path / "j.xml").getroot().tag == "testsuites"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "such"))
    continuous_integration.publish([("out", REPORT)], None)
    assert "summary cannot be written" in capsys.readouterr().err


def test_evaluate_and_run_write_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from augment.lifecycle import evaluation, run

    gates = {"failed_gates": [], "unshown_gates": {}}
    document = {"schema": "augment.evaluate/1", "notes": [], "report": REPORT, **gates}
    monkeypatch.setattr(evaluation, "evaluate", lambda *given, **named: document)
    ran = {**document, "plan": {"gates": ["fidelity"]}, "up_to_date": True, "folder": "out"}
    monkeypatch.setattr(run, "run", lambda *given, **named: ran)
    for call in (["evaluate", "a", "b"], ["run", "a", "-o", "out", "--if-changed"]):
        path = tmp_path / f"{call[0]}.xml"
        done = in_process.augment(*call, "--junit", path, "-q", "--gate", "fidelity")
        assert done.returncode == 0, done.stderr
        assert len(ElementTree.parse(path).getroot()) == 2
    assert in_process.augment("evaluate", "a", "b", "--junit", tmp_path).returncode == 2


@pytest.mark.parametrize("command", [["engines"], ["config", "show"], ["runs", "list", "docs"]])
def test_force_color_puts_no_codes_into_a_pipe(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    done = in_process.augment(*command)
    assert done.returncode == 0 and b"\x1b" not in done.stdout + done.stderr
