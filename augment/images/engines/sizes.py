"""Sizes of a network that a user may ask for, and that a stored model may claim to have."""

from __future__ import annotations

from augment.base.errors import UsageError


def require_width(width: int) -> None:
    """Channels are normalised in groups of eight. Raises `UsageError`."""
    if width < 8 or width % 8 or width > 1_024:
        raise UsageError(f"-p width={width}: choose a multiple of 8, from 8 to 1024.")


def require_latent(latent: int) -> None:
    """Raise `UsageError` for dimensions that no canvas needs."""
    if not 1 <= latent <= 4_096:
        raise UsageError(f"-p latent={latent}: choose a number from 1 to 4096.")
