"""Laws of the vocabularies: decoding undoes encoding, conditions hold, rare values stay hidden."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.types import Clause
from augment.kinds.tables.codecs.levels import MOST_TOKENS, Levels
from augment.kinds.tables.codecs.spans import Spans
from augment.kinds.tables.codecs.vocabulary import UNKNOWN, numbered
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import codes, numbers

WHOLE = Column("x", "numeric", "integer")
CENTS = Column("x", "numeric", "float", max_decimals=2)
REAL = Column("x", "numeric", "float")
HOURLY = Column("x", "datetime", "datetime", step_us=3_600_000_000)
WORD = Column("x", "categorical", "string")


def table(column: Column, array: pa.Array) -> Table:
    return Table(pa.table([array], names=["x"]), Schema((column,)))


def draws(
    vocabulary: Spans | Levels, column: Column, clauses: tuple[Clause, ...], n: int = 500
) -> Table:
    rng = np.random.default_rng(5)
    choice = vocabulary.choose(column, clauses)
    weight = choice.weight()
    tokens = rng.choice(vocabulary.size, n, p=weight / weight.sum())
    return table(column, vocabulary.decode(column, tokens, rng.random(n), choice))


def sample_of(column: Column, n: int = 3000) -> Table:
    rng = np.random.default_rng(4)
    values = rng.gamma(2.0, 50.0, n)
    values[: n // 4] = 12.0
    null = rng.random(n) < 0.1
    if column.storage == "integer":
        return table(column, pa.array(values.astype(int), pa.int64(), mask=null))
    if column.storage == "datetime":
        hours = (values.astype(np.int64) + 400_000) * 3_600_000_000
        return table(column, pa.array(hours, pa.int64(), mask=null).cast(pa.timestamp("us")))
    values = values if column.max_decimals is None else values.round(column.max_decimals)
    return table(column, pa.array(values, pa.float64(), mask=null))


COLUMNS = [WHOLE, CENTS, REAL, HOURLY]


@pytest.mark.parametrize("column", COLUMNS, ids=["whole", "cents", "real", "hourly"])
def test_a_decoded_value_encodes_to_its_token(column: Column) -> None:
    data = sample_of(column)
    vocabulary = Spans.fit(numbers(data, "x"), 64, protect=True)
    tokens = vocabulary.encode(data, "x").astype(np.int64)
    assert vocabulary.size <= 66
    back = vocabulary.decode(column, tokens, np.full(len(tokens), 0.5), vocabulary.everything())
    again = vocabulary.encode(table(column, back), "x")
    assert np.mean(again == tokens) > 0.97  # a bin narrower than the grid snaps to a neighbour
    assert back.null_count == data.column("x").null_count


@pytest.mark.parametrize("column", COLUMNS, ids=["whole", "cents", "real", "hourly"])
def test_drawn_values_have_the_quantiles_of_the_training_rows(column: Column) -> None:
    data = sample_of(column)
    vocabulary = Spans.fit(numbers(data, "x"), 64, protect=True)
    tokens = vocabulary.encode(data, "x").astype(np.int64)
    u = np.random.default_rng(1).random(len(tokens))
    made = numbers(
        table(column, vocabulary.decode(column, tokens, u, vocabulary.everything())), "x"
    )
    real = numbers(data, "x")
    levels = np.linspace(0.02, 0.98, 25)
    spread = np.nanstd(real)
    assert np.nanquantile(made, levels) == pytest.approx(
        np.nanquantile(real, levels), abs=0.05 * spread
    )


def test_exact_extremes_are_hidden_under_protection_and_only_then() -> None:
    data = sample_of(REAL)
    real = numbers(data, "x")
    ends = {}
    for protect in (True, False):
        vocabulary = Spans.fit(real, 32, protect)
        tokens = vocabulary.encode(data, "x").astype(np.int64)
        made = vocabulary.decode(
            REAL, tokens, np.full(len(tokens), 1 - 1e-12), vocabulary.everything()
        )
        ends[protect] = np.nanmax(numbers(table(REAL, made), "x"))
    assert ends[True] < np.nanmax(real)
    assert ends[False] == pytest.approx(np.nanmax(real))


def test_no_training_value_of_a_bin_is_stored() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=2000)
    vocabulary = Spans.fit(values, 64, protect=True)
    stored = np.concatenate([value.ravel() for value in vocabulary.state().tensors.values()])
    assert not np.isin(values, stored).any()


@given(
    low=st.one_of(st.none(), st.floats(-50, 400)),
    high=st.one_of(st.none(), st.floats(-50, 400)),
    low_open=st.booleans(),
    high_open=st.booleans(),
    negate=st.booleans(),
    which=st.sampled_from([WHOLE, CENTS, REAL]),
)
def test_every_draw_satisfies_a_range(
    low: float | None,
    high: float | None,
    low_open: bool,
    high_open: bool,
    negate: bool,
    which: Column,
) -> None:
    data = sample_of(which, 600)
    vocabulary = Spans.fit(numbers(data, "x"), 32, protect=True)
    clauses = (Clause("x", "range", (), low, high, low_open, high_open, negate),)
    if vocabulary.choose(which, clauses).weight().sum() > 0:
        assert mask(draws(vocabulary, which, clauses, 100), clauses).all()


def test_ranges_are_weighted_by_their_mass() -> None:
    rng = np.random.default_rng(0)
    vocabulary = Spans.fit(rng.random(20_000), 50, protect=True)
    clause = Clause("x", "range", low=0.35, high=0.45, negate=True)
    made = numbers(draws(vocabulary, REAL, (clause,), 4000), "x")
    assert np.mean(made < 0.35) == pytest.approx(0.35 / 0.9, abs=0.03)


def test_single_values_inside_bins_can_be_asked_for() -> None:
    data = sample_of(WHOLE)
    vocabulary = Spans.fit(numbers(data, "x"), 16, protect=True)
    clause = Clause("x", "in", (77, 131))
    assert set(numbers(draws(vocabulary, WHOLE, (clause,)), "x")) == {77.0, 131.0}


def test_times_can_be_asked_for_by_their_iso_text() -> None:
    data = sample_of(HOURLY)
    vocabulary = Spans.fit(numbers(data, "x"), 32, protect=True)
    moment = datetime.fromtimestamp(400_077 * 3600).isoformat()
    clause = Clause("x", "in", (moment,))
    assert codes(draws(vocabulary, HOURLY, (clause,), 20), "x")[1] == [moment]


def test_levels_of_fewer_than_five_rows_have_no_token() -> None:
    data = table(WORD, pa.array(["a"] * 9 + ["b"] * 5 + ["c"] * 4 + [None]))
    found, levels = codes(data, "x")
    vocabulary = Levels.fit(found, levels, protect=True)
    assert vocabulary.levels == ("a", "b")
    assert (vocabulary.encode(data, "x")[14:18] == -1).all()
    assert Levels.fit(found, levels, protect=False).levels == ("a", "b", "c")


def test_where_every_level_is_rare_all_are_kept() -> None:
    found, levels = codes(table(WORD, pa.array(["a", "b"])), "x")
    assert Levels.fit(found, levels, protect=True).levels == ("a", "b")


@pytest.mark.parametrize("protect", [True, False])
def test_many_levels_share_clusters_and_come_back_by_frequency(protect: bool) -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 4000, 60_000)
    data = table(WORD, pa.array([f"w{r:04d}" for r in rows]))
    found, levels = codes(data, "x")
    signature = (rows % 2).astype(float)[:, None]
    vocabulary = Levels.fit(found, levels, protect, signature)
    assert vocabulary.size <= MOST_TOKENS
    assert not vocabulary.exact()
    tokens = vocabulary.encode(data, "x").astype(np.int64)
    known = tokens >= 0
    made = vocabulary.decode(WORD, tokens[known], rng.random(known.sum()), vocabulary.everything())
    parity = np.array([int(text[1:]) % 2 for text in made.to_pylist()])
    assert np.mean(parity == rows[known] % 2) > 0.95  # clusters are pure in what sets rows apart
    clause = Clause("x", "in", ("w0007", "w3999"))
    assert set(codes(draws(vocabulary, WORD, (clause,)), "x")[1]) == {"w0007", "w3999"}


def test_null_is_a_value_that_conditions_reach() -> None:
    data = table(WORD, pa.array(["a"] * 9 + ["b"] * 5 + [None] * 3))
    vocabulary = Levels.fit(*codes(data, "x"), protect=True)
    assert draws(vocabulary, WORD, (Clause("x", "null"),)).column("x").null_count == 500
    assert draws(vocabulary, WORD, (Clause("x", "null", negate=True),)).column("x").null_count == 0
    unlike = draws(vocabulary, WORD, (Clause("x", "in", ("a",), negate=True),))
    assert set(unlike.column("x").to_pylist()) == {"b", None}


def test_digits_beyond_the_rounding_are_not_rounded_by_chance() -> None:
    rng = np.random.default_rng(0)
    values = np.array([float(f"{v:.4g}") for v in rng.uniform(0.02, 0.2, 8_000)])
    vocabulary = Spans.fit(values, 64, protect=True)
    column = Column("x", "numeric", "float", max_decimals=5)
    tokens = vocabulary.tokens(values).astype(np.int64)
    made = np.asarray(vocabulary.decode(column, tokens, rng.random(8_000), vocabulary.everything()))
    assert (np.round(made[made >= 0.1], 4) == made[made >= 0.1]).all()
    small, own = made[made < 0.1], values[values < 0.1]
    share = (np.round(own, 4) == own).mean()
    assert abs((np.round(small, 4) == small).mean() - share) < 0.02


def test_values_are_rounded_as_often_as_the_source_rounds_them() -> None:
    rng = np.random.default_rng(0)
    fine = np.round(rng.uniform(0, 500, 8_000), 3)
    values = np.where(rng.random(8_000) < 0.4, np.round(fine), fine)
    vocabulary = Spans.fit(values, 64, protect=True)
    column = Column("x", "numeric", "float", max_decimals=3)
    tokens = vocabulary.tokens(values).astype(np.int64)
    made = np.asarray(vocabulary.decode(column, tokens, rng.random(8_000), vocabulary.everything()))
    for digits in (0, 1):
        share = (np.round(values, digits) == values).mean()
        assert abs((np.round(made, digits) == made).mean() - share) < 0.03


@pytest.mark.parametrize(("shares", "endless"), [((0.05, 0.35, 0.5), False), ((0, 0, 0.6), True)])
def test_values_end_as_often_on_the_fifth_and_sixth_decimal(
    shares: tuple[float, ...], endless: bool
) -> None:
    rng = np.random.default_rng(0)
    values, u = rng.lognormal(0, 1, 8_000), rng.random(8_000)
    values = values if endless else np.round(values, 7)
    for decimals, share in zip((4, 5, 6), shares, strict=True):
        values = np.where(u < share, np.round(values, decimals), values)
        u = np.where(u < share, 2.0, u - share)
    vocabulary = Spans.fit(values, 64, protect=True)
    again = Spans.from_state(vocabulary.state().config, vocabulary.state().tensors)
    column = Column("x", "numeric", "float", max_decimals=None if endless else 7)
    tokens = again.tokens(values).astype(np.int64)
    made = np.asarray(again.decode(column, tokens, rng.random(8_000), again.everything()))
    for digits in (4, 5, 6):
        share = (np.round(values, digits) == values).mean()
        assert abs((np.round(made, digits) == made).mean() - share) < 0.03


def test_a_model_that_knows_no_finer_powers_reads_as_before() -> None:
    vocabulary = Spans.fit(np.random.default_rng(0).normal(0, 1, 2_000), 64, protect=True)
    config, tensors = vocabulary.state().config, vocabulary.state().tensors
    assert Spans.from_state({k: v for k, v in config.items() if k != "finest"}, tensors).precision


def test_every_last_digit_comes_as_often() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(12_000, 990_000, 8_000).astype(float)
    vocabulary = Spans.fit(values, 128, protect=True)
    column = Column("x", "numeric", "integer")
    tokens = vocabulary.tokens(values).astype(np.int64)
    made = np.asarray(vocabulary.decode(column, tokens, rng.random(8_000), vocabulary.everything()))
    shares = np.bincount(made.astype(int) % 10, minlength=10) / len(made)
    assert np.abs(shares - 0.1).max() < 0.015


@pytest.mark.parametrize("column", [WHOLE, CENTS, HOURLY])
def test_numbers_find_the_nearest_of_older_tokens_and_each_itself(column: Column) -> None:
    values = numbers(sample_of(column), "x")
    older, fewer = Spans.fit(values, 60, True), Spans.fit(values[::9], 25, True)
    assert (older.tokens_of(older) == np.arange(older.size)).all()
    found = fewer.tokens_of(older)
    assert found[0] == older.null() == fewer.null()
    assert (np.diff(found) >= 0).all() and found[-1] > older.size // 2


def test_levels_find_their_own_older_token_and_a_cluster_that_of_its_most_frequent() -> None:
    older = Levels.fit(np.repeat(np.arange(4, dtype=np.int32), 9), ["a", "b", "c", "d"], True)
    newer = Levels.fit(np.array([-1] + [0] * 9 + [1] * 9, np.int32), ["b", "z"], True)
    assert newer.tokens_of(older).tolist() == [UNKNOWN, 1, UNKNOWN]
    assert older.tokens_of(older).tolist() == [0, 1, 2, 3]
    cluster = Levels(False, ("a", "b", "z"), np.zeros(3, np.int64), np.array([5, 6, 70]))
    assert cluster.tokens_of(older).tolist() == [1]
    numbered_levels = Levels.fit(np.zeros(9, np.int32), [7], True)
    assert Levels.fit(np.zeros(9, np.int32), ["7"], True).tokens_of(numbered_levels).tolist() == [0]
    assert (newer.tokens_of(Spans.fit(np.arange(99.0), 9, True)) == UNKNOWN).all()


def test_tensors_are_told_by_their_numbers() -> None:
    one, two, other = (np.full(1, float(n)) for n in range(3))
    found = numbered({"words.1.a.b": one, "words.10.a": two, "calendar.1.a": other}, "words")
    assert found[1] == {"a.b": one} and found[10] == {"a": two} and found[0] == {}
