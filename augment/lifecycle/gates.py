"""What becomes of a result and its gates, in words; `evaluation/gates.py` says what they ask."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from augment.core.errors import BadInput, GateFailed, UsageError
from augment.core.files import read_json, sha256
from augment.core.types import Json
from augment.evaluation import baseline as earlier
from augment.evaluation import gates
from augment.evaluation.baseline import Baseline
from augment.evaluation.chance import chance, together
from augment.evaluation.figures import figure
from augment.evaluation.verdict import anything_scored
from augment.lifecycle.plan import Plan, RunRequest
from augment.report import facts

LEAST_ROWS_TO_SPLIT = 10
REPORT = "report.json"


@dataclass(frozen=True)
class AskedGates:
    """What a result must meet, what is only warned of, and the report it must not fall behind."""

    fail: tuple[gates.Gate, ...]
    warn: tuple[gates.Gate, ...] = ()
    baseline: Baseline | None = None


def asked(
    gate: str,
    warn: str = "none",
    baseline: str | None = None,
    names: Sequence[str] | None = None,
    data: Json | None = None,
) -> AskedGates:
    """The gates that are asked for, by `--gate`, `--warn` and `--baseline`.

    `names` are the scores that the data will have, `data` describes it (`facts.data_of`); None: not
    known yet. Raises `UsageError` for an unclear expression, `BadInput` for a baseline that is no
    report of such data.
    """
    found = None if baseline is None else _baseline(baseline)
    fail = gates.parse(gate, names)
    cautions = gates.parse(warn, names, "--warn")
    if found is None:
        for each in gates.comparisons([one.tree for one in (*fail, *cautions)]):
            if any(quantity.name == "baseline" for quantity in gates.quantities(each)):
                raise UsageError("A gate names the baseline. Say which with --baseline RUN.")
    elif data is not None:
        earlier.require_comparable(found, data)
    return AskedGates(fail, cautions, found)


def of_plan(plan: Plan, description: Json | None) -> AskedGates:
    """Those of a run, whose scores are known, and its data if `description` says what `inspect`
    prints of it."""
    kind, request = plan.kind, plan.request
    data = None if description is None else facts.data_of(kind.name, description)
    names = kind.evaluator.names()
    return asked(request.gate, request.warn, request.baseline, names, data)


def _baseline(place: str) -> Baseline:
    """The report of a run, or of an evaluation. Raises `BadInput` where there is none."""
    path = Path(place) / REPORT if Path(place).is_dir() else Path(place)
    hint = "Give --baseline the folder of a finished run, or of `evaluate -o`."
    if not path.is_file():
        raise BadInput("there is no report of a run here.", where=place, hint=hint)
    try:
        report = read_json(path)
    except BadInput as error:
        raise BadInput(
            f"this is no report of a run ({error.what})", where=place, hint=hint
        ) from None
    if report.get("schema") != facts.SCHEMA:
        said = report.get("schema")
        why = f"this is no report that this version of augment compares with ({said!r})."
        raise BadInput(why, where=place, hint=f"It must be {facts.SCHEMA!r}: make the run again.")
    if not report["scores"]:
        raise BadInput("nothing was scored in this run.", where=place, hint=hint)
    return Baseline(place, sha256(path), report)


def judged(asked: AskedGates, report: Json) -> Json:
    """What became of the gates, as `report.json` holds it under `gates`: the state of each with its
    reason, and how often noise alone would make a good generator fail it."""
    whole = earlier.beside(report, asked.baseline)
    fail, warn = (_states(each, whole) for each in (asked.fail, asked.warn))
    found = None
    if asked.baseline is not None:
        found = earlier.compared(report, asked.baseline)
        fail.append(_of_baseline(found))
    return {
        "fail": fail,
        "warn": warn,
        "chance": together([each["chance"] for each in fail]),
        "baseline": found,
    }


def _states(asked: Sequence[gates.Gate], report: Json) -> list[Json]:
    found = gates.outcome(asked, report)
    states = []
    for gate in asked:
        state = "fail" if gate.text in found.failed else "pass"
        state = "not shown" if gate.text in found.unshown else state
        reason = found.unshown.get(gate.text, "")
        states.append(_state(gate.text, state, reason, chance(gate, report)))
    return states


def _state(gate: str, state: str, reason: str, chance: float | None) -> Json:
    return {"gate": gate, "state": state, "reason": reason, "chance": chance}


def _of_baseline(found: Json) -> Json:
    reason = "; ".join(regressions(found))
    if not found["compared"]:
        return _state(earlier.GATE, "not shown", earlier.NOTHING, 0.0)
    return _state(earlier.GATE, "fail" if reason else "pass", reason, found["chance"])


def regressions(found: Json | None) -> list[str]:
    """A line for each score that is worse than the baseline's, and by how much."""
    lines = []
    for each in (found or {}).get("regressions", []):
        value, before, worse, noise = (
            figure(each[name], each["unit"]) for name in ("value", "baseline", "worse_by", "noise")
        )
        lines.append(
            f"{each['title']} {value}, baseline {before}: worse by {worse}, and noise makes "
            f"{noise} at most"
        )
    return lines


