"""`--where`, `--balance` and `--given` on tables: from words to clauses, and to the rows they fit.

The language of conditions is that of `core/condition.py`; here its columns and values are looked
up in a schema, and what a model never emits is refused.

balance = column [ ":" value "=" share { "," value "=" share } ]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.condition import Comparison, unquoted
from augment.core.errors import UsageError, near_name
from augment.core.fitted import Ask
from augment.core.normal_form import condition_of
from augment.core.types import Clause, Condition, Scalar
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import (
    as_number,
    codes,
    from_codes,
    numbers,
    parse_value,
    table_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

WHERE = "--where"
_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""


def parse(
    texts: Sequence[str],
    schema: Schema,
    domain: Mapping[str, Any] | None = None,
    null_column: Callable[[str], str] = str,
) -> Condition:
    """The condition of several `--where`, which must all hold; unclear text is a `UsageError`.

    With a `domain` (see `refuse_impossible`), so is what no row of it can satisfy. Where a value is
    missing, the column that `null_column` gives for its own is null.
    """

    def check(clause: Clause) -> None:
        if domain is not None:
            refuse_impossible((clause,), domain)

    return condition_of(texts, WHERE, lambda said: _clause(said, schema, null_column), check)


def _clause(said: Comparison, schema: Schema, null_column: Callable[[str], str]) -> Clause:
    column = schema[said.column]
    if not column.modelled:
        raise UsageError(
            f"{WHERE}: column {column.name!r} has the role {column.role!r} and is invented anew "
            "for each row, so it cannot be asked for."
        )
    if said.operator == "null":
        return Clause(null_column(column.name), "null", negate=said.negate)
    if said.operator == "in":
        values = tuple(value_of(column, text) for text in said.values)
        for value in values:
            if column.storage == "integer" and isinstance(value, float):
                raise UsageError(
                    f"{WHERE}: {value!r} is no value for column {column.name!r}, which holds "
                    "whole numbers."
                )
        return Clause(column.name, "in", values, negate=said.negate)
    if column.role not in ("numeric", "datetime"):
        raise UsageError(
            f"{WHERE}: column {column.name!r} is {column.role}, which has no order. "
            f"For a value that begins with a sign, quote it: \"{column.name} = '…'\"."
        )
    ends = [position_of(column, text) for text in said.values]
    if said.operator == "between":
        low, high = ends
        if low > high:
            raise UsageError(
                f"{WHERE}: of 'between {said.values[0]} and {said.values[1]}' the low end lies "
                "above the high end."
            )
        return Clause(column.name, "range", low=low, high=high, negate=said.negate)
    if said.operator.startswith("<"):
        return Clause(column.name, "range", high=ends[0], high_open=said.operator == "<")
    return Clause(column.name, "range", low=ends[0], low_open=said.operator == ">")


def value_of(column: Column, text: str) -> Scalar:
    """The text as one of the column's values, in the form that `codes` lists them."""
    return parse_value(column, text)[0]


def position_of(column: Column, text: str) -> float:
    """The text as a place on the column's axis, in the unit of `numbers`."""
    return parse_value(column, text)[1]


def parse_balance(text: str, schema: Schema) -> tuple[str, Mapping[Scalar, float]]:
    """`--balance column` (an empty mapping: equal shares) or `column:value=share,…` (sum 1)."""
    name, listed = _column_and_rest(text, schema)
    column = schema[name]
    if not column.modelled:
        raise UsageError(
            f"--balance {name}: the column has the role {column.role!r} and is invented anew for "
            "each row, so it cannot be balanced. Fit with "
            f"--column '{name}=category' where its values are few."
        )
    shares: dict[Scalar, float] = {}
    for item in re.findall(rf"((?:{_QUOTED}|[^,])+)", listed):
        value, sign, share = item.rpartition("=")
        try:
            shares[value_of(column, unquoted(value))] = float(share)
        except ValueError:
            sign = ""
        if not sign:
            raise UsageError(f"--balance {text!r}: write it as 'column:value=0.5,other=0.5'.")
    positive = all(share >= 0 for share in shares.values())  # false for NaN too
    if shares and not (positive and abs(sum(shares.values()) - 1) <= 1e-6):
        raise UsageError(f"--balance {text!r}: the shares must be positive and add up to 1.")
    return name, shares


