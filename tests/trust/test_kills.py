"""A command that is killed at any moment, and given again, ends as one that was not killed."""

from __future__ import annotations

import signal

import pytest

from tests.trust.draws import drawn
from tests.trust.writers import WRITERS, Workplace

pytestmark = pytest.mark.trust
MOMENTS = dict.fromkeys(WRITERS, 1) | {"rounds": 2, "transform": 2, "fit": 2}
MANY = 12  # times as many in full: some two hundred
COSTLY = {"lift"}  # seconds each


@pytest.mark.parametrize(
    ("name", "times"),
    [
        *((name, 1) for name in WRITERS if name not in COSTLY),
        *(pytest.param(name, MANY, marks=pytest.mark.trust_full) for name in WRITERS),
    ],
)
def test_killed_at_a_random_moment(name: str, times: int, workplace: Workplace) -> None:
    _, undisturbed = workplace.undisturbed(name)
    rng, killed = drawn(f"{name} {times}"), 0
    for _ in range(MOMENTS[name] * times):
        out = workplace.place(name)
        moment = rng.uniform(0, undisturbed.seconds)
        killed += workplace.run(name, out, kill_after=moment).code == -signal.SIGKILL
        workplace.goes_on(name, out)
    print(f"{name}: {killed} of {MOMENTS[name] * times} killed in time")


@pytest.mark.parametrize(
    ("name", "share"),
    [
        *((name, 0.5) for name in WRITERS if name not in COSTLY),
        *(pytest.param(name, 1.0, marks=pytest.mark.trust_full) for name in WRITERS),
    ],
)
def test_killed_at_a_step_on_disk(name: str, share: float, workplace: Workplace) -> None:
    """Most moments of a command are spent computing; these are those that matter on disk."""
    steps = len(workplace.undisturbed(name)[1].steps)
    rng = drawn(name)
    chosen = range(1, steps + 1) if share == 1 else [rng.randint(1, steps)]
    if share == 1 and name in COSTLY:
        chosen = sorted(rng.sample(range(1, steps + 1), 5))
    for at in chosen:
        out = workplace.place(name)
        fault = {"folder": str(out.parent), "at": at, "end": "kill"}
        assert workplace.run(name, out, fault=fault).code == -signal.SIGKILL
        workplace.goes_on(name, out)
