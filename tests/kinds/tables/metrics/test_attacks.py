"""The panel of attacks on membership: what each finds, and what the strongest may say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from augment.core.holdout import split
from augment.core.kind import Shadow
from augment.core.seeds import Seed
from augment.core.types import silent
from augment.evaluation.comparison import Comparison
from augment.evaluation.roc import Clusters, auc, hits_at
from augment.evaluation.scoring import measures, metrics, scored
from augment.evaluation.strongest import strongest_auc, strongest_hits
from augment.evaluation.verdict import Verdict, verdict
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.metrics.attacks.panel import ATTACKS, Accusations, _dealt, accusations
from augment.kinds.tables.metrics.membership import shadow_models
from augment.kinds.tables.metrics.scoring import score, sides
from tests.kinds.tables.metrics.raked import raked
from tests.kinds.tables.metrics.simulated import people

SPREADS = [attack.spread for attack in ATTACKS]
MEMBERS, OUTSIDERS = people(150, 1), people(150, 2)


def jittered(table: Table, seed: int, share: float = 1.0) -> Table:
    """The table's rows with a hair of noise on each number, so that none is an exact copy; only
    the first `share` of them, and fresh ones besides."""
    rng = np.random.default_rng(seed)
    data, copies = table.data, round(share * len(table))
    for name in ("income", "spend"):
        values = np.asarray(data[name].to_pandas(), np.float64)
        noisy = np.round(values * (1 + 0.002 * rng.normal(size=len(values))), 2)
        array = pa.array(noisy, from_pandas=True)
        data = data.set_column(table.schema.names.index(name), name, array)
    near = Table(data, table.schema).slice(0, copies)
    return Table.join([near, people(len(table) - copies, seed)]) if copies < len(table) else near


def mixed(table: Table, seed: int) -> Table:
    """A model that memorises: training rows in which one column in four is another row's."""
    rng = np.random.default_rng(seed)
    data = table.data
    for place, name in enumerate(table.schema.names):
        rows = np.where(
            rng.random(len(table)) < 0.25, rng.permutation(len(table)), range(len(table))
        )
        data = data.set_column(place, name, data[name].take(pa.array(rows)))
    return Table(data, table.schema)


def panel(made: Table, members: Table = MEMBERS, outsiders: Table = OUTSIDERS) -> list[Accusations]:
    views = sides(Comparison.of(members, outsiders, made, Seed(0)))
    return accusations(views.real.train, views.real.test, views.made.rows, Seed(0))


@pytest.fixture(scope="module")
def memorised() -> dict[str, Accusations]:
    return {each.attack: each for each in panel(jittered(MEMBERS, 3))}


@pytest.fixture(scope="module")
def fresh() -> list[Accusations]:
    return panel(people(150, 3))


@pytest.fixture(scope="module")
def copied_noise() -> dict[str, Accusations]:
    few = MEMBERS.slice(0, 50)
    return {each.attack: each for each in panel(raked(few, people(4_000, 7), 300, 5), few)}


@pytest.mark.parametrize("name", [attack.name for attack in ATTACKS])
def test_each_attack_finds_members_of_a_table_that_was_memorised_or_raked(
    memorised: dict[str, Accusations], copied_noise: dict[str, Accusations], name: str
) -> None:
    both = memorised[name], copied_noise[name]
    for found in both:
        assert len(found.outsiders) == 150 and np.isfinite(found.members).all()
        assert np.isfinite(found.outsiders).all()
    assert max(auc(found.members, found.outsiders)[0] for found in both) > 0.54


def test_no_attack_finds_members_by_fresh_rows(fresh: list[Accusations]) -> None:
    rankings = [(a.members, a.outsiders) for a in fresh]
    _, value, interval = strongest_auc([rankings], SPREADS, Seed(0))
    assert interval.low < 0.5 < interval.high and value < 0.6


