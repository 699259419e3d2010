"""About how long scoring a table takes, in the seconds of `augment.kinds.tables.engines.costs`."""

from __future__ import annotations

import math

from augment.kinds.tables.metrics.views import MOST_PREDICTORS

LOADING_SECONDS = 6.0  # of the libraries that score, and of what each table takes
MOST_ROWS = 25_000  # of a table, beyond which detection is given no more
ROW_SECONDS = 0.1  # times the root of the rows: leaves of trees grow slower than their rows
FEW_COLUMNS = 20  # up to which a cell costs a tree hardly anything
LEARNT_ROWS = 4_000  # whose cells in more columns do cost; from there on hardly more
CELL_SECONDS = 1.5e-4  # of such a cell
MANY_ROWS = 8_000  # beyond which attacks, neighbours and utility take longer with each
MOST_SEARCHED = 50_000  # and up to which
SEARCHED_SECONDS = 7.5e-4  # of such a row
COLUMN_SECONDS = 6e-3  # of encoding one on all sides, and its bars in the report


def scoring_seconds(rows: int, columns: int) -> float:
    """Of all metrics."""
    wide = max(0, min(columns, MOST_PREDICTORS) - FEW_COLUMNS) * min(rows, LEARNT_ROWS)
    trees = ROW_SECONDS * math.sqrt(min(rows, MOST_ROWS)) + CELL_SECONDS * wide
    searched = SEARCHED_SECONDS * max(0, min(rows, MOST_SEARCHED) - MANY_ROWS)
    return LOADING_SECONDS + trees + searched + COLUMN_SECONDS * columns
