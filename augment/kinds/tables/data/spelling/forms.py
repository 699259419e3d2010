"""Forms of texts around one or two numbers, as spreadsheets write them: `0.0 kg`, `<0.00`, `0'0"`.

`0` stands for a number, `0.00` for one with two decimals, `0.##` for one with up to two that does
not end in a zero, `#,##0` for one with marks between thousands, `00` for one with leading zeros
(second ones only), and `0,00` and `#.##0,00` for ones with a decimal comma. All else is literal. A
form without a number is a word: `ND`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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
LARGEST = 9e15  # whole numbers up to which floats are exact, with all decimals
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

    def texts(self, values: NDArray[np.float64]) -> pa.Array:
        """Numbers of at least zero; one too large for its leading zeros is the largest of them."""
        most = 10.0**self.width - 1 if self.width > 1 else LARGEST
        digits = np.rint(np.minimum(values * 10.0**self.most, most)).astype(np.int64)
        whole, behind = np.divmod(digits, 10**self.most)
        text = _grouped(whole, self.grouping) if self.grouping else pa.array(whole).cast("string")
        if self.width > 1:
            text = pc.utf8_lpad(text, self.width, "0")
        if not self.most:
            return text
        decimals = pc.utf8_lpad(pa.array(behind).cast("string"), self.most, "0")
        if self.most > self.least:
            tail = pc.utf8_rtrim(pc.utf8_slice_codeunits(decimals, self.least), "0")
            head = pc.utf8_slice_codeunits(decimals, 0, self.least)
            decimals = pc.binary_join_element_wise(head, tail, "")
        point = pc.if_else(pc.equal(decimals, ""), "", self.point)
        return pc.binary_join_element_wise(text, point, decimals, "")


def described(forms: Sequence[str]) -> str:
    """The templates of a column in words; quoted where spaces at an end would not be seen.

    >>> described(["0.0 kg", " "])
    "2 forms (0.0 kg, ' ')"
    """
    shown = ", ".join(form if form == form.strip() else repr(form) for form in forms)
    return f"{'one form' if len(forms) == 1 else f'{len(forms)} forms'} ({shown})"


def _grouped(whole: NDArray[np.int64], mark: str) -> pa.Array:
    """Whole numbers with a mark between thousands."""
    text = pa.array(whole).cast("string")
    for place in range(1, 6):
        rest, low = np.divmod(whole, 1000**place)
        if not rest.any():
            break
        parts = [pa.array(rest).cast("string")]
        for power in reversed(range(place)):
            part = pa.array(low // 1000**power % 1000).cast("string")
            parts.append(pc.utf8_lpad(part, 3, "0"))
        text = pc.if_else(pa.array(rest > 0), pc.binary_join_element_wise(*parts, mark), text)
    return text


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

    def texts(self, numbers: list[NDArray[np.float64]]) -> pa.Array:
        """Undo `numbers`: each rounded to its decimals, and zero where it would need a minus."""
        values = [np.abs(v) if self.signed else np.maximum(v, 0.0) for v in numbers]
        bodies = [slot.texts(own) for slot, own in zip(self.slots, values, strict=True)]
        parts: list[pa.Array | str] = [self.literals[0]]
        for body, literal in zip(bodies, self.literals[1:], strict=True):
            parts += [body, literal]
        if self.signed:
            below = (numbers[0] < 0) & (np.rint(values[0] * 10.0 ** self.slots[0].most) > 0)
            parts.insert(0, pc.if_else(pa.array(below), "-", ""))
        return pc.binary_join_element_wise(*parts, "")
