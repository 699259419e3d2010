"""Keys: rows whose key another row has already."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Group, Score
from augment.evaluation.limits import fixed
from augment.evaluation.metric import Measure, Metric
from augment.kinds.tables.metrics.views import FakeViews, RealViews

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Keys(Metric[RealViews, FakeViews]):
    """`keys`: share of synthetic rows whose key occurs before, or has a gap.

    The key are the columns that together name a row of train (year, month, day and hour; an id
    and a time stamp). Real rows have 0. A table without such a key has no such score.
    """

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "keys"
    order: ClassVar[int] = 90
    group: ClassVar[Group] = "validity"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "keys",
            "Repeated keys",
            "rows whose key occurs before",
            better="lower",
            limit=fixed(0.0),
            unit="share",
            remedy="keys are drawn column by column: name the key's columns in a schema (--schema)",
        ),
    )

    def score(self, real: RealViews, fake: FakeViews, seed: Seed) -> list[Score]:
        return _score(fake.identities.key)

    def ceiling(self, real: RealViews, n: int, seed: Seed) -> list[Score]:
        return _score(real.unseen.key)


def _score(key: NDArray[np.int64] | None) -> list[Score]:
    if key is None:
        return []
    if not len(key):
        return [Score("keys", None, "lower", "validity", note="There are no rows.")]
    known = key[key >= 0]
    share = 1 - len(np.unique(known)) / len(key)
    return [Score("keys", float(share), "lower", "validity")]
