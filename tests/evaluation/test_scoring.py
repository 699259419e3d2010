"""Metrics by name, a plugin's too: its titles and limits go the way of the built-in ones."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from augment.cli import summary as terminal
from augment.cli.options import Screen
from augment.core import registry
from augment.core.errors import UsageError
from augment.core.kind import Scored
from augment.core.seeds import Seed
from augment.core.types import Budget, Group, Score, Tick, silent
from augment.evaluation import scoring
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.verdict import verdict
from augment.report import facts, html, markdown, summary


class Brightness(Metric[float, float]):
    """`brightness`: how far the mean is off; a metric of a plugin."""

    name: ClassVar[str] = "brightness"
    group: ClassVar[Group] = "fidelity"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("brightness", "Brightness", "difference of means", near_ceiling(0.1)),
    )

    def score(self, real: float, fake: float, seed: Seed) -> list[Score]:
        return [
            Score("brightness", abs(real - fake), "lower", "fidelity"),
            Score("brightness.undeclared", 1.0, "lower", "fidelity"),
        ]

    def ceiling(self, real: float, n: int, seed: Seed) -> list[Score]:
        return [Score("brightness", 0.0, "lower", "fidelity")]


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> list[Metric[Any, Any]]:
    monkeypatch.setattr(registry, "names", lambda group: ["brightness"])
    monkeypatch.setattr(registry, "find", lambda group, name: Brightness)
    return scoring.metrics("metrics", ("shapes",), None)


@pytest.mark.parametrize(("fake", "state"), [(0.55, "pass"), (0.9, "fail")])
def test_a_plugins_metric_is_titled_and_judged_by_what_it_declares(
    plugin: list[Metric[Any, Any]],
    fake: float,
    state: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sides = scoring.Sides(0.5, fake, 0.0, 10)
    scores = scoring.scored(plugin, lambda: sides, Seed(0), silent)
    known = scoring.measures(plugin)
    judged = verdict(scores, known)
    assert judged.state("fidelity") == state
    document = {
        "verdict": judged.to_json(),
        "measures": [measure.to_json() for measure in known],
        "compared": scoring.compared(20, None, 10),
    }
    report = facts.document(Scored(tuple(scores), document), {"source": "x"})
    first, last = summary.lines(report)
    assert (first.name, first.limit, first.mark) == ("Brightness", "≤ 0.100", state)
    assert (last.name, last.mark) == ("brightness.undeclared", "")
    screen = Screen(quiet=False, verbose=False, as_json=False, log_format="plain", no_color=True)
    terminal.show({"report": report}, screen, terminal.of_report)
    shown = capsys.readouterr().err
    for text in (html.render(report), markdown.render(report), shown):
        assert "Brightness" in text and state in text
    assert "sampling noise" not in shown
    assert "Scored 10 synthetic rows against 20 real rows." in shown
    assert "half (10) stands for unseen" in shown


def test_what_there_is_no_time_for_is_named_and_passes_nothing(
    plugin: list[Metric[Any, Any]],
) -> None:
    ticks: list[Tick] = []
    over = Budget(1.0, lambda: 2.0, 0.0)
    scores = scoring.scored(
        plugin, lambda: scoring.Sides(0.5, 0.5, 0.0, 10), Seed(0), ticks.append, over
    )
    assert [(score.metric, score.value) for score in scores] == [("brightness", None)]
    assert "--max-time" in scores[0].note
    assert [tick.shortened for tick in ticks if tick.shortened] == ["not scored: brightness"]
    assert verdict(scores, scoring.measures(plugin)).state("fidelity") == "not shown"


def test_unknown_and_no_metrics_are_refused() -> None:
    with pytest.raises(UsageError, match="shapes"):
        scoring.metrics("metrics", (), ["shape"])
    with pytest.raises(UsageError, match="No metric"):
        scoring.metrics("metrics", (), [])


@pytest.mark.parametrize("rows", [0, 1, 2, 7])
def test_halves_share_no_row_and_leave_none_out(rows: int) -> None:
    first, second = scoring.halves(rows, Seed(1))
    assert sorted([*first, *second]) == list(range(rows))
    assert 0 <= len(first) - len(second) <= 1
