"""Forms of texts around one or two numbers, as spreadsheets write them: `0.0 kg`, `<0.00`, `0'0"`.

`0` stands for a number, `0.00` for one with two decimals, `0.##` for one with up to two that does
not end in a zero, `#,##0` for one with marks between thousands, `00` for one with leading zeros
(second ones only), and `0,00` and `#.##0,00` for ones with a decimal comma. All else is literal. A
form without a number is a word: `ND`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SLOTS = 2
MOST_DECIMALS = 12
LONGEST = 60  # characters
CURRENCY = r"[$€£¥₹₩₽₺₪฿]|[A-Z]{1,2}\$|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK"
SLOT = re.compile(r"(?:#([,.' \xa0\u202f])##0|(0+))(?:([.,])(?=[0#])(0*)(#*))?")
UNSIGNED = re.compile(rf"(?:{CURRENCY})?[ \xa0]?")  # may follow a minus


@dataclass(frozen=True)
class Slot:
    """How one number is spelt: its marks, the digits that it has at the least, and its decimals."""

    grouping: str = ""
    point: str = "."
    width: int = 1
    least: int = 0
    most: int = 0

    @property
    def template(self) -> str:
        whole = f"#{self.grouping}##0" if self.grouping else "0" * self.width
        decimals = "0" * self.least + "#" * (self.most - self.least)
        return whole + (self.point + decimals if decimals else "")

    @property
    def pattern(self) -> str:
        """What a number without sign looks like (RE2)."""
        mark, point = re.escape(self.grouping), re.escape(self.point)
        whole = rf"\d{{{self.width}}}" if self.width > 1 else r"(?:0|[1-9]\d*)"
        whole = rf"(?:0|[1-9]\d{{0,2}}(?:{mark}\d{{3}})*)" if mark else whole
        more = self.most - self.least
        rest = rf"(?:\d{{0,{more - 1}}}[1-9])?" if more else ""
        if self.least:
            return rf"{whole}{point}\d{{{self.least}}}{rest}"
        return whole + (rf"(?:{point}\d{{0,{more - 1}}}[1-9])?" if more else "")

    def values(self, bodies: pa.Array) -> pa.Array:
        plain = pc.replace_substring(bodies, self.grouping, "") if self.grouping else bodies
        return pc.replace_substring(plain, self.point, ".").cast(pa.float64())

    def text(self, value: float) -> str:
        """A number of at least zero; one too large for its leading zeros is the largest of them."""
        if self.width > 1:
            value = min(value, 10**self.width - 1)
            return f"{value:0{self.width}.0f}"
        whole, _, decimals = f"{value:,.{self.most}f}".partition(".")
        whole = whole.replace(",", self.grouping)
        decimals = decimals[: self.least] + decimals[self.least :].rstrip("0")
        return f"{whole}{self.point}{decimals}" if decimals else whole


@dataclass(frozen=True)
class Form:
    """`literals` stand before, between and behind the numbers of the `slots`."""

    literals: tuple[str, ...]
    slots: tuple[Slot, ...]

    @classmethod
    def of(cls, template: str) -> Self:
        """Undo `template`. Raises `UsageError` where it has too many numbers, or is too long."""
        literals, slots, end = [], [], 0
        for found in SLOT.finditer(template):
            literals.append(template[end : found.start()])
            end = found.end()
            least, most = len(found[4] or ""), len(found[4] or "") + len(found[5] or "")
            width = len(found[2] or "0")
            slots.append(Slot(found[1] or "", found[3] or ".", width, least, most))
        literals.append(template[end:])
        fits = 0 < len(template) <= LONGEST and "#" not in "".join(literals)
        fits &= len(slots) <= MOST_SLOTS and all(
            slot.most <= MOST_DECIMALS and not (slot.width > 1 and slot.most) for slot in slots
        )
        if not fits:
            raise UsageError(
                f"{template!r} is no form of a text with numbers. Write 0 for a number and 0.00 "
                'for one with two decimals, of which it can have two: "0.0 kg", "0\'0\\"".'
            )
        return cls(tuple(literals), tuple(slots))

    @property
    def template(self) -> str:
        between = [slot.template for slot in self.slots] + [""]
        return "".join(a + b for a, b in zip(self.literals, between, strict=True))

    @property
    def signed(self) -> bool:
        """Whether a minus may stand before it."""
        return len(self.slots) == 1 and bool(UNSIGNED.fullmatch(self.literals[0]))

    @cached_property
    def _pattern(self) -> str:
        found = "^(?P<sign>-?)" if self.signed else "^"
        for number, slot in enumerate(self.slots):
            found += re.escape(self.literals[number]) + f"(?P<n{number}>{slot.pattern})"
        return found + re.escape(self.literals[-1]) + "$"

    def numbers(self, texts: pa.Array) -> tuple[NDArray[np.bool_], list[NDArray[np.float64]]]:
        """(texts,) which are of this form, and for each slot (texts,) its numbers, else NaN."""
        if not self.slots:
            same = pc.fill_null(pc.equal(texts, self.template), False)
            return same.to_numpy(zero_copy_only=False), []
        parts = pc.extract_regex(texts, self._pattern)
        found = []
        for number, slot in enumerate(self.slots):
            values = slot.values(pc.struct_field(parts, f"n{number}"))
            found.append(pc.fill_null(values, np.nan).to_numpy(zero_copy_only=False))
        if self.signed:
            below = pc.fill_null(pc.equal(pc.struct_field(parts, "sign"), "-"), False)
            found[0] = np.where(below.to_numpy(zero_copy_only=False), -found[0], found[0])
        return parts.is_valid().to_numpy(zero_copy_only=False), found

    def texts(self, numbers: list[NDArray[np.float64]]) -> list[str]:
        """Undo `numbers`: each rounded to its decimals, and zero where it would need a minus."""
        made = []
        for values in zip(*(column.tolist() for column in numbers), strict=True):
            bodies = [
                slot.text(abs(value) if self.signed else max(value, 0.0))
                for slot, value in zip(self.slots, values, strict=True)
            ]
            below = self.signed and values[0] < 0 and bodies[0].strip("0., '\xa0\u202f")
            text = "".join(a + b for a, b in zip(self.literals, [*bodies, ""], strict=True))
            made.append(f"-{text}" if below else text)
        return made
