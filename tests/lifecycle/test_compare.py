"""Engines compared: on the same rows, each in a process of its own, whatever becomes of one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from augment.core.errors import OutOfResources
from augment.lifecycle import engine_race
from augment.lifecycle.compare import _require_any, store_at
from augment.lifecycle.halving import ranked, rounds, winner, within_noise
from tests.cli import child
from tests.cli.child import environment, write_table
from tests.cli.in_process import augment
from tests.lifecycle import plugins
from tests.work.test_pool import until

PLUGINS = plugins.environment("lines", "engines")


@pytest.fixture(scope="module", autouse=True)
def installed() -> Iterator[None]:
    with plugins.installed("lines", "engines"):
        yield


def words(source: Path, out: Path, engines: str, *more: str) -> list[str]:
    return ["compare", str(source), "-o", str(out), "--engines", engines, "--seed", "1", *more]


def document(out: Path) -> Any:
    return json.loads((out / "compare.json").read_text())


def without_measured(out: Path) -> Any:
    """What is the same in each attempt: all but seconds and memory."""
    found = document(out)
    for row in found["engines"]:
        row.pop("measured")
    return found


@pytest.fixture(scope="module")
def finished(source: Path) -> tuple[Path, str]:
    """A comparison in which half of the engines fail, and what was said of it."""
    out = source.parent / "out"
    done = augment(*words(source, out, "raising,bigram,crashing,constant"))
    assert done.returncode == 0, done.stderr
    return out, done.stderr.decode()


def test_a_failing_engine_is_a_row_with_its_reason(finished: tuple[Path, str]) -> None:
    out, said = finished
    rows = {row["engine"]: row for row in document(out)["engines"]}
    assert list(rows) == ["bigram", "constant", "raising", "crashing"]
    assert [row["place"] for row in rows.values()] == [1, 2, None, None]
    assert rows["raising"]["reason"].startswith("ValueError in it")
    assert "crashed" in rows["crashing"]["reason"]
    for name in ("raising", "crashing"):
        assert rows[name]["state"] == "failed" and f"{name} failed: " in " ".join(said.split())
    assert "cannot convert" not in said + (out / "compare.json").read_text()


def test_the_winner_has_the_highest_fidelity_and_is_said_how_to_use(
    finished: tuple[Path, str],
) -> None:
    out, said = finished
    found = document(out)
    assert found["winner"] == "bigram" and found["within_noise"] == []
    assert "Best: bigram." in said and "-e bigram -o OUT" in " ".join(said.split())
    best, second = found["engines"][:2]
    assert best["fidelity"]["value"] > second["fidelity"]["value"]
    assert best["licence"] == "MIT" and best["measured"]["peak_bytes"] > 1 << 20
    assert set(best["measured"]["seconds"]) == {"fit", "sample", "score"}


def test_all_engines_have_the_same_rows_and_the_rounds_halve_them(
    finished: tuple[Path, str],
) -> None:
    found = document(finished[0])
    assert found["rows"] == {"train": 160, "unseen": 40}
    assert len(found["rounds"]) == 1  # so few rows are not halved
    ceilings = {row["scores"][0]["ceiling"] for row in found["engines"] if row["scores"]}
    assert len(ceilings) == 1


def test_what_it_writes_is_whole_and_needs_nothing_else(finished: tuple[Path, str]) -> None:
    out, said = finished
    assert augment("verify", out).returncode == 0
    page = (out / "compare.html").read_text()
    assert "<script" not in page and "http:" not in page and "https:" not in page
    assert "Best: bigram." in page
    assert not any(len(line) > 80 for line in said.splitlines() if str(out.parent) not in line)


def test_it_is_done_once_and_another_plan_needs_force(
    finished: tuple[Path, str], source: Path
) -> None:
    out, _ = finished
    before = (out / "compare.json").read_bytes()
    again = augment(*words(source, out, "raising,bigram,crashing,constant"))
    assert again.returncode == 0 and b"Up to date" in again.stderr
    assert (out / "compare.json").read_bytes() == before
    other = augment(*words(source, out, "bigram"))
    assert other.returncode == 2 and b"--force" in other.stderr


def test_the_same_seed_gives_the_same_comparison(
    finished: tuple[Path, str], source: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    augment(*words(source, other, "raising,bigram,crashing,constant"))
    assert without_measured(other) == without_measured(finished[0])


@pytest.mark.slow  # several comparisons
def test_a_killed_comparison_goes_on_without_doing_engines_again(
    source: Path, tmp_path: Path
) -> None:
    cut, whole, fits = tmp_path / "cut", tmp_path / "whole", tmp_path / "fits"
    environ = {**PLUGINS, "EXTRA_FITS": str(fits)}
    process = subprocess.Popen(
        [sys.executable, "-m", "augment", *words(source, cut, "constant,pausing")],
        env=environment({**environ, "EXTRA_PAUSE": "600"}),
        stderr=subprocess.DEVNULL,
    )
    until(lambda: fits.is_file() and "pausing" in fits.read_text(), "the second engine")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [entry.name for entry in cut.iterdir() if not entry.name.startswith(".lock")] == [
        ".partial"
    ]
    done = child.augment(*words(source, cut, "constant,pausing"), env=environ)
    assert done.returncode == 0, done.stderr
    assert fits.read_text().split() == ["constant", "pausing", "pausing"]
    augment(*words(source, whole, "constant,pausing"))
    assert without_measured(cut) == without_measured(whole)


@pytest.mark.parametrize(
    ("fidelity", "shortened", "refused"),
    [
        (None, ["not scored: shapes"], True),
        (None, [], False),  # what is too small to be scored is no matter of time
        ({"value": 0.5}, ["not scored: shapes"], False),
    ],
)
def test_a_comparison_of_which_nothing_is_scored_in_time_is_refused(
    fidelity: Any, shortened: list[str], refused: bool, tmp_path: Path
) -> None:
    rows = [
        {"engine": "one", "state": "finished", "fidelity": fidelity, "shortened": shortened},
        {"engine": "two", "state": "failed", "fidelity": None, "shortened": []},
    ]
    folder = store_at(tmp_path)
    folder.partial.mkdir()
    if refused:
        with pytest.raises(OutOfResources, match="before one could be scored"):
            _require_any({"engines": rows}, folder)
    else:
        _require_any({"engines": rows}, folder)
    assert folder.partial.exists() != refused


@pytest.mark.slow  # waits for an engine until its time is up
def test_an_engine_that_takes_too_long_is_a_row_too(source: Path, tmp_path: Path) -> None:
    environ = {**PLUGINS, "EXTRA_PAUSE": "600"}
    asked = words(source, tmp_path / "out", "pausing,constant", "--max-time", "30s")
    done = child.augment(*asked, env=environ)
    assert done.returncode == 0, done.stderr
    first, second = document(tmp_path / "out")["engines"]
    assert (first["engine"], second["engine"]) == ("constant", "pausing")
    assert "--max-time" in second["reason"]


def test_where_no_engine_gets_to_the_end_nothing_is_left(source: Path, tmp_path: Path) -> None:
    done = augment(*words(source, tmp_path / "out", "raising,crashing"))
    assert done.returncode == 4
    assert b"No engine got to the end. raising: ValueError" in done.stderr
    assert not (tmp_path / "out" / "compare.json").exists()
    assert not (tmp_path / "out" / ".partial").exists()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (("--engines", "bigramm"), "Did you mean 'bigram'?"),
        (("--engines", "ctgan"), "is for table data"),
        (("-p", "bigram=3"), "ENGINE.NAME=VALUE"),
        (("--engines", "bigram", "-p", "constant.x=3"), "does not take part"),
        (("--holdout", "0"), "--holdout 0"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    source: Path, tmp_path: Path, more: tuple[str, ...], reason: str
) -> None:
    done = augment("compare", source, "-o", tmp_path / "out", *more)
    assert done.returncode == 2
    assert reason in " ".join(done.stderr.decode().split())


def test_a_dry_run_says_what_would_be_compared(source: Path, tmp_path: Path) -> None:
    asked = ("compare", source, "-o", tmp_path / "out", "-n", "100", "--dry-run", "--json")
    done = augment(*asked)
    found = json.loads(done.stdout)
    assert found["rows"] == {"train": 80, "unseen": 20} and found["rounds"][0]["engines"] == 6
    assert not (tmp_path / "out").exists()


def test_an_engine_that_fails_privacy_cannot_win(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = augment(*words(source, out, "constant,memorising"))
    assert done.returncode == 0, done.stderr
    found = document(out)
    rows = {row["engine"]: row for row in found["engines"]}
    assert rows["memorising"]["privacy"] == "fail"
    assert rows["memorising"]["fidelity"]["value"] > rows["constant"]["fidelity"]["value"]
    assert found["winner"] == "constant"
    assert "memorising cannot win: privacy fails" in " ".join(done.stderr.decode().split())


@pytest.mark.slow  # ten fits in processes
def test_the_better_half_goes_on_to_all_rows(source: Path, tmp_path: Path) -> None:
    longer = tmp_path / "long.lines"
    longer.write_text(source.read_text() * 4)
    out = tmp_path / "out"
    done = augment(*words(longer, out, "constant,memorising,bigram"))
    assert done.returncode == 0, done.stderr
    found = document(out)
    assert [(each["rows"], len(each["engines"])) for each in found["rounds"]] == [
        (320, 3),
        (640, 2),
    ]
    states = {row["engine"]: row["state"] for row in found["engines"]}
    assert states == {"bigram": "finished", "constant": "finished", "memorising": "left out"}
    assert b"Left out after a round on 320 lines: memorising." in done.stderr


FIDELITY = {"constant": -0.6, "memorising": -0.4, "bigram": -0.2}


def made_up_outcomes(most: int, code: int) -> Any:
    """What stands for fits: made-up scores, and an error on more rows than `most`."""

    def contend(field: Any, engine: Any, device: str, rows: int, seconds: float) -> Any:
        if rows > most:
            return {"failed": "Its part of --max-time was over (3 s)", "exit_code": code}
        value = FIDELITY[engine.about.name]
        place = {"value": value, "low": value - 0.3, "high": value + 0.3}
        return {
            "measures": [], "words": {}, "verdict": {"groups": {}, "checks": []},
            "scores": [
                {"metric": "utility", "group": "utility", "value": 0.5, "better": "higher",
                 "where": "", "ceiling": None, "floor": None, "interval": None,
                 "note": "The target 'b' is a guess."}
            ],
            "fidelity": place, "utility": None, "shortened": [], "peak_bytes": 1,
            "seconds": {"fit": 1.0, "sample": 1.0, "score": 1.0},
        }  # fmt: skip

    return contend


def test_scores_of_an_earlier_round_are_kept_where_time_ends_in_a_later_one(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longer, out = tmp_path / "long.lines", tmp_path / "out"
    longer.write_text(source.read_text() * 4)
    monkeypatch.setattr(engine_race, "contend", made_up_outcomes(320, 6))
    done = augment(*words(longer, out, "constant,memorising,bigram"))
    assert done.returncode == 0, done.stderr
    rows = document(out)["engines"]
    assert [(row["place"], row["engine"], row["rows"], row["asked"]) for row in rows] == [
        (1, "bigram", 320, 640),
        (2, "memorising", 320, 640),
        (3, "constant", 320, 320),
    ]
    said = " ".join(done.stderr.decode().split())
    assert "bigram has scores of 320 lines only; on 640: its part of --max-time was over" in said
    assert "Best: bigram." in said and "Its rows are no truer than" in said
    assert "Utility: The target 'b' is a guess." in said
    assert "320 lines only" in (out / "compare.html").read_text()
    monkeypatch.setattr(engine_race, "contend", made_up_outcomes(320, 4))  # refuses more rows
    done = augment(*words(longer, out, "constant,memorising,bigram", "--force"))
    states = {row["engine"]: row["state"] for row in document(out)["engines"]}
    assert states == {"constant": "finished", "memorising": "failed", "bigram": "failed"}


@pytest.mark.slow
def test_tables_are_compared_beside_their_controls(tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = words(write_table(tmp_path / "t.csv"), out, "independent,bootstrap,copula")
    done = augment(*asked)
    assert done.returncode == 0, done.stderr
    found = document(out)
    rows = {row["engine"]: row for row in found["engines"]}
    assert found["winner"] == "copula" and rows["copula"]["place"] == 1
    for name in ("independent", "bootstrap"):
        assert rows[name]["control"] and rows[name]["place"] is None
    assert rows["bootstrap"]["privacy"] == "fail"
    assert "are controls and cannot win." in " ".join(done.stderr.decode().split())


API = """
import sys, augment
if __name__ == "__main__":
    data = augment.read(sys.argv[1])
    board = augment.compare(data, sys.argv[2], engines=["raising", "bigram"], seed=1)
    assert board.winner == "bigram" and board.verdict == "Best: bigram.", board
    assert [row["state"] for row in board.rows] == ["finished", "failed"] and board.seed == 1
