"""Options of reading: which of them a kind of data knows, and how users spell them."""

from __future__ import annotations

from collections.abc import Collection

from augment.core.errors import UsageError, did_you_mean
from augment.core.json import Json
from augment.core.parameters import setting_of


def require_known(options: Json, known: Collection[str], kind: str) -> None:
    """Refuse a reading option that this kind of data does not know, as the user spells it."""
    for name in options:
        if name not in known:
            near = did_you_mean(flag(name), [flag(each) for each in known])
            raise UsageError(
                f"{flag(name)} is no option for {kind} data, as which SRC is read. {near}"
            )


def flag(name: str) -> str:
    """A reading option as it is spelt on the command line.

    >>> flag("on_error"), flag("columns")
    ('--on-error', '--column')
    """
    return f"--{setting_of(name).replace('_', '-')}"
