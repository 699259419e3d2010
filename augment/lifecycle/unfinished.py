"""Where of several attempts (engines of a race, trials of a search) none was finished."""

from __future__ import annotations

from collections.abc import Iterable

from augment.core.errors import AugmentError, BadInput, MissingExtra, OutOfResources, listed

Attempt = tuple[str, str, int]  # its name, why it was not finished, the exit code of that alone


def none_finished(noun: str, attempts: Iterable[Attempt], source: str) -> AugmentError:
    """The error of all of them: each reason with those that share it, and the exit code of the
    reasons where it is 5 or 6 for all; else the data or what is wanted of them is at fault."""
    reasons: dict[str, list[str]] = {}
    codes = set()
    for name, reason, code in attempts:
        reasons.setdefault(reason.removesuffix("."), []).append(name)
        codes.add(code)
    told = "; ".join(f"{listed(names)}: {reason}" for reason, names in reasons.items())
    message = f"No {noun} got to the end. {told}."
    for error in (MissingExtra, OutOfResources):
        if codes == {error.exit_code}:
            return error(message)
    return BadInput(message, where=source)
