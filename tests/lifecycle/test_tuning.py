"""`tune`: trials on one split, what may win, what resumes, and what is told of the gain."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from rich.console import Console

from augment.cli import tuning_summary
from augment.core import registry
from augment.core.errors import (
    AugmentError,
    BadInput,
    GateFailed,
    MissingExtra,
    OutOfResources,
    UsageError,
)
from augment.core.kind import Forecast
from augment.core.seeds import Seed
from augment.core.types import Json, Tick, silent
from augment.lifecycle import search, study, trials, tuning, tuning_result
from augment.lifecycle.plan import RunRequest
from augment.lifecycle.search import TuneRequest
from augment.lifecycle.search_space import space_of
from augment.work.manifest import verify
from tests.cli import in_process
from tests.places import ROOT

ROWS = 200
SLOW = pytest.mark.slow
BEST = 500  # levels, of the made-up scores below


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "t.csv"
    rows = [f"{i % 50},{'abc'[i % 3]}" for i in range(ROWS)]
    path.write_text("\n".join(["n,letter", *rows]) + "\n")
    return path


@pytest.fixture
def request_(table: Path) -> TuneRequest:
    """A search of one number, `max_levels` of `copula`, whose scores a test makes up."""
    run = RunRequest(
        str(table), engine="copula", parameters={"default_distribution": "norm"}, seed=4
    )
    return TuneRequest(run, trials=8)


def report_of(levels: int, leak: float = 0.0) -> Json:
    """A report that likes `BEST` levels, and says how much leaks."""
    off = abs(levels - BEST) / BEST
    check = {"noise": 0.0, "essential": True, "title": "", "sentence": "", "reason": ""}
    scores = [
        ("shapes", "fidelity", "lower", off, 0.1),
        ("membership", "privacy", "lower", leak, 0.5),
    ]
    return {
        "measures": [{"name": m, "title": m, "judged": True} for m, *_ in scores],
        "scores": [
            {"metric": m, "value": v, "better": b, "group": g, "where": "", "ceiling": 0.0,
             "floor": 1.0, "interval": None, "note": ""}
            for m, g, b, v, _ in scores
        ],
        "verdict": {
            "groups": {"privacy": {"state": "fail" if leak > 0.5 else "pass", "reason": ""}},
            "checks": [
                {**check, "metric": m, "group": g, "value": v, "limit": limit,
                 "state": "fail" if v > limit else "pass"}
                for m, g, _, v, limit in scores
            ],
        },
    }  # fmt: skip


Scored = Callable[..., Json]


def made_up(engine: Any, **_: Any) -> Json:
    return report_of(engine.max_levels)


def with_scores(monkeypatch: pytest.MonkeyPatch, make: Scored) -> list[Any]:
    """Let `make` stand for fit, sample and score; the rows that each call was given."""
    calls: list[Any] = []

    def scored(
        prepared: Any, engine: Any, rows: Any, folder: Path, tick: Any, budget: Any, workers: Any
    ) -> Json:
        calls.append((engine, rows))
        return make(engine=engine, number=len(calls), tick=tick, folder=folder, budget=budget)

    monkeypatch.setattr(trials, "scored", scored)
    return calls


def start(request: TuneRequest, out: Path, force: bool = False, tell: Any = silent) -> Json:
    return tuning.tune(request, out, force=force, dry_run=False, tell=tell)


def told(document: Json) -> list[Any]:
    """What a search did, without its clock."""
    return [(row["parameters"], row["values"], row["state"]) for row in document["trials"]]


def test_trials_begin_with_the_defaults_and_the_winner_is_judged_on_rows_that_none_saw(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = with_scores(monkeypatch, made_up)
    document = start(request_, tmp_path / "out")
    rows = document["trials"]
    assert [row["number"] for row in rows] == list(range(1, 9))
    assert rows[0]["parameters"] == {} and rows[0]["defaults"]
    best = max(rows, key=lambda row: row["worth"][0])
    assert document["winner"]["number"] == best["number"] and document["better"]
    won, plain = (document["final"][side]["values"]["fidelity"] for side in ("winner", "defaults"))
    assert won > plain
    # as many rows as all trials saw, and a third part that none did
    learnt, unseen = ([len(part) for part in parts] for parts in zip(
        *((rows.learnt, rows.unseen) for _, rows in calls), strict=True))  # fmt: skip
    assert set(learnt[:-2]) == {120} and learnt[-2:] == [160, 160] and set(unseen) == {40}
    seen = {tuple(row) for _, rows in calls[:-2] for row in _positions(rows.learnt, rows.unseen)}
    assert len(seen) == 1
    assert document["importance"]["fidelity"] == {}  # of eight trials it would be chance
    found = verify(tmp_path / "out")
    assert not found.changed and not found.missing and not found.unknown
    page = (tmp_path / "out" / "tune.html").read_text()
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert json.loads((tmp_path / "out" / "tune.json").read_text()) == document


def _positions(*parts: Any) -> list[list[str]]:
    return [[part.digest() for part in parts]]


def test_a_trial_that_fails_privacy_cannot_win(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leaky(engine: Any, **_: Any) -> Json:
        return report_of(engine.max_levels, leak=0.9 if engine.max_levels < 900 else 0.1)

    with_scores(monkeypatch, leaky)
    document = start(request_, tmp_path / "out")
    won = document["trials"][document["winner"]["number"] - 1]
    assert won["privacy"] == "pass"
    assert any(row["worth"][0] > won["worth"][0] for row in document["trials"])
    with_scores(monkeypatch, lambda engine, **_: report_of(engine.max_levels, leak=0.9))
    document = start(request_, tmp_path / "none")
    assert document["winner"] is None and isinstance(tuning_result.unmet(document), GateFailed)
    assert "privacy" in str(tuning_result.unmet(document))


@pytest.mark.parametrize("stop", [pytest.param(1, marks=SLOW), 4, pytest.param(9, marks=SLOW)])
def test_a_search_that_was_cut_short_goes_on_to_the_same_trials(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    with_scores(monkeypatch, made_up)
    whole = start(request_, tmp_path / "whole")

    def cut(engine: Any, number: int, **_: Any) -> Json:
        if number == stop:
            raise KeyboardInterrupt
        return report_of(engine.max_levels)

    with_scores(monkeypatch, cut)
    unseeded = replace(request_, run=replace(request_.run, seed=None))
    with pytest.raises(KeyboardInterrupt):
        start(request_, tmp_path / "out")
    calls = with_scores(monkeypatch, made_up)
    document = start(unseeded, tmp_path / "out")
    assert told(document) == told(whole) and document["seed"] == whole["seed"]
    assert document["final"]["winner"]["values"] == whole["final"]["winner"]["values"]
    assert len(calls) == 10 - (stop - 1)  # 8 trials and 2 final scores, those done are kept


@pytest.mark.parametrize("stop", [pytest.param(1, marks=SLOW), 5])
def test_a_trial_that_was_scored_but_not_ended_counts_when_the_search_goes_on(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    asked = replace(request_, trials=12)  # after ten the search learns from those that ended
    with_scores(monkeypatch, made_up)
    whole, told_so_far = start(asked, tmp_path / "whole"), 0

    def cut(*given: Any, **named: Any) -> None:
        nonlocal told_so_far
        told_so_far += 1
        if told_so_far == stop:
            raise KeyboardInterrupt
        tell(*given, **named)

    tell = optuna.Study.tell
    with monkeypatch.context() as patch:
        patch.setattr(optuna.Study, "tell", cut)
        with pytest.raises(KeyboardInterrupt):
            start(asked, tmp_path / "out")
    calls = with_scores(monkeypatch, made_up)
    document = start(asked, tmp_path / "out")
    assert told(document) == told(whole)
    assert len(calls) == 14 - stop  # 12 trials and 2 final scores: none is done twice


def test_a_finished_search_is_left_and_goes_on_for_more_trials(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_scores(monkeypatch, made_up)
    short = start(replace(request_, trials=4), tmp_path / "out")
    calls = with_scores(monkeypatch, made_up)
    assert start(replace(request_, trials=4), tmp_path / "out")["up_to_date"]
    assert not calls
    longer = start(request_, tmp_path / "out")
    assert told(longer)[:4] == told(short) and len(longer["trials"]) == 8
    assert told(longer) == told(start(request_, tmp_path / "whole"))
    with pytest.raises(UsageError, match="another source, plan or seed"):
        start(replace(request_, objectives=("shapes",)), tmp_path / "out")


def test_failing_trials_are_rows_with_their_reason_and_hold_no_values(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(engine: Any, number: int, **_: Any) -> Json:
        if number == 2:
            raise ValueError("could not convert string to float: 'secret'")
        if number == 3:
            raise UsageError("too wide")
        return report_of(engine.max_levels)

    with_scores(monkeypatch, broken)
    rows = start(request_, tmp_path / "out")["trials"]
    assert [(row["state"], row["reason"]) for row in rows[1:3]] == [
        ("failed", "ValueError"),
        ("failed", "too wide"),
    ]
    assert {row["state"] for row in rows[3:]} == {"done"}
    assert b"secret" not in b"".join(p.read_bytes() for p in (tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("failures", "error"),
    [
        ([MemoryError()], OutOfResources),
        ([MissingExtra("pip install it")], MissingExtra),
        ([ValueError("'secret'")], BadInput),
        ([MemoryError(), ValueError("'secret'")], BadInput),
    ],
    ids=str,
)
def test_where_no_trial_gets_to_the_end_nothing_is_left(
    request_: TuneRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failures: list[Exception],
    error: type[AugmentError],
) -> None:
    def broken(engine: Any, number: int, **_: Any) -> Json:
        raise failures[number % len(failures)]

    with_scores(monkeypatch, broken)
    with pytest.raises(error, match=r"No trial got to the end\. trial 1") as raised:
        start(request_, tmp_path / "out")
    assert "secret" not in str(raised.value)
    assert not (tmp_path / "out" / "tune.json").exists()
    assert not (tmp_path / "out" / ".partial").exists()
    with_scores(monkeypatch, made_up)
    assert start(request_, tmp_path / "out")["winner"] is not None


def test_a_trial_far_behind_on_held_out_loss_is_pruned(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[int] = []

    def trained(engine: Any, number: int, tick: Any, **_: Any) -> Json:
        for step in range(1, 11):
            reached.append(number)
            tick(Tick("fit", step, 10, held_out=5.0 if number == 8 else 1.0 / step))
        return report_of(engine.max_levels)

    with_scores(monkeypatch, trained)
    document = start(request_, tmp_path / "out")
    assert [row["state"] for row in document["trials"]] == ["done"] * 7 + ["pruned"]
    assert reached.count(8) == 2 and "20% of fitting" in document["trials"][-1]["reason"]
    with sqlite3.connect(tmp_path / "out" / "trials.db") as database:
        losses = database.execute("select count(*) from trial_intermediate_values").fetchone()
    assert losses[0] == 7 * 10 + 2


def test_pruning_waits_for_rivals_and_compares_the_same_phase() -> None:
    rival = [("prior", 0.5, 1.0), ("prior", 1.0, 0.5)]
    assert trials.falls_behind([("prior", 0.5, 1.5)], [rival] * 4)
    assert not trials.falls_behind([("prior", 0.5, 0.9)], [rival] * 4)
    assert not trials.falls_behind([("prior", 0.5, 1.5)], [rival] * 3)
    assert not trials.falls_behind([("autoencoder", 0.5, 1.5)], [rival] * 4)
    assert not trials.falls_behind([("prior", 0.1, 9.0)], [[("prior", 0.1, 1.0)]] * 4)


def row(number: int, *worth: float, violation: float = 0.0) -> Json:
    return {"number": number, "state": "done", "worth": list(worth), "violation": violation}


def test_of_several_objectives_the_winner_is_on_the_front_and_near_the_best_of_each() -> None:
    rows = [row(1, 0, 10), row(2, 8, 8), row(3, 10, 0), row(4, 7, 7), row(5, 99, 99, violation=1)]
    assert [each["number"] for each in trials.front(rows)] == [1, 2, 3]
    won = trials.winner(rows)
    assert won is not None and won["number"] == 2
    assert trials.winner([row(1, 1.0, violation=2.0)]) is None


def test_several_objectives_make_a_front(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two(engine: Any, **_: Any) -> Json:
        return report_of(engine.max_levels, leak=engine.max_levels / 4000)

    with_scores(monkeypatch, two)
    monkeypatch.setattr(tuning.objective, "require_known", lambda names, known: None)
    document = start(replace(request_, objectives=("fidelity", "membership")), tmp_path / "out")
    assert document["winner"]["number"] in document["front"]
    assert set(document["importance"]) == {"fidelity", "membership"}


def test_a_search_keeps_to_its_time(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(10**6))
    monkeypatch.setattr(trials.time, "monotonic", lambda: 50.0 * next(seconds))
    with_scores(monkeypatch, made_up)
    limited = replace(request_, run=replace(request_.run, max_seconds=3600.0))
    monkeypatch.setattr(search.Search, "_seconds", lambda self, longest: 60.0 - (longest or 0.0))
    document = start(limited, tmp_path / "out")
    assert len(document["trials"]) == 1 and "7 of 8 trials" in document["shortened"][0]


def test_where_time_is_short_all_fits_are_given_the_same_part_of_it(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def kept(engine: Any, budget: Any, **_: Any) -> Json:
        given.append(budget.max_seconds)
        return report_of(engine.max_levels)

    with_scores(monkeypatch, kept)
    slow = Forecast(fit=3000.0, sample=1.0, score=9.0, bytes=1)
    monkeypatch.setattr(search, "paced", lambda found: slow)
    limited = replace(request_, run=replace(request_.run, max_seconds=3600.0))
    document = start(limited, tmp_path / "out")
    assert len(document["trials"]) == 8 and len(set(given)) == 1
    assert 300 < given[0] < 3600 / 11 - 10  # an eleventh: of 8 trials, and 3 for the last scores
    assert f"each fit had {given[0]:.0f} s" in document["shortened"][0]

    monkeypatch.setattr(search, "paced", lambda found: replace(slow, fit=30.0))
    given.clear()
    ample = start(limited, tmp_path / "ample")
    assert set(given) == {None} and not ample["shortened"]


def test_too_little_time_for_one_trial_is_said(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_scores(monkeypatch, made_up)
    monkeypatch.setattr(search.Search, "_seconds", lambda self, longest: 0.0)
    limited = replace(request_, run=replace(request_.run, max_seconds=3600.0))
    with pytest.raises(OutOfResources, match="not enough for a trial"):
        start(limited, tmp_path / "out")


def test_machines_that_share_a_database_share_the_trials(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_scores(monkeypatch, made_up)
    shared = replace(request_, storage=f"sqlite:///{tmp_path / 'shared.db'}")
    start(replace(shared, trials=3), tmp_path / "one")
    calls = with_scores(monkeypatch, made_up)
    document = start(shared, tmp_path / "two")
    assert len(document["trials"]) == 8 and len(calls) == 5 + 2
    with pytest.raises(UsageError, match="needs --seed"):
        start(replace(shared, run=replace(shared.run, seed=None)), tmp_path / "three")
    with pytest.raises(UsageError, match="no URL"):
        start(replace(shared, storage="nonsense"), tmp_path / "four")


@pytest.mark.parametrize(
    ("scheme", "module", "package"),
    [
        ("postgresql+psycopg2", "psycopg2", "psycopg2-binary"),
        ("postgresql+psycopg", "psycopg", r"'psycopg\[binary\]'"),
        ("mysql", "MySQLdb", "mysqlclient"),
        ("mysql+pymysql", "pymysql", "pymysql"),
    ],
)
def test_a_missing_driver_of_a_database_is_named_by_its_package(
    request_: TuneRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    module: str,
    package: str,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    shared = replace(request_, storage=f"{scheme}://me@localhost/study")
    with pytest.raises(MissingExtra, match=rf"pip install {package}$"):
        start(shared, tmp_path / "out")


def test_the_winner_is_applied_and_the_file_keeps_its_comments(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_scores(monkeypatch, made_up)
    document = start(request_, tmp_path / "out")
    path = tmp_path / "augment.toml"
    before = "# ours\n[tool]\nseed = 3 # fixed\n\n[engines.copula]\nmax_levels = 70 # by hand\n"
    path.write_text(before)
    found = tuning_result.apply(document, path)
    values = document["winner"]["parameters"]
    text = path.read_text()
    assert "# ours" in text and "seed = 3 # fixed" in text and "# by hand" in text
    assert f"max_levels = {values['max_levels']}" in text
    assert Path(found["backup"]).read_text() == before
    tuning_result.apply(document, path)  # says the same already: file and copy stay
    assert path.read_text() == text and Path(found["backup"]).read_text() == before
    settings = {"copula": {"max_levels": values["max_levels"]}}
    again = replace(request_, run=replace(request_.run, settings=settings))
    assert start(again, tmp_path / "out")["up_to_date"]  # what was applied makes no other search
    fresh = tuning_result.apply(document, tmp_path / "new.toml")
    assert fresh["backup"] is None and (tmp_path / "new.toml").read_text().startswith("[engines.")


def test_a_winner_that_is_no_better_on_unseen_rows_is_not_applied(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lucky(engine: Any, number: int, **_: Any) -> Json:
        return report_of(engine.max_levels if number <= 8 else BEST)  # the gain does not last

    with_scores(monkeypatch, lucky)
    document = start(request_, tmp_path / "out")
    assert not document["better"] and "no better" in document["verdict"]
    assert tuning_result.apply(document, tmp_path / "augment.toml")["file"] is None
    assert not (tmp_path / "augment.toml").exists()


def side(fidelity: float, leak: float, half: float) -> Json:
    """What one side came to at the end, of two objectives with an interval each."""
    scores = [
        {"metric": m, "value": v, "better": "lower", "group": g, "where": "", "ceiling": 0.0,
         "floor": 1.0, "interval": {"low": v - half, "high": v + half}, "note": ""}
        for m, g, v in (("shapes", "fidelity", 1 - fidelity), ("membership", "privacy", leak))
    ]  # fmt: skip
    report = {"measures": [{"name": "shapes", "judged": True}], "scores": scores}
    return {"state": "done", "violation": 0.0, "worth": [fidelity, -leak], "report": report}


def test_what_is_lost_or_within_noise_at_the_end_is_told() -> None:
    best, two = {"defaults": False}, ("fidelity", "membership")
    final = {"winner": side(0.8, 0.5, 0.01), "defaults": side(0.7, 0.4, 0.01)}
    better, said = tuning_result.verdict(best, final, two, "rows")
    assert not better and "better on fidelity, and worse on membership" in said
    better, said = tuning_result.verdict(
        best, {**final, "defaults": side(0.7, 0.5, 0.01)}, two, "rows"
    )
    assert better and said.endswith("does better on fidelity.")
    noisy = {"winner": side(0.8, 0.5, 0.2), "defaults": side(0.7, 0.5, 0.2)}
    better, said = tuning_result.verdict(best, noisy, two, "rows")
    assert better and said.endswith("does better on fidelity, within sampling noise.")


def test_where_the_defaults_win_nothing_is_told_to_be_used(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_scores(monkeypatch, lambda engine, **_: report_of(BEST))
    document = start(replace(request_, trials=6), tmp_path / "out")
    assert document["trials"][0]["number"] == document["winner"]["number"]
    said = io.StringIO()
    tuning_summary.of_tune(Console(file=said, width=80), document, False)
    assert "Use it" not in said.getvalue() and "winner   defaults" not in said.getvalue()
    assert "more trial" not in said.getvalue()  # the sixth is shown in the place of that line
    assert "Parameters of the winner" not in (tmp_path / "out" / "tune.html").read_text()


def test_what_matters_is_told_of_ten_trials_and_names_what_the_scores_follow(
    tmp_path: Path,
) -> None:
    space = space_of(registry.find("engines", "copula"), ())
    inner = study.opened(None, tmp_path / "trials.db", "s", space, 1, Seed(3))
    done = {"state": "done", "violation": None}
    for number in range(12):
        assert bool(inner.importance(0)) == (number >= 10)
        asked = inner.ask()
        worth = float(asked.parameters["default_distribution"] == "beta")
        inner.tell(asked, {**done, "worth": [worth], "parameters": asked.parameters})
    assert next(iter(inner.importance(0))) == "default_distribution"
    inner.close()


def test_what_cannot_be_searched_is_refused(request_: TuneRequest, tmp_path: Path) -> None:
    run = request_.run
    for bad, match in (
        (replace(request_, run=replace(run, engine="independent", parameters={})), "no parameter"),
        (replace(request_, run=replace(run, holdout=0.0)), "--holdout 0"),
        (replace(request_, objectives=("fidelty",)), "Did you mean 'fidelity'"),
        (replace(request_, objectives=("shapes", "shapes")), "named twice"),
        (replace(request_, trials=0), "at least 1"),
    ):
        with pytest.raises(UsageError, match=match):
            start(bad, tmp_path / "out")
        assert not (tmp_path / "out").exists()


def test_without_optuna_the_install_line_is_named(
    request_: TuneRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "augment.lifecycle.study", raising=False)
    monkeypatch.delattr("augment.lifecycle.study", raising=False)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtra, match=r"augment-synth\[tune\]"):
        start(request_, tmp_path / "out")


def test_a_space_is_what_the_engine_declares() -> None:
    space = space_of(registry.find("engines", "anyorder"), {"preset"})
    assert "preset" not in space and space["width"].whole and not space["suffix"].whole
    assert space["bins"].changes_loss and not space["width"].changes_loss
    assert space["batch"].has(512) and not space["width"].has(None)


@pytest.mark.usefixtures("few_trees")
def test_the_command_searches_fits_and_scores(tmp_path: Path) -> None:
    source = tmp_path / "c.csv"
    lines = (ROOT / "samples" / "clinic.csv").read_text().splitlines()[:121]
    cells = [line.split(",") for line in lines]
    source.write_text("\n".join(",".join(row[2:6]) for row in cells) + "\n")
    out = tmp_path / "out"
    done = in_process.augment(
        "tune", source, "-o", out, "-e", "copula", "--trials", "2", "--seed", "1", "--json"
    )
    document = json.loads(done.stdout)
    assert done.returncode == (0 if document["winner"] else 3), done.stderr
    assert [row["state"] for row in document["trials"]] == ["done", "done"]
    assert set(document["trials"][0]["scores"]) >= {"shapes", "trends", "detection"}
    assert document["final"]["winner"]["report"]["compared"]["unseen"] == 24
    page = (out / "tune.html").read_text()
    assert "Column shapes" in page and "Better is" in page and "1 is fresh real rows" in page
    again = in_process.augment(
        "tune", source, "-o", out, "-e", "copula", "--trials", "2", "--seed", "1"
    )
    assert b"Up to date" in again.stderr and max(map(len, again.stderr.decode().splitlines())) <= 80
