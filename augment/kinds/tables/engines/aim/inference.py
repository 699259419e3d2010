"""From noisy marginals to the graphical model that fits them best, by mbi (Private-PGM).

McKenna, Sheldon and Miklau 2019, "Graphical-model based estimation and inference for differential
privacy", arXiv 1901.09136: mirror descent over the marginals of a Markov random field.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.kinds.tables.engines.aim.junction_tree import JunctionTree
from augment.kinds.tables.engines.aim.mechanisms import library

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = 1_000  # of mirror descent; they take little time beside preparing them


@dataclass(frozen=True)
class Marginal:
    """Noisy counts of the joint cells of some columns, in rising order."""

    columns: tuple[int, ...]
    counts: NDArray[np.float64]
    scale: float


@dataclass(frozen=True)
class Inferred:
    """mbi's model, from which the next inference may start, and the same as a tree."""

    model: Any
    tree: JunctionTree


def total_of(marginals: Sequence[Marginal]) -> float:
    """How many rows there are about: the mean of the sums, those with least noise for most."""
    sums = np.array([marginal.counts.sum() for marginal in marginals])
    weights = np.array([1 / (m.scale**2 * m.counts.size) for m in marginals])
    return max(1.0, float((sums * weights).sum() / weights.sum()))


def inferred(
    sizes: tuple[int, ...], marginals: Sequence[Marginal], start: Inferred | None
) -> Inferred:
    """The model of the largest entropy among those nearest to the marginals."""
    import jax

    mbi = library("mbi")
    with jax.enable_x64(True):
        domain = mbi.Domain([_name(place) for place in range(len(sizes))], sizes)
        measured = [
            mbi.LinearMeasurement(m.counts.reshape(-1), _names(m.columns), m.scale)
            for m in marginals
        ]
        # Of mbi's exact oracles the one that takes least time to compile, which is most of all.
        oracle = mbi.marginal_oracles.message_passing_shafer_shenoy
        model = mbi.estimation.MirrorDescent(marginal_oracle=oracle).estimate(
            domain,
            measured,
            known_total=total_of(marginals),
            iters=STEPS,
            warm_start=None if start is None else start.model,
        )
        tree, _ = mbi.junction_tree.make_junction_tree(domain, list(model.cliques))
        cliques = sorted(tree.nodes)
        found = oracle(model.potentials.expand(cliques), 1.0)
        tables = {
            _places(clique): np.array(found[clique].values, dtype=np.float64) for clique in cliques
        }
    ordered = {tuple(sorted(columns)): _sorted(table, columns) for columns, table in tables.items()}
    return Inferred(model, JunctionTree.of_marginals(sizes, ordered))


def tree_cells(sizes: tuple[int, ...], cliques: Sequence[tuple[int, ...]]) -> float:
    """How many cells the junction tree of these cliques has in all."""
    mbi = library("mbi")
    domain = mbi.Domain([_name(place) for place in range(len(sizes))], sizes)
    tree, _ = mbi.junction_tree.make_junction_tree(domain, [_names(each) for each in cliques])
    return float(sum(domain.size(clique) for clique in tree.nodes))


def pairs(columns: int) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(columns), 2))


def _name(place: int) -> str:
    return f"{place:05d}"  # which sort as the columns do


def _names(columns: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(_name(place) for place in columns)


def _places(names: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(int(name) for name in names)


def _sorted(table: Any, columns: tuple[int, ...]) -> Any:
    return np.transpose(table, np.argsort(columns))
