"""The lists of words that Faker's providers draw from, by provider and locale."""

from __future__ import annotations

import importlib
import re
import warnings


def locales() -> list[str]:
    """Every locale of a language in a land; not bare languages, of which `en` lists any word."""
    from faker.config import AVAILABLE_LOCALES

    return sorted(locale for locale in AVAILABLE_LOCALES if "_" in locale)


def words(provider: str, lists: str, locale: str) -> frozenset[str]:
    """What one locale lists of its own under names that match `lists` (a regular expression)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of locales that are known by another name now
            module = importlib.import_module(f"faker.providers.{provider}.{locale}")
    except ModuleNotFoundError:
        return frozenset()
    found: set[str] = set()
    for name in dir(module.Provider):
        if re.search(lists, name):
            values = getattr(module.Provider, name)
            if isinstance(values, (list, tuple, dict)):
                found |= {value for value in values if isinstance(value, str)}
    return frozenset(found)
