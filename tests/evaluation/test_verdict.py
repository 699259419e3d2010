"""The verdict: its limit is the one it prints, and what was not shown is no pass."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from augment.core.types import Group, Interval, Score
from augment.evaluation import scoring
from augment.evaluation.limits import fixed, natural_rate, near_ceiling
from augment.evaluation.metric import WIDEST_TITLE, Measure
from augment.evaluation.noise import FALSE_FAILURES, Z95, one_sided, widened
from augment.evaluation.roc import binomial
from augment.evaluation.verdict import Unscored, verdict

AUC = Measure(
    "auc",
    "Membership AUC",
    "AUC of telling",
    better="lower",
    limit=fixed(0.55),
    essential=True,
    worst=1.0,
)
COPIES = Measure(
    "copies",
    "Copies",
    "copies",
    better="lower",
    limit=natural_rate(),
    essential=True,
    worst=1.0,
    ceiling_noise=True,
)


def score(metric: str, value: float | None, group: Group = "privacy", **more: object) -> Score:
    return Score(metric, value, "lower", group, **more)  # type: ignore[arg-type]


def bounds(sentence: str) -> tuple[float, float]:
    """The value and the limit that a sentence prints."""
    found = re.search(r": ([\d.]+) \(at most ([\d.]+) passes", sentence)
    assert found, sentence
    return float(found[1]), float(found[2])


@pytest.mark.parametrize(
    ("value", "half", "state"),
    [(0.56, 0.0, "fail"), (0.55, 0.0, "pass"), (0.56, 0.012, "pass"), (0.57, 0.012, "fail"),
     (0.5500004, 0.0, "fail"), (0.56, 0.4, "not shown")],
)  # fmt: skip
def test_the_printed_limit_is_the_limit_used(value: float, half: float, state: str) -> None:
    interval = Interval(value - half, value + half)
    judged = verdict([score("auc", value, interval=interval)], [AUC])
    (check,) = judged.checks
    assert (check.state, judged.state("privacy")) == (state, state)
    wide = widened(half, one_sided(FALSE_FAILURES))
    allowed = wide if 0.55 + wide < 1 else half  # for what nothing could fail would show nothing
    assert check.limit == pytest.approx(0.55 + allowed)
    shown, limit = bounds(check.sentence)
    assert (shown > limit) == (state == "fail")
    assert ("for sampling noise" in check.sentence) == (half > 0)


@pytest.mark.parametrize("checks", [1, 2, 25])
def test_fresh_real_rows_fail_any_check_in_one_report_of_a_hundred_at_most(checks: int) -> None:
    """Values and ceilings alike deviate by 0.01 from one truth, on which the limits lie, too."""
    measures = [replace(AUC, name=f"m{n}", limit=near_ceiling()) for n in range(checks)]
    rng, reports, failed = np.random.default_rng(3), 1_000, 0

    def around(value: float) -> Interval:
        return Interval(value - 0.01 * Z95, value + 0.01 * Z95)

    for drawn in 0.5 + 0.01 * rng.standard_normal((reports, checks, 2)):
        scores = [
            score(measure.name, v, interval=around(v), ceiling=c, ceiling_interval=around(c))
            for measure, (v, c) in zip(measures, drawn.tolist(), strict=True)
        ]
        judged = verdict(scores, measures)
        failed += judged.state("privacy") == "fail"
        assert sum(check.chance for check in judged.checks) == pytest.approx(FALSE_FAILURES)
    assert binomial(failed, reports).low <= FALSE_FAILURES
    assert failed > FALSE_FAILURES / 4 * reports  # it can fail


def test_a_limit_with_room_enough_is_moved_by_its_own_noise_alone() -> None:
    """Hundreds of deviations above the ceiling no allowance for many checks is needed."""
    measures = [replace(AUC, name=f"m{n}", limit=near_ceiling(margin=0.2)) for n in range(25)]
    scores = [score(m.name, 0.6, interval=Interval(0.599, 0.601), ceiling=0.5) for m in measures]
    for check in verdict(scores, measures).checks:
        assert check.noise == pytest.approx(0.001)
        assert check.chance == 0


def test_a_share_that_is_surely_above_its_limit_fails_however_many_checks_there_are() -> None:
    """The noise of a share grows with it: half of all members found is no chance hit."""
    hits = replace(AUC, name="hits", unit="share", limit=fixed(0.003))
    found = score("hits", 0.5, interval=Interval(0.13, 1.0), ceiling=0.001)
    rest = [replace(AUC, name=f"m{n}") for n in range(25)]
    scores = [found, *(score(m.name, 0.5, interval=Interval(0.49, 0.51)) for m in rest)]
    assert verdict(scores, [hits, *rest]).failed() == {"hits"}


def test_checks_without_noise_take_no_part_of_the_allowance() -> None:
    exact = replace(AUC, name="count", limit=fixed(0.0))
    noisy = score("auc", 0.5, interval=Interval(0.49, 0.51))
    alone, beside = (
        verdict(scores, [AUC, exact]).checks[0]
        for scores in ([noisy], [noisy, score("count", 0.0)])
    )
    assert beside == alone
    assert verdict([score("count", 0.0)], [exact]).checks[0].chance == 0


def test_a_group_passes_only_when_all_that_is_essential_was_shown() -> None:
    more = Measure("more", "More", "more", better="lower", limit=fixed(1.0))
    known, unknown = score("auc", 0.5), score("auc", None, note="Not enough rows.")
    assert verdict([known, score("more", None, note="x")], [AUC, more]).state("privacy") == "pass"
    judged = verdict([unknown, score("more", 0.5)], [AUC, more])
    assert judged.state("privacy") == "not shown"
    assert judged.groups["privacy"].reason == "Membership AUC: not enough rows"
    assert verdict([unknown, score("more", 2.0)], [AUC, more]).state("privacy") == "fail"
    assert verdict([], [AUC]).state("privacy") == "not shown"


@pytest.mark.parametrize(("natural", "state"), [(0.0, "fail"), (0.9, "fail"), (0.995, "not shown")])
def test_a_check_that_nothing_can_miss_shows_nothing(natural: float, state: str) -> None:
    exact = Interval(natural, natural)
    copied = score("copies", 1.0, ceiling=natural, interval=Interval(1.0, 1.0))
    (check,) = verdict([copied], [COPIES]).checks
    assert check.state == state
    few = score("copies", 0.0, ceiling=0.0, ceiling_interval=Interval(0.0, 0.6), interval=exact)
    assert verdict([few], [COPIES]).state("privacy") != "fail"


def test_a_ceiling_of_few_rows_adds_its_noise_and_hides_what_it_might() -> None:
    few = score("copies", 0.0, ceiling=0.0, ceiling_interval=Interval(0.0, 0.3))
    (check,) = verdict([few], [COPIES]).checks
    assert check.state == "not shown"
    assert check.limit == pytest.approx(0.005 + 0.3 + 0.7 / 4)


def test_nothing_to_lose_is_nothing_shown() -> None:
    measure = Measure(
        "utility",
        "Utility",
        "quality",
        better="higher",
        limit=near_ceiling(margin=0.03),
        essential=True,
        above_floor=True,
    )
    for floor, state in ((0.5, "not shown"), (0.4, "pass")):
        found = Score("utility", 0.5, "higher", "utility", ceiling=0.5, floor=floor)
        assert verdict([found], [measure]).state("utility") == state


def test_what_was_not_scored_is_named() -> None:
    more = Measure("more", "More", "more", better="lower")
    unscored = [Unscored(("note", "id"), "Texts are replaced.")]
    judged = verdict([score("more", None, note="There are 3 rows.")], [more], unscored)
    assert "Not scored: note, id, because texts are replaced." in judged.sentences
    assert "Not scored: More, because there are 3 rows." in judged.sentences
    document = json.loads(json.dumps(judged.to_json()))
    assert document["not_scored"][0] == {
        "what": ["note", "id"],
        "because": "Texts are replaced.",
        "kind": "data",
    }


def test_the_worst_places_are_those_furthest_behind_whatever_the_direction() -> None:
    up = Measure("up", "Up", "up", better="higher", worst_places="columns")
    down = Measure("down", "Down", "down", better="lower", worst_places="pairs")
    scores = [
        Score("up", 0.9, "higher", "fidelity", "a", ceiling=1.0),
        Score("up", 0.5, "higher", "fidelity", "b", ceiling=1.0),
        Score("up", 0.99, "higher", "fidelity", "c", ceiling=1.0),
        Score("down", 0.9, "lower", "fidelity", "d", ceiling=0.1),
    ]
    judged = verdict(scores, [up, down])
    assert [gap.where for gap in judged.worst_columns] == ["b", "a"]
    assert [gap.where for gap in judged.worst_pairs] == ["d"]


@pytest.mark.parametrize("kind", ["table", "images"])
def test_every_measure_has_a_title_that_fits_a_line(kind: str) -> None:
    found = scoring.measures(scoring.metrics(kind))
    assert len({measure.name for measure in found}) == len(found) > 0
    for measure in found:
        assert measure.meaning and 0 < len(measure.title) <= WIDEST_TITLE, measure.name
