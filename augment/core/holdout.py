"""Rows kept unseen by a fit."""

from __future__ import annotations

import secrets
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.core.files import read_json, write_json
from augment.core.seeds import MAX_SEED, Seed
from augment.core.types import D, Dataset

SECRET = "split.json"  # noqa: S105 - a file's name


def split(data: D, share: float, seed: Seed) -> tuple[D, D]:
    """Train and unseen rows, by one shuffle; stratified by nothing, so that both are plain draws.

    The unseen part has at least one row where there are two, and never more than half. Rows of
    one entity go to the same side, where there are entities enough.
    """
    unseen = min(max(round(share * len(data)), 1), len(data) // 2)
    order, unseen = split_order(data, unseen, seed)
    return data.take(np.sort(order[unseen:])), data.take(np.sort(order[:unseen]))


def kept_secret(folder: Path) -> Seed:
    """A seed from the operating system that nobody is told, the same whenever it is asked for in
    `folder`."""
    path = folder / SECRET
    if not path.is_file():
        write_json(path, {"seed": secrets.randbelow(MAX_SEED)})
    return Seed(int(read_json(path)["seed"]))


def independent_split(data: D, share: float, secret: Seed) -> tuple[D, D]:
    """Train and unseen rows, by a coin for each row that nobody can foresee.

    So one row more or less changes the train rows by that one at most, which is what a private
    fit counts on; a shuffle by a known seed would exchange many.
    """
    unseen = secret.rng().random(len(data)) < share
    return data.take(np.flatnonzero(~unseen)), data.take(np.flatnonzero(unseen))


def split_order(data: Dataset, first: int, seed: Seed) -> tuple[NDArray[np.int64], int]:
    """The rows in random order, and how many of them are to be taken as the first part: as near
    to `first` as can be without cutting an entity, if that is at least half as many."""
    entities = data.entities()
    rng = seed.rng()
    if entities is None:
        return rng.permutation(len(data)), first
    _, entity_of, sizes = np.unique(entities, return_inverse=True, return_counts=True)
    drawn = rng.permutation(len(sizes))
    ends = np.cumsum(sizes[drawn])
    fitting = ends[ends <= first]
    if not len(fitting) or fitting[-1] < first / 2:
        return rng.permutation(len(data)), first
    place = np.empty(len(sizes), dtype=np.int64)
    place[drawn] = np.arange(len(sizes))
    return np.lexsort([rng.random(len(data)), place[entity_of]]), int(fitting[-1])
