"""Relations that hold on most rows, though not on all: told of, but not kept."""

from __future__ import annotations

from dataclasses import dataclass

from augment.core.types import Json

LEAST_SHARE = 0.95  # of the rows that have the columns


@dataclass(frozen=True)
class Near:
    """A relation as a `sentence`; of `rows` rows that have its columns, `broken` break it."""

    sentence: str
    rows: int
    broken: int

    @property
    def share(self) -> float:
        return 1 - self.broken / self.rows

    @property
    def close(self) -> bool:
        return 0 < self.broken <= (1 - LEAST_SHARE) * self.rows

    def to_json(self) -> Json:
        """What the report shows; the share is never rounded up to 1."""
        share = min(round(self.share, 6), 0.999999)
        return {
            "relation": self.sentence, "share": share, "broken_rows": self.broken, "rows": self.rows
        }  # fmt: skip
