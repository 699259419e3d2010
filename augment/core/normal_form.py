"""Conditions as what can be sampled: clauses that all hold, and branches of which one holds.

A tree of comparisons becomes a conjunction of clauses and, where it has an `or` that no single
clause can say, a disjunctive normal form whose branches exclude one another: `a or b` is `a`, or
`not a and b`. Disjoint branches add up, so that rows may be drawn branch by branch in the
proportion of the branches' probabilities.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from augment.core import condition
from augment.core.condition import And, Comparison, Not, Tree
from augment.core.errors import UsageError
from augment.core.types import Clause, Condition, Scalar

MOST_BRANCHES = 200

Branch = tuple[Clause, ...]


@dataclass(frozen=True)
class _All:
    terms: tuple[_Term, ...]


@dataclass(frozen=True)
class _Some:
    terms: tuple[_Term, ...]


_Term = Clause | _All | _Some  # negations stand on clauses alone


def condition_of(
    texts: Sequence[str],
    option: str,
    clause_of: Callable[[Comparison], Clause],
    check: Callable[[Clause], None] = lambda clause: None,
    examples: str = condition.EXAMPLES,
) -> Condition:
    """The condition that all `texts` together, each given by `option`, ask for.

    `clause_of` looks a comparison's column and values up; `check` is shown every clause as it is
    to hold (behind a `not`, turned round) and may refuse one that never can. `examples` are shown
    where a text is not understood. Raises `UsageError` for texts that contradict themselves, or
    that fall into too many branches.
    """
    trees = tuple(condition.parse(text, option, examples) for text in texts)
    whole = _without_not(And(trees), clause_of, False)
    for clause in _clauses_in(whole):
        check(clause)
    parts = whole.terms if isinstance(whole, _All) else (whole,)
    clauses = tuple(part for part in parts if isinstance(part, Clause))
    others = tuple(part for part in parts if not isinstance(part, Clause))
    if not others:
        return Condition(clauses)
    said = " and ".join(f"({text})" if len(texts) > 1 else text for text in texts)
    branches = _disjoint(_All(others), f"{option} {said!r}")
    if not branches:
        raise UsageError(f"{option} {said!r} contradicts itself: no row can satisfy it.")
    if len(branches) == 1:
        return Condition((*clauses, *branches[0]))
    return Condition(clauses, branches=tuple(branches))


def _without_not(tree: Tree, clause_of: Callable[[Comparison], Clause], negate: bool) -> _Term:
    """The tree with every `not` moved into the clauses (De Morgan), alike terms joined."""
    if isinstance(tree, Comparison):
        clause = clause_of(tree)
        return _turned(clause) if negate else clause
    if isinstance(tree, Not):
        return _without_not(tree.term, clause_of, not negate)
    terms = [_without_not(term, clause_of, negate) for term in tree.terms]
    return _joined(terms, isinstance(tree, And) != negate)


def _joined(terms: Iterable[_Term], every: bool) -> _Term:
    """All or some of the terms; `x = a or x = b` becomes one clause."""
    kind = _All if every else _Some
    flat = [part for term in terms for part in (term.terms if isinstance(term, kind) else (term,))]
    if not every:
        flat = _united(flat)
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def _united(terms: list[_Term]) -> list[_Term]:
    """Alternatives with the values that are asked of one column in a single clause."""
    found: dict[str, Clause] = {}
    others: list[_Term | str] = []
    for term in terms:
        if not (isinstance(term, Clause) and term.op == "in" and not term.negate):
            others.append(term)
        elif term.column in found:
            first = found[term.column]
            values = dict.fromkeys((*first.values, *term.values))
            found[term.column] = dataclasses.replace(first, values=tuple(values))
        else:
            found[term.column] = term
            others.append(term.column)
    return [found[term] if isinstance(term, str) else term for term in others]


def _turned(clause: Clause) -> Clause:
    return dataclasses.replace(clause, negate=not clause.negate)


def _opposite(term: _Term) -> _Term:
    if isinstance(term, Clause):
        return _turned(term)
    return _joined(map(_opposite, term.terms), isinstance(term, _Some))


def _clauses_in(term: _Term) -> Iterable[Clause]:
    if isinstance(term, Clause):
        yield term
    else:
        for part in term.terms:
            yield from _clauses_in(part)


def _disjoint(term: _Term, said: str) -> list[Branch]:
    """Branches that exclude one another and together are the term; none where it never holds."""
    if isinstance(term, Clause):
        return [(term,)]
    if isinstance(term, _All):
        branches: list[Branch] = [()]
        for part in term.terms:
            more = _disjoint(part, said)
            pairs = (_simplified((*one, *other)) for one in branches for other in more)
            branches = [branch for branch in pairs if branch is not None]
            _require_few(branches, said)
        return branches
    branches = []
    before: list[_Term] = []
    for part in term.terms:
        branches += _disjoint(_All((*before, part)), said)
        before.append(_opposite(part))
        _require_few(branches, said)
    return branches


def _require_few(branches: list[Branch], said: str) -> None:
    if len(branches) > MOST_BRANCHES:
        raise UsageError(
            f"{said} falls into more than {MOST_BRANCHES} separate cases. Write it with fewer "
            "'or', or sample the cases one by one."
        )


def _simplified(branch: Branch) -> Branch | None:
    """The same conjunction with one clause for the values asked of a column; None for a
    contradiction that can be seen without knowing the data."""
    wanted: dict[str, list[Scalar]] = {}
    for clause in branch:
        if clause.op == "in" and not clause.negate:
            values = wanted.get(clause.column, list(clause.values))
            wanted[clause.column] = [value for value in values if value in clause.values]
    for clause in branch:
        if clause.column in wanted and clause.op == "in" and clause.negate:
            left = [value for value in wanted[clause.column] if value not in clause.values]
            wanted[clause.column] = left
    kept: dict[Clause, None] = {}
    for clause in branch:
        if clause.op == "in" and clause.column in wanted:
            values = wanted[clause.column]
            clause = Clause(clause.column, "in", tuple(values))
        if _turned(clause) in kept or (clause.op == "in" and not clause.values):
            return None
        kept[clause] = None
    return tuple(kept)
