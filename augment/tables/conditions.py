"""`--where` and `--balance`: from text to clauses, and from clauses to the rows that satisfy them.

where   = clause { " and " clause }
clause  = column ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
        | column [ "not" ] "in" "(" value { "," value } ")"
        | column "between" value "and" value
        | column "is" [ "not" ] "null"
column, value = bare text | 'quoted' | "quoted"      (a doubled quote stands for itself)
balance = column [ ":" value "=" share { "," value "=" share } ]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from augment.base.errors import UsageError
from augment.base.types import Clause, Scalar
from augment.tables.dataset import Table
from augment.tables.schema import Column, Schema
from augment.tables.values import codes, numbers, parse_value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""
_OPERATOR = re.compile(
    rf"\s*(?P<column>{_QUOTED}|.+?)\s*"
    r"(?:(?P<sign>>=|<=|!=|==|=|<|>)|\s(?P<word>not\s+in|in|between|is\s+not\s+null|is\s+null)\b)"
    r"\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_PIECES = re.compile(rf"{_QUOTED}|\([^()]*\)|[^'\"()]+|.", re.DOTALL)


def parse(texts: list[str], schema: Schema) -> tuple[Clause, ...]:
    """Clauses of several `--where`, which must all hold; unclear text is a `UsageError`."""
    return tuple(_clause(part, schema) for text in texts for part in _conjuncts(text))


def _conjuncts(text: str) -> list[str]:
    """Split at " and " outside quotes and brackets; the one of "between … and …" stays."""
    parts = [""]
    for piece in _PIECES.findall(text):
        if piece[0] in "'\"(":
            parts[-1] += piece
            continue
        head, *tail = _AND.split(piece)
        parts[-1] += head
        for more in tail:
            if re.search(r"\sbetween\s(?!.*\sand\s)", parts[-1], re.IGNORECASE):
                parts[-1] += f" and {more}"
            else:
                parts.append(more)
    return parts


def _clause(text: str, schema: Schema) -> Clause:
    match = _OPERATOR.fullmatch(text)
    if not match:
        raise UsageError(
            f"--where {text!r} is not understood. "
            "Write it as 'age >= 30', 'sex = Female', 'job in (a, b)' or 'job is null'."
        )
    column = schema[_unquoted(match["column"])]
    sign, word = match["sign"], re.sub(r"\s+", " ", (match["word"] or "").lower())
    rest = match["rest"].strip()
    if not column.modelled:
        raise UsageError(
            f"--where {text!r}: column {column.name!r} has the role {column.role!r} and is "
            "invented anew for each row, so it cannot be asked for."
        )
    if word.startswith("is"):
        return Clause(column.name, "null", negate="not" in word)
    if sign in ("<", "<=", ">", ">=") or word == "between":
        return _range(column, sign, rest, text)
    if word.endswith("in"):
        if not (rest.startswith("(") and rest.endswith(")")):
            raise UsageError(f"--where {text!r}: put the values in brackets, as in 'x in (a, b)'.")
        listed = re.findall(rf"\s*({_QUOTED}|[^,]+)\s*(?:,|$)", rest[1:-1])
        if not listed:
            raise UsageError(f"--where {text!r}: there is no value between the brackets.")
        values = tuple(value_of(column, _unquoted(item)) for item in listed)
        return Clause(column.name, "in", values, negate=word.startswith("not"))
    return Clause(column.name, "in", (value_of(column, _unquoted(rest)),), negate=sign == "!=")


def _range(column: Column, sign: str | None, rest: str, text: str) -> Clause:
    if column.role not in ("numeric", "datetime"):
        raise UsageError(
            f"--where {text!r}: column {column.name!r} is {column.role}, which has no order. "
            f"For a value that begins with a sign, quote it: \"{column.name} = '…'\"."
        )
    if sign is None:
        ends = [_unquoted(end) for end in _AND.split(rest)]
        if len(ends) != 2:
            raise UsageError(f"--where {text!r}: write 'x between low and high'.")
        low, high = (position_of(column, end) for end in ends)
        if low > high:
            raise UsageError(f"--where {text!r}: the low end lies above the high end.")
        return Clause(column.name, "range", low=low, high=high)
    end = position_of(column, _unquoted(rest))
    if sign.startswith("<"):
        return Clause(column.name, "range", high=end, high_open=sign == "<")
    return Clause(column.name, "range", low=end, low_open=sign == ">")


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1].replace(text[0] * 2, text[0])
    return text


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
    if column.role not in ("categorical", "boolean"):
        raise UsageError(
            f"--balance {name}: the column is {column.role}; only categories can be balanced. "
            f"Fit with --column '{name}=category' where its values are few."
        )
    shares: dict[Scalar, float] = {}
    for item in re.findall(rf"((?:{_QUOTED}|[^,])+)", listed):
        value, sign, share = item.rpartition("=")
        try:
            shares[value_of(column, _unquoted(value))] = float(share)
        except ValueError:
            sign = ""
        if not sign:
            raise UsageError(f"--balance {text!r}: write it as 'column:value=0.5,other=0.5'.")
    positive = all(share >= 0 for share in shares.values())  # false for NaN too
    if shares and not (positive and abs(sum(shares.values()) - 1) <= 1e-6):
        raise UsageError(f"--balance {text!r}: the shares must be positive and add up to 1.")
    return name, shares


def _column_and_rest(text: str, schema: Schema) -> tuple[str, str]:
    """Split at the colon behind a column's name; names and values may hold colons too."""
    if text in schema.names:
        return text, ""
    quoted = re.fullmatch(rf"\s*({_QUOTED})\s*(?::(.*))?", text, re.DOTALL)
    if quoted:
        return _unquoted(quoted[1]), quoted[2] or ""
    for colon in reversed([match.start() for match in re.finditer(":", text)]):
        if text[:colon].strip() in schema.names:
            return text[:colon].strip(), text[colon + 1 :]
    name, _, listed = text.partition(":")
    return name, listed


def mask(table: Table, clauses: tuple[Clause, ...]) -> NDArray[np.bool_]:
    """(rows,) True where every clause holds.

    Values of "in" are compared with the values of `codes`; the ends of a range are numbers as
    `numbers` gives them (a datetime's microseconds since 1970).
    """
    import numpy as np

    holds = np.ones(len(table), dtype=bool)
    for clause in clauses:
        holds &= _holds(table, clause) ^ clause.negate
    return holds


def _holds(table: Table, clause: Clause) -> NDArray[np.bool_]:
    import numpy as np

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
        known = domain[clause.column]
        name = clause.column
        if clause.op == "null" and not clause.negate and not known["null"]:
            raise UsageError(f"Column {name!r} has no missing values, so none can be asked for.")
        if clause.op == "in" and not clause.negate and "levels" in known:
            unknown = [value for value in clause.values if value not in known["levels"]]
            if len(unknown) == len(clause.values):
                raise UsageError(
                    f"Column {name!r} has {len(known['levels']):,} values in this model, and "
                    f"{unknown[0]!r} is none of them. Rare values are left out by protection."
                )
        if clause.op == "range" and not clause.negate and "low" in known:
            low = -float("inf") if clause.low is None else float(clause.low)
            high = float("inf") if clause.high is None else float(clause.high)
            if known["low"] is None or low > known["high"] or high < known["low"]:
                raise UsageError(
                    f"No value of column {name!r} in this model lies in the range asked for."
                )
