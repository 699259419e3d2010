"""The language of conditions: text to a tree, a tree to clauses and disjoint branches."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.condition import And, Comparison, Not, Or, Tree, parse
from augment.core.errors import UsageError
from augment.core.normal_form import condition_of
from augment.core.types import Clause, Condition

OPTION = "--where"


def equal(column: str, *values: str) -> Comparison:
    return Comparison(column, "in", values)


A, B, C = equal("a", "1"), equal("b", "2"), equal("c", "3")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a = 1 or b = 2", Or((A, B))),
        ("a = 1 OR b = 2 And c = 3", Or((A, And((B, C))))),
        ("(a = 1 or b = 2) and c = 3", And((Or((A, B)), C))),
        ("not a = 1 and b = 2", And((Not(A), B))),
        ("not (a=1 or(b=2))", Not(Or((A, B)))),
        ("not not a = 1", Not(Not(A))),
        ("a in (1, x or y, 'p, q') or b is not null",
         Or((equal("a", "1", "x or y", "p, q"), Comparison("b", "null", (), True)))),
        ("a not between 1 and 2 or b = 2",
         Or((Comparison("a", "between", ("1", "2"), True), B))),
        ("a <> 1", Comparison("a", "in", ("1",), True)),
        ("state = OR or state = and", Or((equal("state", "OR"), equal("state", "and")))),
        ("pay (EUR) >= 3", Comparison("pay (EUR)", ">=", ("3",))),
        ("job = Trade (retail) or b = 2", Or((equal("job", "Trade (retail)"), B))),
        ("two words = more words or b = 2", Or((equal("two words", "more words"), B))),
        ("'a or b' = 'x and y'", equal("a or b", "x and y")),
        ("prompt = ankle boot, dark", equal("prompt", "ankle boot, dark")),
    ],
)  # fmt: skip
def test_a_text_becomes_its_tree(text: str, tree: Tree) -> None:
    assert parse(text, OPTION) == tree


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = 1 or", "not understood"),
        ("a = 1 or b", "Quote a value that holds the word 'or'"),
        ("a = Trinidad and Tobago", "Quote a value that holds the word 'and'"),
        ("a = 1) or b = 2", r"'\)' is not expected"),
        ("(a = 1 or b = 2", "not closed"),
        ("a in (1) b = 2", "is not expected there"),
        ("a in (1, 2", "not closed"),
        ("a in (1,, 2)", "a value is missing"),
        ("a = (1 or 2)", "in \\(a, b\\)"),
        ("a = 'x", "quote"),
        ("a =", "a value is missing"),
        ("= 3", "not understood"),
        ("(" * 200 + "a = 1", "brackets"),
        ("not " * 5_000 + "a = 1", "brackets"),
    ],
)
def test_an_unclear_text_is_refused_with_a_reason(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse(text, OPTION)


LEVELS = ("p", "q", "r", None)  # of each column; None is a missing value
COLUMNS = ("x", "y", "z")


def clause_of(said: Comparison) -> Clause:
    if said.operator == "null":
        return Clause(said.column, "null", negate=said.negate)
    return Clause(said.column, "in", said.values, negate=said.negate)


def holds(row: dict[str, Any], clauses: tuple[Clause, ...]) -> bool:
    return all(
        (row[c.column] is None if c.op == "null" else row[c.column] in c.values) != c.negate
        for c in clauses
    )


def is_true(tree: Tree, row: dict[str, Any]) -> bool:
    if isinstance(tree, Comparison):
        return holds(row, (clause_of(tree),))
    if isinstance(tree, Not):
        return not is_true(tree.term, row)
    every = all if isinstance(tree, And) else any
    return every(is_true(term, row) for term in tree.terms)


def spelt(tree: Tree) -> str:
    if isinstance(tree, Comparison):
        negated = "not " if tree.negate else ""
        if tree.operator == "null":
            return f"{tree.column} is {negated}null"
        return f"{tree.column} {negated}in ({', '.join(tree.values)})"
    if isinstance(tree, Not):
        return f"not ({spelt(tree.term)})"
    word = " and " if isinstance(tree, And) else " or "
    return word.join(f"({spelt(term)})" for term in tree.terms)


ROWS = [dict(zip(COLUMNS, row, strict=True)) for row in itertools.product(LEVELS, repeat=3)]
COMPARISONS = st.one_of(
    st.builds(Comparison, st.sampled_from(COLUMNS), st.just("null"), st.just(()), st.booleans()),
    st.builds(
        Comparison,
        st.sampled_from(COLUMNS),
        st.just("in"),
        st.lists(st.sampled_from(("p", "q", "r")), min_size=1, max_size=2).map(tuple),
        st.booleans(),
    ),
)
TREES = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@given(TREES)
def test_clauses_and_branches_say_what_the_text_says_and_branches_exclude_one_another(
    tree: Tree,
) -> None:
    wanted = [is_true(tree, row) for row in ROWS]
    try:
        found = condition_of([spelt(tree)], OPTION, clause_of)
    except UsageError as refusal:
        assert not any(wanted) or "separate cases" in str(refusal)
        return
    branches = found.branches or ((),)
    counts = [
        sum(holds(row, found.clauses) and holds(row, branch) for branch in branches) for row in ROWS
    ]
    assert counts == [int(each) for each in wanted]


def test_values_of_one_column_are_one_clause() -> None:
    found = condition_of(["x = p or x = q or x in (r, p)"], OPTION, clause_of)
    assert found == Condition((Clause("x", "in", ("p", "q", "r")),))
    assert condition_of(["not (x = p or y = q)"], OPTION, clause_of) == Condition(
        (Clause("x", "in", ("p",), negate=True), Clause("y", "in", ("q",), negate=True))
    )


def test_several_texts_hold_together() -> None:
    found = condition_of(["x = p", "y = p or z = p"], OPTION, clause_of)
    assert found.clauses == (Clause("x", "in", ("p",)),)
    assert len(found.branches) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(x = p or y = p) and (x = q and y = q or x = r and y = q)", "contradicts itself"),
        (" or ".join(f"(a{i} = 1 and b{i} = 1)" for i in range(20)), "separate cases"),
    ],
)
def test_contradictions_and_too_many_branches_are_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        condition_of([text], OPTION, clause_of)
