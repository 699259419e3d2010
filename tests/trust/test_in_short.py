"""Of what `make check-trust` asks of every command, the most telling part, for `make test`.

One test, so that one process furnishes the place: that costs more than the commands.
"""

from __future__ import annotations

import signal
from pathlib import Path

from tests.trust.writers import Workplace

KILLED = ("sample", "transform")
FAILING = ("fit", "sample images")


def test_kills_and_a_full_disk_once(workplace: Workplace, tmp_path: Path) -> None:
    for name in KILLED:
        out = workplace.place(name)
        steps = len(workplace.undisturbed(name)[1].steps)
        fault = {"folder": str(out.parent), "at": 2 * steps // 3, "end": "kill"}
        assert workplace.run(name, out, fault=fault).code == -signal.SIGKILL, name
        workplace.goes_on(name, out)
    for name in FAILING:
        out = workplace.place(name)
        fault = {"folder": str(out.parent), "at": 1, "end": "ENOSPC", "lasting": True}
        done = workplace.run(name, out, fault=fault)
        assert done.code == 6, (name, done.code, done.err)
        workplace.goes_on(name, out)
    removal_is_finished(workplace, tmp_path)


def removal_is_finished(workplace: Workplace, folder: Path) -> None:
    """`runs clean` that is killed, and again one step later, until it is done."""
    refused = workplace.run("run", folder / "poor", "--gate", "detection < 0")
    assert refused.code == 3, refused.err
    codes = []
    for at in range(3, 60, 2):
        fault = {"folder": str(folder), "at": at, "end": "kill", "trees": True}
        clean = ("runs", "clean", ".", "--older", "0s", "--yes", "-q")
        codes.append(workplace.commands(*clean, cwd=folder, fault=fault).code)
        if codes[-1] == 0:
            break
    assert codes[:-1] == [-signal.SIGKILL] * (len(codes) - 1)
    assert len(codes) > 5
    assert not [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
