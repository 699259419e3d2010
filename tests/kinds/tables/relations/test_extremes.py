"""What is the largest or smallest of other columns is so on every made row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.errors import BadInput
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.spelling.dates import DAY_US
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations

ROWS = 900
NAMES = ("math", "reading", "writing")
BEST = "best = the largest of math, reading and writing"
WORST = "worst = the smallest of math, reading and writing"
WAYS = {
    "ignored": (np.fmax, np.fmin),
    "missing too": (np.maximum, np.minimum),
}


def integers(values: dict[str, np.ndarray]) -> Table:
    columns = [Column(name, "numeric", "integer") for name in values]
    arrays = [from_numbers(c, values[c.name].astype(np.float64)) for c in columns]
    return table_of(columns, arrays, None)


def marks(rows: int = ROWS, seed: int = 0, gaps: str = "", size: float = 9) -> Table:
    """Three marks of a person, the best and the worst of them; gaps of marks are ignored, make
    these missing too, or, where they came `later`, say nothing."""
    rng = np.random.default_rng(seed)
    level = rng.normal(66, 8, rows)
    own = np.clip(np.round(level + rng.normal(0, size, (3, rows))), 0, 100)
    missing = (rng.random((3, rows)) < 0.08) & bool(gaps)
    known = np.where(missing, np.nan, own)
    largest, smallest = WAYS.get(gaps, WAYS["ignored"])
    seen = own if gaps == "later" else known
    values = dict(zip(NAMES, known, strict=True))
    return integers({**values, "best": largest.reduce(seen), "worst": smallest.reduce(seen)})


def fitted(table: Table, folder: Path) -> TableModel:
    made = fit_model(registry.engine("independent"), table, Job(Seed(1), folder), True, len(table))
    return TableModel.restore(made.stored())


def arrays_of(table: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Marks (3, rows), the best and the worst of each row."""
    own = np.stack([numbers(table, name) for name in NAMES])
    return own, numbers(table, "best"), numbers(table, "worst")


def test_the_best_and_the_worst_are_told_of_once(tmp_path: Path) -> None:
    found = relations.mined(marks())
    assert found.sentences == [BEST, WORST]
    assert found.close_sentences == []
    made = fitted(marks(), tmp_path).sample(0, 2_000, Seed(2), Condition(), silent)
    own, best, worst = arrays_of(made)
    assert np.array_equal(own.max(axis=0), best)
    assert np.array_equal(own.min(axis=0), worst)


@pytest.mark.parametrize("gaps", [*WAYS, "later"])
def test_gaps_are_as_in_the_source(tmp_path: Path, gaps: str) -> None:
    table = marks(2_000, gaps=gaps)
    assert {BEST, WORST} <= set(relations.mined(table).sentences)
    made = fitted(table, tmp_path).sample(0, 2_000, Seed(2), Condition(), silent)
    own, best, worst = arrays_of(made)
    missing = np.isnan(own)
    assert missing.mean() == pytest.approx(0.08, abs=0.02)
    if gaps in WAYS:
        largest, smallest = WAYS[gaps]
        assert np.array_equal(largest.reduce(own), best, equal_nan=True)
        assert np.array_equal(smallest.reduce(own), worst, equal_nan=True)
    else:
        whole = ~missing.any(axis=0)
        assert not np.isnan(best).any()
        assert (own.max(axis=0) == best)[whole].all()
        assert not (np.fmax.reduce(own) > best).any()
        assert (np.fmax.reduce(own) < best)[~whole].mean() > 0.2


def test_a_filled_part_of_a_sum_is_ignored_where_it_is_emptied_again(tmp_path: Path) -> None:
    """The total knows the marks that are missing later; the best does not."""
    whole, seen = marks(2_000), marks(2_000, gaps="ignored")
    total = np.sum([numbers(whole, name) for name in NAMES], axis=0)
    values = {name: numbers(seen, name) for name in (*NAMES, "best", "worst")}
    table = integers({**values, "total": total})
    sentences = relations.mined(table).sentences
    assert {BEST, WORST, "total = math + reading + writing"} <= set(sentences)
    made = fitted(table, tmp_path).sample(0, 1_000, Seed(2), Condition(), silent)
    own, best, worst = arrays_of(made)
    assert np.isnan(own).any()
    assert np.array_equal(np.fmax.reduce(own), best, equal_nan=True)
    assert np.array_equal(np.fmin.reduce(own), worst, equal_nan=True)
    held = ~np.isnan(own).any(axis=0)
    assert (own.sum(axis=0) == numbers(made, "total"))[held].all()


