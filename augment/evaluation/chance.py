"""How often sampling noise alone makes a good generator fail gates.

A good generator's rows are as good as fresh real ones, which reach the ceiling. What it fails a
group by is bounded by what the verdict allows each check (see `noise.py`). A limit that the user
wrote is not moved by noise, so how often fresh real rows miss it follows from their score and its
interval, as if noise were normal.
"""

from __future__ import annotations

from collections.abc import Sequence

from augment.core.condition import And, Comparison, Not, Or, Tree
from augment.core.types import Json
from augment.evaluation.gates import Gate, quantities, score_of
from augment.evaluation.noise import exceeding


def chance(gate: Gate, report: Json) -> float | None:
    """The chance of one gate, at most 1; None where nothing tells the noise of its scores."""
    return _missed(gate.tree, report, met=True)


def together(chances: Sequence[float | None]) -> float | None:
    """The chance that any of several gates fails, at most their sum; None where one is unknown."""
    known = [each for each in chances if each is not None]
    return min(1.0, sum(known)) if len(known) == len(chances) else None


def _missed(tree: Tree, report: Json, met: bool) -> float | None:
    """The chance that a tree is not `met`; or, where that is False, that it is."""
    if isinstance(tree, Not):
        return _missed(tree.term, report, not met)
    if isinstance(tree, And | Or):
        each = [_missed(term, report, met) for term in tree.terms]
        if isinstance(tree, And) == met:
            return together(each)
        known = [one for one in each if one is not None]
        return min(known) if known else None  # all of them must miss: no oftener than any
    if not tree.values:
        return _of_group(tree.column, report) if met else None
    return _of_score(tree, report, met != tree.negate)


def _of_group(group: str, report: Json) -> float:
    checks = [check for check in report["verdict"]["checks"] if check["group"] == group]
    return float(sum(check["chance"] for check in checks))


def _of_score(tree: Comparison, report: Json, met: bool) -> float | None:
    score = score_of(tree.column, report)
    if score is None or score["ceiling"] is None:
        return None
    span = score["ceiling_interval"] or score["interval"]
    if span is None:
        return None
    half, above = (span["high"] - span["low"]) / 2, []
    for each in quantities(tree):
        bound = each.value(score)
        if bound is None:
            return None
        moves = each.factor if each.name == "real" else 0.0  # the limit has the ceiling's noise
        above.append(exceeding(bound - score["ceiling"], half * (1 + moves**2) ** 0.5))
    missed = {
        "<": above[0],
        "<=": above[0],
        ">": 1 - above[0],
        ">=": 1 - above[0],
        "between": 1 - above[0] + above[-1],
    }.get(tree.operator)  # None for `in`: chance equals no number of a continuum
    if missed is None:
        return None
    return min(1.0, missed) if met else max(0.0, 1 - missed)
