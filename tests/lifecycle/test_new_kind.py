"""A kind of data of a plugin goes through the whole lifecycle, and nothing else changes for it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import augment as api
from augment.core import kind
from tests.cli.child import environment
from tests.cli.in_process import augment
from tests.lifecycle import plugins

PLUGIN = plugins.environment("lines")


@pytest.fixture(scope="module", autouse=True)
def installed() -> Iterator[None]:
    with plugins.installed("lines"):
        yield


@pytest.fixture(scope="module")
def finished(source: Path) -> Path:
    out = source.parent / "out"
    done = augment("run", source, "-o", out, "--seed", "1", "--gate", "fidelity")
    assert done.returncode == 0, done.stderr
    return out


def test_every_command_takes_the_kind(source: Path, finished: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.lines"
    for words in (
        ("inspect", source),
        ("sample", finished, "-n", "120", "-o", made, "--seed", "2"),
        ("evaluate", source, made, "-o", tmp_path / "scores"),
        ("verify", finished),
        ("verify", tmp_path / "scores"),
    ):
        done = augment(*words)
        assert done.returncode == 0, (words, done.stderr)
    assert len(made.read_text().splitlines()) == 120
    report = json.loads((tmp_path / "scores" / "report.json").read_text())
    assert [score["metric"] for score in report["scores"]] == ["length"]
    assert report["verdict"]["groups"]["fidelity"]["state"] == "pass"
    assert len((finished / "synthetic.lines").read_text().splitlines()) == 200


def test_the_python_api_takes_the_kind(source: Path, tmp_path: Path) -> None:
    made, model = tmp_path / "made.lines", tmp_path / "model"
    data = api.read(source)
    rows = api.fit(data, seed=1).sample(120, seed=2)
    assert rows.kind == "lines" and rows.to_pandas()["line"].str.len().mean() > 0
    found = api.evaluate(data, rows, seed=1)
    assert [score.metric for score in found.scores] == ["length"] and found.passed("fidelity")
    rows.write(made)
    for words in (
        ("fit", source, "-o", model, "--seed", "1"),
        ("sample", model, "-n", "120", "-o", tmp_path / "cli.lines", "--seed", "2"),
    ):
        assert augment(*words).returncode == 0
    assert made.read_bytes() == (tmp_path / "cli.lines").read_bytes()


def test_bad_input_of_the_kind_is_refused_as_any(source: Path, tmp_path: Path) -> None:
    done = augment("run", tmp_path / "no.lines", "-o", tmp_path / "out")
    assert done.returncode == 4
    done = augment("run", source, "-o", tmp_path / "out", "--delimiter", ";")
    assert done.returncode == 2 and b"--delimiter" in done.stderr


def test_conditions_and_damaged_models_are_refused_for_the_kind(
    finished: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made.lines"
    done = augment("sample", finished, "-o", made, "--where", "line = a")
    assert done.returncode == 2 and b"--where" in done.stderr and not made.exists()
    model = tmp_path / "model"
    shutil.copytree(finished / "model", model)
    document = json.loads((model / "model.json").read_text())
    for broken in ({**document["config"], "rows": "many"}, {"rows": 200}):
        (model / "model.json").write_text(json.dumps({**document, "config": broken}))
        assert augment("sample", model, "-o", made).returncode == 4


def test_the_kind_needs_few_lines() -> None:
    text = (Path(PLUGIN["PYTHONPATH"]) / "lines_kind.py").read_text()
    lines = [line.strip() for line in text.splitlines()]
    code = [line for line in lines if line and not line.startswith(("import", "from", "#", '"""'))]
    assert len(code) <= 75  # sixty of them without its metric


@pytest.mark.parametrize("port", [kind.Reader, kind.Writer, kind.Generator, kind.Evaluator])
def test_a_port_has_at_most_four_methods(port: type) -> None:
    assert 2 <= sum(callable(value) for name, value in vars(port).items() if name[0] != "_") <= 4


def test_a_killed_run_of_the_kind_resumes(source: Path, finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "augment", "run", source, "-o", out, "--seed", "1"]
    command += ["--gate", "fidelity"]
    child = subprocess.Popen(
        list(map(str, command)),
        env=environment({**PLUGIN, "LINES_PAUSE": "30"}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while not (out / ".partial" / "model" / "model.json").exists() and time.monotonic() < until:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not (out / "synthetic.lines").exists()
    done = augment(*command[3:])
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "run.json").read_text())["resumed"]
    for name in ("synthetic.lines", "model/model.json"):
        assert (out / name).read_bytes() == (finished / name).read_bytes()
