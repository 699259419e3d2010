"""Processes that share a training end with the weights that one alone has."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
import torch

from augment.core.budget import Budget
from augment.core.errors import BadInput, OutOfResources
from augment.core.seeds import Seed
from augment.core.types import Job, Tick
from augment.nets.local_ranks import fitted_by_ranks
from tests.nets.ranked_fit import DIES_AT, RankedFit


def test_a_killed_rank_ends_the_fit_and_the_next_goes_on_to_the_weights_of_one_process(
    tmp_path: Path,
) -> None:
    fit, ticks = RankedFit(tmp_path / "killer"), list[Tick]()
    alone = fit(Job(Seed(1), tmp_path / "alone"))
    fit.killer.write_text("kill")
    job = Job(Seed(1), tmp_path / "shared", tick=ticks.append)
    others = set(multiprocessing.active_children())  # of other tests
    with pytest.raises(OutOfResources, match=r"killed|lost"):
        fitted_by_ranks(fit, job, 2)
    assert ticks[-1].step and ticks[-1].step < DIES_AT
    assert set(multiprocessing.active_children()) <= others
    ticks.clear()
    shared = fitted_by_ranks(fit, job, 2)
    assert ticks[0].step and ticks[0].step > 20  # from a checkpoint
    assert torch.equal(shared[1], alone[1]) and shared[0] == alone[0]
    assert set(multiprocessing.active_children()) <= others


@pytest.mark.slow  # two more processes start
def test_what_a_rank_fails_with_is_told(tmp_path: Path) -> None:
    fit = RankedFit(tmp_path / "killer")
    fit.killer.write_text("fail")
    with pytest.raises(BadInput, match="rank 1 says why"):
        fitted_by_ranks(fit, Job(Seed(1), tmp_path), 2)


@pytest.mark.slow  # two more processes start
def test_ranks_decide_by_the_clock_of_the_first(tmp_path: Path) -> None:
    fit, ticks = RankedFit(tmp_path / "killer", steps=10_000_000), list[Tick]()
    job = Job(Seed(1), tmp_path, budget=Budget(4.0), tick=ticks.append)
    outcome, _ = fitted_by_ranks(fit, job, 3)
    assert 0 < outcome.steps < 10_000_000
    assert any(tick.shortened for tick in ticks)
