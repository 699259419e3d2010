"""Whether texts are telephone numbers, whatever their column is called.

Numbering plans are those of Google's libphonenumber, through the package `phonenumbers`.
"""

from __future__ import annotations

import re

import phonenumbers

SHAPE = r"^[+\d(][\d\s()./+\-]{5,}( ?(x|ext\.?) ?\d{1,6})?$"  # RE2: digits with signs between
DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
ABROAD = re.compile(r"(\+|00)\s?[1-9]")  # with the code of a country
BRACKETS = re.compile(r"(1 ?)?\(\d{2,5}\) ?\d")  # the code of an area
NORTH_AMERICAN = re.compile(r"(1[-. ])?[2-9]\d{2}[-. ]\d{3}[-. ]\d{4}")
TRUNK = re.compile(r"0\d{1,5}[\s./-]")  # 0 and the code of an area, then a sign
LEAST_DIGITS = 9
EVIDENT = 0.5  # of the values; others may be bare digits
REGIONAL = 0.9  # of values that begin with 0 must be valid in one and the same country
REGION_SAMPLE = 50


def are(texts: list[str]) -> bool:
    """Whether enough of the texts, all of `SHAPE`, are written as nothing but telephones are."""
    evident = [text for text in texts if _evident(text)]
    if len(evident) >= EVIDENT * len(texts):
        return True
    at_home = [text for text in texts if _with_trunk_code(text)]
    both = len(evident) + len(at_home)
    return both >= REGIONAL * len(texts) and _valid_somewhere(at_home[:REGION_SAMPLE])


def _with_trunk_code(text: str) -> bool:
    """`030 1234567`, with as many digits as a number with the code of its area has."""
    digits = sum(character.isdigit() for character in text)
    return bool(TRUNK.match(text)) and digits >= LEAST_DIGITS and not DATE.fullmatch(text)


def _evident(text: str) -> bool:
    if DATE.fullmatch(text):
        return False
    if not ABROAD.match(text):
        return bool(BRACKETS.match(text) or NORTH_AMERICAN.match(text))
    try:
        number = phonenumbers.parse(re.sub(r"^00", "+", text), None)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_possible_number(number))


def _valid_somewhere(texts: list[str]) -> bool:
    """Whether nearly all of the texts are valid numbers of one country."""

    def valid(text: str, region: str) -> bool:
        try:
            return bool(phonenumbers.is_valid_number(phonenumbers.parse(text, region)))
        except phonenumbers.NumberParseException:
            return False

    least = REGIONAL * len(texts)
    return bool(texts) and any(
        valid(texts[0], region) | valid(texts[-1], region)
        and sum(valid(text, region) for text in texts) >= least
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    )
