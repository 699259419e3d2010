"""Failures look alike: one line for people and, with `--json`, one document for programs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from augment.core import errors, registry
from augment.lifecycle import health
from augment.lifecycle.health import HealthCheck
from tests.cli.in_process import augment
from tests.places import ROOT

pytestmark = pytest.mark.usefixtures("few_trees")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["runn", "--json"], 2),
        (["run", "t.csv", "--json"], 2),
        (["run", "t.csv", "-o", "x", "--holdout", "3", "--json"], 2),
        (["fit", "t.csv", "-o", "x", "--max-time", "soon", "--json"], 2),
        (["inspect", "no such file.csv", "--json"], 4),
        (["verify", "no such folder", "--json"], 4),
    ],
)
def test_a_failure_is_one_document_and_one_line(arguments: list[str], code: int) -> None:
    done = augment(*arguments)
    assert done.returncode == code
    document = json.loads(done.stdout)
    assert document["schema"] == "augment.error/1"
    assert document["error"]["exit_code"] == code
    (line,) = done.stderr.decode().splitlines()
    assert line == f"augment: error: {document['error']['message']}"


def test_without_json_nothing_goes_to_standard_output() -> None:
    done = augment("inspect", "no such file.csv")
    assert (done.returncode, done.stdout) == (4, b"")
    assert augment("run", "t.csv").stderr == (
        b"augment: error: Missing option '-o' / '--out'. See: augment run --help\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["runs"], "Missing argument 'action'. Choose from: list, show, clean."),
        (["runs", "x"], "Invalid value for 'action': 'x' is not one of 'list', 'show', 'clean'."),
    ],
)
def test_a_refused_choice_is_told_without_escapes_or_the_words_of_a_library(
    words: list[str], said: str
) -> None:
    done = augment(*words)
    assert done.returncode == 2
    assert done.stderr.decode() == f"augment: error: {said} See: augment runs --help\n"


def test_results_that_failed_stay_one_document_with_the_error_in_it(model: Path) -> None:
    out = model.parent / "out"
    source = model.parent / "t.csv"
    run = augment("run", source, "-o", out, "-e", "bootstrap", "--json")
    assert run.returncode == 3
    document = json.loads(run.stdout)
    assert document["schema"] == "augment.run/1"
    assert document["error"]["type"] == "GateFailed"
    again = augment("verify", out.with_name("out.rejected"), "--json")
    assert "error" not in json.loads(again.stdout)
    (out.with_name("out.rejected") / "report.html").write_text("changed")
    spoilt = augment("verify", out.with_name("out.rejected"), "--json")
    assert spoilt.returncode == 4
    assert json.loads(spoilt.stdout)["error"]["type"] == "BadInput"


def test_doctor_says_what_to_do_in_one_line_for_each_missing_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [
        HealthCheck("a", "no", False, "Install a."),
        HealthCheck("b", "fine"),
        HealthCheck("c", "no", False, "Install c."),
    ]
    monkeypatch.setattr(health, "checks", lambda: found)
    done = augment("doctor")
    assert done.returncode == 5
    lines = [line.strip() for line in done.stdout.decode().splitlines()]
    assert lines[-2:] == ["a: Install a.", "c: Install c."]
    assert done.stderr.decode().startswith("augment: error: a, c:")


@pytest.mark.parametrize(
    "group", ["kinds", "engines", "metrics", "formats", "layouts", "executors"]
)
def test_doctor_loads_all_that_is_registered(group: str) -> None:
    found = {check.name: check for check in health.checks()}[group]
    assert found.ok and found.found.split(", ") == registry.names(group)


def test_long_lists_of_known_names_end_after_ten() -> None:
    names = [f"name{number:02d}" for number in range(31)]
    sentence = errors.did_you_mean("nameO3", names)
    assert sentence.count("name") == 1 + errors.MOST_LISTED
    assert sentence.endswith(" and 21 more.")


def test_inspect_prints_what_was_asked_for_to_standard_output(model: Path) -> None:
    done = augment("inspect", model.parent / "t.csv", "-q")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"numeric" in done.stdout


def test_fit_again_is_up_to_date_and_another_plan_is_refused(model: Path) -> None:
    before = (model / "model.json").stat().st_mtime_ns
    source, engine = model.parent / "t.csv", ("-e", "independent")
    for seed in ((), ("--seed", "1")):
        again = augment("fit", source, "-o", model, *engine, *seed, "--json")
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["up_to_date"] is True
    assert b"Up to date" in augment("fit", source, "-o", model, *engine).stderr
    assert augment("fit", source, "-o", model, *engine, "--seed", "2").returncode == 2
    assert augment("fit", source, "-o", model, *engine, "--no-protect").returncode == 2
    assert (model / "model.json").stat().st_mtime_ns == before
    forced = augment("fit", source, "-o", model, *engine, "--seed", "1", "--force")
    assert forced.returncode == 0, forced.stderr
    assert (model / "model.json").stat().st_mtime_ns > before


def test_verify_takes_models_evaluations_and_images(model: Path) -> None:
    source, scores = model.parent / "t.csv", model.parent / "scores"
    assert augment("evaluate", source, source, "-o", scores, "--seed", "1").returncode == 0
    few, pictures = model.parent / "few", model.parent / "pictures"
    few.mkdir()
    for path in sorted((ROOT / "samples" / "digits" / "3").iterdir())[:5]:
        shutil.copy(path, few)
    done = augment("transform", few, "-o", pictures, "--workers", "1")
    assert done.returncode == 0, done.stderr
    inside = model.parent / "of_a_run"
    inside.mkdir()
    for name in ("model.json", "weights.safetensors"):
        (inside / name).write_bytes((model / name).read_bytes())
    for folder in (model, scores, pictures, inside):
        whole = augment("verify", folder, "--json")
        assert whole.returncode == 0, whole.stderr
        assert json.loads(whole.stdout)["whole"]
        spoilt = next(p for p in sorted(folder.rglob("*.[swhp]*")) if p.suffix in SPOILT)
        spoilt.write_bytes(spoilt.read_bytes()[:-1] + b"?")
        assert augment("verify", folder).returncode == 4, folder


SPOILT = (".safetensors", ".html", ".png")
