"""What a user asks of pictures, from words to a condition."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from augment.base.errors import UsageError
from augment.base.types import Clause, Condition, Scalar
from augment.base.wing import Ask
from augment.images.engines.conditioning import LABEL, PROMPT
from augment.images.schema import ImageSchema


def condition_of(ask: Ask, schema: ImageSchema, option: str) -> Condition:
    """The condition on pictures of this schema; what no picture can satisfy is refused.

    `option` is the one that the user gave the clauses by, for messages.
    """
    clauses = [_clause(text, schema, option) for text in ask.where]
    if ask.prompts:
        if any(clause.column == PROMPT for clause in clauses):
            raise UsageError("--prompt and prompt=WORDS exclude each other. Choose one.")
        clauses.append(Clause(PROMPT, "in", ask.prompts))
    return Condition(tuple(clauses), None if ask.balance is None else _mix(ask.balance, schema))


def in_turn(given: Condition, start: int, n: int) -> Condition:
    """The condition with the prompts whose turn it is from picture `start` on, `n` at the most."""

    def turned(clause: Clause) -> Clause:
        if clause.column != PROMPT:
            return clause
        prompts = clause.values
        following = (prompts[(start + row) % len(prompts)] for row in range(min(n, len(prompts))))
        return dataclasses.replace(clause, values=tuple(following))

    return Condition(tuple(map(turned, given.clauses)))


def _clause(text: str, schema: ImageSchema, option: str) -> Clause:
    """`label=a`, `label=a,b`, `label!=a` or `prompt=words`."""
    name, sign, value = text.partition("=")
    negated = name.endswith("!")
    column = name.removesuffix("!").strip()
    if not sign or column not in (LABEL, PROMPT) or (negated and column == PROMPT):
        raise UsageError(
            f"{option} {text}: for pictures write label=NAME, label=NAME,NAME, label!=NAME "
            "or prompt=WORDS."
        )
    if column == PROMPT:
        return Clause(PROMPT, "in", (value,))
    whole = value.strip() in schema.classes  # a class may be called "a,b"
    names = [value.strip()] if whole else [part.strip() for part in value.split(",")]
    for each in names:
        schema.code_of(each, f"{option} {text}")
    return Clause(LABEL, "in", tuple(names), negate=negated)


def _mix(text: str, schema: ImageSchema) -> tuple[str, Mapping[Scalar, float]]:
    """`label` for equal shares, or `label:a=0.5,b=0.5`."""
    name, _, listed = text.partition(":")
    if name != LABEL:
        raise UsageError(f"--balance {text}: pictures are balanced by label.")
    if not schema.classes:
        raise UsageError("--balance label: these pictures have no labels.")
    if not listed:
        return LABEL, dict.fromkeys(schema.classes, 1.0)
    shares: dict[Scalar, float] = {}
    for part in listed.split(","):
        label, _, share = part.rpartition("=")
        schema.code_of(label, f"--balance {text}")
        try:
            shares[label] = float(share)
        except ValueError:
            raise UsageError(f"--balance {text}: {part!r} needs a number.") from None
    if any(share < 0 for share in shares.values()) or not sum(shares.values()) > 0:
        raise UsageError(f"--balance {text}: shares are not negative, and one is above zero.")
    return LABEL, shares
