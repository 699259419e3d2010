"""What a gate holds a score against: a number, or a multiple of what other rows reach.

quantity = number | [ number "*" ] name [ ( "+" | "-" ) number ]
name     = "real" | "floor" | "baseline"
number   = digits with a decimal point, an exponent or a "%", if any
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from augment.core.errors import UsageError, did_you_mean
from augment.core.types import Json

# By name: the entry of a score in `report.json`, and why it may be absent.
NAMES: dict[str, tuple[str, str]] = {
    "real": ("ceiling", "fresh real rows have no such score"),
    "floor": ("floor", "rows without structure have no such score"),
    "baseline": ("baseline", "the baseline has no such score"),
}
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?%?"
_QUANTITY = re.compile(
    rf"(?P<number>{_NUMBER})|(?:(?P<factor>{_NUMBER})\s*\*\s*)?(?P<name>[^\W\d]+)"
    rf"(?:\s*(?P<sign>[+-])\s*(?P<offset>{_NUMBER}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Quantity:
    """`factor` times what the rows called `name` reach, and `offset`; a number has no name."""

    factor: float
    name: str
    offset: float

    def value(self, score: Json) -> float | None:
        """The number that is meant beside a score of `report.json`; None where that is not known.

        >>> Quantity(0.95, "real", 0.0).value({"ceiling": 0.8})
        0.76
        """
        if not self.name:
            return self.offset
        reached = score.get(NAMES[self.name][0])
        return None if reached is None else self.factor * reached + self.offset


def quantity(text: str, option: str, examples: str) -> Quantity:
    """Read a quantity of a gate that was given by `option`; raises `UsageError` for any other text.

    >>> quantity("0.95 * real - 1%", "--gate", "")
    Quantity(factor=0.95, name='real', offset=-0.01)
    >>> quantity("0.6", "--gate", "")
    Quantity(factor=0.0, name='', offset=0.6)
    """
    found = _QUANTITY.fullmatch(text.strip())
    name = "" if found is None else found["name"] or ""
    if found is None or (name and name not in NAMES):
        said = did_you_mean(name, list(NAMES)) if name else f"Write it as {examples}."
        raise UsageError(f"{option}: {text!r} is no number and no multiple of one. {said}")
    if not name:
        return Quantity(0.0, "", _number(found["number"]))
    offset = 0.0 if found["offset"] is None else _number(found["sign"] + found["offset"])
    return Quantity(_number(found["factor"] or "1"), name, offset)


def _number(text: str) -> float:
    """
    >>> _number("0.6"), _number("1%")
    (0.6, 0.01)
    """
    return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
