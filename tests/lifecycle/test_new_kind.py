"""A kind of data of a plugin goes through the whole lifecycle, and nothing else changes for it."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from augment.core import kind
from tests.cli.child import augment, environment

PLUGIN = {"PYTHONPATH": str(Path(__file__).parent / "lines_plugin")}
WORDS = ("the", "cat", "sat", "on", "a", "mat", "and", "saw", "one", "dog", "in", "rain")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = random.Random(1)
    path = tmp_path_factory.mktemp("lines") / "text.lines"
    lines = [" ".join(rng.choices(WORDS, k=rng.randint(3, 8))) for _ in range(200)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def finished(source: Path) -> Path:
    out = source.parent / "out"
    done = augment("run", source, "-o", out, "--seed", "1", "--gate", "fidelity", env=PLUGIN)
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
        done = augment(*words, env=PLUGIN)
        assert done.returncode == 0, (words, done.stderr)
    assert len(made.read_text().splitlines()) == 120
    report = json.loads((tmp_path / "scores" / "report.json").read_text())
    assert [score["metric"] for score in report["scores"]] == ["length"]
    assert report["verdict"]["groups"]["fidelity"]["state"] == "pass"
    assert len((finished / "synthetic.lines").read_text().splitlines()) == 200


API = """
import sys, augment
data = augment.read(sys.argv[1])
made = augment.fit(data, seed=1).sample(120, seed=2)
assert made.kind == "lines" and made.to_pandas()["line"].str.len().mean() > 0
found = augment.evaluate(data, made, seed=1)
assert [score.metric for score in found.scores] == ["length"] and found.passed("fidelity")
made.write(sys.argv[2])
"""


def test_the_python_api_takes_the_kind(source: Path, tmp_path: Path) -> None:
    made, model = tmp_path / "made.lines", tmp_path / "model"
    done = subprocess.run(
        [sys.executable, "-c", API, source, made], env=environment(PLUGIN), capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    for words in (
        ("fit", source, "-o", model, "--seed", "1"),
        ("sample", model, "-n", "120", "-o", tmp_path / "cli.lines", "--seed", "2"),
    ):
        assert augment(*words, env=PLUGIN).returncode == 0
    assert made.read_bytes() == (tmp_path / "cli.lines").read_bytes()


def test_bad_input_of_the_kind_is_refused_as_any(source: Path, tmp_path: Path) -> None:
    done = augment("run", tmp_path / "no.lines", "-o", tmp_path / "out", env=PLUGIN)
    assert done.returncode == 4
    done = augment("run", source, "-o", tmp_path / "out", "--delimiter", ";", env=PLUGIN)
    assert done.returncode == 2 and b"--delimiter" in done.stderr


def test_conditions_and_damaged_models_are_refused_for_the_kind(
    finished: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made.lines"
    done = augment("sample", finished, "-o", made, "--where", "line = a", env=PLUGIN)
    assert done.returncode == 2 and b"--where" in done.stderr and not made.exists()
    model = tmp_path / "model"
    shutil.copytree(finished / "model", model)
    document = json.loads((model / "model.json").read_text())
    for broken in ({**document["config"], "rows": "many"}, {"rows": 200}):
        (model / "model.json").write_text(json.dumps({**document, "config": broken}))
        assert augment("sample", model, "-o", made, env=PLUGIN).returncode == 4


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
    done = augment(*command[3:], env=PLUGIN)
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "run.json").read_text())["resumed"]
    for name in ("synthetic.lines", "model/model.json"):
        assert (out / name).read_bytes() == (finished / name).read_bytes()
