"""Real rows against real and made ones, beside class weights, oversampling and SMOTE."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augment.core.errors import MissingExtra, UsageError
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.evaluation.lift import RANKED, Arm, Draw, Lift, Quality, Rows, Trained
from augment.kinds.tables.data import measurements
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.values import codes
from augment.kinds.tables.metrics.axes import axis_of
from augment.kinds.tables.metrics.learners import LEARNERS, Judged, Learner, qualities, tree_inputs
from augment.kinds.tables.metrics.views import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

INSTALL = "pip install 'augment-synth[lift]'"
MADE, LACKING = "made", "lacking"  # rows of the real mix, and what brings classes even
RATIOS = (0.25, 0.5, 1.0, 2.0)
MOST_CLASSES = 20
LEAST_OF_A_CLASS = 10  # rows, so that every part of a split has some
NEIGHBOURS = 5  # of SMOTE
REAL, WEIGHTS, OVERSAMPLED, SMOTE, BALANCED = (
    "real alone",
    "class weights",
    "oversampling",
    "SMOTE",
    "synthetic to balance",
)
# Of an arm by both learners: at the least, and per row, column and class (one of two).
ARM_SECONDS, CELL_SECONDS = 0.13, 8e-6


@dataclass(frozen=True)
class Training:
    """Encoded training rows and their classes."""

    view: View
    y: NDArray[np.int64]


class TableLift(Lift[Table]):
    """By gradient boosting and logistic regression, on all modelled columns but the target."""

    arms: ClassVar[tuple[Arm, ...]] = (
        Arm(REAL),
        Arm(WEIGHTS),
        Arm(OVERSAMPLED),
        Arm(SMOTE),
        *(Arm(f"synthetic {r:g}x", f"--mode append -n {1 + r:g}x", r) for r in RATIOS),
        Arm(BALANCED, "--mode append --balance TARGET"),
    )
    qualities: ClassVar[tuple[Quality, ...]] = RANKED

    def require_possible(self, data: Table) -> str:
        _smote_library()
        target = data.schema.target
        if target is None:
            raise UsageError("Name the column of the classes to predict: --target COLUMN.")
        column = data.schema[target]
        if not column.modelled:
            raise UsageError(
                f"The target {target!r} has the role {column.role!r} and cannot be predicted. "
                f"Choose another --target, or pass --column '{target}=category'."
            )
        found, levels = codes(data, target)
        counts = np.bincount(found[found >= 0], minlength=len(levels))
        if not 2 <= len(levels) <= MOST_CLASSES:
            raise UsageError(
                f"The target {target!r} has {len(levels):,} values, and lift is of 2 to "
                f"{MOST_CLASSES} classes. Choose another --target."
            )
        if counts.min() < LEAST_OF_A_CLASS:
            raise UsageError(
                f"A class of {target!r} has {counts.min()} rows, and at least {LEAST_OF_A_CLASS} "
                "of each are needed to split them. Give more rows, or leave such classes out."
            )
        if sum(column.modelled for column in measurements.parted_schema(data.schema)) < 2:
            raise UsageError(f"There is no column to predict {target!r} from.")
        return target

    def seconds(self, data: Table) -> float:
        assert data.schema.target is not None, "what has no target was refused before"
        columns = sum(c.modelled for c in measurements.parted_schema(data.schema)) - 1
        classes = len(codes(data, data.schema.target)[1])
        forests = 1 if classes == 2 else classes
        rows = sum(1 + arm.ratio for arm in self.arms) * len(data)
        return ARM_SECONDS * len(self.arms) + CELL_SECONDS * rows * columns * forests

    def draws(self, train: Table, seed: Seed) -> Mapping[str, Draw]:
        assert train.schema.target is not None, "what has no target was refused before"
        quoted = "'" + train.schema.target.replace("'", "''") + "'"
        longest = math.ceil(max(RATIOS) * len(train))
        return {MADE: Draw(Ask(), longest), LACKING: Draw(Ask(balance=quoted), None)}

    def train(self, rows: Rows[Table], seed: Seed) -> list[Trained]:
        own = rows.train.schema
        target = own.target
        assert target is not None, "what has no target was refused before"
        train, unseen = measurements.parted(rows.train), measurements.parted(rows.test, own)
        names = [c.name for c in train.schema if c.modelled and c.name != target]
        axes = tuple(axis_of(train.schema[name], train, unseen) for name in names)
        levels = sorted(codes(train, target)[1], key=str)

        def encoded(table: Table) -> Training:
            table = measurements.parted(table, own)
            found, known = codes(table, target)
            places = [levels.index(level) if level in levels else -1 for level in known]
            y = np.array([*places, -1], dtype=np.int64)[found]
            kept = np.flatnonzero(y >= 0)
            return Training(View.of(table, axes).take(kept), y[kept])

        real, made = encoded(rows.train), encoded(rows.made[MADE])
        lacking = encoded(rows.made[LACKING]) if LACKING in rows.made else None
        calibration, test = encoded(rows.calibration), encoded(rows.test)
        found = []
        for learner in LEARNERS:
            judged = Judged(
                (learner.encode(calibration.view), calibration.y),
                (learner.encode(test.view), test.y),
                len(levels),
            )
            for arm in self.arms:
                stream = seed.child(learner.name, arm.name)
                found.append(_trained(learner, arm, real, made, lacking, judged, stream))
        return found


def _trained(
    learner: Learner,
    arm: Arm,
    real: Training,
    made: Training,
    lacking: Training | None,
    judged: Judged,
    seed: Seed,
) -> Trained:
    """One arm by one learner."""
    x, y, added, note = learner.encode(real.view), real.y, None, ""
    if arm.name == OVERSAMPLED:
        places = _oversampled(y, seed.child("rows"))
        x, y = x[places], y[places]
    elif arm.name == SMOTE:
        added, note = _interpolated(real, seed.child("rows"))
    elif arm.ratio:
        places = np.arange(min(round(arm.ratio * len(real.y)), len(made.y)))
        added = Training(made.view.take(places), made.y[places])
    elif arm.name == BALANCED:
        added = lacking
        note = "" if lacking is not None else "the classes are balanced already"
    if note and added is None:
        return Trained(learner.name, arm.name, dict.fromkeys(each.name for each in RANKED), note)
    if added is not None:
        x, y = np.concatenate([x, learner.encode(added.view)]), np.concatenate([y, added.y])
    categorical = [not axis.numeric for axis in real.view.axes] or [False]
    weighted = arm.name == WEIGHTS
    q = qualities(learner, x, y, judged, categorical, weighted=weighted, seed=seed.child("fit"))
    return Trained(learner.name, arm.name, asdict(q), note)


def _oversampled(y: NDArray[np.int64], seed: Seed) -> NDArray[np.int64]:
    """Places of all rows, and of repeated ones until every class is as common as the largest."""
    rng, counts = seed.rng(), np.bincount(y)
    more = [
        rng.choice(np.flatnonzero(y == number), counts.max() - count)
        for number, count in enumerate(counts)
        if count
    ]
    return np.concatenate([np.arange(len(y)), *more])


def _interpolated(real: Training, seed: Seed) -> tuple[Training | None, str]:
    """What SMOTE adds until every class is as common as the largest, and why nothing where it
    cannot. SMOTE-NC where there are numbers and categories, SMOTEN for categories alone.

    It takes no gaps: those of numbers stand at the median, those of categories are a level.
    """
    library = _smote_library()
    view, counts = real.view, np.bincount(real.y)
    least = int(counts[counts > 0].min())
    if least < 2:
        return None, "SMOTE needs two rows of each class"
    numeric = np.array([axis.numeric for axis in view.axes])
    filled = tree_inputs(view)
    for place, axis in enumerate(view.axes):
        middle = np.median(axis.knots) if axis.numeric and len(axis.knots) else -1.0
        filled[:, place] = np.nan_to_num(filled[:, place], nan=float(middle))
    options: dict[str, Any] = {
        "random_state": seed.integer(31),
        "k_neighbors": min(NEIGHBOURS, least - 1),
    }
    if numeric.all():
        sampler = library.SMOTE(**options)
    elif not numeric.any():
        sampler = library.SMOTEN(**options)
    else:
        sampler = library.SMOTENC(np.flatnonzero(~numeric).tolist(), **options)
    spread = np.where(numeric, filled.std(axis=0), 1.0)
    spread[spread == 0] = 1.0  # neighbours are found among numbers of one scale
    x, y = sampler.fit_resample(filled / spread, real.y)
    x, y = (x * spread)[len(real.y) :], y[len(real.y) :]
    columns = tuple(
        x[:, place] if axis.numeric else np.rint(x[:, place]).astype(np.int64)
        for place, axis in enumerate(view.axes)
    )
    return Training(View(view.axes, columns, len(y)), y.astype(np.int64)), ""


def _smote_library() -> Any:
    """Raises `MissingExtra` where imbalanced-learn is not installed."""
    try:
        return importlib.import_module("imblearn.over_sampling")
    except ImportError:
        raise MissingExtra(
            "augment lift compares with SMOTE, which needs the Python package 'imbalanced-learn'. "
            f"It is not installed. Install it with: {INSTALL}"
        ) from None