def test_the_first_of_three_dates(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    days = rng.integers(10_000, 10_700, ROWS) + rng.integers(0, 30, (3, ROWS))
    columns = [
        Column(name, "datetime", "datetime", format="%Y-%m-%d", step_us=DAY_US)
        for name in ("first_seen", "clinic", "ward", "phone")
    ]
    own = [days.min(axis=0), *days]
    arrays = [pa.array(day * DAY_US, pa.int64()).cast(pa.timestamp("us")) for day in own]
    table = Table(pa.table(arrays, names=[c.name for c in columns]), Schema(tuple(columns)))
    sentences = relations.mined(table).sentences
    assert "first_seen = the earliest of clinic, ward and phone" in sentences
    made = fitted(table, tmp_path).sample(0, 500, Seed(2), Condition(), silent)
    visits = np.stack([numbers(made, name) for name in ("clinic", "ward", "phone")])
    assert np.array_equal(visits.min(axis=0), numbers(made, "first_seen"))


def test_an_extreme_of_an_extreme_is_told_of_by_the_fewest() -> None:
    table = marks().select([*NAMES, "best"])
    values = {name: numbers(table, name) for name in table.schema.names}
    values["spoken"] = np.maximum(values["reading"], values["writing"])
    assert relations.mined(integers(values)).sentences == [
        "spoken = the largest of reading and writing",
        "best = the largest of math and spoken",
    ]


def test_one_row_that_breaks_it_is_enough_and_few_prove_nothing() -> None:
    table = marks()
    best = numbers(table, "best") + (np.arange(ROWS) == 17)
    values = {name: numbers(table, name) for name in table.schema.names}
    sentences = relations.mined(integers({**values, "best": best})).sentences
    assert BEST not in sentences
    assert WORST in sentences
    assert not {BEST, WORST} & set(relations.mined(marks(99)).sentences)
    rarely = {**values, "writing": np.where(np.arange(ROWS) < 29, values["best"] + 1, 0.0)}
    rarely["best"] = np.maximum(np.maximum(values["math"], values["reading"]), rarely["writing"])
    sentences = relations.mined(integers(rarely)).sentences
    assert not any(sentence.startswith("best = the largest") for sentence in sentences)


def test_the_target_is_never_set_and_sums_are_told_of_as_sums() -> None:
    sentences = relations.mined(marks().with_target("best")).sentences
    assert WORST in sentences
    assert BEST not in sentences
    rng = np.random.default_rng(0)
    amount, debit = rng.integers(1, 500, ROWS), rng.random(ROWS) < 0.5
    values = {"debit": amount * debit, "credit": amount * ~debit, "amount": amount}
    assert "amount = debit + credit" in relations.mined(integers(values)).sentences
    assert not any("largest" in own for own in relations.mined(integers(values)).sentences)


def test_columns_that_only_look_so_are_left_alone() -> None:
    """Rare yes and no, codes and counts of all kinds, and what lies between others."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        rows = int(rng.integers(100, 1_500))
        own = {f"rare_{n}": rng.random(rows) < rng.uniform(0.01, 0.2) for n in range(12)}
        own |= {f"count_{n}": rng.poisson(rng.uniform(0.05, 3), rows) for n in range(8)}
        own |= {f"code_{n}": rng.integers(0, 3, rows) for n in range(4)}
        low, high = np.sort(rng.integers(0, 5, (2, rows)), axis=0)
        own |= {"low": low, "high": high, "middle": rng.integers(low, high + 1)}
        sentences = relations.mined(integers(own)).sentences
        assert not [each for each in sentences if "largest" in each or "smallest" in each]


def test_conditions_and_given_rows_stay_true(tmp_path: Path) -> None:
    model = fitted(marks(), tmp_path)
    made = model.sample(0, 100, Seed(2), model.condition(Ask(where=("best >= 80",))), silent)
    own, best, _ = arrays_of(made)
    assert (best >= 80).all()
    assert np.array_equal(own.max(axis=0), best)
    data = marks(100, seed=4).data
    arrays = [data[n] if n in NAMES else pa.nulls(100, data[n].type) for n in data.column_names]
    given = Table(pa.table(arrays, names=data.column_names), model.schema)
    made = model.sample(0, 100, Seed(3), Condition(partial=given), silent)
    own, best, worst = arrays_of(made)
    assert np.array_equal(own, arrays_of(marks(100, seed=4))[0])
    assert np.array_equal(own.max(axis=0), best)
    assert np.array_equal(own.min(axis=0), worst)


def test_damaged_extremes_are_refused() -> None:
    for gaps in ("", "ignored"):
        table = marks(gaps=gaps)
        found = relations.mined(table)
        document, names = found.to_json(), list(table.schema.names)
        assert Relations.from_json(document, names) == found
        own, *others = document["links"]
        assert own["members"] == NAMES
        for damage in (
            {"members": ["math"]},
            {"members": ["math", "math"]},
            {"members": ["math", "best"]},
            {"members": ["math", "nowhere"]},
            {"extreme": "oddest"},
            {"ignoring": "yes"},
            {"gaps": 1},
        ):
            with pytest.raises(BadInput, match="damaged"):
                Relations.from_json({**document, "links": [{**own, **damage}, *others]}, names)
