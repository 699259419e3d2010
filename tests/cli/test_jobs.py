"""`run --all-jobs`: one after another, one that fails stops no other, the worst exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from augment.core.errors import BadInput, Interrupted
from augment.lifecycle import run
from augment.lifecycle.plan import RunRequest
from tests.cli import in_process

FILE = """
[fitting]
engine = "tvae"
[[jobs]]
name = "one"
source = "a.csv"
out = "out/one"
balance = "x"
[[jobs]]
name = "two"
source = "b.csv"
out = "out/two"
mark = true
[jobs.fitting]
engine = "ctgan"
[[jobs]]
name = "three"
source = "c.csv"
out = "out/three"
"""


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs the command with jobs whose lifecycle is `ends`, by source; the requests it made."""
    (tmp_path / "augment.toml").write_text(FILE)
    for name in "abc":
        (tmp_path / f"{name}.csv").write_text("x\n1\n")

    def call(*words: str, **ends: BaseException) -> tuple[Any, list[RunRequest]]:
        seen: list[RunRequest] = []

        def pretend(request: RunRequest, out: Path, **options: Any) -> Any:
            seen.append(request)
            name = Path(str(request.source)).stem
            if name in ends:
                raise ends[name]
            verdict = {"groups": {}, "checks": [], "not_scored": [], "sentences": []}
            report = {"verdict": verdict, "scores": [], "measures": [], "about": {}}
            failed = ["privacy"] if name == "b" and request.gate == "privacy" else []
            return {
                "plan": {"gates": []}, "report": report, "folder": str(out), "up_to_date": True,
                "failed_gates": failed, "unshown_gates": {}, "seed": request.seed,
            }  # fmt: skip

        monkeypatch.setattr(run, "run", pretend)
        done = in_process.augment(
            "run", *words, "--config", tmp_path / "augment.toml", "--if-changed"
        )
        return done, seen

    return call


def test_each_job_is_a_call_with_its_own_settings_and_the_flags_of_all(called: Any) -> None:
    done, seen = called("--all-jobs", "--seed", "7", "--gate", "none")
    assert done.returncode == 0, done.stderr
    assert [Path(str(each.source)).name for each in seen] == ["a.csv", "b.csv", "c.csv"]
    assert [each.engine for each in seen] == ["tvae", "ctgan", "tvae"]
    assert [each.seed for each in seen] == [7, 7, 7]
    assert [each.ask.balance for each in seen] == ["x", None, None]
    assert [each.write for each in seen] == [{}, {"mark": True}, {}]
    assert b"3 of 3 jobs ended well." in done.stderr
    by_name = called("--job", "three", "--job", "one", "-e", "copula", "--balance", "y")[1]
    assert [(each.engine, each.ask.balance) for each in by_name] == [("copula", "y")] * 2


def test_one_that_fails_stops_no_other_and_the_worst_code_is_the_whole_ones(
    called: Any, tmp_path: Path
) -> None:
    path = tmp_path / "j.xml"
    done, seen = called("--all-jobs", "--json", "-q", "--junit", str(path), a=BadInput("bad"))
    assert done.returncode == 4 and len(seen) == 3
    document = json.loads(done.stdout)
    assert [job["exit_code"] for job in document["jobs"]] == [4, 3, 0]
    assert document["jobs"][0]["error"] == "bad"
    suites = [suite.get("name") for suite in ElementTree.parse(path).getroot()]
    assert suites == ["one", "two: checks", "three: checks"]
    done, _ = called("--all-jobs", "-q", c=RuntimeError("secret"))
    assert done.returncode == 1 and b"RuntimeError" in done.stderr
    assert b"secret" not in done.stderr


def test_a_signal_ends_all_of_it(called: Any) -> None:
    done, seen = called("--all-jobs", b=Interrupted(15))
    assert done.returncode == 143 and len(seen) == 2
    assert b"not begun" in done.stderr and b"1 of 3 jobs" in done.stderr
    assert b"Resume with: augment run --all-jobs" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a.csv", "--all-jobs"), b"name their own"),
        (("--job", "twoo"), b"Did you mean 'two'?"),
        (("--job", "one", "--all-jobs"), b"exclude each other"),
        ((), b"Missing argument 'SRC'. See: augment run --help"),
        (("a.csv",), b"Missing option '-o' / '--out'."),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: tuple[str, ...], said: bytes, called: Any
) -> None:
    done, seen = called(*words)
    assert done.returncode == 2 and said in b" ".join(done.stderr.split()) and not seen


def test_config_check_looks_at_jobs(tmp_path: Path) -> None:
    path = tmp_path / "augment.toml"
    path.write_text(FILE)
    assert b"Jobs: one, two, three." in in_process.augment("config", "check", path).stdout
    path.write_text(FILE.replace('out = "out/two"', ""))
    done = in_process.augment("config", "check", path)
    assert done.returncode == 2 and b"the job two has no out." in done.stdout
