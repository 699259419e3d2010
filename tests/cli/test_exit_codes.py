"""Each exit code; in a process of its own where pipes or its environment matter."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from augment.lifecycle import health
from tests.cli import child
from tests.cli.child import shell, write_table
from tests.cli.in_process import augment
from tests.places import ROOT


def test_a_bug_is_called_a_bug() -> None:
    broken = "from augment.lifecycle import health; health.checks = lambda: 1 / 0\n"
    code = (
        broken + "import sys; sys.argv[1:] = ['doctor']\nfrom augment.cli.app import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, timeout=60)
    assert done.returncode == 1
    assert b"this is a bug in augment" in done.stderr


def test_a_bug_is_told_without_what_its_errors_say(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = secrets.token_hex()  # the lines of the program are shown, and do not hold it

    def checks() -> None:
        try:
            float("x" + cell)
        except ValueError as error:
            raise KeyError(cell) from error

    monkeypatch.setattr(health, "checks", checks)
    done = augment("doctor")
    assert done.returncode == 1
    assert cell.encode() not in done.stderr + done.stdout
    assert done.stderr.index(b"ValueError") < done.stderr.index(b"KeyError")
    assert b", in checks" in done.stderr


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
        ImportError("libcv.so: failed to map segment from shared object"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_lack_of_memory_is_six_whatever_its_class(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def checks() -> None:
        raise error

    monkeypatch.setattr(health, "checks", checks)
    done = augment("doctor")
    assert done.returncode == 6, done.stderr
    assert b"memory ran out" in done.stderr


def test_a_mistyped_engine_is_usage(table: Path, tmp_path: Path) -> None:
    done = augment("fit", table, "-o", tmp_path / "m", "-e", "independant")
    assert done.returncode == 2
    assert b"Did you mean 'independent'?" in done.stderr
    assert not (tmp_path / "m").exists()


def test_copies_fail_the_gate_and_are_kept_aside(tmp_path: Path) -> None:
    table, out = write_table(tmp_path / "t.csv", rows=60), tmp_path / "out"
    done = augment("run", table, "-o", out, "-e", "bootstrap", "--json")
    assert done.returncode == 3, done.stderr
    document = json.loads(done.stdout)
    assert document["failed_gates"] == ["privacy"]
    assert not out.exists()
    kept = tmp_path / "out.rejected"
    assert (kept / "synthetic.csv").is_file()
    for path in (kept, *kept.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_bad_row_is_bad_input(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n1,2,3\n")
    done = augment("inspect", bad)
    assert done.returncode == 4
    assert f"{bad}:3" in done.stderr.decode()


def test_a_missing_part_is_five_and_a_full_disk_is_six(model: Path) -> None:
    missing = "import sys; sys.modules['torch'] = None\n"
    code = missing + "sys.argv[1:] = ['doctor']\nfrom augment.cli.app import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, timeout=60)
    assert done.returncode == 5, done.stderr
    full = shell(f"augment sample '{model}' -n 10 -o - > /dev/full", model.parent)
    assert full.returncode == 6, full.stderr
    assert b"Traceback" not in full.stderr


def test_a_reader_who_has_had_enough_is_no_error(model: Path) -> None:
    done = shell(f"augment sample '{model}' -n 50k -q -o - | head -1", model.parent)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"id,age,")


def test_pipes_need_no_home_no_temporary_folder_and_no_terminal(table: Path) -> None:
    line = (
        f"unset HOME TMPDIR; cat '{table}' | augment fit - -o piped -e independent 2>&- && "
        "augment sample piped -n 3 -o - 2>/dev/null"
    )
    done = shell(line, table.parent)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 4


@pytest.mark.slow
def test_closed_streams_are_survived(table: Path) -> None:
    assert shell(f"augment inspect '{table}' 2>&- <&-", table.parent).returncode == 0
    assert shell(f"augment inspect '{table}' --json >&-", table.parent).returncode == 6
    assert shell("augment inspect - <&-", table.parent).returncode == 4


@pytest.mark.slow  # `make check-trust` asks the same of more commands
def test_the_seed_decides_the_bytes_whatever_the_locale_and_the_hash_seed(
    table: Path, model: Path
) -> None:
    odd = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONHASHSEED": "7", "PYTHONUTF8": "0"}
    again = table.parent / "again"
    done = child.augment("fit", table, "-o", again, "-e", "independent", "--seed", "1", env=odd)
    assert done.returncode == 0, done.stderr
    for name in ("model.json", "weights.safetensors"):
        assert (again / name).read_bytes() == (model / name).read_bytes()
    words = ("sample", model, "-n", "50", "--seed", "3", "-o", "-", "-q")
    assert augment(*words).stdout == child.augment(*words, env=odd).stdout != b""


def test_two_runs_without_a_seed_differ_and_record_it(model: Path) -> None:
    outs = [model.parent / f"fresh{number}.csv" for number in (1, 2)]
    done = [augment("sample", model, "-n", "30", "-o", out, "--json") for out in outs]
    seeds = [json.loads(each.stdout)["seed"] for each in done]
    assert seeds[0] != seeds[1]
    assert outs[0].read_bytes() != outs[1].read_bytes()
    again = augment("sample", model, "-n", "30", "--seed", str(seeds[0]), "-o", "-", "-q")
    assert again.stdout == outs[0].read_bytes()


def test_progress_off_a_terminal_is_plain_or_json_and_never_in_colour(table: Path) -> None:
    done = augment("inspect", table, "--log-format", "json")
    first = json.loads(done.stderr.splitlines()[0])
    assert first["event"] == "tick"
    assert first["phase"] == "read"
    assert b"\x1b" not in done.stderr
    assert augment("inspect", table, "-q").stderr == b""


def test_the_mode_of_outputs_is_private(model: Path) -> None:
    for path in (model, *model.rglob("*")):
        assert os.stat(path).st_mode & 0o077 == 0, path  # noqa: PTH116


def test_hostile_names_are_shown_escaped_and_reach_no_path(tmp_path: Path) -> None:
    table = tmp_path / "-n\x1b[2J\n.csv"
    table.write_text('"../up\x1b[31m","--force","a\nb"\n' + "1,x,2\n2,y,3\n3,x,5\n" * 20)
    done = augment("fit", table, "-o", tmp_path / "m", "-e", "independent", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["columns"][0]["name"] == "../up\x1b[31m"
    shown = augment("inspect", table)
    assert b"\x1b" not in done.stdout + done.stderr + shown.stdout + shown.stderr
    assert b"../up" in shown.stdout
    assert len(list(tmp_path.iterdir())) == 2
