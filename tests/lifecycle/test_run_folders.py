"""`augment runs` and `augment report`: what became of runs, which may go, and their pages again."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from augment.core.files import locked
from augment.core.types import Tick, silent
from augment.lifecycle import gates, run, run_folders
from augment.lifecycle.plan import RunRequest
from tests.cli import in_process

FAILED = {
    "fail": [{"gate": "privacy", "state": "fail", "reason": "", "chance": 0.0}],
    "warn": [],
    "chance": 0.0,
    "baseline": None,
}


def interrupt(tick: Tick) -> None:
    if tick.phase == "write":
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, a rejected one beside it, an unfinished and a damaged one, and no run."""
    place = tmp_path_factory.mktemp("made")
    source, root = place / "t.csv", place / "results"
    source.write_text("n,letter\n" + "".join(f"{i % 7},{'ab'[i % 2]}\n" for i in range(40)))
    request = RunRequest(str(source), engine="independent", holdout=0.0, gate="none", seed=1)

    def start(name: str, seed: int = 1, tell: Any = silent, force: bool = False) -> None:
        again = dataclasses.replace(request, seed=seed)
        run.run(again, root / name, force=force, dry_run=False, tell=tell)

    start("good")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gates, "judged", lambda asked, report: FAILED)
        start("good", 2, force=True)
    for name in ("deep/cut", "good"):
        with pytest.raises(KeyboardInterrupt):
            start(name, 3, interrupt, force=True)
    start("torn")
    (root / "torn" / "synthetic.csv").write_text("n")
    (root / "other").mkdir()
    (root / "other" / "run.txt").write_text("mine")
    (root / "rejected.rejected").mkdir()  # a name that somebody chose
    start("mine.rejected")
    return root


@pytest.fixture
def results(made: Path, tmp_path: Path) -> Path:
    """A copy, to be changed at will."""
    return Path(shutil.copytree(made, tmp_path / "results"))


def states(root: Path) -> dict[tuple[str, str], run_folders.RunFolder]:
    return {
        (os.path.relpath(each.path, root), each.state): each for each in run_folders.found(root)
    }


def test_every_run_has_its_state_and_what_may_go_goes_and_nothing_else(results: Path) -> None:
    found = states(results)
    assert found.keys() == {
        ("good", "finished"),
        ("good", "unfinished"),
        ("good.rejected", "rejected"),
        ("deep/cut", "unfinished"),
        ("torn", "damaged"),
        ("mine.rejected", "finished"),
    }
    assert found["good", "finished"].rows == 40 and found["good", "finished"].bytes > 1000
    assert run_folders.removable(list(found.values()), 3600) == []
    (results / "good.rejected" / "note.txt").write_text("mine")
    with locked(results / "deep" / "cut"):
        assert states(results)["deep/cut", "unfinished"].locked
        chosen = run_folders.removable(run_folders.found(results), 0)
        assert sorted(os.path.relpath(each.path, results) for each in chosen) == [
            "good",
            "good.rejected",
        ]
        everything = [dataclasses.replace(each, locked=False) for each in found.values()]
        gone = run_folders.remove(run_folders.removable(everything, 0), 0)
        assert len(gone) == 2
    assert states(results).keys() == {
        ("good", "finished"),
        ("deep/cut", "unfinished"),
        ("torn", "damaged"),
        ("mine.rejected", "finished"),
    }
    assert [path.name for path in (results / "good.rejected").iterdir()] == ["note.txt"]
    assert in_process.augment("verify", results / "good").returncode == 0


def test_only_a_failed_gate_and_the_name_together_make_a_rejected_one(results: Path) -> None:
    folder = results / "mine.rejected"
    report = json.loads((folder / "report.json").read_text())
    assert not run_folders._was_rejected(folder, report)
    report["gates"] = FAILED
    assert run_folders._was_rejected(folder, report)
    assert not run_folders._was_rejected(results / "good", report)


def test_clean_lists_and_removes_nothing_until_it_is_told_to(results: Path) -> None:
    call = ("runs", "clean", results, "--older", "0s")
    done = in_process.augment(*call)
    assert done.returncode == 0 and b"--yes removes these" in done.stdout
    assert len(states(results)) == 6
    assert b"nothing" in in_process.augment("runs", "clean", results, "--yes").stdout
    document = json.loads(in_process.augment(*call, "--yes", "--json").stdout)
    assert len(document["removed"]) == 3 and not document["dry_run"]
    assert not (results / "deep" / "cut").exists() and not (results / "good.rejected").exists()
    for words in (("list", results, "--yes"), ("clean", results, "--older", "soon")):
        assert in_process.augment("runs", *words).returncode == 2
    assert in_process.augment("runs", "list", results / "no").returncode == 4


def test_list_and_show_say_what_there_is(results: Path) -> None:
    listed = in_process.augment("runs", "list", results)
    assert b"deep/cut        unfinished" in listed.stdout and b"1 of its 7" in listed.stdout
    assert (
        len(json.loads(in_process.augment("runs", "list", results, "--json").stdout)["runs"]) == 6
    )
    shown = in_process.augment("runs", "show", results / "good")
    assert b"Engine independent (asked for), seed 1." in shown.stdout
    assert b" rows; fitted on " in shown.stdout
    damaged = json.loads(in_process.augment("runs", "show", results / "torn", "--json").stdout)
    assert damaged["state"] == "damaged" and damaged["files"]["changed"] == ["synthetic.csv"]
    assert b"goes on" in in_process.augment("runs", "show", results / "deep" / "cut").stdout
    assert in_process.augment("runs", "show", results / "other").returncode == 4


def test_a_report_is_made_again_from_its_json_alone(results: Path, tmp_path: Path) -> None:
    folder, report = results / "good", tmp_path / "report.json"
    report.write_bytes((folder / "report.json").read_bytes())
    page = in_process.augment("report", report, "--format", "html")
    assert page.stdout == (folder / "report.html").read_bytes()
    assert in_process.augment("report", report, "--format", "html", "-o", "-").stdout == page.stdout
    for name, head in (("r.md", b"- Nothing was scored"), ("r.xml", b"<?xml"), ("r.html", b"<!")):
        done = in_process.augment("report", folder, "-o", tmp_path / name, "-q")
        assert done.returncode == 0 and (tmp_path / name).read_bytes().startswith(head)
        assert in_process.augment("report", folder, "-o", tmp_path / name).returncode == 2
    assert b"Nothing was scored" in in_process.augment("report", folder).stdout
    assert json.loads(in_process.augment("report", folder, "--json").stdout) == json.loads(
        report.read_text()
    )
    for words, code in (
        (("report", folder, "-o", tmp_path / "r.doc"), 2),
        (("report", folder, "--format", "docx"), 2),
        (("report", tmp_path), 4 if not report.exists() else 0),
        (("report", results / "other"), 4),
    ):
        assert in_process.augment(*words).returncode == code
    report.write_text(json.dumps({"schema": json.loads(report.read_text())["schema"]}))
    assert in_process.augment("report", report, "--format", "html").returncode == 4


@pytest.mark.parametrize("lost", ["plan", "versions", "seed"])
def test_a_record_that_lacks_a_part_is_damaged_and_no_crash(lost: str, results: Path) -> None:
    path = results / "good" / "run.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({name: part for name, part in record.items() if name != lost}))
    done = in_process.augment("runs", "show", results / "good")
    assert done.returncode == 4 and b"run.json is damaged" in done.stderr
