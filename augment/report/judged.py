"""A report as cases that pass, fail or are not shown, for whoever publishes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from augment.core.types import Json

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
    """What was made and judged: its `name` and its report; without a report, the `error` that left
    none."""

    name: str
    report: Json | None
    error: str = ""

    def gate_cases(self) -> list[Case]:
        """Every gate; one that only warns passes, or is not shown."""
        assert self.report is not None
        gates = self.report.get("gates") or {"fail": [], "warn": []}
        found = [
            _case(each, self.report["verdict"]["groups"].get(each["gate"], {}))
            for each in gates["fail"]
        ]
        for each in gates["warn"]:
            case = _case(each, {})
            if case.state == "fail":
                said = f"The gate {case.name} failed; it only warns."
                case = Case(case.group, case.name, "not shown", said)
            found.append(case)
        return found

    def check_cases(self) -> list[Case]:
        """Every score that has a limit."""
        assert self.report is not None
        return [
            Case(check["group"], check["title"], check["state"], check["sentence"])
            for check in self.report["verdict"]["checks"]
        ]


def _case(gate: Json, group: Json) -> Case:
    """A gate of a report; `group` is the verdict on the group that it names, if it names one."""
    name, state = gate["gate"], gate["state"]
    why = gate["reason"] or group.get("reason", "")
    end = f": {why}" if why else "."
    said = {
        "pass": f"The gate {name} passed.",
        "fail": f"The gate {name} failed{end}",
        "not shown": f"The gate {name} was not shown to pass{end}",
    }[state]
    return Case("gate", name, state, said)
