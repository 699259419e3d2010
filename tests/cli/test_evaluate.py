"""`evaluate` and the gates as a user meets them: exit codes, warnings, and what is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.child import write_table
from tests.cli.in_process import augment

pytestmark = pytest.mark.usefixtures("few_trees")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty rows with texts that differ in every row."""
    plain = write_table(tmp_path_factory.mktemp("table") / "plain.csv", rows=30)
    head, *rows = plain.read_text().splitlines()
    verbs = ("called", "asked for a bed", "came late again", "left without a word")
    notes = [f"{row},The patient {verbs[i % 4]} {i} times" for i, row in enumerate(rows)]
    path = plain.with_name("t.csv")
    path.write_text("\n".join([f"{head},remark", *notes]) + "\n")
    return path


def test_a_copy_of_the_real_file_fails_and_what_is_not_scored_is_named(
    table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = augment("evaluate", table, table, "--seed", "1", "--gate", "privacy", "-o", out)
    said = " ".join(done.stderr.decode().split())
    assert done.returncode == 3, said
    assert "Privacy fails: Exact copies" in said
    assert "Not scored: remark, because texts are replaced" in said
    assert "unknown; a half (15) stands for unseen" in said
    assert "0 unseen" not in said
    assert "allowance for sampling noise" in said
    report = json.loads((out / "report.json").read_text())
    assert "unseen" not in report["about"]["rows"]
    named = {name for each in report["verdict"]["not_scored"] for name in each["what"]}
    assert {"remark", "id"} <= named
    page = (out / "report.html").read_text()
    assert "Not scored: remark, because texts" in page
    assert "of the limit is for sampling noise." in page
    assert '<span class="state not-shown">Fidelity: not shown</span>' in page


def test_a_gate_that_is_not_shown_lets_through_and_warns_even_when_quiet(
    table: Path, tmp_path: Path
) -> None:
    fresh = write_table(tmp_path / "fresh.csv", rows=30, seed=9)
    real = write_table(tmp_path / "real.csv", rows=30)
    done = augment("evaluate", real, fresh, "--gate", "privacy", "--seed", "1", "-q", "--json")
    assert done.returncode == 0, done.stderr
    assert b"warning: the gate privacy was not shown to pass (" in done.stderr
    document = json.loads(done.stdout)
    assert document["failed_gates"] == []
    assert "Membership AUC" in document["unshown_gates"]["privacy"]
    assert document["report"]["verdict"]["groups"]["privacy"]["state"] == "not shown"


def test_bad_rows_of_either_file_are_left_out_as_asked_and_named(tmp_path: Path) -> None:
    real = write_table(tmp_path / "real.csv", rows=30)
    made = write_table(tmp_path / "made.csv", rows=30, seed=9)
    with made.open("a") as stream:
        stream.write("1,2,3,4,5,6,7,8,9,10\n")
    assert augment("evaluate", real, made, "--seed", "1").returncode == 4
    skipped = augment(
        *("evaluate", real, made, "--seed", "1", "--json"),
        *("--bad-rows", "skip", "--max-bad", "1"),
    )
    assert skipped.returncode == 0, skipped.stderr
    assert f"{made}: 1 bad rows are left out." in json.loads(skipped.stdout)["notes"]


def test_tables_that_hardly_share_columns_are_refused_by_name(table: Path, tmp_path: Path) -> None:
    unlike = tmp_path / "unlike.csv"
    unlike.write_text("Age,salary,town\n" + "31,5,x\n" * 20)
    done = augment("evaluate", table, unlike)
    said = done.stderr.decode()
    assert done.returncode == 4, said
    for words in ("only 0 of the real table's 7 columns", "'age' (here 'Age'?)", "'salary'"):
        assert words in said


def test_too_little_to_score_is_no_silent_pass(tmp_path: Path) -> None:
    few = write_table(tmp_path / "few.csv", rows=9)
    done = augment("run", few, "-o", tmp_path / "out", "-e", "independent")
    assert done.returncode == 4, done.stderr
    assert b"9 is too few to score" in done.stderr and b"--gate none" in done.stderr
    asked = augment("run", few, "-o", tmp_path / "out", "-e", "independent", "--holdout", "0")
    assert asked.returncode == 2, asked.stderr
    plain = augment("run", few, "-o", tmp_path / "out", "-e", "independent", "--gate", "none")
    assert plain.returncode == 0, plain.stderr
    assert b"Nothing was scored" in plain.stderr
    page = (tmp_path / "out" / "report.html").read_text()
    assert '<span class="state not-shown">Scores: not shown</span>' in page


def test_one_image_against_one_is_refused(tmp_path: Path) -> None:
    from PIL import Image

    for name in ("real", "made"):
        (tmp_path / name).mkdir()
        Image.new("L", (8, 8), 90).save(tmp_path / name / "0.png")
    done = augment("evaluate", tmp_path / "real", tmp_path / "made")
    assert done.returncode == 4, done.stderr
    assert b"nothing could be scored" in done.stderr


def test_verbose_says_each_thing_once(tmp_path: Path) -> None:
    real, made = write_table(tmp_path / "a.csv"), write_table(tmp_path / "b.csv", seed=1)
    done = augment("evaluate", real, made, "-o", tmp_path / "s", "--seed", "1", "-v")
    said = " ".join(done.stderr.decode().split())
    assert done.returncode == 0 and "-v says" not in said and ".." not in said
    checks = json.loads((tmp_path / "s" / "report.json").read_text())["verdict"]["checks"]
    assert all(said.count(check["sentence"].removesuffix(".")) == 1 for check in checks)
