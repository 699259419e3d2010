"""Attacks by classifiers that tell made rows from the reference: who looks made is a member."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from sklearn import config_context
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from augment.core.seeds import Seed
from augment.evaluation.two_samples import FOLD_NOISE
from augment.kinds.tables.metrics.attacks.attack import Attack, Target
from augment.kinds.tables.metrics.trees import usable

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ROWS = 4_000  # of either side, that a classifier learns from
TREES = 60
MOST = 1e30
UNITS = 64
BATCH = 128
STEPS = 200  # of the network's training


class Forest(Attack):
    """The share of a random forest's trees that take a candidate for a made row.

    The classifier of TAPAS (Houssiau et al. 2022, arXiv 2211.06550) and Synth-MIA (Ward et al.
    2025, arXiv 2509.18014), with rows of the population as the other class. It learns from at most
    4,000 rows of either side, which weigh the same together.
    """

    name: ClassVar[str] = "random forest"
    spread: ClassVar[float] = FOLD_NOISE

    def suspicion(self, target: Target, seed: Seed) -> NDArray[np.float64]:
        x, y = learnt(target, seed, "features")
        asked = within_range(target.candidates.features)
        kept, _ = usable(x, [False] * x.shape[1])
        if not kept.any():
            return np.zeros(len(asked))
        forest = RandomForestClassifier(
            TREES, class_weight="balanced", random_state=seed.integer(31), max_features="sqrt"
        )
        with config_context(skip_parameter_validation=True):  # of each tree: half of a small fit
            forest.fit(x[:, kept], y)
        return np.asarray(forest.predict_proba(asked[:, kept])[:, 1], np.float64)


class Discriminator(Attack):
    """How surely a discriminator, a small network, takes a candidate for a made row.

    LOGAN (Hayes et al. 2019, arXiv 1705.07663) without access to the generator: the attacker's own
    adversary learns what the generator puts out, and is surest on what it was trained on. DIFFERS:
    the other class is the reference rather than an own generator's rows.
    """

    name: ClassVar[str] = "discriminator"
    spread: ClassVar[float] = FOLD_NOISE

    def suspicion(self, target: Target, seed: Seed) -> NDArray[np.float64]:
        x, y = learnt(target, seed, "points")
        batch = min(BATCH, len(x))
        epochs = math.ceil(STEPS * batch / len(x))
        network = MLPClassifier(
            (UNITS,),
            batch_size=batch,
            max_iter=epochs,
            n_iter_no_change=epochs,
            learning_rate_init=3e-3,
            random_state=seed.integer(31),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # so many epochs are meant
            network.fit(x, y)
        odds = network.predict_log_proba(target.candidates.points.astype(np.float64))
        return np.asarray(odds[:, 1] - odds[:, 0], np.float64)


def learnt(target: Target, seed: Seed, form: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Rows of both sides in a `form` that views have, and 1 for those that are made."""
    made = target.made.sample(MOST_ROWS, seed.child("made"))
    real = target.reference.sample(MOST_ROWS, seed.child("reference"))
    x = np.concatenate([getattr(made, form), getattr(real, form)]).astype(np.float64)
    return within_range(x), np.repeat([1, 0], [len(made), len(real)])


def within_range(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same with numbers whose sums single precision holds, which forests compute in."""
    return np.clip(x, -MOST, MOST)
