"""One limit of time for a command: shares of it, what is left out, and what it would cost."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from augment.core import registry
from augment.core.budget import Budget
from augment.core.errors import OutOfResources
from augment.core.kind import Forecast
from augment.core.seeds import Seed
from augment.core.types import Job, silent
from augment.kinds.images.io.image_files import encoded
from augment.kinds.tables.kind import TABLES
from augment.lifecycle import fitting, run, time_limit
from augment.lifecycle.journal import Journal
from augment.lifecycle.plan import RunRequest
from augment.testing import mixed_table, simple_images
from tests.test_laws import QUICK


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    rows = [f"{i % 50},{'abc'[i % 3]}" for i in range(200)]
    path.write_text("\n".join(["n,letter", *rows]) + "\n")
    return path


def test_a_fit_leaves_the_stages_behind_it_their_time() -> None:
    budget = Budget(100.0, lambda: 0.0, 0.0)
    known = Forecast(500.0, 5.0, 15.0, 0)
    assert time_limit.fit_budget(budget, known, True).left() == pytest.approx(100 - 1.3 * 20)
    assert time_limit.fit_budget(budget, known, False).left() == pytest.approx(100 - 1.3 * 5)
    slow = Forecast(1.0, 0.0, 1e6, 0)
    assert time_limit.fit_budget(budget, slow, True).left() == pytest.approx(50)
    assert time_limit.fit_budget(budget, None, True).left() == pytest.approx(60)
    assert math.isinf(time_limit.fit_budget(Budget(), known, True).left())


def test_a_command_without_time_ends_with_six_and_says_where_it_stood(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_limit, "LEAST_GRACE_SECONDS", 0.0)
    for stage in (run.run, fitting.fit):
        request = RunRequest(str(table), engine="independent", seed=1, max_seconds=1e-9)
        with pytest.raises(OutOfResources, match="--max-time") as raised:
            stage(request, tmp_path / "out", force=False, dry_run=False, tell=silent)
        assert raised.value.exit_code == 6


def test_a_budget_too_small_for_the_canvas_is_refused_with_the_way_out(tmp_path: Path) -> None:
    clock = itertools.count()  # every look at the clock takes a second
    budget = Budget(60.0, lambda: float(next(clock)), 0.0)
    recipe = registry.engine("cvae", {"width": "8", "latent": "4", "batch": "8"})
    with pytest.raises(OutOfResources, match=r"autoencoder.*--max-time"):
        recipe.fit(simple_images(30), Job(Seed(1), tmp_path, budget=budget))


def test_a_table_that_there_is_no_time_to_learn_is_refused_with_the_way_out(tmp_path: Path) -> None:
    clock = itertools.count()
    budget = Budget(25.0, lambda: float(next(clock)), 0.0)
    with pytest.raises(OutOfResources, match="--engine independent") as raised:
        registry.engine("anyorder").fit(mixed_table(), Job(Seed(1), tmp_path, budget=budget))
    assert "--max-time" in str(raised.value)


def test_a_limit_is_exceeded_by_little_before_the_command_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allowed: list[float] = []

    @contextmanager
    def noted(seconds: float) -> Iterator[None]:
        allowed.append(seconds)
        yield

    monkeypatch.setattr(time_limit, "interrupted", noted)
    for limit in (60.0, 3600.0):
        with time_limit.bounded(Budget(limit, lambda: 0.0, 0.0), Journal(None, silent)):
            pass
        assert limit < allowed[-1] <= 1.1 * limit + 5


def test_bars_of_the_columns_are_there_before_the_time_for_scores_is_over() -> None:
    budget = Budget(1.0, lambda: 1.0, 0.0)  # used up
    table = mixed_table(60)
    unseen, made = mixed_table(40, 1), mixed_table(60, 2)
    found = TABLES.evaluator.score(table, unseen, made, Seed(1), silent, {}, budget)
    assert all(score.value is None for score in found.scores)
    assert len(found.document["columns"]) == len(table.schema)


def test_calibration_that_is_cut_short_says_so(tmp_path: Path) -> None:
    found: list[str] = []
    clock = itertools.count()
    budget = Budget(1.0, lambda: float(next(clock)), 0.0)
    job = Job(Seed(1), tmp_path, budget=budget, tick=lambda tick: found.append(tick.shortened))
    model = registry.engine("anyorder", {"epochs": "1"}).fit(mixed_table(), job)
    assert len(model.sample(20, Seed(2))) == 20
    assert any("calibrated" in words for words in found)


@pytest.mark.parametrize("name", registry.names("engines"))
def test_an_engine_says_what_it_costs(name: str) -> None:
    if registry.find("engines", name).about.foreign:
        pytest.skip("needs weights from elsewhere")
    recipe = registry.engine(name, QUICK.get(name))
    data = mixed_table() if recipe.about.kind == "table" else simple_images()
    costs = recipe.costs(data, "cpu")
    assert costs is not None and costs.fit_seconds > 0 and costs.row_seconds > 0


def test_more_steps_and_rows_are_thought_to_take_longer() -> None:
    data = simple_images()
    few, many = (registry.engine("cvae", {"steps": n}).costs(data, "cpu") for n in ("100", "900"))
    assert few is not None and many is not None and few.fit_seconds < many.fit_seconds
    small, large = (
        registry.engine("anyorder", {"epochs": "9"}).costs(mixed_table(rows), "cpu")
        for rows in (300, 3_000)
    )
    assert small is not None and large is not None and small.fit_seconds < large.fit_seconds


def test_a_dry_run_estimates_time_and_memory_of_each_stage(table: Path, tmp_path: Path) -> None:
    request = RunRequest(str(table), seed=1)
    found = run.run(request, tmp_path / "r", force=False, dry_run=True, tell=silent)["estimate"]
    assert set(found["seconds"]) == {"fit", "sample", "score"} and found["bytes"] > 0
    found = fitting.fit(request, tmp_path / "f", force=False, dry_run=True, tell=silent)
    assert set(found["estimate"]["seconds"]) == {"fit"}


def test_pictures_are_packed_at_the_quickest_level() -> None:
    data = encoded(simple_images(1, (32, 32)).pixels[0])
    start = data.index(b"IDAT") + 4
    assert data[start + 1] >> 6 == 0  # FLEVEL of RFC 1950: the fastest algorithm
