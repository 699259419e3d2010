"""Arguments of Python functions as the lifecycle takes them, and what is refused of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from operator import index
from pathlib import Path
from typing import Any

from augment.core.errors import UsageError
from augment.core.types import Json

MOST_SEED = 2**53
MOST_HELD_OUT = 0.5


def seed_of(seed: object) -> int | None:
    """A whole number from 0 to 2^53, or None for a fresh seed."""
    if seed is None:
        return None
    try:
        value = index(seed)  # type: ignore[arg-type]
    except TypeError:
        value = -1
    if isinstance(seed, bool) or not 0 <= value <= MOST_SEED:
        raise UsageError(f"seed={seed!r}: give a whole number from 0 to 2**53, or None.")
    return value


def count_of(n: object) -> str | None:
    """A number of rows, or a text such as "10k" or "2x"; None where it is open."""
    if n is None or isinstance(n, str):
        return n
    try:
        if isinstance(n, bool):
            raise TypeError
        return str(index(n))  # type: ignore[arg-type]
    except TypeError:
        raise UsageError(f"n={n!r}: give a whole number of rows, or a text like '2x'.") from None


def seconds_of(max_seconds: float | None) -> float | None:
    """Seconds above 0, or None for no limit."""
    if max_seconds is None or 0 < max_seconds < float("inf"):
        return max_seconds
    raise UsageError(f"max_seconds={max_seconds!r}: give seconds above 0, or None for no limit.")


def share_of(holdout: float) -> float:
    """The share of rows kept unseen."""
    if 0 <= holdout <= MOST_HELD_OUT:
        return holdout
    raise UsageError(f"holdout={holdout!r}: give a share from 0 to {MOST_HELD_OUT:g}.")


def place_of(out: str | os.PathLike[str]) -> Path:
    """A path on this machine. Raises `UsageError` for an address, to which only commands write."""
    text = os.fspath(out)
    if "://" in text:
        scheme = text.partition(":")[0]
        raise UsageError(
            f"The place to write to begins with {scheme}://. Functions write on this machine: give "
            "a path, and copy what lies there then, or use the command line."
        )
    return Path(text)


def texts(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """One text or several."""
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def spelt(parameters: Mapping[str, Any] | None) -> dict[str, str]:
    """Parameters of an engine as `-p` takes them, so that the same checks are theirs.

    >>> spelt({"epochs": 5, "layers": (64, 32), "limit": None})
    {'epochs': '5', 'layers': '64,32', 'limit': 'none'}
    """
    return {str(name): _spelt(value) for name, value in (parameters or {}).items()}


def _spelt(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, (tuple, list)):
        return ",".join(map(_spelt, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def scoring_of(
    features: str | os.PathLike[str] | None,
    show_real: bool = False,
    shadow_models: int | None = None,
) -> Json:
    """What an `Evaluator` is told, by the names that it knows."""
    given: Json = {} if features is None else {"features": os.fspath(features)}
    if shadow_models is not None:
        given["shadow_models"] = shadow_models
    return {**given, "show_real": True} if show_real else given
