"""What `run --rounds` decides after each round, and that it ends."""

from __future__ import annotations

import dataclasses
import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from augment.core.errors import BadInput
from augment.core.remedy import Symptom, by_length
from augment.core.types import Engine, Group
from augment.kinds.images.engines.flow.engine import Flow
from augment.kinds.images.engines.gan.engine import Gan
from augment.kinds.tables.engines.anyorder.engine import Anyorder
from augment.lifecycle import rounds
from augment.lifecycle.refinement import Chances, Decision, Recipe, Round, best, decide
from augment.testing import mixed_table
from augment.work.store import PUBLISH
from tests.cli.child import environment
from tests.cli.in_process import augment
from tests.lifecycle import plugins
from tests.work.test_pool import until

PLUGINS = plugins.environment("lines", "engines")
ASKED = Recipe(Flow(steps=1_000), "asked for")
OTHER = Recipe(Gan(), "another engine")


def remedies(engine: Engine[Any], symptom: Symptom) -> Iterator[Recipe]:
    assert isinstance(engine, Flow | Gan)
    for remedy in by_length(engine, "steps", engine.steps, symptom):
        yield Recipe(remedy.recipe, remedy.reason)


def a_round(
    recipe: Recipe, fidelity: float, unmet: str = "", about: Group = "fidelity", failed: str = ""
) -> Round:
    row = {
        "engine": recipe.name,
        "state": "failed" if failed else "finished",
        "fidelity": {"value": fidelity},
        "utility": None,
        "privacy": "fail" if about == "privacy" else "pass",
    }
    parts = (unmet,) if unmet else ()
    return Round(recipe, row, parts, frozenset({about}) if parts else frozenset())


def decided(
    *history: Round, rounds: int = 5, seconds: float = 60.0, takes: float | None = 10.0
) -> Decision:
    chances = Chances(rounds, seconds, lambda engine: takes)
    return decide(history, remedies, [ASKED, OTHER], chances)


def longer(recipe: Recipe, factor: float) -> Recipe:
    engine: Any = recipe.engine
    steps = round(engine.steps * factor)
    return Recipe(dataclasses.replace(engine, steps=steps), "")


def test_a_round_that_meets_the_goal_is_accepted() -> None:
    assert decided(a_round(ASKED, 0.5)).reason == "round 1 meets the goal"
    told = decided(dataclasses.replace(a_round(ASKED, 0.5), unshown=("privacy",)))
    assert told.action == "accept"
    assert told.reason == "round 1 meets the goal in all that could be shown (not shown: privacy)"


def test_too_poor_a_fit_is_made_longer_and_one_that_memorised_shorter() -> None:
    found = decided(a_round(ASKED, 0.5, "fidelity"))
    assert found.action == "again" and found.next is not None
    assert found.next.key == longer(ASKED, 2).key
    assert found.next.reason == "longer: steps 2,000, not 1,000"
    found = decided(a_round(ASKED, 0.5, "privacy", about="privacy"))
    assert found.next is not None and found.next.key == longer(ASKED, 0.5).key


def test_after_rounds_that_better_nothing_comes_the_turn_of_another_engine() -> None:
    first = a_round(ASKED, 0.9, "fidelity")
    worse = [a_round(longer(ASKED, factor), 0.5, "fidelity") for factor in (2, 4)]
    found = decided(first, *worse)
    assert found.next is not None and found.next.name == "gan"


def test_an_engine_that_failed_is_not_tried_again() -> None:
    found = decided(a_round(ASKED, 0.0, "fidelity", failed="no time"))
    assert found.next is not None and found.next.name == "gan"


