"""Whether two tables have enough columns in common to be compared, and which were renamed."""

from __future__ import annotations

import pytest

from augment.core.errors import BadInput
from augment.kinds.tables.io.alignment import require_alike

REAL = ["age", "income", "last_name", "city"]


@pytest.mark.parametrize(
    ("found", "refused"),
    [
        (REAL, False),
        (["age", "income"], False),  # half
        (["age"], True),
        (["Age", "Income", "Last Name", "City"], True),
        (["age", "a", "b", "c", "d"], True),
        ([*REAL, *"abcdefgh"], False),  # all are there, whatever else is
        ([*REAL[:2], *"abcdefgh"], True),
    ],
)
def test_under_half_in_common_is_refused(found: list[str], refused: bool) -> None:
    if not refused:
        require_alike(found, REAL, "made.csv")
        return
    with pytest.raises(BadInput, match=r"made\.csv: only") as error:
        require_alike(found, REAL, "made.csv")
    assert all(f"'{name}'" in str(error.value) for name in set(found) ^ set(REAL))


def test_renamed_columns_get_their_nearest_name_once() -> None:
    notes = require_alike(["age", "Incomes", "city", "LastName"], REAL, "made.csv")
    assert len(notes) == 2
    assert "'income', but 'Incomes'" in notes[0]
    assert "'last_name', but 'LastName'" in notes[1]
    assert require_alike(["age", "income", "city", "zip"], REAL, "made.csv") == ()
