"""Drawing rows under conditions as the chain would, were they left over from rows without any.

The network answers whatever it is asked, but best what it is asked in the order of the chain: that
is what it was trained on most, and what calibration corrects. Where cells are known, or limited,
that come later in that order than gaps, it only proposes: several fillings of each row up to the
last such cell, of which one is taken by its chance in the order of the chain over its chance of
being proposed (sampling importance resampling; Rubin 1987, doi 10.2307/2289460).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment.kinds.tables.engines.anyorder.chain import Allowed, Chain

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROPOSED = 16  # fillings of a row
AT_ONCE = 2_000  # rows that are resampled


def draw(
    chain: Chain,
    known: NDArray[np.int64],
    rng: np.random.Generator,
    allowed: Allowed,
    first: frozenset[int],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What `Chain.draw` gives, of rows with tokens `known` (rows, columns), -1 for gaps."""
    stands = known >= 0
    asked = stands.copy()
    asked[:, list(first)] = True
    late = np.flatnonzero(_out_of_order(chain, stands, asked))
    if len(late):
        rank = np.array(chain.layout.rank)
        until = 1 + int(rank[asked[late].any(axis=0)].max())
        known = known.copy()
        for start in range(0, len(late), AT_ONCE):
            rows = late[start : start + AT_ONCE]
            known[rows] = _resampled(chain, known[rows], rng, allowed, first, until)
    return chain.draw(len(known), rng, allowed, known, first)


def placing_cost(chain: Chain, first: frozenset[int]) -> float:
    """How many rows without a condition a row takes on which the columns `first` are limited."""
    columns = chain.layout.columns
    nothing = np.zeros((1, columns), np.bool_)
    asked = nothing.copy()
    asked[:, list(first)] = True
    if not _out_of_order(chain, nothing, asked).any():
        return 1.0
    until = 1 + max(chain.layout.rank[j] for j in first)
    return 1 + 3 * PROPOSED * until / columns  # proposed, weighed twice


def _out_of_order(
    chain: Chain, stands: NDArray[np.bool_], asked: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(rows,) whether a gap comes, in the order of the chain, before a cell that is `asked` for:
    one that `stands`, or is limited and drawn first."""
    order = list(chain.layout.order)
    gap_before = np.logical_or.accumulate(~stands[:, order], axis=1)[:, :-1]
    return np.asarray((asked[:, order][:, 1:] & gap_before).any(axis=1))


def _resampled(
    chain: Chain,
    known: NDArray[np.int64],
    rng: np.random.Generator,
    allowed: Allowed,
    first: frozenset[int],
    until: int,
) -> NDArray[np.int64]:
    """(rows, columns) tokens of the first columns `until` there, of several fillings of each row
    one by its weight."""
    repeated = np.repeat(known, PROPOSED, axis=0)
    proposed, _ = chain.draw(len(repeated), rng, allowed, repeated, first, until)
    nothing = np.full_like(repeated, -1)
    weight = chain.log_chances(proposed, nothing, {}, frozenset(), until)
    weight -= chain.log_chances(proposed, repeated, allowed, first, until)
    settled = {law.child for law in chain.laws}  # what is asked of them is asked of their parents
    for j in allowed.keys() - settled:
        drawn = (repeated[:, j] < 0) & (proposed[:, j] >= 0)
        weight[drawn] += np.log(allowed[j][proposed[drawn, j]])
    weight = weight.reshape(len(known), PROPOSED)
    cumulated = np.exp(weight - weight.max(axis=1, keepdims=True)).cumsum(axis=1)
    goal = rng.random(len(known)) * cumulated[:, -1]
    chosen = np.minimum((cumulated <= goal[:, None]).sum(axis=1), PROPOSED - 1)
    found = proposed.reshape(len(known), PROPOSED, -1)[np.arange(len(known)), chosen]
    return np.asarray(found)
