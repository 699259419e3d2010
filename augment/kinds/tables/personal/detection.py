"""Personal data: which kind a column of text holds, by its content and by its name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
from stdnum import iban, luhn

from augment.kinds.tables.personal import column_names, phone_numbers, street_addresses

SAMPLE = 1_000
SHARE = 0.9  # of the sampled distinct values must look like the kind
CHECKED_SHARE = 0.5  # of those that look like it must pass its check digits
WITH_NUMBER = r"\pL{2}.*\d|\d.*\pL{2}"  # as streets have one
DIGIT, LETTER = r"\d", r"[A-Za-z]|[^\x00-\x7F]"  # which a text with a number has
WORD = r"[\p{L}][\p{L}'’.\-]*"

# Kinds that their content alone shows (RE2), the narrow ones first.
BY_CONTENT = {
    "email": r"^([^@<]+<[^@\s<>]+@[^@\s<>]+\.[\p{L}]{2,}>|"  # with the name before it
    r"[^@\s,;]+@[^@\s,;]+\.[\p{L}]{2,}([;,]\s*[^@\s,;]+@[^@\s,;]+\.[\p{L}]{2,})*)$",
    "url": r"^(?i:(https?|ftp)://\S+|www\.[^\s.]+\.\S+)$",
    "ip": r"^(\d{1,3}\.){3}\d{1,3}$",
    "ipv6": r"^[0-9A-Fa-f:]*::?[0-9A-Fa-f:]+$",
    "mac": r"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$",
    "iban": r"^[A-Za-z]{2}\d{2}[ ]?([A-Za-z0-9]{4}[ ]?){2,7}[A-Za-z0-9]{1,4}$",
    "ssn": r"^\d{3}-\d{2}-\d{4}$",
    "card": r"^(\d{4}([ -])\d{4}[ -]\d{4}[ -]\d{4}|3\d{3}[ -]\d{6}[ -]\d{5}|\d{13,19})$",
    "phone": phone_numbers.SHAPE,
    "postcode": r"^([A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{5}-\d{4}"
    r"|[1-9]\d{3} [A-Z]{2})$",
}
# What their texts have in any case: classes such as \p{L} take RE2 milliseconds to build.
QUICK = {"email": "@"}
# What a column that is named for a kind must look like, so as not to be taken at its word.
BY_NAME = {
    "email": r"@",
    "url": r"\S\.\S",
    "ip": r"^[\d.:a-fA-F]+$",
    "mac": r"^[\d.:a-fA-F-]+$",
    "iban": r"^\S{2}\d{2}",
    "phone": r"^[+\d(][\d\s()./+x\-]{5,}$",
    "first_name": rf"^{WORD}( {WORD})?$",
    "last_name": rf"^{WORD}( {WORD}){{0,3}}$",
    "user_name": r"^\S+$",
    "address": r"\pL",
    "street": r"\pL",
    "company": r"\pL",
    "postcode": r"^[A-Za-z0-9 \-]{3,10}$",
    "city": r"\pL",
    "country": r"\pL",
    "job": r"\pL",
    "ssn": r"^[\dA-Za-z][\dA-Za-z\-. /]{4,}$",
    "card": r"^[\d\- ]+$",
    "name": rf"^\s*{WORD}(,?\s+{WORD}){{1,4}}\s*$|^[\p{{Han}}\p{{Hangul}}]{{2,5}}$",
}
KINDS = tuple(dict.fromkeys([*BY_CONTENT, *BY_NAME, "sentence", "uuid"]))
# A name behind a title or initials, which is unmistakable whatever the column is called.
TITLE = r"^([MDHPFS][a-z]|\S{1,2}\.)"  # what such texts begin with; it is quick to build
TITLED = (
    r"^((Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herr|Frau|Mme|Mlle|Sr|Sra|Sig|Dott|Dhr|Mevr)(\.\s*|\s+)"
    r"|\p{Lu}\.\s*)((\p{Lu}\.|(Dr|Prof)\b\.?)\s*)*\p{Lu}[\p{L}'’\-]+( \p{Lu}[\p{L}'’\-]+)*$"
)
# Kinds that point at a person: replaced however often a value is repeated.
IDENTIFYING = frozenset(
    ("email", "ip", "ipv6", "mac", "iban", "ssn", "card", "phone", "first_name", "last_name",
     "user_name", "address", "street", "name")
)  # fmt: skip
# Kinds of which one is enough to know its owner: replaced even in columns of few values.
UNIQUE = frozenset(("email", "ip", "ipv6", "mac", "iban", "ssn", "card", "phone"))
# And those that few share: rows with the same one are a person's or a household's.
SELDOM_SHARED = frozenset(("name", "address"))


def kind(name: str, distinct: pa.Array) -> str:
    """The kind of personal data in a column of text; "" where it is none that is known.

    Its content decides where it is unmistakable, then its name where the content allows it. Names
    of persons and places in a column that is not called so are found by `gazetteer.likely`.
    """
    sample = distinct.slice(0, SAMPLE)
    for found, pattern in BY_CONTENT.items():
        quick = QUICK.get(found)
        if quick is not None and not _mostly(sample, quick):
            continue
        if _mostly(sample, pattern) and _confirmed(found, sample):
            return found
    if all(_mostly(sample, pattern) for pattern in (DIGIT, LETTER, WITH_NUMBER)):
        found = street_addresses.kind_of(sample.to_pylist())
        if found:
            return found
    if _mostly(sample, TITLE) and _mostly(sample, TITLED):
        return "name"
    by_name = named(name)
    if by_name and _mostly(sample, BY_NAME[by_name]):
        return by_name
    return ""


def looks_like(texts: list[str], kind: str) -> list[bool]:
    """Whether each text alone shows a kind: by its form and, but for an IBAN, by its check.

    Numbers without a sign between them are taken for numbers, whatever check they pass.
    """
    check = bool if kind == "iban" else CHECKS.get(kind, bool)
    formed = pc.match_substring_regex(pa.array(texts, pa.string()), BY_CONTENT[kind]).to_pylist()
    return [
        has_form and not text.isdigit() and check(text)
        for has_form, text in zip(formed, texts, strict=True)
    ]


def named(name: str) -> str:
    """The kind that a column's name alone speaks of."""
    return column_names.kind_of(name)


