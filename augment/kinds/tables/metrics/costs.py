"""About how long scoring a table takes, in the seconds of `augment.kinds.tables.engines.costs`."""

from __future__ import annotations

from augment.kinds.tables.metrics.views import MOST_PREDICTORS

LEARNT_ROWS = 4_000  # beyond which trees take hardly longer
CELL_SECONDS = 2.5e-4  # of a cell that classifiers are given: detection and utility take most
COLUMN_SECONDS = 6e-3  # of encoding one on all sides, and its bars in the report


def scoring_seconds(rows: int, columns: int) -> float:
    """Of all metrics."""
    learnt = min(columns, MOST_PREDICTORS) * min(rows, LEARNT_ROWS)
    return 5 + CELL_SECONDS * learnt + COLUMN_SECONDS * columns