def warnings(document: Json) -> list[str]:
    """What to tell of gates that only warn, and of those that let something through unshown, one
    line each."""
    return [
        *(f"the gate {name} failed; it only warns" for name in document.get("warned_gates", [])),
        *(
            f"the gate {name} was not shown to pass ({why.removesuffix('.')})"
            for name, why in document.get("unshown_gates", {}).items()
        ),
    ]


def document(judged: Json) -> Json:
    """As `--json` prints it."""
    every = [*judged["fail"], *judged["warn"]]
    return {
        "failed_gates": [each["gate"] for each in judged["fail"] if each["state"] == "fail"],
        "warned_gates": [each["gate"] for each in judged["warn"] if each["state"] == "fail"],
        "unshown_gates": {
            each["gate"]: each["reason"] for each in every if each["state"] == "not shown"
        },
    }


def named(gates: list[str]) -> str:
    """
    >>> named(["privacy"]), named(["privacy", "copies < 1%"])
    ('the gate privacy', 'the gates privacy and copies < 1%')
    """
    return f"the gate{'s' if len(gates) > 1 else ''} {' and '.join(gates)}"


def failure(failed: list[str]) -> GateFailed | None:
    """The error of scores that have no result to keep aside; None where no gate failed."""
    if not failed:
        return None
    return GateFailed(f"The data failed {named(failed)}.")


def require_scores(request: RunRequest, rows: int) -> None:
    """Refuse, before a long fit, a gate on data that will have no scores.

    Raises `UsageError` where the request leaves no unseen rows, and `BadInput` where the source
    has too few to spare any.
    """
    gated = request.gate.strip()
    if request.baseline is not None:
        gated = earlier.GATE if gated == "none" else f"{gated} and {earlier.GATE}"
    if gated == "none" or scorable(request, rows):
        return
    without = "--gate none" if request.baseline is None else "--gate none without --baseline"
    if request.holdout == 0:
        raise UsageError(
            f"--holdout 0 keeps no rows unseen, so nothing can be scored and the gate {gated} "
            f"cannot pass. Keep some, or pass {without}."
        )
    raise BadInput(
        f"{rows} is too few to score (at least {LEAST_ROWS_TO_SPLIT} are needed), so the gate "
        f"{gated} cannot pass.",
        where=str(request.source),
        hint=f"Give more, or pass {without} to make data all the same, unscored.",
    )


def scorable(request: RunRequest, rows: int) -> bool:
    """Whether rows can be kept unseen, without which nothing is scored."""
    return request.holdout > 0 and rows >= LEAST_ROWS_TO_SPLIT


def sentence(names: list[str], report: Json, kept: str) -> str:
    """What failed, where the results lie, and what to do; the scores have been shown before."""
    none = "Nothing could be scored, so the" if not anything_scored(report) else "The"
    return (
        f"{none} result failed {named(names)}. It is kept in {kept}. "
        f"`augment doctor {shlex.quote(kept)}` says why, and what to change; --gate none publishes "
        "it all the same."
    )
