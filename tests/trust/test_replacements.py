"""`--force`, `runs clean` and `reproduce` that are killed: what was there before is there, or what
was to come, and never a part of each."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.test_kills import result
from tests.trust.draws import drawn
from tests.trust.processes import Done
from tests.trust.writers import WRITERS, Workplace, content, differences

pytestmark = pytest.mark.trust
COSTLY = {"lift", "evaluate", "tune", "rounds", "compare"}  # seconds each; the steps are the same
NAMES = [name for name in WRITERS if name not in COSTLY]
FEW = [1, pytest.param(30, marks=pytest.mark.trust_full)]


def anew(name: str, out: Path, workplace: Workplace, *more: str, **how: Any) -> Done:
    """The command by another seed; of one that takes none, the same command again."""
    seed = ("--seed", "2") if WRITERS[name].seeded else ()
    return workplace.run(name, out, *seed, *more, **how)


def chosen(steps: int, count: int, name: str) -> list[int]:
    rng = drawn(name)
    return sorted(rng.sample(range(1, steps + 1), min(count, steps)))


@pytest.mark.parametrize("count", FEW)
@pytest.mark.parametrize("name", NAMES)
def test_force_killed_leaves_the_old_result_or_the_new_one(
    name: str, count: int, workplace: Workplace
) -> None:
    old, _ = workplace.undisturbed(name)
    out, kept = workplace.place(name), workplace.place(name)
    if WRITERS[name].seeded:
        assert workplace.run(name, out).code == 0
    else:  # whatever stands there is replaced
        old = b"what was written by hand\n"
        out.write_bytes(old)
    copied(out, kept)
    fault: dict[str, Any] = {"folder": str(out.parent), "at": 0, "end": "kill"}
    whole = anew(name, out, workplace, "--force", fault=fault)
    assert whole.code == 0, whole.err
    new = content(out)
    assert differences(new, old), "both results are the same, and nothing could be told"
    for at in chosen(len(whole.steps), count, name):
        copied(kept, out)
        killed = anew(name, out, workplace, "--force", fault={**fault, "at": at})
        assert killed.code == -signal.SIGKILL, (at, killed.err)
        if out.is_file():
            assert out.read_bytes() in (old, new), at
        else:  # an attempt that went so far that it is sure to be finished is finished now
            assert anew(name, out, workplace).code in (0, 2)
            left = {k: v for k, v in content(out).items() if not k.startswith(".partial/")}
            assert [] in (differences(left, old), differences(left, new)), at
            assert workplace.commands("verify", out).code == 0
        forced = anew(name, out, workplace, "--force")
        assert forced.code == 0, forced.err
        assert not differences(content(out), new), at
        assert [path.name for path in out.parent.iterdir()] == [out.name]


def copied(old: Path, new: Path) -> None:
    """Make `new`, whatever is there, as `old` is."""
    if old.is_dir():
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(old, new)
    else:
        shutil.copyfile(old, new)


@pytest.fixture(scope="module")
def cluttered(workplace: Workplace) -> Path:
    """A folder with a finished run, one that a gate refused, and one that was killed."""
    folder = workplace.folder / "cluttered"
    folder.mkdir()
    assert workplace.run("run", folder / "good").code == 0
    refused = workplace.run("run", folder / "poor", "--gate", "detection < 0")
    assert refused.code == 3, refused.err
    steps = len(workplace.undisturbed("run")[1].steps)
    fault = {"folder": str(folder), "at": steps // 2, "end": "kill"}
    assert workplace.run("run", folder / "cut", fault=fault).code == -signal.SIGKILL
    return folder


@pytest.mark.parametrize("count", FEW)
def test_clean_killed_never_touches_what_is_finished(
    count: int, cluttered: Path, workplace: Workplace, tmp_path: Path
) -> None:
    clean = ("runs", "clean", ".", "--older", "0s", "--yes", "-q")
    whole = tmp_path / "whole"
    shutil.copytree(cluttered, whole)
    fault: dict[str, Any] = {"folder": str(whole), "at": 0, "end": "kill", "trees": True}
    done = workplace.commands(*clean, cwd=whole, fault=fault)
    assert done.code == 0, done.err
    good = result(cluttered / "good")
    assert tree(whole) == {"good"}
    assert result(whole / "good") == good
    for at in chosen(len(done.steps), count, "clean"):
        folder = tmp_path / str(at)
        shutil.copytree(cluttered, folder)
        fault = {"folder": str(folder), "at": at, "end": "kill", "trees": True}
        killed = workplace.commands(*clean, cwd=folder, fault=fault)
        assert killed.code == -signal.SIGKILL, (at, killed.err)
        assert result(folder / "good") == good
        assert workplace.commands("verify", folder / "good").code == 0
        assert workplace.commands(*clean, cwd=folder).code == 0
        assert tree(folder) == {"good"}, at


def tree(folder: Path) -> set[str]:
    """The names in a folder beside locks and folders that hold nothing else."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(folder).parts[0] for path in files}


@pytest.mark.parametrize("count", FEW)
def test_reproduce_killed_leaves_the_run_as_it_was(
    count: int, workplace: Workplace, tmp_path: Path
) -> None:
    run = workplace.folder / "run"
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    steps: dict[str, Any] = {"folder": str(tmp_path), "at": 0, "end": "kill"}
    made = tmp_path / "whole"
    done = workplace.commands("reproduce", run, "-o", made, "-q", cwd=run.parent, fault=steps)
    assert done.code == 0, done.err
    for at in chosen(len(done.steps), count, "reproduce"):
        out = tmp_path / str(at)
        killed = workplace.commands(
            "reproduce", run, "-o", out, "-q", cwd=run.parent, fault={**steps, "at": at},
        )  # fmt: skip
        assert killed.code == -signal.SIGKILL, (at, killed.err)
        again = workplace.commands("reproduce", run, "-o", out, "-q", cwd=run.parent)
        assert again.code == 0, again.err
        assert not differences(content(out), content(made))
        assert workplace.commands("verify", out).code == 0
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
