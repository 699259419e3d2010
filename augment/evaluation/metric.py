"""What a metric is, and what it declares of each figure that it gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Literal, TypeVar

from augment.core.seeds import Seed
from augment.core.types import Better, Group, Json, Score
from augment.evaluation.charts import Chart
from augment.evaluation.limits import Limit

Unit = Literal["number", "share", "count"]
Places = Literal["columns", "pairs"]
WIDEST_TITLE = 20  # characters, so that a line of the terminal's table fits 80 columns


@dataclass(frozen=True)
class Measure:
    """One figure of a metric: what it is called, what it says, and which values pass.

    `name` is that of its scores, and `better` their direction. A measure with a `limit` is judged,
    on the whole data set; one without is shown and not judged. A group passes only when each of its
    `essential` measures has passed; those always have a score, if one without a value.

    `worst` is the worst value there is: a limit that reaches it cannot be missed, so the check
    shows nothing. `most_noise` bounds what may be allowed for sampling noise: where more is
    needed, data within the limit are not shown to be good. `ceiling_noise` says that the ceiling
    comes from rows that had no part in the value, so that its noise adds to the value's.

    With `above_floor`, a limit that the floor meets shows nothing either: then real rows hardly do
    better than rows without structure.

    `remedy` says what usually mends it where it fails, as "why: what to change", and `evidence`
    what would give it a value, or more certainty, where it is not shown.

    `worst_places` says that the scores of single columns (or pairs) name where data are worst;
    those that lie less than `worth_naming` behind the ceiling are left out.

    A `gain` is a difference, of which 0 is none: reports draw it with its interval.
    """

    name: str
    title: str
    meaning: str  # one line, for a sentence: "AUC of telling members from others"
    better: Better = field(kw_only=True)
    limit: Limit | None = None
    essential: bool = False
    unit: Unit = "number"
    worst: float | None = None
    most_noise: float = 0.1
    ceiling_noise: bool = False
    above_floor: bool = False
    worst_places: Places | None = None
    worth_naming: float = 0.02
    gain: bool = False
    remedy: str = ""
    evidence: str = ""

    def to_json(self) -> Json:
        """As `report.json` holds it: all that a reader needs to show the scores of this name."""
        return {
            "name": self.name,
            "title": self.title,
            "meaning": self.meaning,
            "unit": self.unit,
            "better": self.better,
            "places": self.worst_places,
            "judged": self.limit is not None,
            "essential": self.essential,
            "remedy": self.remedy,
            "evidence": self.evidence,
            **({"gain": True} if self.gain else {}),
        }


R = TypeVar("R")
F = TypeVar("F")


class Metric(ABC, Generic[R, F]):
    """Compares made rows with real ones.

    `R` is the kind's view of the real side (rows that a generator saw, and rows it never saw),
    `F` its view of the made rows; both hold each shared thing once (bins, encodings, distances).
    Rows are scored against unseen rows wherever the question allows it. A metric never raises on
    data that a table or folder may hold: where there is too little evidence, the score's value
    is None and its note says why.

    Its entry in the group `augment.metrics` is called `kind.name`. `order` is its place among the
    metrics of its kind, wherever they are shown; metrics of the same place stand by name.

    Scores whose name is not among `measures` are shown under that name and never judged.
    """

    kind: ClassVar[str]
    name: ClassVar[str]
    group: ClassVar[Group]
    order: ClassVar[int] = 100
    measures: ClassVar[tuple[Measure, ...]] = ()
    has_floor: ClassVar[bool] = True  # whether scores of the floor (see `Score`) say anything

    @abstractmethod
    def score(self, real: R, fake: F, seed: Seed) -> list[Score]:
        """The scores of the made rows; `ceiling` and `floor` are left for the caller to fill."""

    def ceiling(self, real: R, n: int, seed: Seed) -> list[Score]:
        """The same scores for (about) `n` fresh real rows; each metric says how it gets them.

        One that does not say has no ceiling.
        """
        return []

    def charts(self, real: R, fake: F, seed: Seed) -> Sequence[Chart]:
        """What a report draws beside its scores; usually nothing. See `Chart` for what it may
        hold."""
        return ()

    def remarks(self, scores: Sequence[Score]) -> list[str]:
        """What its scores mean together, as sentences of a report; usually nothing."""
        return []
