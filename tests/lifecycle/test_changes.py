"""`run --if-changed`: a finished run is left, or replaced with the reason."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

import augment
from augment.core.files import write_json
from augment.core.types import Tick, silent
from augment.lifecycle import gates, run
from augment.lifecycle.plan import RunRequest
from tests.cli import in_process

ROWS = 60


FAILED = {
    "fail": [{"gate": "privacy", "state": "fail", "reason": "", "chance": 0.0}],
    "warn": [],
    "chance": 0.0,
    "baseline": None,
}


def write(path: Path, rows: int = ROWS, shift: int = 0) -> Path:
    lines = [f"{i % 25 + shift},{'abc'[i % 3]}" for i in range(rows)]
    path.write_text("\n".join(["n,letter", *lines]) + "\n")
    return path


@pytest.fixture
def request_(tmp_path: Path) -> RunRequest:
    source = write(tmp_path / "t.csv")
    return RunRequest(str(source), engine="independent", holdout=0.0, gate="none")


def start(request: RunRequest, out: Path, tell: Any = silent, **options: bool) -> Any:
    given = {"force": False, "dry_run": False, "if_changed": True, **options}
    return run.run(request, out, tell=tell, **given)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_is_unchanged_is_left_and_what_changed_is_named(
    request_: RunRequest, tmp_path: Path
) -> None:
    out, said = tmp_path / "out", []
    assert start(request_, out)["refit"] is None
    before = contents(out)
    assert start(request_, out)["up_to_date"]
    assert contents(out) == before
    write(tmp_path / "t.csv", ROWS + 30, shift=40)
    changed = dataclasses.replace(request_, count="2x", engine="bootstrap")
    plan = start(changed, out, dry_run=True)
    assert contents(out) == before and not plan["up_to_date"]

    def tell(tick: Tick) -> None:
        said.append(tick.advice)

    refit = start(changed, out, tell)["refit"]
    assert refit == plan["refit"]
    assert refit["data"]["changed"] == [str(tmp_path / "t.csv")]
    assert refit["data"]["rows"] == {"was": ROWS, "now": ROWS + 30}
    assert [change["setting"] for change in refit["settings"]] == ["engine", "count"]
    assert {each["column"]: each["moved"] for each in refit["drift"]} == {
        "n": True,
        "letter": False,
    }
    told = " ".join(said)
    assert "60 to 90 rows" in told and "engine: independent to bootstrap" in told
    assert "1 of 2 columns drifted (0 to 1): n 0.97." in told
    assert json.loads((out / "run.json").read_text())["refit"] == refit
    assert start(changed, out)["up_to_date"]


def test_another_version_seed_or_a_damaged_file_is_a_reason(
    request_: RunRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    first = start(request_, out)
    assert start(dataclasses.replace(request_, seed=first["seed"]), out)["up_to_date"]
    (out / "synthetic.csv").write_text("torn")
    assert start(request_, out)["refit"]["damaged_files"] == 1
    seeded = start(dataclasses.replace(request_, seed=5), out)["refit"]
    assert [change["setting"] for change in seeded["settings"]] == ["seed"]
    monkeypatch.setattr(augment, "__version__", "99.0")
    assert start(request_, out)["refit"]["version"]["now"] == "99.0"


def test_the_content_of_a_schema_file_counts_and_its_path_does_not_tell_it(
    request_: RunRequest, tmp_path: Path
) -> None:
    schema = tmp_path / "schema.json"
    done = in_process.augment("inspect", request_.source, "--schema-out", schema, "-q")
    assert done.returncode == 0
    named = dataclasses.replace(request_, read={"schema": str(schema)})
    start(named, tmp_path / "out")
    assert start(named, tmp_path / "out")["up_to_date"]
    document = json.loads(schema.read_text())
    document["target"] = "letter"
    write_json(schema, document)
    assert start(named, tmp_path / "out")["refit"]["reasons"] == [
        "settings changed (the file of --schema)"
    ]


def test_a_rejected_result_is_not_tried_again_until_something_changes(
    request_: RunRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    start(request_, out)
    before = contents(out)
    write(tmp_path / "t.csv", ROWS + 1)
    monkeypatch.setattr(gates, "judged", lambda asked, report: FAILED)
    assert start(request_, out)["failed_gates"] == ["privacy"]
    again = start(request_, out)
    assert again["up_to_date"] and again["failed_gates"] == ["privacy"]
    assert again["folder"] == str(tmp_path / "out.rejected")
    assert contents(out) == before
    assert "up_to_date" not in start(request_, out, force=True)


def test_the_command_says_that_nothing_was_done_and_without_the_flag_refuses(
    request_: RunRequest, tmp_path: Path
) -> None:
    call = ("run", request_.source, "-o", tmp_path / "out", "-e", "independent")
    call += ("--holdout", "0", "--gate", "none")
    for said in (b"Synthetic data:", b"Up to date: data, settings and version are those of"):
        done = in_process.augment(*call, "--if-changed")
        assert done.returncode == 0 and said in done.stderr
    write(tmp_path / "t.csv", ROWS + 5)
    assert in_process.augment(*call).returncode == 2
    done = in_process.augment(*call, "--if-changed", "--json", "-q")
    assert json.loads(done.stdout)["refit"]["data"]["rows"]["now"] == ROWS + 5
