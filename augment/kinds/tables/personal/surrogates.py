"""Surrogates: made-up values that stand in for the text of a column.

They are made once, when a model is fitted, by Faker in a locale's language or after the form of
the column's codes, and none equals a value of the source; the model keeps them and sampling deals
them out. So the model needs no trace of the source's own texts to keep clear of them.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import UsageError, did_you_mean, listed
from augment.core.seeds import Seed
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.personal import detection, faker_lists, gazetteer

DEFAULT_LOCALE = "en_US"
MOST, LEAST = 20_000, 1_000  # different surrogates of a column
MOST_CHARACTERS = 1_000_000  # of all of them
MOST_PARTS = 4  # of a compound surrogate, where the source leaves few to choose from
SAMPLE = 10_000
METHODS = {  # Faker's, one for each of `personal.KINDS`
    "sentence": "sentence",
    "email": "safe_email",
    "url": "url",
    "ip": "ipv4",
    "ipv6": "ipv6",
    "mac": "mac_address",
    "iban": "iban",
    "ssn": "ssn",
    "card": "credit_card_number",
    "phone": "phone_number",
    "first_name": "first_name",
    "last_name": "last_name",
    "user_name": "user_name",
    "address": "address",
    "street": "street_address",
    "company": "company",
    "postcode": "postcode",
    "city": "city",
    "country": "country",
    "job": "job",
    "name": "name",
    "uuid": "uuid4",
}
NAMING = ("name", "first_name", "last_name", "user_name")
PUBLIC = ("city", "country", "job", "postcode")  # the same ones are everybody's
MASKED = ("", "postcode")  # kinds whose surrogates keep the form of codes, where they have one
CODE = r"^[A-Za-z0-9][A-Za-z0-9 ._/#\-]{0,23}$"  # RE2; a code holds a digit, or capitals only
CODED_SHARE = 0.9  # of the distinct texts
MOST_MASKS = 50
LETTERS = {"0": "0123456789", "a": "abcdefghijklmnopqrstuvwxyz", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
NAMED = {
    "": "made-up words", "sentence": "made-up sentences", "email": "e-mail addresses",
    "url": "web addresses", "ip": "IP addresses", "ipv6": "IP addresses", "mac": "MAC addresses",
    "iban": "IBANs", "ssn": "social security numbers", "card": "card numbers",
    "phone": "telephone numbers", "first_name": "first names", "last_name": "last names",
    "user_name": "user names", "address": "addresses", "street": "street addresses",
    "company": "firms", "postcode": "post codes", "city": "places", "country": "countries",
    "job": "professions", "name": "names of persons", "uuid": "UUIDs",
}  # fmt: skip


def locale_called(name: str) -> str:
    """Faker's locale of this name; `de-de` is `de_DE`. Raises `UsageError` with a near one.

    >>> locale_called("DE-de")
    'de_DE'
    """
    from faker.config import AVAILABLE_LOCALES

    known: dict[str, str] = {locale.casefold(): locale for locale in sorted(AVAILABLE_LOCALES)}
    found = known.get(name.strip().replace("-", "_").casefold())
    if found is None:
        near = did_you_mean(name, list(known.values())) if name else ""
        raise UsageError(f"--locale {name}: Faker has no such locale. {near}".strip())
    return found


def named(column: Column, texts: pa.Array) -> str:
    """What the surrogates of a column are, in words: "last names", "codes of the same form"."""
    if column.pii in MASKED and _masks(texts, 1):
        return f"{NAMED[column.pii]} of the same form" if column.pii else "codes of the same form"
    return NAMED[column.pii]


def notes(table: Table) -> tuple[str, ...]:
    """What becomes of the text of a table, and a locale that would suit it better, for the user."""
    text = [column for column in table.schema if column.role == "text"]
    made = {c.name: named(c, table.column(c.name)) for c in text}
    known = [f"{c.name!r} ({made[c.name]})" for c in text if c.pii]
    said = [f"Surrogates stand in for the text of {listed(known)}."] if known else []
    for what in dict.fromkeys(made[c.name] for c in text if not c.pii):
        names = [c.name for c in text if not c.pii and made[c.name] == what]
        said.append(
            f"The kind of text in {listed(map(repr, names))} is unknown: "
            f"{what} stand in. --column '{names[0]}=text:KIND' names a kind, and "
            f"--column '{names[0]}=category' models the values that repeat."
        )
    kept = [repr(c.name) for c in table.schema if _names_kept(table, c)]
    if kept:
        said.append(
            f"{listed(kept)} may name persons, few and each in many rows: they are kept as "
            f"categories and come out as they are. --column {kept[0][:-1]}=text:name' replaces "
            "them."
        )
    if table.schema.locale is None:
        for column in text:
            distinct = pc.unique(pc.drop_null(table.column(column.name).cast(pa.string())))
            locale = gazetteer.fitting_locale(column.pii, distinct, DEFAULT_LOCALE)
            if locale:
                said.append(
                    f"The {made[column.name]} in {column.name!r} are most like those of the locale "
                    f"{locale}; surrogates are of {DEFAULT_LOCALE}. --locale {locale} changes that."
                )
                break
    return tuple(said)


def _names_kept(table: Table, column: Column) -> bool:
    """Whether a category seems to hold names of persons."""
    if column.role != "categorical" or column.storage != "string":
        return False
    distinct = pc.unique(table.column(column.name).drop_null())
    return len(distinct) > 2 and detection.kind(column.name, distinct) in NAMING


def pool(
    column: Column, texts: pa.Array, taken: pa.Array, locale: str, least: int, seed: Seed
) -> list[str]:
    """Different surrogates for `texts` (rows,), as many as may be needed and no more than `MOST`.

    None of `taken`, the texts of the whole source, is among them, capitals, blanks and signs
    aside; but places, countries, professions and post codes may be. What is kept of the source is
    how many words its texts have and how they begin and end, or the forms of codes that `least`
    rows share. There are as many as the source has different texts, if need be by names of other
    locales of the language and by compounds.

    Where a locale has few words of a kind (first names), every second is left out by lot before
    the source's own are: that one is not among them then says little of its being in the source.
    """
    rng = seed.child("choice").rng()
    left_out = pa.array([], pa.string()) if column.pii in PUBLIC else _keys(pc.unique(taken))
    found: dict[str, None] = {}
    sources = [(name, 1) for name in (locale, *_kindred(locale, column.pii))]
    sources += [(locale, parts) for parts in range(2, MOST_PARTS + 1)]
    for name, parts in sources:
        with _faker(name, seed.child("faker", name, parts).integer()) as faker:
            make = _maker(column.pii, texts, least, faker, rng)
            wanted = min(MOST, max(LEAST, 2 * len(texts)), MOST_CHARACTERS // max(1, len(make())))
            drawn = (_joined([make() for _ in range(parts)], column.pii) for _ in range(wanted))
            made = list(dict.fromkeys(drawn))
        if len(made) < wanted / 2 and column.pii not in PUBLIC:
            made = [made[i] for i in np.flatnonzero(rng.random(len(made)) < 0.5)]
        free = pa.array(made, pa.string())
        free = free.filter(pc.invert(pc.is_in(_keys(free), left_out)))
        found |= dict.fromkeys(free.to_pylist())
        if found and len(found) >= min(wanted, len(left_out)):
            break
    return list(found) or [f"{column.name} {seed.integer():x}"]  # the source has every one there is


def _kindred(locale: str, kind: str) -> list[str]:
    """Other locales of the same language, whose names a locale may borrow where its own are few."""
    if kind not in ("first_name", "last_name"):
        return []
    language = locale.partition("_")[0]
    same = [each for each in faker_lists.locales() if each.partition("_")[0] == language]
    return [each for each in same if each != locale]


def _joined(parts: list[str], kind: str) -> str:
    """Several surrogates as one: double names, or texts one after another."""
    return ("-" if kind in ("first_name", "last_name", "user_name") else " ").join(parts)


def _keys(texts: pa.Array) -> pa.Array:
    """Letters and digits alone, small: texts with the same key are read as the same."""
    small = pc.utf8_lower(pc.drop_null(texts).cast(pa.string()))
    return pc.replace_substring_regex(small, r"[^\p{L}\p{N}]+", "")


def _maker(
    kind: str, texts: pa.Array, least: int, faker: Any, rng: np.random.Generator
) -> Callable[[], str]:
    """A function that makes one surrogate."""
    masks = _masks(texts, least) if kind in MASKED else []
    if masks:
        return lambda: _filled(masks[int(rng.integers(len(masks)))], rng)
    if not kind:
        return _phrases(texts, faker)
    method = METHODS[kind]
    if kind == "sentence":
        words = max(1, round(_words(texts)))
        return lambda: str(faker.sentence(nb_words=words))
    call = getattr(faker, method, None) or getattr(_english(faker), method)
    return lambda: str(call()).replace("\n", ", ")


def _english(faker: Any) -> Any:
    """The default locale, with the same stream, for the few methods that a locale lacks."""
    from faker import Faker

    other = Faker(DEFAULT_LOCALE)
    other.seed_instance(faker.random.getrandbits(63))
    return other


def _phrases(texts: pa.Array, faker: Any) -> Callable[[], str]:
    """As many words as the texts have on average, begun and ended as most of them are."""
    sample = pc.drop_null(texts.slice(0, SAMPLE).cast(pa.string()))
    words = max(1, round(_words(texts)))
    capital = _mostly(sample, r"^\p{Lu}")
    full_stop = _mostly(sample, r"[.!?]$")

    def make() -> str:
        text = " ".join(faker.words(nb=words))
        text = text[:1].upper() + text[1:] if capital else text
        return text + "." if full_stop else text

    return make


def _mostly(texts: pa.Array, pattern: str) -> bool:
    if not len(texts):
        return False
    return bool(pc.mean(pc.match_substring_regex(texts, pattern)).as_py() > 0.5)


def _words(texts: pa.Array) -> float:
    sample = pc.drop_null(texts.slice(0, SAMPLE).cast(pa.string()))
    if not len(sample):
        return 0.0
    return min(float(pc.mean(pc.list_value_length(pc.utf8_split_whitespace(sample))).as_py()), 200)


def are_codes(distinct: pa.Array) -> bool:
    """Whether distinct texts are codes (`A/4711`) and no words."""
    if not len(distinct):
        return False
    coded = pc.and_(
        pc.match_substring_regex(distinct, CODE),
        pc.match_substring_regex(distinct, r"\d|^[A-Z]+$"),
    )
    wordy = pc.match_substring_regex(distinct, r"[a-z]{4}|[A-Za-z]{3,} [A-Za-z]{3,}")
    return bool(pc.mean(pc.and_(coded, pc.invert(wordy))).as_py() >= CODED_SHARE)


def _masks(texts: pa.Array, least: int) -> list[str]:
    """The forms of codes, `0`, `a` and `A` for digits and letters, each as often as it is common.

    Of forms that `least` rows have; none where the texts are no codes.
    """
    present = pc.drop_null(texts.cast(pa.string()))
    distinct = pc.unique(present)
    if not are_codes(distinct):
        return []
    encoded = present.dictionary_encode()
    forms = encoded.dictionary
    for pattern, mark in ((r"\d", "0"), ("[a-z]", "a"), ("[A-Z]", "A")):
        forms = pc.replace_substring_regex(forms, pattern, mark)
    counted = pc.value_counts(forms.take(encoded.indices)).to_pylist()
    common = [(c["counts"], c["values"]) for c in counted if c["counts"] >= least]
    common = sorted(common, reverse=True)[:MOST_MASKS]
    if not common:  # every form is rare: one that tells the usual length alone
        length = round(pc.mean(pc.utf8_length(distinct)).as_py())
        return ["A" + "0" * max(1, length - 1)]
    rows = sum(count for count, _ in common)
    return [form for count, form in common for _ in range(max(1, round(100 * count / rows)))]


def _filled(mask: str, rng: np.random.Generator) -> str:
    """A mask with a digit or letter in each of its places."""

    def letter(place: re.Match[str]) -> str:
        alphabet = LETTERS[place[0]]
        return alphabet[int(rng.integers(len(alphabet)))]

    return re.sub("[0aA]", letter, mask)


@contextmanager
def _faker(locale: str, seed: int) -> Iterator[Any]:
    """Faker with a stream of its own, kept from warning of names of locales and of IBANs."""
    from faker import Faker

    logger = logging.getLogger("faker")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            faker = Faker(locale)
            faker.seed_instance(seed)
            yield faker
    finally:
        logger.setLevel(level)
