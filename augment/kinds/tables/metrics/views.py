"""What metrics see: real and made rows in one encoding, learnt from the training rows only.

`RealViews` and `FakeViews` hold numbers and codes, never Arrow data, and compute each shared
thing (bins, points for distances, features for trees, row keys) once, when first asked for.
Only modelled columns are in here: ids, texts and constants say nothing about a generator.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.seeds import Seed
from augment.evaluation.roc import Clusters
from augment.kinds.tables.data import values
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.metrics import features
from augment.kinds.tables.metrics.all_rows import AllRows
from augment.kinds.tables.metrics.axes import Axis
from augment.kinds.tables.metrics.identities import Identities
from augment.kinds.tables.metrics.rare_texts import RareTexts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.kinds.tables.metrics.rules import Rule

R = TypeVar("R")

MOST_PREDICTORS = 200  # columns that classifiers are given; of more, so many are drawn


@dataclass(frozen=True)
class View:
    """Rows in the shared encoding: floats for numbers (NaN is null), codes for categories."""

    axes: tuple[Axis, ...]
    columns: tuple[NDArray[Any], ...]  # one (rows,) array per axis
    rows: int

    @staticmethod
    def of(table: Table, axes: tuple[Axis, ...]) -> View:
        return View(axes, tuple(_encoded(table, axis) for axis in axes), len(table))

    def __len__(self) -> int:
        return self.rows

    def take(self, rows: NDArray[np.int64]) -> View:
        return View(self.axes, tuple(column[rows] for column in self.columns), len(rows))

    def sample(self, most: int, seed: Seed) -> View:
        """At most `most` rows, drawn without replacement; the view itself where it has fewer."""
        return self if self.rows <= most else self.take(self.sampled(most, seed))

    def sampled(self, most: int, seed: Seed) -> NDArray[np.int64]:
        """Which rows `sample` takes."""
        if self.rows <= most:
            return np.arange(self.rows)
        return seed.rng().permutation(self.rows)[:most]

    def select(self, places: Sequence[int]) -> View:
        """The same rows with the columns at these places only."""
        axes = tuple(self.axes[i] for i in places)
        return View(axes, tuple(self.columns[i] for i in places), self.rows)

    @cached_property
    def binned(self) -> tuple[NDArray[np.int64], ...]:
        """Per axis, (rows,) bins shared by all views."""
        return tuple(axis.bin(column) for axis, column in zip(self.axes, self.columns, strict=True))

    @cached_property
    def points(self) -> NDArray[np.float32]:
        """(rows, dimensions) for distances: see `features.points`."""
        return features.points(self.axes, self.columns, self.rows)

    @cached_property
    def keys(self) -> NDArray[np.uint64]:
        """(rows,) one number per distinct row."""
        return features.keys(self.axes, self.columns, self.rows)

    @cached_property
    def features(self) -> NDArray[np.float64]:
        """(rows, features) for trees: see `features.features`."""
        return features.features(self.axes, self.columns, self.rows)


def text_keys(table: Table, view: View) -> NDArray[np.uint64] | None:
    """(rows,) one number per distinct row of the view's columns and of the table's texts.

    None where there is no column of texts. Ids take no part: rows that are numbered anew meet the
    real ones' numbers by chance.
    """
    import pandas as pd

    names = [column.name for column in table.schema if column.role == "text"]
    if not names:
        return None
    found = view.keys
    for name in names:
        texts = pc.cast(table.column(name), pa.string()).to_pandas()
        hashed = np.asarray(pd.util.hash_pandas_object(texts, index=False), np.uint64)
        found = features.joined(found, hashed)
    return found


def _encoded(table: Table, axis: Axis) -> NDArray[Any]:
    if axis.numeric:
        numbers = values.numbers(table, axis.name)
        return np.where(np.isfinite(numbers), numbers, np.nan)
    codes, levels = values.codes(table, axis.name)
    lookup = [axis.levels.get(level, len(axis.levels)) for level in levels]
    return np.array([*lookup, -1], dtype=np.int64)[codes]


@dataclass(frozen=True)
class ShadowViews:
    """A shadow model's rows (see `core.kind.Shadow`), and whose the members and outsiders are."""

    members: View
    outsiders: View
    made: View
    clusters: Clusters | None


@dataclass(frozen=True)
class RealViews:
    """The real side: `train` is what the generator saw, `test` is what it never saw.

    Where it is not known which rows a generator saw (two files from any tool), `train` and `test`
    are the halves of a split, `seen_known` is False, and `suspects` are all the real rows.
    """

    train: View
    test: View
    target: str | None
    target_note: str = ""
    seen_known: bool = True
    suspects: View = field(kw_only=True)  # rows that may have been copied
    texts: NDArray[np.uint64] | None = field(default=None, kw_only=True)  # (suspects,) row keys
    rare_texts: RareTexts | None = field(default=None, kw_only=True)  # of train
    seen: Identities = field(kw_only=True)  # whose row each row of train is, and when it was
    unseen: Identities = field(kw_only=True)
    stamp: tuple[str, ...] = field(kw_only=True)  # the columns of the time
    predictors: tuple[int, ...] = field(kw_only=True)  # places of the columns classifiers are given
    shadows: tuple[ShadowViews, ...] = field(default=(), kw_only=True)
    whole: AllRows | None = field(default=None, kw_only=True)  # where these are a sample
    whole_unseen: AllRows | None = field(default=None, kw_only=True)
    rules: tuple[Rule, ...] = field(default=(), kw_only=True)  # true of all rows of both sides

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.train.axes

    @property
    def predictors_note(self) -> str:
        """What to say of scores that do not look at every column; "" where they do."""
        if len(self.predictors) == len(self.axes):
            return ""
        return f"On {len(self.predictors):,} of {len(self.axes):,} columns, drawn by the seed."


def predictors(columns: int, seed: Seed) -> tuple[int, ...]:
    """The places of the columns that classifiers are given: all, or `MOST_PREDICTORS` of them.

    What trees cost grows with the columns, and a table of thousands would be judged for hours.
    """
    if columns <= MOST_PREDICTORS:
        return tuple(range(columns))
    return tuple(sorted(seed.rng().permutation(columns)[:MOST_PREDICTORS].tolist()))


@dataclass(frozen=True)
class FakeViews:
    """The made rows, and what was wrong with their structure before they were encoded."""

    rows: View
    identities: Identities
    problems: dict[str, dict[str, int]] = field(default_factory=dict)  # check -> column -> count
    texts: NDArray[np.uint64] | None = None  # (rows,) as `RealViews.texts`
    rare_texts: int = 0  # rows with one of `RealViews.rare_texts`
    whole: AllRows | None = None  # where these, or the real rows, are a sample
    _computed: dict[Hashable, Any] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        return len(self.rows)

    def once(self, key: Hashable, compute: Callable[[], R]) -> R:
        """What `compute` gives, once for each `key` in a process: for what a metric both scores
        and draws."""
        if key not in self._computed:
            self._computed[key] = compute()
        found: R = self._computed[key]
        return found
