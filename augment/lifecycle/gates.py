"""What becomes of a result and its gates, in words; `evaluation/gates.py` says what they ask."""

from __future__ import annotations

from augment.core.errors import BadInput, GateFailed, UsageError
from augment.core.types import Json
from augment.evaluation.gates import Outcome
from augment.evaluation.verdict import anything_scored
from augment.lifecycle.plan import RunRequest

LEAST_ROWS_TO_SPLIT = 10


def warnings(unshown: dict[str, str]) -> list[str]:
    """What to tell of gates that let something through unshown, one line each."""
    return [
        f"the gate {name} was not shown to pass ({why.removesuffix('.')})"
        for name, why in unshown.items()
    ]


def document(found: Outcome) -> Json:
    """As `--json` prints it."""
    return {"failed_gates": list(found.failed), "unshown_gates": found.unshown}


def failure(failed: list[str]) -> GateFailed | None:
    """The error of scores that have no result to keep aside; None where no gate failed."""
    if not failed:
        return None
    return GateFailed(f"The data failed the gate {' and '.join(failed)}.")


def require_scores(request: RunRequest, rows: int) -> None:
    """Refuse, before a long fit, a gate on data that will have no scores.

    Raises `UsageError` where the request leaves no unseen rows, and `BadInput` where the source
    has too few to spare any.
    """
    if request.gate.strip() == "none" or scorable(request, rows):
        return
    gated = request.gate
    if request.holdout == 0:
        raise UsageError(
            f"--holdout 0 keeps no rows unseen, so nothing can be scored and the gate {gated} "
            f"cannot pass. Keep some, or pass --gate none."
        )
    raise BadInput(
        f"{rows} is too few to score (at least {LEAST_ROWS_TO_SPLIT} are needed), so the gate "
        f"{gated} cannot pass.",
        where=str(request.source),
        hint="Give more, or pass --gate none to make data all the same, unscored.",
    )


def scorable(request: RunRequest, rows: int) -> bool:
    """Whether rows can be kept unseen, without which nothing is scored."""
    return request.holdout > 0 and rows >= LEAST_ROWS_TO_SPLIT


def sentence(names: list[str], report: Json, kept: str) -> str:
    """What failed, where the results lie, and what to do; the scores have been shown before."""
    gated = " and ".join(names)
    none = "Nothing could be scored, so the" if not anything_scored(report) else "The"
    return (
        f"{none} result failed the gate {gated}. It is kept in {kept}. "
        "Choose another engine, or pass --gate none to publish it all the same."
    )
