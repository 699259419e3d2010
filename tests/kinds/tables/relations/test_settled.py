"""What dates and ranges of numbers settle is found, and holds on made rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.errors import BadInput
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations

DAY = 86_400_000_000
MINUTE = 60_000_000
NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def weekdays(dates: np.ndarray) -> list[str]:
    return [NAMES[int(day)] for day in (dates // DAY + 3) % 7]


def visits(rows: int = 1_200) -> Table:
    """Birth, admission and discharge by the minute; what follows from them; costs and a band."""
    rng = np.random.default_rng(0)
    born = (rng.integers(-10_000, 12_000, rows) * DAY).astype(float)
    start = (18_262 * DAY + rng.integers(0, 730 * 1_440, rows) * MINUTE).astype(float)
    end = start + np.ceil(rng.gamma(2, 2_000, rows)) * MINUTE
    stay = end // DAY - start // DAY
    months = (start // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(int)
    birthdays = (born // DAY).astype("datetime64[D]")
    years = np.array([_age(b, np.datetime64("2024-06-30")) for b in birthdays])
    cost = np.round(rng.gamma(3, 400, rows), 2)
    date = {"role": "datetime", "storage": "datetime", "format": "%Y-%m-%d %H:%M"}
    columns = [
        Column("born", "datetime", "datetime", format="%Y-%m-%d", step_us=DAY),
        Column("start", **date, step_us=MINUTE),  # type: ignore[arg-type]
        Column("end", **date, step_us=MINUTE),  # type: ignore[arg-type]
        Column("stay", "numeric", "integer"),
        Column("age", "numeric", "integer"),
        Column("weekday", "categorical", "string"),
        Column("fiscal_year", "numeric", "integer"),
        Column("cost", "numeric", "float", max_decimals=2),
        Column("band", "categorical", "string"),
        Column("costly", "boolean", "boolean"),
    ]
    fiscal = 1970 + (months + 6) // 12
    band = np.select([cost < 500, cost < 1_500], ["low", "middle"], "high")
    values = [born, start, end, stay, years, None, fiscal, cost, None, cost >= 2_000]
    texts = {"weekday": weekdays(start), "band": band.tolist()}
    arrays = [
        pa.array(texts[column.name])
        if column.name in texts
        else from_numbers(column, np.asarray(own, np.float64))
        for column, own in zip(columns, values, strict=True)
    ]
    return table_of(columns, arrays, None)


def _age(born: np.datetime64, on: np.datetime64) -> float:
    b, d = str(born), str(on)
    return float(int(d[:4]) - int(b[:4]) - (d[5:] < b[5:]))


def model(table: Table, folder: Path) -> TableModel:
    fitted = fit_model(
        registry.engine("independent"), table, Job(Seed(1), folder), True, len(table)
    )
    return TableModel.restore(fitted.stored())


def test_all_of_it_is_found() -> None:
    assert set(relations.mined(visits()).sentences) == {
        "age = whole years from born to 2024-06-30",
        "start <= end",
        "stay = calendar days from start to end",
        "weekday follows from the weekday of start",
        "fiscal_year follows from the year and month of start",
        "band follows from the range of cost",
        "costly follows from the range of cost",
    }


def test_putting_back_undoes_taking_out() -> None:
    table = visits()
    found = relations.mined(table)
    again = found.put_back(found.taken_out(table), list(table.schema), None)
    assert again.digest() == table.digest()


def test_it_holds_on_made_rows(tmp_path: Path) -> None:
    made = model(visits(), tmp_path).sample(0, 1_000, Seed(2), Condition(), silent)
    value = {c.name: numbers(made, c.name) for c in made.schema if c.storage != "string"}
    assert (value["stay"] == value["end"] // DAY - value["start"] // DAY).all()
    assert made.column("weekday").to_pylist() == weekdays(value["start"])
    born = (value["born"] // DAY).astype("datetime64[D]")
    assert (value["age"] == [_age(b, np.datetime64("2024-06-30")) for b in born]).all()
    band = np.select([value["cost"] < 500, value["cost"] < 1_500], ["low", "middle"], "high")
    near = np.minimum(np.abs(value["cost"] - 500), np.abs(value["cost"] - 1_500)) < 5
    assert (np.array(made.column("band").to_pylist()) == band)[~near].all()
    assert len(set(made.column("band").to_pylist())) == 3


def test_a_condition_on_it_is_met(tmp_path: Path) -> None:
    asked = (Clause("weekday", "in", values=("Sun",)),)
    made = model(visits(), tmp_path).sample(0, 60, Seed(2), Condition(clauses=asked), silent)
    assert set(made.column("weekday").to_pylist()) == {"Sun"}
    assert set(weekdays(numbers(made, "start"))) == {"Sun"}


def test_the_target_and_a_column_with_one_exception_are_left_alone() -> None:
    table = visits()
    sentences = relations.mined(table.with_target("weekday")).sentences
    assert not any(sentence.startswith("weekday ") for sentence in sentences)
    other = table.column("weekday").to_pylist()
    other[5] = "Mon" if other[5] != "Mon" else "Tue"
    place = table.schema.names.index("weekday")
    data = table.data.set_column(place, "weekday", pa.array(other))
    sentences = relations.mined(Table(data, table.schema)).sentences
    assert not any(sentence.startswith("weekday ") for sentence in sentences)


def test_a_flag_of_a_computed_total_is_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.5, (800, 3)) * 1.0
    total = counts.sum(axis=1)
    own = {**{f"count_{n}": counts[:, n] for n in range(3)}, "total": total, "any": total > 0}
    columns = [Column(name, "numeric", "integer") for name in own]
    arrays = [from_numbers(c, np.asarray(own[c.name], np.float64)) for c in columns]
    table = table_of(columns, arrays, None)
    assert relations.mined(table).sentences == [
        "any follows from the range of total",
        "total = count_0 + count_1 + count_2",
    ]
    made = model(table, tmp_path).sample(0, 500, Seed(2), Condition(), silent)
    assert (numbers(made, "any") == (numbers(made, "total") > 0)).all()


def test_flags_that_come_and_go_are_no_bracket() -> None:
    rng = np.random.default_rng(0)
    number = rng.normal(size=800)
    flag = (np.floor(number * 3) % 2).astype(float)
    columns = [Column("number", "numeric", "float"), Column("flag", "boolean", "boolean")]
    arrays = [from_numbers(columns[0], number), from_numbers(columns[1], flag)]
    assert not relations.mined(table_of(columns, arrays, None)).sentences


def test_what_was_damaged_is_refused() -> None:
    table = visits()
    found = relations.mined(table)
    document = found.to_json()
    assert Relations.from_json(document, table.schema.names) == found
    settled, bracket = document["settled"][0], document["brackets"][0]
    (time,) = [link for link in document["links"] if link.get("form") == "calendar days"]
    others = [link for link in document["links"] if link is not time]
    for broken in (
        {"settled": [{**settled, "part": "moon"}]},
        {"settled": [{**settled, "at": settled["at"][:1]}]},
        {"settled": [settled, settled]},
        {"brackets": [{**bracket, "cuts": bracket["cuts"][::-1]}]},
        {"brackets": [{**bracket, "source": "nowhere"}]},
        {"links": [*others, {**time, "form": "aeons"}]},
    ):
        with pytest.raises(BadInput, match="damaged"):
            Relations.from_json({**document, **broken}, table.schema.names)


def survey(rows: int = 900) -> Table:
    """A question that follows a yes, one that follows two of four answers, and a pair of gaps."""
    rng = np.random.default_rng(0)
    smokes = rng.integers(0, 2, rows) == 1
    job = rng.choice(["none", "part", "full", "own"], rows)
    works = np.isin(job, ["part", "full"])
    off = rng.random(rows) < 0.2
    columns = [
        Column("smokes", "boolean", "boolean"),
        Column("cigarettes", "numeric", "integer"),
        Column("job", "categorical", "string"),
        Column("hours", "numeric", "integer"),
        Column("humidity", "numeric", "float", max_decimals=1),
        Column("pressure", "numeric", "float", max_decimals=1),
    ]
    own = [
        smokes * 1.0,
        np.where(smokes, rng.integers(1, 40, rows), np.nan),
        None,
        np.where(works, rng.integers(5, 50, rows), np.nan),
        *(np.where(off, np.nan, np.round(rng.normal(size=rows), 1)) for _ in range(2)),
    ]
    arrays = [
        pa.array(job) if values is None else from_numbers(column, np.asarray(values, np.float64))
        for column, values in zip(columns, own, strict=True)
    ]
    return table_of(columns, arrays, None)


def test_answers_are_there_where_they_were_asked_for(tmp_path: Path) -> None:
    found = relations.mined(survey())
    assert found.sentences == [
        "cigarettes has a value where smokes is true, and nowhere else",
        "hours has a value where job is full, part, and nowhere else",
        "pressure has a value where humidity is not missing, and nowhere else",
    ]
    made = model(survey(), tmp_path).sample(0, 800, Seed(2), Condition(), silent)
    has = {name: np.asarray(made.column(name).is_valid()) for name in made.schema.names}
    assert (has["cigarettes"] == (numbers(made, "smokes") == 1)).all()
    assert (has["hours"] == np.isin(made.column("job").to_pylist(), ["part", "full"])).all()
    assert (has["pressure"] == has["humidity"]).all()
    assert 0.1 < 1 - has["humidity"].mean() < 0.3
    again = Relations.from_json(found.to_json(), survey().schema.names)
    assert again == found


def test_one_answer_that_was_not_asked_for_is_enough() -> None:
    table = survey()
    hours = table.column("hours").to_pylist()
    hours[table.column("job").to_pylist().index("none")] = 7
    place = table.schema.names.index("hours")
    data = table.data.set_column(place, "hours", pa.array(hours))
    sentences = relations.mined(Table(data, table.schema)).sentences
    assert not any(sentence.startswith("hours ") for sentence in sentences)
