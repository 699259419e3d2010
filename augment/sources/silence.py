"""Servers that take calls and never answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from augment.core.errors import BadInput
from augment.sources.background import begun

T = TypeVar("T")
HINT = "Does a server of the right kind listen there? Try again later."


def answered(name: str, question: Callable[[], T], seconds: float) -> T:
    """What a question to the server of `name` gives. Raises `BadInput` where no answer has come
    within so many seconds, for whose end the libraries ask again and again."""
    running = begun(question)
    if not running.wait(seconds):
        raise BadInput(f"there is no answer within {seconds:g} seconds.", where=name, hint=HINT)
    return running.result()
