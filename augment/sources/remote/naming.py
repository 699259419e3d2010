"""What is told of files that are worked on here and lie elsewhere: their addresses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from augment.core.errors import AugmentError, BadInput


@contextmanager
def renamed(local: str, uri: str) -> Iterator[None]:
    """Errors name the address in the place of the folder here."""
    try:
        yield
    except AugmentError as error:
        if isinstance(error, BadInput):
            texts = (error.what, error.where, error.hint)
            what, where, hint = (text.replace(local, uri) for text in texts)
            raise BadInput(what, where=where, hint=hint) from None
        error.args = tuple(str(each).replace(local, uri) for each in error.args)
        raise


def in_document(value: Any, local: str, uri: str) -> Any:
    """The same of all texts in a document."""
    if isinstance(value, str):
        return value.replace(local, uri)
    if isinstance(value, dict):
        return {key: in_document(each, local, uri) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [in_document(each, local, uri) for each in value]
    return value