def test_the_strongest_is_the_greatest_and_its_interval_wider_than_alone(
    memorised: dict[str, Accusations],
) -> None:
    rankings = [(a.members, a.outsiders) for a in memorised.values()]
    alone = [auc(*pair) for pair in rankings]
    place, value, interval = strongest_auc([rankings], SPREADS, Seed(0))
    assert value == pytest.approx(max(area for area, _ in alone)) == alone[place][0]
    weak = [(a.members[::2], a.outsiders[::2]) for a in memorised.values()]
    assert strongest_auc([weak], SPREADS, Seed(0))[2].low < interval.low
    share, hits = strongest_hits(rankings, 0.01)[1:]
    assert hits.low <= share <= hits.high


def test_the_interval_allows_for_the_choice_among_many_rankings() -> None:
    """Of 20 rankings that know nothing, the best looks good; its interval still holds a half."""
    missed = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        rankings = [(rng.normal(size=50), rng.normal(size=60)) for _ in range(20)]
        _, value, interval = strongest_auc([rankings], [1.0] * 20, Seed(seed))
        missed += interval.low > 0.5
        assert value > 0.54
    assert missed <= 3


def test_rows_of_one_entity_share_a_fold() -> None:
    whose = np.random.default_rng(1).integers(0, 30, 100)
    fold = _dealt(whose, 3)
    assert all(len(set(fold[whose == each])) == 1 for each in np.unique(whose))
    assert min(np.bincount(fold, minlength=3)) > 20
    assert np.bincount(_dealt(np.arange(9), 3)).tolist() == [3, 3, 3]


PRIVACY = ["copies", "closeness", "membership", "disclosure"]


def judged(made: Table, members: Table, outsiders: Table, *metric: str) -> Verdict:
    names = list(metric) or PRIVACY
    scores = score(members, outsiders, made, Seed(1), metrics=names)
    return verdict(scores, measures(metrics("table", names)))


def test_a_memorising_table_fails_each_metric() -> None:
    found = judged(jittered(MEMBERS, 3), MEMBERS, OUTSIDERS).failed()
    assert found >= {"copies.near", "nndr", "closeness.shapes", "closeness.trends"}
    assert found >= {"membership.auc", "membership.tpr@0.01"}
    assert found >= {"disclosure.linkability", "disclosure.inference"}
    mixture = judged(mixed(MEMBERS, 4), MEMBERS, OUTSIDERS, "membership", "disclosure").failed()
    assert {"membership.auc", "disclosure.inference"} <= mixture


def test_a_table_raked_onto_train_fails_and_fresh_rows_pass() -> None:
    made = raked(MEMBERS, people(4_000, 7), 300, 5)
    assert "membership.auc" in judged(made, MEMBERS, OUTSIDERS, "membership").failed()
    found = judged(people(150, 3), MEMBERS, OUTSIDERS)
    assert found.state("privacy") == "pass" and not found.failed(), found.groups


def test_planted_copies_fail_beside_two_hundred_unseen_rows() -> None:
    """Two exact copies in a hundred rows, or five with a hair of noise."""
    members, outsiders = people(800, 1), people(200, 2)
    exact = Table.join([members.slice(0, 16), people(784, 5)])
    assert "copies" in judged(exact, members, outsiders, "copies").failed()
    near = jittered(members, 3, 0.05)
    assert judged(near, members, outsiders, "copies").failed() == {"copies.near"}


@pytest.mark.slow
def test_fresh_rows_pass_in_nineteen_of_twenty_seeds() -> None:
    passed = 0
    for seed in range(20):
        members, outsiders, made = (
            people(rows, 3 * seed + part) for part, rows in enumerate((400, 100, 400), 1)
        )
        passed += judged(made, members, outsiders).state("privacy") == "pass"
    assert passed >= 19


def shadowed(rows: int, count: int, make: Callable[[Table, int], Table]) -> Verdict:
    """The verdict on a table of few rows by shadow models that `make` rows of their members."""
    data, shadows = people(rows, 7), []
    for number in range(count):
        members, outsiders = split(data, 0.2, Seed(1).child("shadow", number))
        shadows.append(Shadow(members, outsiders, make(members, 50 + number)))
    train, test = split(data, 0.2, Seed(1))
    rows_of = Comparison.of(train, test, make(train, 49), Seed(1), shadows=shadows)
    chosen = metrics("table", ["membership"])
    found = scored(chosen, lambda: sides(rows_of), Seed(1), silent)
    return verdict(found, measures(chosen))