def test_it_stops_for_want_of_rounds_time_or_ideas_and_says_what_it_would_try() -> None:
    first = a_round(ASKED, 0.5, "fidelity")
    spent = decided(first, rounds=0)
    assert (spent.action, spent.reason) == (
        "stop",
        "the goal is not met (fidelity) after one round",
    )
    assert spent.next is not None and spent.next.key == longer(ASKED, 2).key
    late = decided(first, takes=61.0)
    assert late.action == "stop" and "no time is left" in late.reason and late.next is not None
    assert decided(first, takes=None).action == "again"  # nobody knows: the limit of time holds

    def none(engine: Engine[Any], symptom: Symptom) -> Iterator[Recipe]:
        return iter(())

    found = decide([first], none, [ASKED], Chances(5, 60.0, lambda engine: None))
    assert found.action == "stop" and found.next is None and "nothing is left" in found.reason


def test_it_ends_whatever_the_rounds_come_to() -> None:
    rng = random.Random(1)
    for _ in range(20):
        history, decision, recipe = [], None, ASKED
        while decision is None or decision.action == "again":
            about: Group = rng.choice(["fidelity", "privacy"])
            history.append(a_round(recipe, rng.random(), "goal", about))
            decision = decided(*history, rounds=1_000, takes=None)
            recipe = decision.next or recipe
            assert len(history) < 200
        keys = [each.recipe.key for each in history]
        assert len(set(keys)) == len(keys)


def test_the_best_round_fails_least_and_of_equals_is_ranked_first_with_privacy_above_all() -> None:
    leaking = a_round(ASKED, 0.9, "goal", about="privacy")
    poor, good = (a_round(OTHER, fidelity, "goal") for fidelity in (0.2, 0.4))
    assert best([leaking, poor, good]) is good
    assert best([leaking, a_round(OTHER, 0.1)]) is not leaking
    assert best([a_round(ASKED, 0.1, failed="it crashed")]) is None


def test_the_flagship_goes_from_larger_and_longer_to_closer_and_back() -> None:
    table = mixed_table(240)
    found = [remedy.recipe for remedy in Anyorder().remedies("underfit", table)]
    assert [each.preset for each in found] == ["best", "fast", "fast"]
    epochs = found[1].epochs
    assert epochs is not None and epochs > 1 and found[2].shrinkage == 1.0
    found = [remedy.recipe for remedy in Anyorder().remedies("memorised", table)]
    assert found[0].shrinkage == 30.0 and 4 * (found[1].epochs or 0) == epochs
    top = Anyorder(preset="best", epochs=100_000)
    assert [remedy.recipe.epochs for remedy in top.remedies("underfit", table)] == [100_000]


@pytest.fixture(scope="module", autouse=True)
def installed() -> Iterator[None]:
    with plugins.installed("lines", "engines"):
        yield


def words(source: Path, out: Path, *more: str) -> list[str]:
    named = ("run", str(source), "-o", str(out), "--seed", "1", "--gate", "none")
    return [*named, "-e", "constant", "--rounds", "3", *more]


@pytest.fixture(scope="module")
def refined(source: Path) -> tuple[Path, str]:
    """A run whose first engine makes one line again and again, and whose second does better."""
    out = source.parent / "out"
    done = augment(*words(source, out))
    assert done.returncode == 0, done.stderr
    return out, " ".join(done.stderr.decode().split())


def test_rounds_are_kept_and_the_result_is_the_best_ones(refined: tuple[Path, str]) -> None:
    out, said = refined
    document = json.loads((out / "run.json").read_text())
    rounds = document["rounds"]
    assert [each["engine"] for each in rounds["history"]] == ["constant", "bigram"]
    assert rounds["history"][0]["unmet"] == ["fidelity"]
    assert rounds["history"][1]["unmet"] == [] and rounds["chosen"] == 2
    assert not rounds["goal_met"] and "utility" in rounds["history"][1]["unshown"]
    assert document["plan"]["engine"] == "bigram"
    assert "Round 2 meets the goal in all that could be shown (not shown: " in said
    assert "; the result is that of round 2." in said
    for number in (1, 2):
        assert augment("verify", out / "rounds" / str(number)).returncode == 0
    assert augment("verify", out).returncode == 0
    made = "synthetic.lines"
    assert (out / made).read_bytes() == (out / "rounds" / "2" / made).read_bytes()


