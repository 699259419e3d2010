"""Gates: what a result must pass to be published. The verdict is the report's; this only asks."""

from __future__ import annotations

from dataclasses import dataclass

from augment.core.errors import BadInput, GateFailed, UsageError, did_you_mean
from augment.core.types import Json
from augment.lifecycle.plan import Request
from augment.report import facts

LEAST_ROWS_TO_SPLIT = 10
ABSENT = {"state": "not shown", "reason": "no score of this kind of data belongs to it"}
GROUPS = ("fidelity", "utility", "privacy", "validity")


def parse(text: str) -> tuple[str, ...]:
    """`--gate`: "none", "all", or groups of scores with commas between."""
    if text.strip() == "none":
        return ()
    if text.strip() == "all":
        return GROUPS
    names = tuple(part.strip() for part in text.split(","))
    check_names(names)
    return names


def check_names(names: tuple[str, ...]) -> None:
    for name in names:
        if name not in GROUPS:
            known = [*GROUPS, "all", "none"]
            raise UsageError(f"--gate {name}: {did_you_mean(name, known)}")


@dataclass(frozen=True)
class Outcome:
    """The gated groups that failed, and those that were not shown to pass, each with its reason."""

    failed: tuple[str, ...]
    unshown: dict[str, str]


def outcome(names: tuple[str, ...], report: Json) -> Outcome:
    """Ask the report's verdict about the gated groups.

    A group that is not shown is no failure: too little evidence is not a no. Where nothing at all
    could be scored, though, every gate fails: nothing then stands behind the data.
    """
    groups = report["verdict"]["groups"]
    if not facts.anything_scored(report):
        return Outcome(names, {})
    found = {name: groups.get(name, ABSENT) for name in names}
    return Outcome(
        tuple(name for name, group in found.items() if group["state"] == "fail"),
        {name: group["reason"] for name, group in found.items() if group["state"] == "not shown"},
    )


def warnings(unshown: dict[str, str]) -> list[str]:
    """What to tell of gates that let something through unshown, one line each."""
    return [
        f"the gate {name} was not shown to pass ({why.removesuffix('.')})"
        for name, why in unshown.items()
    ]


def document(found: Outcome) -> Json:
    """As `--json` prints it."""
    return {"failed_gates": list(found.failed), "unshown_gates": found.unshown}


def failure(found: Outcome) -> GateFailed | None:
    """The error of scores that have no result to keep aside; None where no gate failed."""
    if not found.failed:
        return None
    return GateFailed(f"The data failed the gate {' and '.join(found.failed)}.")


def require_scores(request: Request, rows: int) -> None:
    """Refuse, before a long fit, a gate on data that will have no scores.

    Raises `UsageError` where the request leaves no unseen rows, and `BadInput` where the source
    has too few to spare any.
    """
    if not request.gates or scorable(request, rows):
        return
    gated = " and ".join(request.gates)
    if request.holdout == 0:
        raise UsageError(
            f"--holdout 0 keeps no rows unseen, so nothing can be scored and the gate {gated} "
            f"cannot pass. Keep some, or pass --gate none."
        )
    raise BadInput(
        f"{rows} is too few to score (at least {LEAST_ROWS_TO_SPLIT} are needed), so the gate "
        f"{gated} cannot pass.",
        where=request.source,
        hint="Give more, or pass --gate none to make data all the same, unscored.",
    )


def scorable(request: Request, rows: int) -> bool:
    """Whether rows can be kept unseen, without which nothing is scored."""
    return request.holdout > 0 and rows >= LEAST_ROWS_TO_SPLIT


def sentence(names: list[str], report: Json, kept: str) -> str:
    """What failed, where the results lie, and what to do; the scores have been shown before."""
    gated = " and ".join(names)
    none = "Nothing could be scored, so the" if not facts.anything_scored(report) else "The"
    return (
        f"{none} result failed the gate {gated}. It is kept in {kept}. "
        "Choose another engine, or pass --gate none to publish it all the same."
    )
