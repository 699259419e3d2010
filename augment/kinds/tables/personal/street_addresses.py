"""Whether texts are streets with house numbers, or whole postal addresses, in several languages.

Faker lists words for streets, too, but "part", "light" and "union" are among them, so that those
count only where the rest is formed as an English address.
"""

from __future__ import annotations

import functools
import re

from augment.kinds.tables.personal import faker_lists

SHARE = 0.5  # of the texts hold a number and the word for a street
WHOLE = 0.5  # of those go on behind a comma: a postal address
WORDS = frozenset([
    "street", "st", "avenue", "ave", "road", "rd", "boulevard", "blvd", "lane", "ln", "drive",
    "dr", "court", "ct", "square", "sq", "terrace", "highway", "hwy", "parkway", "pkwy",
    "crescent", "alley", "mews", "rue", "bd", "impasse", "chemin", "allée", "quai", "calle",
    "avenida", "avda", "plaza", "paseo", "carrera", "via", "viale", "piazza", "corso", "vicolo",
    "rua", "travessa", "praça", "largo", "ulica", "ul", "aleja", "plac", "náměstí", "třída",
    "улица", "ул", "проспект"
])  # fmt: skip
# A number, words with capitals, and a word that Faker knows behind streets; perhaps a flat, a town.
ENGLISH = re.compile(
    r"\d+\w? (?:[A-Z][\w'’-]*\.? )+([A-Z][a-z]+)\b\.?(?:,| (?:Apt|Suite|Unit|Flat)\b|$)"
)
ENDINGS = (
    "strasse", "straße", "str", "weg", "gasse", "allee", "platz", "damm", "ufer", "straat", "laan",
    "plein", "gracht", "gatan", "vägen", "gata", "vej", "gade", "veien", "katu", "utca",
)  # fmt: skip


def kind_of(texts: list[str]) -> str:
    """`street`, `address`, or nothing where too few of the texts are either."""
    found = [text for text in texts if _is_street(text)]
    if not texts or len(found) < SHARE * len(texts):
        return ""
    whole = sum(bool(re.search(r"[,\n]\s*[^,\n]*[^\W\d]{3}", text)) for text in found)
    return "address" if whole >= WHOLE * len(found) else "street"


def _is_street(text: str) -> bool:
    if not re.search(r"\d", text):
        return False
    english = ENGLISH.match(text)
    if english and english[1].casefold() in _suffixes():
        return True
    words = [word.strip(".") for word in re.split(r"[\s,]+", text.casefold())]
    return len(words) > 1 and any(word in WORDS or word.endswith(ENDINGS) for word in words)


@functools.cache
def _suffixes() -> frozenset[str]:
    found = faker_lists.words("address", "^street_suffixes$", "en_US")
    return frozenset(word.casefold() for word in found)
