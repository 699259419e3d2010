"""Personal data: which kind a column of text holds, by its content and by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE = 1_000
SHARE = 0.9  # of the sampled values must look like the kind
WORD = r"[\p{L}][\p{L}'’.\-]*"

# Kinds that their content alone shows (RE2), the narrow ones first.
BY_CONTENT = {
    "email": r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$",
    "url": r"^(?i:https?|ftp)://\S+$",
    "ip": r"^(\d{1,3}\.){3}\d{1,3}$|^([0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4}$",
    "mac": r"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$",
    "iban": r"^[A-Z]{2}\d{2}[ ]?([A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{1,4}$",
    "ssn": r"^\d{3}-\d{2}-\d{4}$",
    "card": r"^\d{4}([ -])\d{4}[ -]\d{4}[ -]\d{4}$",
}
# Kinds that need the right name, and content that does not speak against it.
BY_NAME = (
    ("phone", r"phone|mobile|fax|telephone|cell_?number", r"^[+\d(][\d\s()./+x\-]{5,}$"),
    ("first_name", r"first_?name|given_?name|forename|vorname", rf"^{WORD}( {WORD})?$"),
    ("last_name", r"last_?name|surname|family_?name|nachname", rf"^{WORD}( {WORD}){{0,3}}$"),
    ("user_name", r"user_?name|login|nick_?name|screen_?name", r"^\S+$"),
    ("address", r"address|addr|anschrift", r"\pL"),
    ("street", r"street|strasse", r"\pL"),
    ("company", r"company|employer|organi[sz]ation|firm", r"\pL"),
    ("postcode", r"zip|zip_?code|post_?code|postal_?code|plz", r"^[A-Za-z0-9 \-]{3,10}$"),
    ("city", r"city|town|municipality", r"\pL"),
    ("country", r"country|nation", r"\pL"),
    ("job", r"job|job_?title|profession", r"\pL"),
    ("ssn", r"ssn|social_?security(_?number)?|national_?id", r"^[\d\- ]+$"),
    ("card", r"credit_?card(_?number)?|card_?number|pan", r"^[\d\- ]+$"),
    ("name", r"name|full_?name|person|patient|customer|employee|contact",
     rf"^{WORD}( {WORD}){{1,4}}$"),
)  # fmt: skip
KINDS = tuple(dict.fromkeys([*BY_CONTENT, *(kind for kind, _, _ in BY_NAME), "sentence", "uuid"]))
# Kinds that point at a person: replaced however often a value is repeated.
IDENTIFYING = frozenset(
    ("email", "ip", "mac", "iban", "ssn", "card", "phone", "first_name", "last_name", "user_name",
     "address", "street", "name")
)  # fmt: skip


def kind(name: str, distinct: pa.Array) -> str:
    """The kind of personal data in a column of text; "" where it is none that is known."""
    sample = distinct.slice(0, SAMPLE)
    for found, pattern in BY_CONTENT.items():
        if _share(sample, pattern) >= SHARE:
            return found
    by_name = named(name)
    for found, _, pattern in BY_NAME:
        if found == by_name and _share(sample, pattern) >= SHARE:
            return found
    return ""


def named(name: str) -> str:
    """The kind that a column's name alone speaks of.

    >>> named("Customer.Phone"), named("phone_calls"), named("native_country")
    ('phone', '', 'country')
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    words = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    for found, pattern, _ in BY_NAME:
        if re.search(rf"(^|_)({pattern})(_?\d+)?(_?(no|nr|number|line))?$", words):
            return found
    return ""


def _share(texts: pa.Array, pattern: str) -> float:
    """The share of texts that match."""
    import pyarrow.compute as pc

    if not len(texts):
        return 0.0
    return float(pc.mean(pc.match_substring_regex(texts, pattern)).as_py())
