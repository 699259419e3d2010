"""Rows that judge a fit and rows that are learnt from share none, and leave none out."""

from __future__ import annotations

import numpy as np
import pytest

from augment.core.seeds import Seed
from augment.nets.held_out import held_out_rows


@pytest.mark.parametrize(("n", "count"), [(2, 1), (20, 1), (100, 7), (5, 4)])
def test_every_row_is_on_one_side(n: int, count: int) -> None:
    held_out, learnt = held_out_rows(n, count, Seed(3))
    assert len(held_out) == count
    assert sorted([*held_out, *learnt]) == list(range(n))
    assert np.array_equal(held_out, np.sort(held_out)) and np.array_equal(learnt, np.sort(learnt))


@pytest.mark.parametrize(("n", "count"), [(1, 1), (5, 5), (3, 9)])
def test_where_none_would_be_left_both_are_all(n: int, count: int) -> None:
    held_out, learnt = held_out_rows(n, count, Seed(3))
    assert sorted(held_out) == sorted(learnt) == list(range(n))
