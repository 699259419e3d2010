"""Gates of a run, as a user meets them: expressions, warnings, baselines, and the way out."""

from __future__ import annotations

import io
import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from augment.cli import report_summary
from augment.evaluation.gates import parse
from augment.settings.file import FILE
from tests.cli.child import write_table
from tests.cli.in_process import augment
from tests.places import ROOT

RUN = ("-e", "independent", "--seed", "1")
QUICK = ("--seed", "1", "--workers", "1", "--json")


def numbers(path: Path, rows: int, seed: int = 0) -> Path:
    """An id and two numbers: nothing that a model could be trained to predict, which takes long."""
    lines = write_table(path, rows, seed).read_text().splitlines()
    path.write_text("".join(f"{','.join(line.split(',')[:3])}\n" for line in lines))
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return numbers(tmp_path_factory.mktemp("gated") / "t.csv", rows=60)


@pytest.fixture(scope="module")
def rejected(table: Path) -> dict[str, Any]:
    """What `--json` says of copies, gated by a group, by an expression and by a warning."""
    done = augment(
        "run", table, "-o", table.parent / "out", "-e", "bootstrap", "-n", "18", *QUICK,
        "--gate", "privacy and copies <= 2 * real", "--warn", "validity and copies < 1%",
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    said = done.stderr.decode()
    assert "warning: the gate copies < 1% failed; it only warns." in said
    assert "augment doctor" in said
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_failed_what_warned_and_what_to_change_are_in_the_document(
    rejected: dict[str, Any], table: Path
) -> None:
    assert rejected["failed_gates"] == ["privacy", "copies <= 2 * real"]
    assert rejected["warned_gates"] == ["copies < 1%"]
    assert not (table.parent / "out").exists()
    gates = rejected["report"]["gates"]
    states = {each["gate"]: each["state"] for each in (*gates["fail"], *gates["warn"])}
    assert states == {
        "privacy": "fail",
        "copies <= 2 * real": "fail",
        "validity": "not shown",
        "copies < 1%": "fail",
    }
    assert gates["fail"][0]["chance"] < 0.01
    titles = [each["title"] for each in rejected["diagnosis"]["findings"]]
    assert titles[:2] == ["copies <= 2 * real", "copies < 1%"] and "Exact copies" in titles


def test_gates_of_an_option_given_twice_must_all_hold(table: Path, tmp_path: Path) -> None:
    words = ("run", table, "-o", tmp_path / "out", "-e", "independent", "--seed", "1", "--dry-run")
    twice = augment(
        *words, "--gate", "copies < 1% or privacy", "--gate", "detection <= 0.6", "--json"
    )
    assert twice.returncode == 0, twice.stderr
    gates = json.loads(twice.stdout)["plan"]["gates"]
    assert gates == ["copies < 1% or privacy", "detection <= 0.6"]
    (tmp_path / "augment.toml").write_text('[gates]\nfail = "validity"\n')
    settled = augment(*words, "--config", tmp_path / "augment.toml", "--json")
    assert json.loads(settled.stdout)["plan"]["gates"] == ["validity"]


def test_a_report_says_what_became_of_the_gates_and_how_often_chance_fails_them(
    rejected: dict[str, Any],
) -> None:
    kept = Path(rejected["folder"])
    assert json.loads((kept / "report.json").read_text())["gates"] == rejected["report"]["gates"]
    page = (kept / "report.html").read_text()
    for words in (
        "Gate privacy fails.",
        "Gate that only warns: copies &lt; 1% fails.",
        "Fresh real rows in the place of the synthetic ones would fail these gates by chance in",
    ):
        assert words in page


def test_doctor_reads_a_rejected_run_and_applies_what_follows(
    rejected: dict[str, Any], table: Path, tmp_path: Path
) -> None:
    config = tmp_path / FILE
    config.write_text('# mine\n[fitting]\nengine = "bootstrap"  # for now\n')
    words = ("doctor", table.parent / "out", "--config", config)
    shown = augment(*words)
    assert shown.returncode == 0, shown.stderr
    text = " ".join(shown.stdout.decode().split())
    assert "failed the gates privacy and copies <= 2 * real." in text
    assert "The engine 'bootstrap' is a yardstick" in text
    assert 'fitting.engine = "auto"' in text
    done = augment(*words, "--apply", "--json")
    document = json.loads(done.stdout)
    assert document["folder"] == rejected["folder"]
    assert document["applied"]["file"] == str(config)
    written = config.read_text()
    assert tomllib.loads(written)["fitting"] == {"engine": "auto"}
    assert written.startswith("# mine\n")
    assert "bootstrap" in Path(document["applied"]["backup"]).read_text()


def test_doctor_refuses_what_is_no_run(tmp_path: Path) -> None:
    done = augment("doctor", tmp_path)
    assert done.returncode == 4 and b"there is no report of a run here" in done.stderr
    assert augment("doctor", "--apply").returncode == 2


def test_worse_than_a_baseline_is_exit_three_and_named(tmp_path: Path) -> None:
    real, fresh = (numbers(tmp_path / f"{seed}.csv", rows=36, seed=seed) for seed in (0, 9))
    asked = ("evaluate", real, *QUICK)
    good = augment(*asked[:2], fresh, *asked[2:], "-o", tmp_path / "good")
    assert good.returncode == 0, good.stderr
    more = ("--baseline", tmp_path / "good", "--warn", "copies <= baseline")
    bad = augment(*asked[:2], real, *asked[2:], *more)
    assert bad.returncode == 3, bad.stderr
    document = json.loads(bad.stdout)
    assert document["failed_gates"] == ["baseline"]
    assert document["warned_gates"] == ["copies <= baseline"]
    found = document["report"]["gates"]["baseline"]["regressions"]
    copies = next(each for each in found if each["metric"] == "copies")
    assert (copies["value"], copies["baseline"], copies["worse_by"]) == (1.0, 0.0, 1.0)
    console = Console(file=io.StringIO(), width=80)
    report_summary.of_report(console, document, False)
    assert "Worse than the baseline: Exact copies 100.00%, baseline 0.00%" in shown(console)
    again = augment(*asked[:2], fresh, *asked[2:], "--baseline", tmp_path / "good")
    assert again.returncode == 0, again.stderr


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def test_a_baseline_that_cannot_be_compared_is_refused(
    rejected: dict[str, Any], table: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n" + "1,2\n3,4\n" * 20)
    (tmp_path / "report.json").write_text('{"schema": "else/1"}')
    for source, baseline, code, said in (
        (other, rejected["folder"], 4, "this report is of other columns"),
        (table, tmp_path / "none", 4, "there is no report of a run here"),
        (table, tmp_path, 4, "'else/1'"),
    ):
        done = augment("run", source, "-o", tmp_path / "out", *RUN, "--baseline", baseline)
        assert done.returncode == code and said in done.stderr.decode(), done.stderr
    unnamed = augment("run", table, "-o", tmp_path / "out", *RUN, "--gate", "copies <= baseline")
    assert unnamed.returncode == 2 and b"--baseline RUN" in unnamed.stderr


def test_the_code_of_the_page_on_gates_runs(table: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "gates.md").read_text("utf-8")
    blocks = dict(re.findall(r"```(toml|)\n(.*?)```", page, re.DOTALL))
    (tmp_path / FILE).write_text(blocks["toml"])
    assert augment("config", "check", tmp_path / FILE).returncode == 0
    lines = [line.split("#")[0] for line in blocks[""].splitlines() if line.strip()]
    assert lines
    for line in lines:
        program, command, *_ = shlex.split(line)
        assert program == "augment"
        named = set(re.findall(r"--[a-z-]+", line))
        help_text = augment(command, "--help").stdout.decode()
        assert named <= set(re.findall(r"--[a-z-]+", help_text)), line
        for text in re.findall(r"--(?:gate|warn) '([^']+)'", line):
            parse(text)
