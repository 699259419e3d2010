"""Controls: tables of which it is known what the scores must say."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from augment.core.seeds import Seed
from augment.core.types import Score
from augment.evaluation.scoring import measures, metrics
from augment.evaluation.verdict import Verdict, verdict
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.metrics import detection
from augment.kinds.tables.metrics.scoring import score, shuffled, unscored
from tests.kinds.tables.metrics.shared_tables import shared_table, split
from tests.kinds.tables.metrics.simulated import people, spoilt

ROWS = 1_500
MANY = 3_000  # as an attack's hits among the surest thousandth need


@pytest.fixture(scope="module")
def train() -> Table:
    return people(ROWS, 1)


@pytest.fixture(scope="module")
def many() -> Table:
    return people(MANY, 1)


@pytest.fixture(scope="module")
def test() -> Table:
    return people(1_000, 2)


def value(scores: list[Score], metric: str, where: str = "") -> float:
    found = [s.value for s in scores if s.metric == metric and s.where == where]
    assert len(found) == 1 and found[0] is not None, metric
    return found[0]


def judged_of(scores: list[Score]) -> Verdict:
    return verdict(scores, measures(metrics("table")))


def failures(judged: Verdict) -> set[str]:
    return judged.failed()


def copied(table: Table, seed: int) -> Table:
    """A bootstrap of the training rows, with fresh ids as the engine gives them."""
    rows = np.random.default_rng(seed).integers(0, len(table), len(table))
    modelled = [column.name for column in table.schema if column.modelled]
    return table.take(rows).select(modelled)


def fresh(seed: int = 3) -> Table:
    return people(ROWS, seed)


def test_a_fresh_real_sample_passes_everything(train: Table, test: Table) -> None:
    judged = judged_of(score(train, test, fresh(), Seed(1)))
    states = {group: found.state for group, found in judged.groups.items()}
    assert states == dict.fromkeys(("fidelity", "utility", "privacy", "validity"), "pass")
    assert not failures(judged)


def test_copies_of_train_pass_fidelity_and_fail_privacy(many: Table, test: Table) -> None:
    judged = judged_of(score(many, test, copied(many, 4), Seed(1)))
    assert judged.state("fidelity") == "pass"
    assert judged.state("privacy") == "fail"
    assert {"copies", "nndr", "membership.auc", "membership.tpr@0.001"} <= failures(judged)


@pytest.mark.slow
def test_shuffled_columns_fail_trends_and_detection(train: Table, test: Table) -> None:
    judged = judged_of(score(train, test, shuffled(train, ROWS, Seed(5)), Seed(1)))
    assert {"trends", "detection", "utility"} <= failures(judged)
    assert "shapes" not in failures(judged)
    assert judged.state("privacy") == "pass"


@pytest.mark.parametrize(
    ("metric", "names", "grows"),
    [
        ("trends", ["trends"], False),
        ("trends", ["trends.error"], True),
        pytest.param("detection", ["detection"], True, marks=pytest.mark.slow),
        ("neighbours", ["neighbours.precision", "neighbours.coverage"], False),
    ],
)
def test_spoiling_more_rows_scores_worse(
    train: Table,
    test: Table,
    metric: str,
    names: list[str],
    grows: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(detection, "TREES", 30)
    less = train.slice(0, 800)
    tables = [spoilt(people(800, 3), share, 6) for share in (0.0, 0.5, 1.0)]
    found = [score(less, test, table, Seed(1), metrics=[metric]) for table in tables]
    for name in names:
        values = [value(scores, name) for scores in found]
        assert values == sorted(values, reverse=not grows)


def test_training_rows_themselves_fail_each_score_of_privacy(many: Table, test: Table) -> None:
    """All but closeness, whose figure shrinks with the rows: see test_attacks for small tables."""
    names = ["copies", "membership", "disclosure"]
    judged = judged_of(score(many, test, many, Seed(1), metrics=names))
    assert failures(judged) == {c.metric for c in judged.checks if c.group == "privacy"}


def test_half_copied_tables_are_found_out(many: Table, test: Table) -> None:
    half = Table.join([many.slice(0, MANY // 2), people(MANY // 2, 3)])
    scores = score(many, test, half, Seed(1), metrics=["copies", "membership"])
    assert value(scores, "copies") == 0.5
    assert {"copies", "membership.tpr@0.001"} <= failures(judged_of(scores))


@pytest.mark.slow
def test_a_trait_of_formatting_is_detected(train: Table, test: Table) -> None:
    table = fresh()
    income = np.round(np.asarray(table.column("income")), 0)
    place = table.schema.names.index("income")
    rounded = Table(table.data.set_column(place, "income", pa.array(income)), table.schema)
    scores = score(train, test, rounded, Seed(1), metrics=["detection"])
    assert value(scores, "detection") > 0.95


@pytest.mark.slow  # the law of each metric is quick
def test_the_same_seed_gives_the_same_scores(train: Table, test: Table) -> None:
    names = ["shapes", "trends", "neighbours", "copies", "membership", "validity"]
    first = score(train, test, fresh(), Seed(7), metrics=names)
    assert first == score(train, test, fresh(), Seed(7), metrics=names)


def test_two_files_are_searched_for_copies_of_any_real_row(train: Table) -> None:
    scores = score(train, None, copied(train, 8), Seed(1), metrics=["copies", "membership"])
    assert value(scores, "copies") == 1.0
    assert {"copies", "nndr"} <= failures(judged_of(scores))
    attack = next(s for s in scores if s.metric == "membership.auc")
    assert attack.value is None and "unknown which" in attack.note
    apart = score(train, None, fresh(), Seed(1), metrics=["copies"])
    assert not failures(judged_of(apart))


def test_small_tables_say_how_many_unseen_rows_would_tell_more() -> None:
    train, test = people(100, 1), people(20, 2)
    judged = judged_of(score(train, test, people(100, 3), Seed(1), metrics=["membership"]))
    assert judged.state("privacy") == "not shown"
    assert "not enough evidence (noise" in judged.groups["privacy"].reason
    scores = score(train, test, copied(train, 4), Seed(1), metrics=["membership"])
    assert judged_of(scores).state("privacy") == "fail", "gross cases are decided"
    found = score(train, test, people(100, 3), Seed(1), metrics=["membership"])
    assert "unseen rows would tell more" in next(s for s in found if not s.where).note


@pytest.mark.slow
@pytest.mark.parametrize("name", ["adult", "shoppers", "beijing"])
def test_controls_on_real_tables(name: str) -> None:
    table = shared_table(name)
    train, test = split(table)
    half, apart = split(train, 0.5)
    assert not failures(judged_of(score(half, test, apart, Seed(1))))
    copies = judged_of(score(train, test, copied(train, 4), Seed(1)))
    assert copies.state("fidelity") == "pass"
    assert {"copies", "membership.tpr@0.001"} <= failures(copies)
    apart_columns = shuffled(train, len(train), Seed(5))
    assert {"trends", "detection"} <= failures(
        judged_of(score(train, test, apart_columns, Seed(1)))
    )


def states(judged: Verdict) -> dict[str, str]:
    return {group: found.state for group, found in judged.groups.items()}


@pytest.mark.parametrize("rows", [10, 20, 60, 300])
def test_copies_fail_at_any_size_whether_or_not_it_is_known_which_rows_were_seen(
    rows: int,
) -> None:
    whole = people(rows, 1)
    train, test = whole.slice(0, rows * 4 // 5), whole.slice(rows * 4 // 5, rows // 5)
    seen = measures(metrics("table", ["copies"]))
    known = score(train, test, copied(train, 4), Seed(1), metrics=["copies"])
    assert verdict(known, seen).state("privacy") == "fail"
    pair = score(whole, None, whole, Seed(1), metrics=["copies"])
    assert verdict(pair, seen).state("privacy") == "fail"


@pytest.mark.parametrize("rows", [3, 20, pytest.param(60, marks=pytest.mark.slow)])
def test_a_fresh_sample_of_few_rows_fails_nothing_and_passes_no_privacy(rows: int) -> None:
    for seed in range(3):
        train, test = people(rows * 4 // 5, 3 * seed + 1), people(rows // 5, 3 * seed + 2)
        judged = judged_of(score(train, test, people(rows, 3 * seed + 3), Seed(seed)))
        assert not failures(judged)
        assert states(judged)["privacy"] == "not shown"
        assert states(judged)["fidelity"] == "not shown"


@pytest.mark.slow
def test_where_it_is_unknown_which_rows_were_seen_privacy_may_fail_but_not_pass(
    train: Table,
) -> None:
    judged = judged_of(score(train, None, fresh(), Seed(1)))
    assert not failures(judged)
    assert states(judged)["privacy"] == "not shown"
    assert "--unseen" in judged.groups["privacy"].reason


def coarse(rows: int, seed: int, texts: str) -> Table:
    """Two columns of few values, which repeat in every row, beside a text that tells rows apart."""
    rng = np.random.default_rng(seed)
    columns = [
        Column("sex", "categorical", "string"),
        Column("old", "boolean", "boolean"),
        Column("remark", "text", "string"),
    ]
    arrays = [
        pa.array(rng.choice(["f", "m"], rows).tolist()),
        pa.array(rng.random(rows) < 0.5),
        pa.array([f"{texts} {row}" for row in range(rows)]),
    ]
    return table_of(columns, arrays, None)


def test_copies_are_found_by_their_texts_where_all_else_is_too_coarse() -> None:
    real = coarse(400, 1, "said")
    for made, state in ((real, "fail"), (coarse(400, 2, "invented"), "not shown")):
        judged = judged_of(score(real, None, made, Seed(1), metrics=["copies"]))
        checks = {check.metric: check for check in judged.checks}
        assert checks["copies"].state == "not shown"  # all rows are copies by nature
        assert judged.state("privacy") == state
    assert [each.what for each in unscored(real.schema)] == [("remark",)]


def grid(seed: int) -> Table:
    """One row for each of 40 stations on each of 60 days, of a rise and noise of its own."""
    rng = np.random.default_rng(seed)
    station, day = (part.ravel() for part in np.meshgrid(np.arange(40), np.arange(60)))
    level = np.round(20 * np.sin(station) + 0.5 * day + rng.normal(0, 0.3, len(day)), 2)
    columns = [
        Column("station", "categorical", "string"),
        Column("day", "numeric", "integer"),
        Column("month", "numeric", "integer"),
        Column("level", "numeric", "float", max_decimals=2),
    ]
    names = [f"s{number}" for number in station]
    arrays = [pa.array(names), pa.array(day), pa.array(day // 30), pa.array(level)]
    return table_of(columns, arrays, None)


NEAR = ("copies", "copies.near", "nndr")


def test_rows_at_cells_that_occur_once_are_no_copies_unless_they_are() -> None:
    rng = np.random.default_rng(0)
    real, again = grid(1), grid(2)
    order = rng.permutation(len(real))
    train, test = real.take(order[:1_920]), real.take(order[1_920:])
    made = again.take(rng.permutation(len(real))[:1_920])  # any cell, with noise of its own
    learnt = train.take(rng.integers(0, len(train), 1_920))
    for rows, fails in ((made, False), (learnt, True)):
        judged = judged_of(score(train, test, rows, Seed(1), metrics=["copies"]))
        assert bool(failures(judged) & {*NEAR}) is fails
