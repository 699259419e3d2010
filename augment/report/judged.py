"""A report with the gates that it was held against, for whoever publishes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from augment.core.types import Json
from augment.evaluation.gates import outcome, parse

State = Literal["pass", "fail", "not shown"]


@dataclass(frozen=True)
class Case:
    """A gate or a check: its group, what it is called, its state, and a sentence on that."""

    group: str
    name: str
    state: State
    sentence: str


@dataclass(frozen=True)
class Judged:
    """What was made and judged: its `name`, its report and the texts of its gates; without a
    report, the `error` that left none."""

    name: str
    report: Json | None
    gates: tuple[str, ...] = ()
    error: str = ""

    def gate_cases(self) -> list[Case]:
        """Every gate."""
        assert self.report is not None
        groups, found = self.report["verdict"]["groups"], []
        for text in self.gates:
            outcomes = outcome(parse(text), self.report)
            why = groups.get(text, {}).get("reason", "")
            if outcomes.failed:
                said = f"The gate {text} failed{f': {why}' if why else '.'}"
                found.append(Case("gate", text, "fail", said))
            elif outcomes.unshown:
                (why,) = outcomes.unshown.values()
                said = f"The gate {text} was not shown to pass: {why}"
                found.append(Case("gate", text, "not shown", said))
            else:
                found.append(Case("gate", text, "pass", f"The gate {text} passed."))
        return found

    def check_cases(self) -> list[Case]:
        """Every score that has a limit."""
        assert self.report is not None
        return [
            Case(check["group"], check["title"], check["state"], check["sentence"])
            for check in self.report["verdict"]["checks"]
        ]


def of_report(name: str, report: Json) -> Judged:
    """A report as a run keeps it, which says what its gates were."""
    plan = report["about"].get("plan") or {}
    return Judged(name, report, tuple(plan.get("gates", ())))
