"""Of several ways to say what holds, the one that the columns were computed by is kept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.data.values import from_numbers, numbers, table_of

ROWS = 1_500


def of(decimals: dict[str, int | None], **own: np.ndarray) -> Table:
    columns = [Column(n, "numeric", "float", max_decimals=decimals.get(n, 0)) for n in own]
    return table_of(columns, [from_numbers(c, own[c.name]) for c in columns], None)


def flights() -> Table:
    """Few distances, and speeds that are computed of them and rounded."""
    rng = np.random.default_rng(0)
    way = rng.choice([187.0, 719.0, 760.0, 1089.0, 2475.0], ROWS)
    time = np.round(way / 7.5 + rng.normal(0, 8, ROWS)).clip(15)
    return of({"speed": 1}, way=way, time=time, speed=np.round(60 * way / time, 1))


def cars() -> Table:
    """Few list prices, and what is left of them."""
    rng = np.random.default_rng(0)
    new = rng.choice([18_000.0, 24_000.0, 28_000.0, 45_000.0], ROWS)
    price = np.round(new * rng.uniform(0.2, 0.95, ROWS), -1)
    return of({}, new=new, price=price, lost=new - price)


def votes() -> Table:
    """Votes for five parties, valid ones and all."""
    rng = np.random.default_rng(0)
    own = {f"party_{n}": rng.poisson(rng.gamma(2, 900 / n, ROWS)) * 1.0 for n in range(1, 6)}
    valid = np.sum([*own.values()], axis=0)
    invalid = rng.poisson(20, ROWS) * 1.0
    return of({}, voters=valid + invalid, invalid=invalid, valid=valid, **own)


def families() -> Table:
    rng = np.random.default_rng(0)
    others, parents = rng.poisson(0.5, ROWS) * 1.0, rng.poisson(0.4, ROWS) * 1.0
    return of({}, others=others, parents=parents, family=others + parents + 1)


def scales() -> Table:
    """The same in two ways, both with endless digits, of what is rounded."""
    size = np.round(np.random.default_rng(0).gamma(2, 100, ROWS), 1)
    score = (size - size.mean()) / size.std()
    return of({"size": 1, "score": None}, size=size, score=score)


def salaries() -> Table:
    """Of a gross wage all else is computed, though it is also the sum of it."""
    rng = np.random.default_rng(0)
    gross = np.round(rng.lognormal(8, 0.3, ROWS), 2)
    tax = np.round(np.where(gross < 3000, 0.1 * gross, 300 + 0.3 * (gross - 3000)), 2)
    social = np.round(0.0935 * gross, 2)
    net = np.round(gross - tax - social, 2)
    digits = dict.fromkeys(("gross", "tax", "social", "net"), 2)
    return of(digits, gross=gross, tax=tax, social=social, net=net)


@pytest.mark.parametrize(
    "table, kept",
    [
        (flights(), {"speed = 60 × way / time"}),
        (cars(), {"price = new - lost"}),
        (
            votes(),
            {
                "voters = invalid + valid",
                "valid = party_1 + party_2 + party_3 + party_4 + party_5",
            },
        ),
        (families(), {"family = others + parents + 1"}),
        (
            salaries(),
            {
                "social = 0.0935 × gross",
                "tax = 2 lines along gross",
                "net = gross - tax - social",
            },
        ),
    ],
)
def test_the_plainest_is_kept(table: Table, kept: set[str]) -> None:
    found = relations.mined(table)
    orders = {sentence for sentence in found.sentences if "<=" in sentence}
    assert {*found.sentences} - orders == kept
    again = found.put_back(found.taken_out(table), list(table.schema), None)
    for name in table.schema.names:  # an exact half may have been rounded otherwise
        np.testing.assert_allclose(numbers(again, name), numbers(table, name), atol=0.0101)


def test_what_has_endless_digits_is_computed() -> None:
    (link,) = relations.mined(scales()).links
    assert link.result == "score"


def journeys() -> Table:
    """Moments of start and of end; day, month and hour are those of the start. Few journeys go past
    the end of a quarter of a year, and none here."""
    rng = np.random.default_rng(0)
    start = (19_000 * 24 * 60 + rng.integers(0, 400 * 24 * 60, ROWS)) * 60_000_000
    end = start + rng.integers(5, 200, ROWS) * 60_000_000
    quarter = [(np.array(t, "datetime64[us]").astype("datetime64[M]").astype(int) % 12) // 3
               for t in (start, end)]  # fmt: skip
    inside = quarter[0] == quarter[1]
    start, end, quarter = start[inside], end[inside], quarter[0][inside]
    months = start.astype("datetime64[us]").astype("datetime64[M]")
    days = start.astype("datetime64[us]").astype("datetime64[D]")
    own = {
        "start": start,
        "end": end,
        "quarter": quarter,
        "month": months.astype(int) % 12 + 1,
        "day": (days - months).astype(int) + 1,
        "hour": start // (DAY_US // 24) % 24,
    }
    columns = [
        Column(n, "datetime", "datetime", format="%Y-%m-%d %H:%M", step_us=60_000_000)
        if n in ("start", "end")
        else Column(n, "numeric", "integer")
        for n in own
    ]
    arrays = [from_numbers(c, own[c.name].astype(float)) for c in columns]
    return table_of(columns, arrays, None)


def test_parts_of_a_date_are_read_off_the_date_that_all_follow() -> None:
    found = relations.mined(journeys())
    assert not found.dates
    assert {each.sentence for each in found.settled} == {
        "quarter follows from the month of start",
        "month follows from the month of start",
        "day follows from the day of the month of start",
        "hour follows from the hour of start",
    }


def test_another_name_of_a_range_follows_from_the_first() -> None:
    """Visits whose number and name both follow from the day, which only stands beside them."""
    rng = np.random.default_rng(0)
    visit = rng.integers(1, 5, ROWS)
    columns = [
        Column("visit", "numeric", "integer"),
        Column("called", "categorical", "string"),
        Column("day", "numeric", "integer"),
    ]
    arrays = [
        from_numbers(columns[0], visit * 1.0),
        pa.array([f"week {4 * number}" for number in visit]),
        from_numbers(columns[2], 28.0 * visit + rng.integers(-3, 4, ROWS)),
    ]
    found = relations.mined(table_of(columns, arrays, None))
    assert set(found.sentences) == {
        "visit follows from the range of day",
        "called follows from visit",
    }
