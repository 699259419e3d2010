"""`--where` and `--balance`: text to clauses, clauses to rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.errors import UsageError
from augment.core.types import Clause, Condition
from augment.kinds.tables.data.conditions import balance_of, mask, parse, parse_balance
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema

SCHEMA = Schema(
    (
        Column("age", "numeric", "integer"),
        Column("pay", "numeric", "float"),
        Column("job", "categorical", "string"),
        Column("a and b", "categorical", "string"),
        Column("x>y", "numeric", "float"),
        Column("at:time", "categorical", "string"),
        Column("seen", "datetime", "datetime", format="%d.%m.%Y"),
        Column("member", "boolean", "boolean", true="yes", false="no"),
        Column("key", "id", "string"),
    )
)
MAY = 1_714_521_600_000_000.0  # 2024-05-01 in microseconds


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("age = 30", [Clause("age", "in", (30,))]),
        ("age==30", [Clause("age", "in", (30,))]),
        ("age != -3", [Clause("age", "in", (-3,), negate=True)]),
        ("pay>=-1.5e3", [Clause("pay", "range", low=-1500.0)]),
        ("pay > 2", [Clause("pay", "range", low=2.0, low_open=True)]),
        ("pay < 2", [Clause("pay", "range", high=2.0, high_open=True)]),
        ("age between 3 and 5", [Clause("age", "range", low=3.0, high=5.0)]),
        ("age BETWEEN 3 AND 5 AND job = cook",
         [Clause("age", "range", low=3.0, high=5.0), Clause("job", "in", ("cook",))]),
        ("job in (cook, 'a, b', \"c)\")", [Clause("job", "in", ("cook", "a, b", "c)"))]),
        ("job not  in (cook)", [Clause("job", "in", ("cook",), negate=True)]),
        ("job is null", [Clause("job", "null")]),
        ("pay is not null", [Clause("pay", "null", negate=True)]),
        ("job = 'it''s and \"so\"'", [Clause("job", "in", ('it\'s and "so"',))]),
        ("job = O'Brien", [Clause("job", "in", ("O'Brien",))]),
        ("job = ''", [Clause("job", "in", ("",))]),
        ("job = a=b", [Clause("job", "in", ("a=b",))]),
        ("'a and b' = c and age < 3",
         [Clause("a and b", "in", ("c",)), Clause("age", "range", high=3.0, high_open=True)]),
        ('"x>y" > 3', [Clause("x>y", "range", low=3.0, low_open=True)]),
        ("seen >= 01.05.2024", [Clause("seen", "range", low=MAY)]),
        ("seen >= 2024-05-01", [Clause("seen", "range", low=MAY)]),
        ("seen = 2024-05-01", [Clause("seen", "in", ("2024-05-01T00:00:00",))]),
        ("member = yes", [Clause("member", "in", (True,))]),
        ("member = FALSE", [Clause("member", "in", (False,))]),
    ],
)  # fmt: skip
def test_a_text_is_read_as_its_clauses(text: str, clauses: list[Clause]) -> None:
    assert parse([text], SCHEMA) == Condition(tuple(clauses))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not understood"),
        ("age", "not understood"),
        ("age ~ 3", "not understood"),
        ("agee = 3", "Did you mean 'age'"),
        ("age = old", "no value for column 'age'"),
        ("age = nan", "no value for column 'age'"),
        ("age in 3, 4", "brackets"),
        ("job in ()", "between the brackets"),
        ("age between 3", "between low and high"),
        ("age between 5 and 3", "low end lies above"),
        ("job > cook", "no order"),
        ("seen > yesterday", "no value for column 'seen'"),
        ("member = maybe", "no value for column 'member'"),
        ("key = 3", "invented anew"),
    ],
)
def test_unclear_texts_are_refused_with_a_reason(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse([text], SCHEMA)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for words in (text, f"job = {text}", f"age in ({text})", f"seen {text}"):
        try:
            parse([words], SCHEMA)
        except UsageError:
            continue


@given(st.text(min_size=1, max_size=20))
def test_quoting_brings_any_value_and_any_name_through(text: str) -> None:
    schema = Schema((Column(text, "categorical", "string"),))
    quoted = "'" + text.replace("'", "''") + "'"
    assert parse([f"{quoted} = {quoted}"], schema) == Condition((Clause(text, "in", (text,)),))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("job", ("job", {})),
        ("job:a=0.7,b=0.3", ("job", {"a": 0.7, "b": 0.3})),
        ("job:'a,b'=1", ("job", {"a,b": 1.0})),
        ("job:10:30=0.5,x=0.5", ("job", {"10:30": 0.5, "x": 0.5})),
        ("at:time", ("at:time", {})),
        ("at:time:a=1", ("at:time", {"a": 1.0})),
        ("'a and b':c=1", ("a and b", {"c": 1.0})),
        ("member:yes=1", ("member", {True: 1.0})),
    ],
)
def test_balances(text: str, found: Any) -> None:
    assert parse_balance(text, SCHEMA) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("jib", "Did you mean 'job'"),
        ("key", "invented anew"),
        ("job:a", "write it as"),
        ("job:a=b", "write it as"),
        ("job:a=0.7,b=0.7", "add up to 1"),
        ("job:a=1.5,b=-0.5", "positive"),
        ("job:a=nan", "add up to 1"),
    ],
)
def test_unclear_balances_are_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_balance(text, SCHEMA)


def test_a_negated_clause_is_the_rest_of_the_rows() -> None:
    schema = Schema((Column("n", "numeric", "float"), Column("s", "categorical", "string")))
    data = pa.table({"n": [1.0, None, 3.0, -2.0], "s": ["a", "b", None, "a"]})
    table = Table(data, schema)
    for clause in (
        Clause("n", "range", low=1.0), Clause("s", "in", ("a",)), Clause("n", "null"),
    ):  # fmt: skip
        holds = mask(table, (clause,))
        other = mask(table, (Clause(**(vars(clause) | {"negate": True})),))
        assert (holds ^ other).all()
    assert np.flatnonzero(mask(table, (Clause("n", "range", low=1.0, low_open=True),))) == [2]


DOMAIN = {
    "age": {"null": False, "low": 20.0, "high": 60.0, "values": [20, 40, 60]},
    "pay": {"null": False, "low": 0.0, "high": 9.0},
    "job": {"null": True, "levels": ["Clerk", "cook"]},
    "member": {"null": False, "levels": [False, True]},
}


@pytest.mark.parametrize(
    "text",
    ["age > 70", "age < 10", "age = 70", "age is null", "job = king", "job in (king, queen)",
     "job in (king, cook)", "job = cook or age > 70", "not (age between 10 and 60 or job != king)"],
)  # fmt: skip
def test_what_can_never_hold_is_refused_beforehand(text: str) -> None:
    parse([text], SCHEMA)
    with pytest.raises(UsageError):
        parse([text], SCHEMA, DOMAIN)


@pytest.mark.parametrize(
    "text", ["age > 50", "job is null", "job in (Clerk, cook)", "job != king", "not job = king"]
)
def test_what_can_hold_is_not_refused(text: str) -> None:
    assert parse([text], SCHEMA, DOMAIN) == parse([text], SCHEMA)


def test_a_value_that_no_row_has_gets_the_nearest_one_and_no_other() -> None:
    with pytest.raises(UsageError, match="Did you mean 'Clerk'") as refusal:
        parse(["job = clerks or age > 30"], SCHEMA, DOMAIN)
    assert "cook" not in str(refusal.value)


def test_any_column_with_few_values_is_balanced() -> None:
    half = Condition((Clause("age", "range", low=30.0),))
    everything = Condition()
    assert balance_of("age", SCHEMA, DOMAIN, everything) == (
        "age",
        dict.fromkeys([20, 40, 60], 1 / 3),
    )
    assert balance_of("age", SCHEMA, DOMAIN, half) == ("age", {40: 0.5, 60: 0.5})
    assert balance_of("member", SCHEMA, DOMAIN, everything) == ("member", {False: 0.5, True: 0.5})
    assert balance_of("age:20=0.9,60=0.1", SCHEMA, DOMAIN, half) == ("age", {20: 0.9, 60: 0.1})
    for text, says in (
        ("pay", "few values"),
        ("age:21=1", "is none of them"),
        ("job:cok=1", "cook"),
    ):
        with pytest.raises(UsageError, match=says):
            balance_of(text, SCHEMA, DOMAIN, everything)