def balance_of(
    text: str, schema: Schema, domain: Mapping[str, Any], asked: Condition
) -> tuple[str, Mapping[Scalar, float]]:
    """What `--balance` asks of a model that knows `domain`: a column and its values' shares.

    Where none are named they are all values that the clauses of `asked` leave. Raises
    `UsageError` for a column with too many values, and for a value that is not among them.
    """
    name, shares = parse_balance(text, schema)
    known = domain[name]
    values: list[Scalar] = known.get("levels", known.get("values")) or []
    if not values:
        raise UsageError(
            f"--balance {name}: the column has no few values that could be balanced. Balance "
            f"another one, ask for ranges with --where, or fit with --column '{name}=category'."
        )
    if shares:
        wanted = {value: share for value, share in shares.items() if share > 0}
        for value in wanted:
            _require_level(name, value, values)
        return name, wanted
    own = tuple(clause for clause in asked.clauses if clause.column == name)
    places = np.arange(len(values))
    table = table_of([schema[name]], [from_codes(schema[name], places, values)], None)
    left = [values[place] for place in np.flatnonzero(mask(table, own))]
    if not left:
        raise UsageError(f"--balance {name}: --where leaves none of its values.")
    return name, {value: 1 / len(left) for value in left}


def _column_and_rest(text: str, schema: Schema) -> tuple[str, str]:
    """Split at the colon behind a column's name; names and values may hold colons too."""
    if text in schema.names:
        return text, ""
    quoted = re.fullmatch(rf"\s*({_QUOTED})\s*(?::(.*))?", text, re.DOTALL)
    if quoted:
        return unquoted(quoted[1]), quoted[2] or ""
    for colon in reversed([match.start() for match in re.finditer(":", text)]):
        if text[:colon].strip() in schema.names:
            return text[:colon].strip(), text[colon + 1 :]
    name, _, listed = text.partition(":")
    return name, listed


def mask(
    table: Table,
    clauses: tuple[Clause, ...],
    branches: tuple[tuple[Clause, ...], ...] = (),
) -> NDArray[np.bool_]:
    """(rows,) True where every clause holds and, where there are branches, all of one of them.

    Values of "in" are compared with the values of `codes`; the ends of a range are numbers as
    `numbers` gives them (a datetime's microseconds since 1970).
    """
    holds = np.ones(len(table), dtype=bool)
    for clause in clauses:
        holds &= _holds(table, clause) ^ clause.negate
    if branches:
        holds &= np.any([mask(table, branch) for branch in branches], axis=0)
    return holds


def _holds(table: Table, clause: Clause) -> NDArray[np.bool_]:
    if clause.op == "range":
        values = numbers(table, clause.column)
        low = -np.inf if clause.low is None else float(clause.low)
        high = np.inf if clause.high is None else float(clause.high)
        above = values > low if clause.low_open else values >= low
        below = values < high if clause.high_open else values <= high
        return np.asarray(above & below)
    found, levels = codes(table, clause.column)
    if clause.op == "null":
        return np.asarray(found == -1)
    wanted = np.array([level in clause.values for level in levels] + [False])
    return np.asarray(wanted[found])


def refuse_impossible(clauses: tuple[Clause, ...], domain: Mapping[str, Any]) -> None:
    """Refuse values and ranges that the training table never had, before anything is drawn.

    `domain[column]` is {"levels": […]} or {"low": x, "high": y}, with "null": whether it had gaps.
    """
    for clause in clauses:
        if clause.negate:
            continue
        known, name = domain[clause.column], clause.column
        if clause.op == "null" and not known["null"]:
            raise UsageError(f"Column {name!r} has no missing values, so none can be asked for.")
        if clause.op == "in" and "levels" in known:
            for value in clause.values:
                _require_level(name, value, known["levels"])
        elif clause.op == "in":
            for value in clause.values:
                place = as_number(value)
                if known["low"] is None or not known["low"] <= place <= known["high"]:
                    raise UsageError(
                        f"The value {value!r} of column {name!r} lies outside the range of this "
                        "model. Ask for one inside it. Exact extremes are left out by protection."
                    )
        elif clause.op == "range":
            low = -float("inf") if clause.low is None else float(clause.low)
            high = float("inf") if clause.high is None else float(clause.high)
            if known["low"] is None or low > known["high"] or high < known["low"]:
                raise UsageError(
                    f"No value of column {name!r} in this model lies in the range asked for."
                )


def _require_level(name: str, value: Scalar, levels: list[Scalar]) -> None:
    if value not in levels:
        near = near_name(str(value), [str(level) for level in levels])
        raise UsageError(
            f"Column {name!r} has {len(levels):,} values in this model, and {value!r} is none of "
            f"them. {near or 'Rare values are left out by protection.'}"
        )


def require_no_prompts(ask: Ask) -> None:
    """Refuse words for images."""
    if ask.prompts:
        raise UsageError("--prompt is for images. Rows are asked for with --where.")
