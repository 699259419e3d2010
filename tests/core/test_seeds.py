"""Streams depend on the seed and on their own name, and on nothing else."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from augment.core.seeds import Seed, seeded_globals

NAMES = st.lists(st.text(max_size=5) | st.integers(), max_size=4).map(tuple)


@given(st.integers(0, 2**53), NAMES, NAMES)
def test_different_names_are_different_streams(value: int, one: tuple, two: tuple) -> None:
    same = [(type(x), x) for x in one] == [(type(x), x) for x in two]
    first, second = Seed(value).child(*one), Seed(value).child(*two)
    if same or "\x1f" not in "".join(map(str, one + two)):
        assert (first.integer() == second.integer()) == same


def test_streams_are_pinned() -> None:
    assert Seed(7).child("block", 3).integer() == 1721199753939343904
    assert Seed(7).child("block", "3").integer() != Seed(7).child("block", 3).integer()


def test_children_are_uncorrelated() -> None:
    draws = np.array([Seed(1).child("b", i).rng().standard_normal(2000) for i in range(20)])
    off = np.corrcoef(draws)[~np.eye(20, dtype=bool)]
    assert np.abs(off).max() < 0.12


def test_fresh_seeds_differ_and_fit_any_json_reader() -> None:
    found = {Seed.fresh().value for _ in range(100)}
    assert len(found) == 100
    assert max(found) < 2**53


def test_global_generators_are_put_back_even_after_an_error() -> None:
    random.seed(1)
    np.random.seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist()
    try:
        with seeded_globals(Seed(3)):
            random.random()
            np.random.random()
            raise ValueError
    except ValueError:
        pass
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
