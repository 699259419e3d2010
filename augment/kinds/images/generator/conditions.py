"""What a user asks of images, from words to a condition on their label, attributes and prompts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from augment.core import normal_form
from augment.core.condition import Comparison, unquoted
from augment.core.errors import UsageError, near_name
from augment.core.fitted import Ask
from augment.core.types import Clause, Condition, Scalar
from augment.kinds.images.engines.conditioning import LABEL, PROMPT, Conditioning

EXAMPLES = "'label = NAME', 'label in (NAME, NAME)' or 'prompt = WORDS'"
MOST_VALUES = 20  # of an attribute that is balanced without shares
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def condition_of(ask: Ask, conditioning: Conditioning, option: str) -> Condition:
    """The condition on images of this kind; what no image can satisfy is refused.

    `option` is the one that the user gave the clauses by, for messages.
    """

    def check(clause: Clause) -> None:
        if clause.column == PROMPT and clause.negate:
            raise UsageError(f"{option}: a prompt says what images show, so it cannot be denied.")

    asked = normal_form.condition_of(
        ask.where, option, lambda said: _clause(said, conditioning, option), check, EXAMPLES
    )
    named = sum(clause.column == PROMPT for clause in asked.clauses)
    if named > 1 or any(clause.column == PROMPT for branch in asked.branches for clause in branch):
        raise UsageError(
            f"{option}: a prompt says what all images show, so there is one, and not behind an "
            "'or'. Several prompts take turns: repeat --prompt."
        )
    clauses = list(asked.clauses)
    if ask.prompts:
        if named:
            raise UsageError("--prompt and prompt=WORDS exclude each other. Choose one.")
        clauses.append(Clause(PROMPT, "in", ask.prompts))
    asked = dataclasses.replace(asked, clauses=tuple(clauses))
    if ask.balance is None:
        return asked
    return dataclasses.replace(asked, mix=_mix(ask.balance, conditioning, asked))


def in_turn(given: Condition, start: int, n: int) -> Condition:
    """The condition with the prompts whose turn it is from picture `start` on, `n` at the most."""

    def turned(clause: Clause) -> Clause:
        if clause.column != PROMPT:
            return clause
        prompts = clause.values
        following = (prompts[(start + row) % len(prompts)] for row in range(min(n, len(prompts))))
        return dataclasses.replace(clause, values=tuple(following))

    return dataclasses.replace(given, clauses=tuple(map(turned, given.clauses)))


def _clause(said: Comparison, conditioning: Conditioning, option: str) -> Clause:
    column, values = said.column, said.values
    if said.operator not in ("in", "null"):
        raise UsageError(
            f"{option}: column {column!r} of images has no order. Write '{column} = NAME' or "
            f"'{column} in (NAME, NAME)'."
        )
    if column == PROMPT:
        if said.operator == "null" or said.negate or len(values) != 1:
            raise UsageError(f"{option}: a prompt is asked for as prompt=WORDS alone.")
        return Clause(PROMPT, "in", values)
    if column != LABEL:
        known = conditioning.values_of(column, option)
        texts = [_value_of(column, value, known, option) for value in values]
        return Clause(
            column, "null" if said.operator == "null" else "in", tuple(texts), negate=said.negate
        )
    if said.operator == "null":
        return Clause(LABEL, "null", negate=said.negate)
    for each in values:
        _require_class(each, conditioning, option)
    return Clause(LABEL, "in", values, negate=said.negate)


def _require_class(name: str, conditioning: Conditioning, option: str) -> None:
    classes = conditioning.schema.classes
    if classes and name not in classes and all(n.strip() in classes for n in name.split(",")):
        raise UsageError(
            f"{option} {LABEL}={name}: there is no class of that name. For one of several write "
            f"'{LABEL} in ({name})'."
        )
    conditioning.schema.code_of(name, f"{option} {LABEL}={name}")


def _value_of(name: str, text: str, known: list[Scalar], option: str) -> Scalar:
    """The text as a value of an attribute. Raises `UsageError` for one that no caption gives."""
    value: Scalar = text.casefold()
    if any(isinstance(each, bool) for each in known):
        if value not in TRUTHS:
            raise UsageError(
                f"{option} {name}={text}: images have {name!r} or not. Write '{name} = yes' or "
                f"'{name} = no'."
            )
        value = TRUTHS[value]
    if value not in known:
        near = near_name(text, [str(each) for each in known])
        raise UsageError(
            f"{option} {name}={text}: no image of this model has that value. {near}".strip()
        )
    return value


def _mix(
    text: str, conditioning: Conditioning, asked: Condition
) -> tuple[str, Mapping[Scalar, float]]:
    """`label` or an attribute for equal shares, or `label:a=0.5,b=0.5`."""
    option = "--balance"
    name, _, listed = text.partition(":")
    name = unquoted(name)
    if name == PROMPT:
        raise UsageError(f"{option} {text}: images are balanced by label or by an attribute.")
    classes: list[Scalar] = list(conditioning.schema.classes)
    if name == LABEL and not classes:
        raise UsageError(f"{option} {LABEL}: these images have no labels.")
    known = classes if name == LABEL else conditioning.values_of(name, option)
    if not listed:
        left = [value for value in known if conditioning.has(asked, name, value)]
        if not left:
            raise UsageError(f"{option} {name}: --where leaves none of its values.")
        if name != LABEL and len(left) > MOST_VALUES:
            raise UsageError(
                f"{option} {name}: it has {len(left):,} values, too many to be balanced without "
                f"shares. Name those that count: '{name}:VALUE=0.5,VALUE=0.5'."
            )
        return name, dict.fromkeys(left, 1.0)
    shares: dict[Scalar, float] = {}
    for part in listed.split(","):
        said, _, share = part.rpartition("=")
        if name == LABEL:
            _require_class(said, conditioning, option)
        value = said if name == LABEL else _value_of(name, said, known, option)
        try:
            shares[value] = float(share)
        except ValueError:
            raise UsageError(f"{option} {text}: {part!r} needs a number.") from None
        if shares[value] > 0 and not conditioning.has(asked, name, value):
            raise UsageError(f"{option} {text}: --where leaves no image of {said!r}.")
    if any(share < 0 for share in shares.values()) or not sum(shares.values()) > 0:
        raise UsageError(f"{option} {text}: shares are not negative, and one is above zero.")
    return name, shares
