"""Options of reading: from the plain ones of a request to those that a table is read with."""

from __future__ import annotations

from pathlib import Path

from augment.core.files import read_json
from augment.core.types import Json
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.io.formats import ReadOptions
from augment.kinds.tables.personal import surrogates


def read_options(options: Json) -> ReadOptions:
    """The plain options of a request, with paths and the schema file read."""
    given = dict(options)
    if "schema" in given:
        path = Path(given["schema"])
        given["schema"] = Schema.from_json(read_json(path))
        if given["schema"].locale is not None:
            given.setdefault("locale", given["schema"].locale)
    if "rejects" in given:
        given["rejects"] = Path(given["rejects"])
    if "locale" in given:
        given["locale"] = surrogates.locale_called(given["locale"])
    return ReadOptions(**given)