"""


@pytest.mark.slow
def test_the_python_api_compares(source: Path, tmp_path: Path) -> None:
    script, out = tmp_path / "script.py", tmp_path / "out"
    script.write_text(API)
    done = subprocess.run(
        [sys.executable, script, source, out], env=environment(PLUGINS), capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert document(out)["winner"] == "bigram"


def row(name: str, fidelity: float, privacy: str = "pass", **more: Any) -> dict[str, Any]:
    interval = {"value": fidelity, "low": fidelity - 0.02, "high": fidelity + 0.02}
    known = {"engine": name, "fidelity": interval, "utility": None, "privacy": privacy}
    return {**known, "state": "finished", "control": False, **more}


def test_who_wins() -> None:
    copies, good, near, poor = row("a", 1.0, "fail"), row("b", 0.9), row("c", 0.88), row("d", 0.2)
    control, late = row("e", 0.99, control=True), {**row("f", 0.5), "fidelity": None}
    rows = [late, poor, copies, near, good, control]
    assert [each["engine"] for each in ranked(rows)] == ["e", "b", "c", "d", "f", "a"]
    assert winner(rows) == good and within_noise(good, rows) == ["c"]
    assert winner([copies, control, late]) is None
    assert winner([row("g", 0.3, "not shown"), {**good, "state": "left out"}])["engine"] == "g"  # type: ignore[index]


@pytest.mark.parametrize("engines", range(9))
@pytest.mark.parametrize("rows", [8, 399, 400, 10_000])
def test_rounds_end_with_all_rows_and_never_add_an_engine(engines: int, rows: int) -> None:
    found = rounds(engines, rows)
    assert found[-1][1] == rows and found[0][0] == engines
    for (more, fewer), (less, larger) in pairwise(found):
        assert less < more and larger >= 2 * fewer