def are_cards(digits: pa.Array) -> bool:
    """Whether whole numbers, as text, are numbers of payment cards."""
    sample = digits.slice(0, SAMPLE)
    return _share(sample, r"^\d{13,19}$") == 1 and _confirmed("card", sample)


def _confirmed(found: str, sample: pa.Array) -> bool:
    """Whether values that are formed like a kind pass its check, where it has one."""
    check = CHECKS.get(found)
    if check is None:
        return True
    texts: list[str] = sample.to_pylist()
    if found == "phone":
        return phone_numbers.are(texts)
    least = CHECKED_SHARE if found == "iban" else SHARE
    return sum(map(check, texts)) >= least * len(texts)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_iban(text: str) -> bool:
    return bool(iban.is_valid(text, check_country=False))


def _is_card(text: str) -> bool:
    """A number in four groups, or one that passes the check digit of ISO/IEC 7812."""

    return bool(re.search("[ -]", text)) or bool(luhn.is_valid(text))


CHECKS: dict[str, Callable[[str], bool]] = {
    "ip": _is_ip, "ipv6": _is_ip, "iban": _is_iban, "card": _is_card, "phone": bool
}  # fmt: skip


def _mostly(texts: pa.Array, pattern: str) -> bool:
    """Whether at least `SHARE` of the texts match; a part of them settles most columns."""
    first = texts[: len(texts) // 5]
    misses = len(first) - (pc.sum(pc.match_substring_regex(first, pattern)).as_py() or 0)
    if len(texts) - misses < SHARE * len(texts):
        return False
    return _share(texts, pattern) >= SHARE


def _share(texts: pa.Array, pattern: str) -> float:
    """The share of texts that match."""
    if not len(texts):
        return 0.0
    return float(pc.mean(pc.match_substring_regex(texts, pattern)).as_py())
