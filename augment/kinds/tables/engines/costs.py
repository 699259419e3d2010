"""About how long the engines of tables take, from unit costs.

Seconds are those of one core of a server processor of 2023 (see `augment.nets.machine_speed`);
they are meant to be right within a factor of two.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from augment.core.types import Costs
from augment.kinds.tables.data.dataset import Table

if TYPE_CHECKING:
    from augment.kinds.tables.engines.anyorder.presets import Shape

MOST_COUNTED = 20_000  # rows in which distinct values are counted
STEP_SECONDS = 0.0026  # of a training step, whatever its size
PARAMETER_SECONDS = 2e-8  # of a step: slopes, their norm, AdamW and the average
PRODUCT_SECONDS = 7e-11  # of a multiplication there and back, in bfloat16
GPU_START_SECONDS = 11.0  # of the first launches, libraries' plans and the recording of a step
GPU_STEP_SECONDS, GPU_ATTENTION_SECONDS = 0.001, 0.002  # recorded, of 512 rows
GPU_COLUMN_SECONDS = 1e-6  # of drawing one cell
START_SECONDS = 2.0  # of loading torch and the first of every step
LOOKING_SECONDS = 0.045  # for the rounding of one number
PAIR_SECONDS = 1.3e-5  # for a dependency between two columns
CELL_SECONDS = 6e-6  # of protecting and encoding a cell
DRAW_SECONDS = 4e-6  # of a cell, beside the products
MOST_DRAWN, LEAST_DRAWN = 40_000, 200  # rows of a calibration
COLUMN_SECONDS = 3e-3  # of protecting and looking at one, however few its rows
SDV_SECONDS = 6.5  # of importing and preparing SDV
HEADS = 64  # columns that one step asks for
FEW_STEPS = 500  # planned; so few are those of a table that is learnt by heart soon
FEW_TAKEN, MANY_TAKEN = 0.7, 0.9  # share of the planned steps after which trainings stop


def token_count(data: Table, bins: int) -> int:
    """About how many tokens the columns have together."""
    total = 0
    for column in data.schema:
        distinct = pc.count_distinct(data.column(column.name).slice(0, MOST_COUNTED)).as_py()
        total += min(distinct + 1, bins) if column.role in ("numeric", "datetime") else distinct
    return total


def calibration_seconds(rows: int, columns: int) -> float:
    return columns * (0.05 + 2e-5 * min(max(rows, LEAST_DRAWN), MOST_DRAWN))


def anyorder_costs(
    data: Table, shape: Shape, tokens: int, batch: int, steps: int, device: str
) -> Costs:
    """Of `steps` of `batch` rows those that are usually taken, the search for structure before and
    the calibration after them."""
    rows, columns = len(data), len(data.schema)
    width, inner = shape.width, 3 * shape.blocks * shape.width * shape.hidden
    if shape.attention:
        inner += 4 * shape.blocks * width * width
    numbers = sum(column.role in ("numeric", "datetime") for column in data.schema)
    structure = (
        START_SECONDS
        + LOOKING_SECONDS * numbers * min(1.0, columns / 60)
        + PAIR_SECONDS * columns * columns / 2
        + CELL_SECONDS * rows * columns
    )
    places = columns if shape.attention else 1
    products = batch * (tokens * width * min(1.0, HEADS / columns) + inner * places)
    step = STEP_SECONDS + PARAMETER_SECONDS * (2 * tokens * width + inner)
    step += PRODUCT_SECONDS * products
    row = columns * (DRAW_SECONDS + PRODUCT_SECONDS / 3 * inner * places)
    calibration = calibration_seconds(rows, columns)
    calibration += row * min(max(rows, LEAST_DRAWN), MOST_DRAWN)
    if device != "cpu":
        structure += GPU_START_SECONDS
        step = GPU_ATTENTION_SECONDS if shape.attention else GPU_STEP_SECONDS
        row = columns * GPU_COLUMN_SECONDS
        calibration = calibration_seconds(LEAST_DRAWN, columns)
    taken = steps * (FEW_TAKEN if steps <= FEW_STEPS else MANY_TAKEN)
    return Costs(structure + taken * step + calibration, row, 100 * tokens * width)


def net_costs(data: Table, epochs: int, batch: int, step_seconds: float) -> Costs:
    """ctgan and tvae: a mixture for each number, then steps."""
    rows, columns = len(data), len(data.schema)
    numbers = sum(column.role in ("numeric", "datetime") for column in data.schema)
    steps = epochs * math.ceil(rows / batch)
    wide = 8 * rows * 40 * columns
    fit = SDV_SECONDS + 1.3e-4 * rows * numbers + steps * step_seconds
    return Costs(fit, 2e-6 * columns, wide)


def plain_costs(data: Table, cell_seconds: float) -> Costs:
    """Engines that look at every cell once, a column at a time."""
    columns = len(data.schema)
    fit = 0.1 + COLUMN_SECONDS * columns + cell_seconds * len(data) * columns
    return Costs(fit, 2e-7 * columns)
