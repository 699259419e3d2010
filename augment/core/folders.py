"""Folders that a process finds: where it was started, and the home of who started it."""

from __future__ import annotations

from pathlib import Path

from augment.core.errors import UsageError


def working_folder() -> Path:
    """The folder that the command was started in. Raises `UsageError` where it is gone."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError(
            "the folder that this command was started in exists no more. Change to one that does."
        ) from None


def home_folder() -> Path | None:
    """The user's own folder; None for a user whom the system does not know, as in containers."""
    try:
        return Path.home()
    except RuntimeError:
        return None
