"""Sizes of a network that a user may ask for, and that a stored model may claim to have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from augment.core.errors import OutOfResources, UsageError
from augment.kinds.images.data.schema import LEAST_SIDE, ImageSchema
from augment.nets.training import TooLittleTime

FEWEST_STEPS = 200  # of training a network for pictures, below which it makes mush


def require_width(width: int) -> None:
    """Channels are normalised in groups of eight. Raises `UsageError`."""
    if width < 8 or width % 8 or width > 1_024:
        raise UsageError(f"-p width={width}: choose a multiple of 8, from 8 to 1024.")


@contextmanager
def or_a_smaller_canvas(schema: ImageSchema) -> Iterator[None]:
    """Add to `TooLittleTime` the canvas on which the time would do: a step costs by the pixel."""
    try:
        yield
    except TooLittleTime as error:
        share = (error.affordable / error.fewest) ** 0.5
        width, height = (int(side * share) // 4 * 4 for side in (schema.width, schema.height))
        if min(width, height) < LEAST_SIDE:
            raise
        raise OutOfResources(
            f"{error} Or work on fewer pixels: --canvas {width}x{height}."
        ) from None


def require_latent(latent: int) -> None:
    """Raise `UsageError` for dimensions that no canvas needs."""
    if not 1 <= latent <= 4_096:
        raise UsageError(f"-p latent={latent}: choose a number from 1 to 4096.")
