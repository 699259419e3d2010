"""The rows of one scoring: made ones beside real ones that a generator saw and did not see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Self

from augment.core.budget import UNLIMITED, Budget
from augment.core.holdout import split_order
from augment.core.kind import Shadow
from augment.core.seeds import Seed
from augment.core.types import D, Dataset, Json, Tick, silent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Comparison(Generic[D]):
    """Rows on all sides, and what scoring them may use: its stream, its time, whom to tell.

    `seen` are real rows that a generator saw, `unseen` ones it did not. Where nobody knows which
    those are (two files from any tool), `seen_known` is False, and halves of the `real` rows
    stand for them.
    """

    real: D  # all rows that may have been seen
    seen: D
    unseen: D
    made: D
    seen_known: bool
    seed: Seed
    tick: Callable[[Tick], None] = silent
    options: Json = field(default_factory=dict)
    budget: Budget = UNLIMITED
    shadows: Sequence[Shadow[D]] = ()

    @classmethod
    def of(
        cls,
        train: D,
        test: D | None,
        made: D,
        seed: Seed,
        tick: Callable[[Tick], None] = silent,
        options: Json | None = None,
        budget: Budget = UNLIMITED,
        shadows: Sequence[Shadow[D]] = (),
    ) -> Self:
        """Made rows beside those that their generator saw, and, in `test`, those it did not."""
        seen, unseen = train, test
        if unseen is None:
            first, second = halves(train, seed.child("halves"))
            seen, unseen = train.take(first), train.take(second)
        known, given = test is not None, options or {}
        return cls(train, seen, unseen, made, known, seed, tick, given, budget, shadows)

    def counts(self) -> Json:
        """How many rows stand on each side, as `report.json` holds it."""
        unseen = len(self.unseen)
        return {
            "synthetic": len(self.made),
            "real": len(self.real) + (unseen if self.seen_known else 0),
            "unseen": unseen if self.seen_known else len(self.real) // 2,
            "seen_known": self.seen_known,
        }


def halves(data: Dataset, seed: Seed) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of two disjoint halves, the first one larger where the rows are odd; rows of one
    entity are in the same half."""
    order, middle = split_order(data, (len(data) + 1) // 2, seed)
    return order[:middle], order[middle:]
