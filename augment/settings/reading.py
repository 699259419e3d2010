"""From settings of reading, by their names in the tree, to the options of a kind's `Reader`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from augment.core.errors import UsageError
from augment.core.types import Json
from augment.settings import names
from augment.settings.sections import Reading

SECTION = "reading"
SEVERAL = ("column", "caption_column")  # a single text stands for itself


def options(settled: Mapping[str, Any], column: str = "column") -> Json:
    """What is settled, as a `Reader` takes it: paths as texts, roles by their columns.

    `column` is what messages call the setting of that name. The kind is no option of a reader.
    """
    given = {
        name: os.fspath(value) if isinstance(value, os.PathLike) else value
        for name, value in settled.items()
        if value is not None and name not in ("kind", *SEVERAL)
    }
    if settled.get("column"):
        given["columns"] = roles(settled["column"], column)
    if settled.get("caption_column"):
        given["caption_columns"] = list(settled["caption_column"])
    return given


def roles(texts: Iterable[str], where: str) -> dict[str, str]:
    """`NAME=ROLE` texts by name; the last "=" parts them, since names of columns may hold one."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, role = text.rpartition("=")
        if not (sign and name):
            raise UsageError(f"{where} {text}: write it as NAME=VALUE.")
        found[name] = role
    return found


def checked(given: Mapping[str, Any]) -> Json:
    """Values by the names of the tree's `reading` section, checked as those of a file are.

    Raises `UsageError` for an unknown name, with the nearest, and for a value that does not fit.
    """
    known = [field.name for field in fields(Reading)]
    for name in given:
        if name not in known:
            near = names.nearest(str(name), known)
            raise UsageError(f"There is no reading option {name!r}. {near}".strip())
    spelt = {
        name: [value] if name in SEVERAL and isinstance(value, str) else value
        for name, value in given.items()
        if value is not None
    }
    if not spelt:
        return {}
    from pydantic import ValidationError  # takes longer to import than a help text may take

    from augment.settings.tree import section

    try:
        model = section(SECTION, Reading, "").model_validate(spelt)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        expected = names.of_sections()[SECTION, name].expected
        raise UsageError(f"The reading option {name!r}: expected {expected}.") from None
    found: Json = model.model_dump(by_alias=True, exclude_unset=True)
    return found
