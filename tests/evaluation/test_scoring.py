"""Metrics by name, a plugin's too: its titles and limits go the way of the built-in ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest

from augment.cli import output, report_summary
from augment.cli.options import Screen
from augment.core import registry
from augment.core.budget import Budget
from augment.core.errors import UsageError
from augment.core.kind import Scored
from augment.core.seeds import Seed
from augment.core.types import Dataset, Group, Score, Tick, silent
from augment.evaluation import scoring
from augment.evaluation.comparison import Comparison, halves
from augment.evaluation.limits import fixed, near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.verdict import verdict
from augment.lifecycle import health
from augment.report import facts, html, markdown, summary
from tests.cli import in_process


@dataclass(frozen=True)
class Numbers(Dataset):
    """So many rows, of which nothing else is known."""

    rows: int

    def __len__(self) -> int:
        return self.rows

    def take(self, rows: Any) -> Self:
        return type(self)(len(rows))

    def labels(self) -> None:
        return None

    def entities(self) -> None:
        return None

    def digest(self) -> str:
        return str(self.rows)


class Brightness(Metric[float, float]):
    """`brightness`: how far the mean is off; a metric of a plugin."""

    kind: ClassVar[str] = "pictures"
    name: ClassVar[str] = "brightness"
    group: ClassVar[Group] = "fidelity"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure(
            "brightness",
            "Brightness",
            "difference of means",
            better="lower",
            limit=near_ceiling(0.1),
        ),
    )

    def score(self, real: float, fake: float, seed: Seed) -> list[Score]:
        return [
            Score("brightness", abs(real - fake), "lower", "fidelity"),
            Score("brightness.undeclared", 1.0, "lower", "fidelity"),
        ]

    def ceiling(self, real: float, n: int, seed: Seed) -> list[Score]:
        return [Score("brightness", 0.0, "lower", "fidelity")]


class Sizes(Metric[Any, Any]):
    """`sizes`: how many rows were made for each unseen one; a plugin's metric of tables."""

    kind: ClassVar[str] = "table"
    name: ClassVar[str] = "sizes"
    group: ClassVar[Group] = "validity"
    order: ClassVar[int] = 5
    has_floor: ClassVar[bool] = False
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("sizes", "Rows made", "rows made for one unseen", better="higher", limit=fixed(9)),
    )

    def score(self, real: Any, fake: Any, seed: Seed) -> list[Score]:
        rows = len(fake.rows) / len(real.test)
        return [Score("sizes", rows, "lower", "fidelity")]  # the declaration wins over both


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Entry points of a package that brings two metrics, one of a kind of its own."""
    built_in = metadata.entry_points
    group = "augment.metrics"
    extra = [
        metadata.EntryPoint("pictures.brightness", f"{__name__}:Brightness", group),
        metadata.EntryPoint("table.sizes", f"{__name__}:Sizes", group),
        metadata.EntryPoint("brightness", f"{__name__}:Brightness", group),  # of no kind
    ]
    monkeypatch.setattr(
        metadata,
        "entry_points",
        lambda group: [*built_in(group=group), *(e for e in extra if e.group == group)],
    )
    registry._points.cache_clear()
    yield
    registry._points.cache_clear()


@pytest.fixture
def plugin(plugins: None) -> list[Metric[Any, Any]]:
    return scoring.metrics("pictures")


@pytest.mark.usefixtures("few_trees")
def test_a_plugins_metric_of_tables_is_shown_and_judged_everywhere(
    plugins: None, tmp_path: Path
) -> None:
    source, out = "samples/clinic.csv", tmp_path / "out"
    asked = ("evaluate", source, source, "-o", out, "--seed", "1")
    done = in_process.augment(*asked, "--gate", "sizes >= 9")
    assert done.returncode == 3, done.stderr
    shown = done.stderr.decode()
    row = next(line for line in shown.splitlines() if line.startswith("Rows made"))
    assert "≥ 9.000" in row and "fail" in row
    assert shown.index("Rows made") < shown.index("Column shapes")  # by its order
    assert "Validity fails: Rows made." in shown
    report = json.loads((out / "report.json").read_text())
    assert report["measures"][0] | {"title": "", "meaning": ""} == {
        "name": "sizes", "title": "", "meaning": "", "unit": "number", "better": "higher",
        "places": None, "judged": True, "essential": False, "remedy": "", "evidence": "",
    }  # fmt: skip
    (check,) = (each for each in report["verdict"]["checks"] if each["metric"] == "sizes")
    assert (check["title"], check["limit"], check["group"]) == ("Rows made", 9, "validity")
    (score,) = (each for each in report["scores"] if each["metric"] == "sizes")
    assert (score["better"], score["group"], score["ceiling"]) == ("higher", "validity", None)
    page = (out / "report.html").read_text()
    assert "Rows made" in page and "≥ 9.000" in page


def test_a_metric_that_is_registered_by_another_name_is_a_fault(plugins: None) -> None:
    (check,) = (each for each in health.checks() if each.name == "metrics")
    assert not check.ok
    assert "brightness (it declares itself as pictures.brightness)" in check.hint


def test_metrics_stand_in_the_order_that_they_declare(plugins: None) -> None:
    assert [metric.name for metric in scoring.metrics("table")][:3] == ["sizes", "shapes", "trends"]
    assert [metric.name for metric in scoring.metrics("images")][-1] == "copies"


@pytest.mark.parametrize("entry", registry.names("metrics"))
def test_an_entry_is_called_by_the_kind_and_the_name_that_its_metric_declares(entry: str) -> None:
    metric = registry.find("metrics", entry)
    assert entry == f"{metric.kind}.{metric.name}"
    assert metric.kind in registry.names("kinds")


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
        "compared": Comparison.of(Numbers(20), None, Numbers(10), Seed(0)).counts(),
    }
    report = facts.document(Scored(tuple(scores), document), {"source": "x"})
    first, last = summary.lines(report)
    assert (first.name, first.limit, first.mark) == ("Brightness", "≤ 0.100", state)
    assert (last.name, last.mark) == ("brightness.undeclared", "")
    screen = Screen(quiet=False, verbose=False, as_json=False, log_format="plain", no_color=True)
    output.show({"report": report}, screen, report_summary.of_report)
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


class Utility(Brightness):
    name: ClassVar[str] = "utility"
    group: ClassVar[Group] = "utility"


class Lift(Utility):
    name: ClassVar[str] = "lift"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("lift", "Lift", "what is gained", better="higher"),
    )


def test_what_is_judged_may_take_all_the_time_that_only_others_wait_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bounds: list[float] = []

    def bound(seconds: float) -> Any:
        bounds.append(seconds)
        return nullcontext()

    monkeypatch.setattr(scoring, "interrupted", bound)
    chosen = [Lift(), Utility(), Brightness()]
    chosen.sort(key=lambda metric: metric.name == "lift")
    sides = scoring.Sides(0.5, 0.5, 0.0, 10)
    scoring.scored(chosen, lambda: sides, Seed(0), silent, Budget(8.0, lambda: 0.0, 0.0))
    assert bounds == [8, 4, 8, 8]  # views, brightness, utility, lift


def test_unknown_and_no_metrics_are_refused() -> None:
    with pytest.raises(UsageError, match="shapes"):
        scoring.metrics("table", ["shape"])
    with pytest.raises(UsageError, match="No metric"):
        scoring.metrics("table", [])


@pytest.mark.parametrize("rows", [0, 1, 2, 7])
def test_halves_share_no_row_and_leave_none_out(rows: int) -> None:
    first, second = halves(Numbers(rows), Seed(1))
    assert sorted([*first, *second]) == list(range(rows))
    assert 0 <= len(first) - len(second) <= 1