def test_rounds_are_judged_on_other_unseen_rows_than_the_result(
    refined: tuple[Path, str],
) -> None:
    out, _ = refined
    whole, second = (
        json.loads((folder / "run.json").read_text()) for folder in (out, out / "rounds" / "2")
    )
    assert whole["rounds"]["unseen"] == {"rounds": 20, "result": 20}
    assert whole["rows"]["train"] == second["rows"]["train"] == 160
    lengths = [
        score["value"]
        for folder in (out, out / "rounds" / "2")
        for score in json.loads((folder / "report.json").read_text())["scores"]
        if score["metric"] == "length"
    ]
    assert len(lengths) == 2 and lengths[0] != lengths[1]


def test_a_goal_that_no_round_meets_ends_with_the_best_and_what_would_come_next(
    source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = augment(*words(source, out, "--rounds", "2", "--goal", "length < 0"))
    said = " ".join(done.stderr.decode().split())
    assert done.returncode == 0, said
    assert "The goal is not met (length < 0) after 2 rounds; the result is that of round 2." in said
    assert "Next would be crashing: another engine." in said


def test_a_round_that_failed_leaves_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, completed = tmp_path / "out", rounds.completed

    def failing(*given: Any, **named: Any) -> Any:
        if named.get("round") == 2:
            raise BadInput("the second round cannot be")
        return completed(*given, **named)

    monkeypatch.setattr(rounds, "completed", failing)
    assert augment(*words(source, out, "--rounds", "2", "--goal", "length < 0")).returncode == 0
    history = json.loads((out / "run.json").read_text())["rounds"]["history"]
    assert [each["state"] for each in history] == ["finished", "failed"]
    assert [path.name for path in (out / "rounds").iterdir()] == ["1"]


def test_a_killed_run_takes_up_its_round(
    refined: tuple[Path, str], source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "augment", *words(source, out)]
    paused = environment({**PLUGINS, "LINES_PAUSE": "60"})
    child = subprocess.Popen(command, env=paused, stderr=subprocess.DEVNULL)
    folder = out / ".partial" / "rounds"
    begun = folder / "2" / ".partial" / "model" / "model.json"
    until(begun.exists, "the model of round 2")
    child.send_signal(signal.SIGKILL)
    child.wait()
    first = (folder / "1" / "manifest.json").read_bytes()
    done = augment(*words(source, out))
    assert done.returncode == 0, done.stderr
    assert (out / "rounds" / "1" / "manifest.json").read_bytes() == first
    made = "synthetic.lines"
    assert (out / made).read_bytes() == (refined[0] / made).read_bytes()


@pytest.mark.parametrize("step", ["_remove", "shutil.rmtree"])  # before its manifest, and after
def test_a_round_whose_publication_was_cut_off_is_published_and_leaves_nothing(
    step: str,
    refined: tuple[Path, str],
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out"
    cut_off = out / ".partial" / "rounds" / "1"

    def cut(folder: Path, *rest: Any, **options: Any) -> None:
        if folder in (cut_off, cut_off / ".partial") and (cut_off / ".partial" / PUBLISH).exists():
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"augment.work.store.{step}", cut)
        assert augment(*words(source, out)).returncode == 130
    done = augment(*words(source, out))
    assert done.returncode == 0, done.stderr
    whole, found = (
        sorted(path.relative_to(folder) for path in (folder / "rounds").rglob("*"))
        for folder in (refined[0], out)
    )
    assert found == whole


def test_too_few_unseen_rows_for_two_halves_are_refused_before_a_fit(
    source: Path, tmp_path: Path
) -> None:
    few = tmp_path / "few.lines"
    few.write_text("\n".join(source.read_text().splitlines()[:40]) + "\n")
    done = augment(*words(few, tmp_path / "out"))
    assert done.returncode == 4 and b"too few for --rounds" in done.stderr
    done = augment(*words(source, tmp_path / "out", "--holdout", "0"))
    assert done.returncode == 2 and b"--holdout 0" in done.stderr
