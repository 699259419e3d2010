"""About how long the engines of images take, from unit costs, and how much memory.

Seconds are those of one core of a server processor of 2023 (see `augment.nets.machine_speed`);
they are meant to be right within a factor of two.
"""

from __future__ import annotations

from augment.core.types import Costs
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.engines.flow.presets import NUMBERS_KEPT, places_of

USUAL_WIDTH = 32
# Of all metrics, whose classifiers have fixed numbers of steps: on any canvas, and on the largest.
LEAST_SCORING_SECONDS, SCORING_SECONDS = 60.0, 330.0
SCORED_PIXELS = 28 * 28  # from which on a step costs no more
PICTURE_SECONDS = 1.2e-3  # of a made picture: its label looked at, its file written
MOST_AT_ONCE = 500  # pictures that an encoder or decoder holds
# Operations a second of a transformer for pictures: a core; a GPU that learns, and one that draws.
CORE_RATE, LEARNING_RATE, DRAWING_RATE = 8e10, 2.9e14, 1.4e14
RECORDING_SECONDS = 20.0  # of a GPU's steps, before the first
GPU_PICTURES = 100  # that a GPU takes in the time that a core takes for one


def scoring_seconds(schema: ImageSchema) -> float:
    """Of all metrics; a step of their classifiers costs by the pixel."""
    share = min(1.0, schema.height * schema.width / SCORED_PIXELS)
    return LEAST_SCORING_SECONDS + share * (SCORING_SECONDS - LEAST_SCORING_SECONDS)


def network_costs(
    schema: ImageSchema,
    steps: int,
    batch: int,
    width: int,
    device: str,
    learn: float,
    draw: float,
    extra_seconds: float = 0.0,
) -> Costs:
    """`learn` and `draw` are the seconds of one pixel of one picture at the usual width, in a
    training step and in drawing; a step takes 10 ms whatever its size."""
    pixels = schema.height * schema.width
    wider = (width / USUAL_WIDTH) ** 1.5
    faster = 1 if device == "cpu" else GPU_PICTURES
    step = 0.01 + batch * pixels * wider * learn / faster
    held = 6 * MOST_AT_ONCE * pixels * width
    return Costs(steps * step + extra_seconds, pixels * wider * draw / faster, held)


def transformer_costs(
    schema: ImageSchema,
    width: int,
    blocks: int,
    batch: int,
    steps: int,
    calls: int,
    device: str,
) -> Costs:
    """Of `flow --preset gpu`, by the products of its layers and of its attention: 2 operations a
    weight and place, thrice that where a slope is taken, and a half more for its jumps."""
    places = places_of(schema)
    seen = 2 * places * blocks * width * (12 * width + 2 * places)  # of one picture, seen once
    learnt = steps * batch * 3.5 * seen
    if device != "cpu":
        return Costs(RECORDING_SECONDS + learnt / LEARNING_RATE, calls * seen / DRAWING_RATE)
    held = 2 * NUMBERS_KEPT * batch * places * width * blocks
    return Costs(learnt / CORE_RATE, calls * seen / CORE_RATE, held)
