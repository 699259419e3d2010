"""Gates: expressions over scores and verdicts that a result must meet.

A gate names a group of scores (`privacy`: its verdict is "pass"), or compares a score with a number
(`detection <= 0.6`, `copies < 1%`) or with what other rows reach (`utility >= 0.95 * real`; see
`quantity.py`), in the language of conditions (`core/condition.py`). Each part that `and` joins is a
gate of its own, so that what failed can be named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from augment.core import condition
from augment.core.condition import And, Comparison, Not, Or, Tree
from augment.core.errors import UsageError, did_you_mean
from augment.core.types import Group, Json
from augment.evaluation.quantity import NAMES, Quantity, quantity
from augment.evaluation.verdict import anything_scored, lowered

GROUPS: tuple[str, ...] = get_args(Group)
OPTION = "--gate"
EXAMPLES = "'privacy', 'detection <= 0.6' or 'utility >= 0.95 * real'"
ABSENT = {"state": "not shown", "reason": "no score of this kind of data belongs to it"}
UNKNOWN = "it has no value"


@dataclass(frozen=True)
class Gate:
    """One expression, in the user's words and as a tree."""

    text: str
    tree: Tree


@dataclass(frozen=True)
class Outcome:
    """The gates that failed, and those that were not shown to pass, each with its reason."""

    failed: tuple[str, ...]
    unshown: dict[str, str]


def parse(text: str, known: Sequence[str] | None = None, option: str = OPTION) -> tuple[Gate, ...]:
    """A gate that `option` gives: "none", "all", or an expression; commas between groups are read
    as `and`.

    `known` are the names of the scores that the data will have; None: not known yet. Raises
    `UsageError` for an unclear text, an unknown name and a score that is compared with nothing
    that is known.
    """
    if text.strip() == "none":
        return ()
    parts = [part.strip() for part in text.split(",")]
    if text.strip() == "all":
        parts = list(GROUPS)
    for part in parts:
        if re.fullmatch(r"\w*", part) and part not in GROUPS:
            raise UsageError(f"{option} {part}: {did_you_mean(part, [*GROUPS, 'all', 'none'])}")
    if not all(part in GROUPS for part in parts):
        parts = [text]
    trees = [condition.parse(part, option, EXAMPLES, frozenset(GROUPS)) for part in parts]
    joined = [each for tree in trees for each in (tree.terms if isinstance(tree, And) else (tree,))]
    for comparison in comparisons(joined):
        _check(comparison, known, option)
    return tuple(dict.fromkeys(Gate(_spelt(tree), tree) for tree in joined))


def comparisons(trees: Sequence[Tree]) -> Iterator[Comparison]:
    """Every group and comparison that trees name."""
    for tree in trees:
        if isinstance(tree, Comparison):
            yield tree
        else:
            yield from comparisons((tree.term,) if isinstance(tree, Not) else tree.terms)


def quantities(tree: Comparison) -> list[Quantity]:
    """What a score is compared with; nothing for a group."""
    return [quantity(text, OPTION, EXAMPLES) for text in tree.values]


def outcome(gates: Sequence[Gate], report: Json) -> Outcome:
    """Ask the report about the gates.

    What is not shown is no failure: too little evidence is not a no. Where nothing at all could be
    scored, though, every gate fails: nothing then stands behind the data.
    """
    if not anything_scored(report):
        return Outcome(tuple(gate.text for gate in gates), {})
    failed, unshown = [], {}
    for gate in gates:
        reasons: list[str] = []
        met = _met(gate.tree, report, reasons)
        if met is None:
            unshown[gate.text] = "; ".join(dict.fromkeys(reasons))
        elif not met:
            failed.append(gate.text)
    return Outcome(tuple(failed), unshown)


def groups_of(gates: Sequence[Gate], report: Json) -> set[Group]:
    """The groups of scores that the gates are about."""
    group_of: dict[str, Group] = {group: group for group in get_args(Group)}
    group_of |= {score["metric"]: score["group"] for score in report["scores"]}
    named = {each.column for each in comparisons([gate.tree for gate in gates])}
    return {group_of[name] for name in named if name in group_of}


def _check(tree: Comparison, known: Sequence[str] | None, option: str) -> None:
    name = tree.column
    if tree.operator == "null":
        raise UsageError(f"{option} {name}: compare it with a number, as in {EXAMPLES}.")
    if not tree.values:
        return
    if name in GROUPS and known is not None and name not in known:
        raise UsageError(f"{option}: {name} is a group of scores and is compared with no number.")
    if known is not None and name not in known:
        names = [*GROUPS, *known, "all", "none"]
        raise UsageError(f"{option}: there is no score {name!r}. {did_you_mean(name, names)}")
    for text in tree.values:
        quantity(text, option, EXAMPLES)


def score_of(name: str, report: Json) -> Json | None:
    """The score of that name of the whole data set, as `report.json` holds it."""
    found = [s for s in report["scores"] if s["metric"] == name and not s["where"]]
    return found[0] if found else None


def _met(tree: Tree, report: Json, reasons: list[str]) -> bool | None:
    """Whether the report meets it; None where that is not shown, and `reasons` then says why.

    `and`, `or` and `not` are those of Kleene's logic of three values.
    """
    if isinstance(tree, Not):
        met = _met(tree.term, report, reasons)
        return None if met is None else not met
    if isinstance(tree, And | Or):
        found = [_met(term, report, reasons) for term in tree.terms]
        decisive = isinstance(tree, Or)
        if decisive in found:
            return decisive
        return None if None in found else not decisive
    if not tree.values:
        group = report["verdict"]["groups"].get(tree.column, ABSENT)
        if group["state"] == "not shown":
            reasons.append(group["reason"])
            return None
        return bool(group["state"] == "pass")
    return _compared(tree, report, reasons)


def _compared(tree: Comparison, report: Json, reasons: list[str]) -> bool | None:
    score = score_of(tree.column, report)
    value = None if score is None else score["value"]
    if score is None or value is None:
        reasons.append(lowered(score["note"]) if score and score["note"] else UNKNOWN)
        return None
    bounds = []
    for each in quantities(tree):
        bound = each.value(score)
        if bound is None:
            reasons.append(NAMES[each.name][1])
            return None
        bounds.append(bound)
    met = {
        "<": value < bounds[0],
        "<=": value <= bounds[0],
        ">": value > bounds[0],
        ">=": value >= bounds[0],
        "in": value in bounds,
        "between": bounds[0] <= value <= bounds[-1],
    }[tree.operator]
    return bool(met) != tree.negate


def _spelt(tree: Tree) -> str:
    """A tree in the language that it was read from."""
    if isinstance(tree, Not):
        return f"not {_bracketed(tree.term)}"
    if isinstance(tree, And | Or):
        return f" {type(tree).__name__.lower()} ".join(map(_bracketed, tree.terms))
    if not tree.values:
        return tree.column
    negated = "not " if tree.negate else ""
    if tree.operator == "between":
        return f"{tree.column} {negated}between {' and '.join(tree.values)}"
    if tree.operator == "in":
        return f"{tree.column} {negated}in ({', '.join(tree.values)})"
    return f"{tree.column} {tree.operator} {tree.values[0]}"


def _bracketed(tree: Tree) -> str:
    return f"({_spelt(tree)})" if isinstance(tree, And | Or) else _spelt(tree)