@pytest.mark.usefixtures("few_trees")
def test_shadow_models_pass_fresh_rows_and_fail_jittered_copies_of_a_hundred() -> None:
    passed = shadowed(100, 8, lambda members, seed: people(len(members), seed))
    assert not passed.failed() and passed.state("privacy") == "pass"
    assert "membership.auc" in shadowed(100, 8, jittered).failed()


def test_so_many_shadow_models_are_fitted_as_unseen_rows_are_few() -> None:
    assert [shadow_models(4 * n, n) for n in (5, 19, 20, 84, 400)] == [0, 0, 8, 5, 0]
    assert shadow_models(30_000, 19) == 0


def test_a_mean_over_repetitions_is_as_sure_as_its_rows() -> None:
    rng = np.random.default_rng(0)
    one = [(rng.normal(size=60), rng.normal(size=60)) for _ in range(3)]
    many = [[(rng.normal(size=60), rng.normal(size=60)) for _ in range(3)] for _ in range(9)]
    first, mean = (strongest_auc(each, [1.0] * 3, Seed(1))[2] for each in ([one], many))
    assert (mean.high - mean.low) < 0.5 * (first.high - first.low)


def test_rows_of_one_person_say_no_more_than_that_person() -> None:
    """40 and 30 persons of 10 equal rows each: by rows the interval misses a half far too often."""
    own = Clusters(np.repeat(np.arange(40), 10), np.repeat(np.arange(30), 10))
    missed = {"rows": 0, "persons": 0}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        ranking = rng.normal(size=40)[own.positive], rng.normal(size=30)[own.negative]
        for name, clusters in (("rows", None), ("persons", own)):
            _, _, interval = strongest_auc([[ranking]], [1.0], Seed(0), [clusters])
            missed[name] += not interval.low <= 0.5 <= interval.high
            assert auc(*ranking, clusters)[1].low <= auc(*ranking)[0] <= auc(*ranking)[1].high
    assert missed["rows"] > 20 and missed["persons"] <= 8


def test_hits_are_counted_by_persons() -> None:
    own = Clusters(np.repeat(np.arange(40), 10), np.repeat(np.arange(200), 10))
    rng = np.random.default_rng(1)
    ranking = rng.normal(size=40)[own.positive], rng.normal(size=200)[own.negative]
    by_rows, by_persons = (hits_at(*ranking, 0.05, clusters=each)[1] for each in (None, own))
    assert by_persons.high > 2 * by_rows.high - by_rows.low
    same = np.zeros(400), np.arange(2_000.0)
    assert hits_at(*same, 0.05, clusters=own)[1].high > 5 * hits_at(*same, 0.05)[1].high


def test_accusations_say_whose_each_row_is() -> None:
    """Rows of one person are equal here, so an attack by distance says the same of all of them."""

    def of(persons: Table) -> tuple[Table, np.ndarray]:
        who = np.repeat(np.arange(len(persons)), 3)
        return persons.take(who), who

    members, own = of(people(60, 1))
    outsiders, others = of(people(60, 2))
    views = sides(Comparison.of(members, outsiders, people(200, 3), Seed(0)))
    found = accusations(
        views.real.train, views.real.test, views.made.rows, Seed(0), Clusters(own, others)
    )
    by_distance = next(each for each in found if each.attack == "distance")
    assert by_distance.clusters is not None
    _, first, place = np.unique(
        by_distance.clusters.negative, return_index=True, return_inverse=True
    )
    assert np.array_equal(by_distance.outsiders, by_distance.outsiders[first][place])
    assert len(np.unique(by_distance.outsiders)) > 30
    assert sorted(by_distance.clusters.positive.tolist()) == sorted(own.tolist())
