"""What is said of a command that failed: a line for people, a document for programs (`--json`)."""

from __future__ import annotations

import json
import sys
from contextlib import suppress

from augment.cli import terminal
from augment.core.errors import AugmentError, BadInput, UsageError
from augment.core.types import Json

SCHEMA = "augment.error/1"


class Failed(Exception):
    """A failure whose document was printed with its results; what is left is the exit code."""

    def __init__(self, error: AugmentError) -> None:
        super().__init__(str(error))
        self.error = error


def document(error: AugmentError) -> Json:
    """The `error` part of a document: its class, exit code, message, and place and hint if any."""
    found: Json = {
        "type": type(error).__name__,
        "exit_code": error.exit_code,
        "message": str(error),
    }
    if isinstance(error, BadInput):
        found |= {"where": error.where, "hint": error.hint}
    return found


def report(message: str, code: int, as_json: bool, error: Json | None = None) -> None:
    """The message on standard error and, if asked, the document on standard output."""
    terminal.say(f"augment: error: {message}")
    if as_json:
        print_document(error or {"type": "Error", "exit_code": code, "message": message})


def print_document(error: Json) -> None:
    """`{"schema": …, "error": …}` on standard output; a reader who has gone is no new failure."""
    with suppress(OSError, ValueError):
        print(json.dumps({"schema": SCHEMA, "error": error}, ensure_ascii=True, indent=2))
        sys.stdout.flush()


def usage(message: str, command: str) -> UsageError:
    """What typer says of a command line, in our words."""
    sentence = message if message.endswith((".", "?")) else f"{message}."
    return UsageError(f"{sentence} See: {command} --help")
