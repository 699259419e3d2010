"""Names, places, firms and professions by the words in them: Faker's lists, of every locale.

A gazetteer is a list of known names, as used in named-entity recognition. Faker's lists hold some
65,000 first and last names and 25,000 places. They know a part of any real column, so that a
modest share of its distinct values is evidence, but for a column that could be a category as well
(flowers and counties are called like persons) most of its many values must be known.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from augment.kinds.tables.personal import faker_lists

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE = 1_000
LEAST_SHARE = 0.3  # of distinct values that are no category anyway
LEAST_REPEATED = 0.6  # of those that could be one
MANY = 100  # distinct single words that could be a category: fewer tell too little
FEWEST = 3  # distinct values, of which the lists must know as many
NAME_WORDS = range(2, 6)
LISTS = {  # kind: Faker's provider, and which of its lists
    "first_name": ("person", r"^first_names"),
    "last_name": ("person", r"last_names"),
    "city": ("address", r"^(cities|city_names|real_city_names|municipalities|communes|concelhos)$"),
    "country": ("address", r"^countries$"),
    "job": ("job", r"^(jobs|male_jobs|female_jobs)$"),
}
FIRM = re.compile(
    r"(?i)(\b(inc|ltd|llc|llp|plc|corp|gmbh|mbh|ag|kg|ohg|kgaa|e\.k|e\.v|s\.?a\.?r\.?l|s\.?a\.?s"
    r"|s\.?p\.?a|s\.?r\.?l|s\.?l|s\.?a|b\.?v|n\.?v|ab|aps|a/s|oyj?|s\.?r\.?o|z\.?o\.?o|kft|ltda"
    r"|pty|pvt|co)\.?,?$|\b(and sons|& sons|& co|group|holdings?|company|corporation"
    r"|incorporated|limited)\.?$|^[\w'’]+, [\w'’]+ and [\w'’]+$)"
)
SURNAMED = ("first_name", "last_name", "name", "city")  # kinds whose words tell a locale
CLEARER = 1.5  # times as many values as the default locale knows


def likely(distinct: pa.Array, repeats: bool) -> str:
    """The kind whose words make up the largest sufficient share of distinct texts, or "".

    `repeats` says that the column could be a category. Firms, places and professions are then
    left to be one.
    """
    texts = [_folded(text) for text in distinct.slice(0, SAMPLE).to_pylist()]
    if len(texts) < FEWEST or not any(map(_lettered, texts)):
        return ""
    least = max(LEAST_REPEATED if repeats else LEAST_SHARE, FEWEST / len(texts))
    many, shares = not repeats or len(texts) >= MANY, {"name": 0.0}
    if _share(texts, _without_digits) >= least:  # the lists take half a second to load
        shares = {"name": _share(texts, _is_name)}
        if many:
            shares |= {kind: _share(texts, _known(kind).__contains__) for kind in LISTS}
    if many:
        shares["company"] = _share(texts, lambda text: bool(FIRM.search(text)))
    best = max(shares, key=lambda kind: shares[kind])
    return best if shares[best] >= least else ""


def fitting_locale(kind: str, distinct: pa.Array, default: str) -> str:
    """The locale whose lists know the most of the texts, if clearly more than `default`'s; or "".

    Only for names and places; ties go to the land that a language is called after (`es_ES`).
    """
    if kind not in SURNAMED:
        return ""
    words = Counter(
        word
        for text in distinct.slice(0, SAMPLE).to_pylist()
        for word in (_tokens(_folded(text)) if kind == "name" else [_folded(text)])
    )
    sources = ("first_name", "last_name") if kind == "name" else (kind,)
    found = {
        locale: sum(
            words[word] for source in sources for word in _of(source, locale) & words.keys()
        )
        for locale in faker_lists.locales()
    }
    best = max(found, key=lambda locale: (found[locale], _homeland(locale)))
    enough = found[best] >= max(FEWEST, LEAST_SHARE * words.total() / len(sources))
    return best if enough and found[best] >= CLEARER * found.get(default, 0) else ""


def _homeland(locale: str) -> bool:
    language, _, land = locale.partition("_")
    return language.upper() == land


def _share(texts: list[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, texts)) / len(texts)


def _folded(text: str) -> str:
    return text.strip().casefold()


def _lettered(text: str) -> bool:
    return text[:1].isalpha()


def _without_digits(text: str) -> bool:
    return not re.search(r"\d", text)


def _tokens(text: str) -> list[str]:
    return [token for token in re.split(r"[,\s]+", text) if token]


def _is_name(text: str) -> bool:
    """Two to five words of which one is known as a first name and another as a last name."""
    words = _tokens(text)
    if len(words) not in NAME_WORDS or not _without_digits(text) or FIRM.search(text):
        return False
    firsts = {place for place, word in enumerate(words) if word in _known("first_name")}
    lasts = {place for place, word in enumerate(words) if word in _known("last_name")}
    return bool(firsts and lasts) and len(firsts | lasts) > 1


@functools.cache
def _known(kind: str) -> frozenset[str]:
    """Every word of a kind in any locale, small."""
    known = frozenset().union(*(_of(kind, locale) for locale in faker_lists.locales()))
    return known | _geographic(kind)


@functools.cache
def _of(kind: str, locale: str) -> frozenset[str]:
    """The words of a kind that one locale lists; none where it has no list of its own."""
    return frozenset(map(_folded, faker_lists.words(*LISTS[kind], locale)))


@functools.cache
def _geographic(kind: str) -> frozenset[str]:
    """Larger cities and capitals, and the countries, which Faker keeps beside its locales."""
    from faker.providers.date_time import Provider as Calendar
    from faker.providers.geo import Provider as Places

    if kind == "city":
        capitals = {_folded(country.capital) for country in Calendar.countries}
        return frozenset(capitals | {_folded(place[2]) for place in Places.land_coords})
    if kind == "country":
        return frozenset(_folded(country.name) for country in Calendar.countries)
    return frozenset()
