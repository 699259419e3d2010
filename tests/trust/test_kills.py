"""A command that is killed at any moment, and given again, ends as one that was not killed."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from tests.trust.writers import WRITERS, Workplace

pytestmark = pytest.mark.trust
MOMENTS = {name: 1 for name in WRITERS} | {"run": 2, "rounds": 3, "transform": 2, "fit": 2}
COSTLY = {"lift"}  # seconds each


@pytest.mark.parametrize(
    "times", [1, pytest.param(10, marks=pytest.mark.trust_full, id="many times")]
)
@pytest.mark.parametrize("name", WRITERS)
def test_killed_at_a_random_moment(
    name: str, times: int, workplace: Workplace, tmp_path: Path
) -> None:
    _, undisturbed = workplace.undisturbed(name)
    rng, killed = random.Random(f"{name} {times}"), 0
    for number in range(MOMENTS[name] * times):
        out = tmp_path / str(number) / WRITERS[name].out
        out.parent.mkdir()
        moment = rng.uniform(0, undisturbed.seconds)
        killed += workplace.run(name, out, kill_after=moment).code == -signal.SIGKILL
        workplace.goes_on(name, out)
    print(f"{name}: {killed} of {MOMENTS[name] * times} killed in time")


@pytest.mark.parametrize("share", [0.5, pytest.param(1.0, marks=pytest.mark.trust_full)])
@pytest.mark.parametrize("name", WRITERS)
def test_killed_at_a_step_on_disk(
    name: str, share: float, workplace: Workplace, tmp_path: Path
) -> None:
    """Most moments of a command are spent computing; these are those that matter on disk."""
    steps = len(workplace.undisturbed(name)[1].steps)
    rng = random.Random(name)
    chosen = range(1, steps + 1) if share == 1 else [rng.randint(1, steps)]
    if share == 1 and name in COSTLY:
        chosen = sorted(rng.sample(range(1, steps + 1), 5))
    for at in chosen:
        out = tmp_path / str(at) / WRITERS[name].out
        out.parent.mkdir()
        fault = {"folder": str(out.parent), "at": at, "end": "kill"}
        assert workplace.run(name, out, fault=fault).code == -signal.SIGKILL
        workplace.goes_on(name, out)
