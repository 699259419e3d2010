"""Networks of `flow`, and what they are trained with."""

from __future__ import annotations

from dataclasses import dataclass

from augment.kinds.images.data.schema import ImageSchema


@dataclass(frozen=True)
class Preset:
    """Sizes that go together. `blocks` are of a transformer; without any, a small U of
    convolutions. `batch` None: as many pictures as the device has memory for."""

    steps: int
    batch: int | None
    width: int
    blocks: int
    learning_rate: float
    sampling_steps: int


@dataclass(frozen=True)
class Sizes(Preset):
    """A preset with what the user asked for in its place, on a device."""

    batch: int


PRESETS = {
    "cpu": Preset(6_000, 64, 32, 0, 2e-3, 8),
    "gpu": Preset(6_000, None, 512, 8, 6e-4, 4),
}
CENTRE, SPREAD = -0.4, 1.0  # of the normal distribution whose logistic times are drawn
SILENCED = 0.1  # share of training pictures whose condition is hidden, so that guidance can work
JUDGED = 512  # pictures that the held-out loss is taken on
PLACES = 16  # patches along the longer side of a canvas, at most
MOST_AT_ONCE, LEAST_AT_ONCE = 512, 16  # pictures in a step of preset gpu
NUMBERS_KEPT = 30  # of each place and block, for the slope: times the width
SHARE_KEPT = 0.5  # of the device's memory, at most


def patch_of(sides: tuple[int, int]) -> int:
    """Pixels along a side of a patch.

    >>> patch_of((32, 32)), patch_of((8, 8)), patch_of((128, 100))
    (2, 1, 8)
    """
    return -(-max(sides) // PLACES)


def places_of(schema: ImageSchema) -> int:
    """How many patches a canvas has."""
    patch = patch_of((schema.height, schema.width))
    return -(-schema.height // patch) * -(-schema.width // patch)


def batch_for(bytes_of_device: int | None, places: int, width: int, blocks: int) -> int:
    """Pictures in a step, a power of two: those whose bfloat16 activations fit the memory.

    Without a device it is the least.

    >>> batch_for(80 << 30, 256, 512, 8), batch_for(8 << 30, 256, 512, 8)
    (512, 64)
    """
    picture = 2 * NUMBERS_KEPT * places * width * blocks
    found = MOST_AT_ONCE
    room = 0 if bytes_of_device is None else SHARE_KEPT * bytes_of_device
    while found > LEAST_AT_ONCE and found * picture > room:
        found //= 2
    return found
