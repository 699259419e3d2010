"""Bounds on time that a block of code cannot pass."""

from __future__ import annotations

import math
import signal
import time

import pytest

from augment.work.deadline import TimeIsUp, interrupted


def spin() -> None:
    while True:
        try:
            sum(range(1000))
        except Exception:
            continue


def test_a_block_that_never_ends_is_stopped_and_the_alarm_put_back() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TimeIsUp), interrupted(0.05):
        spin()
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_no_time_is_up_at_once_and_infinity_never() -> None:
    done = []
    with pytest.raises(TimeIsUp), interrupted(0.0):
        done.append("never")
    with interrupted(math.inf):
        done.append("always")
    assert done == ["always"]
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_a_bound_outlives_one_inside_it() -> None:
    with pytest.raises(TimeIsUp), interrupted(0.2):
        with pytest.raises(TimeIsUp), interrupted(0.02):
            spin()
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
        spin()


def test_an_error_that_a_library_makes_of_the_interruption_is_one() -> None:
    with pytest.raises(TimeIsUp), interrupted(0.05):
        try:
            time.sleep(5)
        except BaseException:
            raise ValueError("not a valid format") from None  # as NumPy does
    with pytest.raises(ValueError, match="its own"), interrupted(60):
        raise ValueError("an error of its own")
