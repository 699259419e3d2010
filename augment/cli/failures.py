"""What is said of a command that failed: a line for people, a document for programs (`--json`)."""

from __future__ import annotations

import errno
import json
import os
import sys
from contextlib import suppress

from augment.cli import terminal
from augment.core.errors import (
    DISK_ERRORS,
    AugmentError,
    BadInput,
    Interrupted,
    OutOfResources,
    UsageError,
    is_lack_of_memory,
    is_limit,
    limit_reached,
)
from augment.core.types import Json

SCHEMA = "augment.error/1"
UNWRITABLE = (*DISK_ERRORS, errno.EBADF)
UNUSABLE = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOTDIR,
    errno.ESTALE,
)  # what is wrong with a path
LESS_MEMORY = (
    "Use fewer rows, columns, pixels or processes (--workers), or a machine with more memory."
)


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


def told(error: BaseException, as_json: bool) -> int | None:
    """Say what failed, on standard error and with `as_json` as a document; its exit code.

    None for a bug, of which nothing is said here.
    """
    if isinstance(error, OSError):
        error = _of_system(error)
    if isinstance(error, AugmentError):
        report(str(error), error.exit_code, as_json, document(error))
        return error.exit_code
    if isinstance(error, Failed):
        report(str(error.error), error.error.exit_code, as_json=False)
        return error.error.exit_code
    if isinstance(error, KeyboardInterrupt):  # typer would make 130 of every signal
        code = error.exit_code if isinstance(error, Interrupted) else 130
        if as_json:
            found = {"type": "Interrupted", "exit_code": code, "message": "interrupted"}
            print_document(found)
        return code
    if isinstance(error, BrokenPipeError):  # the reader of our output has had enough
        terminal.discard(sys.stdout)
        return 0
    code = OutOfResources.exit_code
    if is_lack_of_memory(error):
        report(f"memory ran out. {LESS_MEMORY}", code, as_json)
        return code
    if isinstance(error, OSError) and error.errno in UNWRITABLE:
        terminal.discard(sys.stdout)
        report(f"the output cannot be written ({error.strerror}).", code, as_json=False)
        return code
    if is_limit(error):
        report(str(limit_reached(error)), code, as_json)
        return code
    return None


def _of_system(error: OSError) -> OSError | AugmentError:
    """What the system refuses for a reason that is the user's to mend; else the error itself."""
    if error.errno in UNUSABLE and isinstance(error.filename, str | bytes):
        return BadInput(
            f"the system does not let this be used ({error.strerror}).",
            where=os.fsdecode(error.filename),
            hint="Give another path, or see to the permissions of this one.",
        )
    if error.errno == errno.ENOENT and "temporary directory" in str(error.strerror):
        return OutOfResources(
            "no folder for temporary files can be written: the disk is full, or it is not "
            "allowed. Set TMPDIR to a folder that can be."
        )
    return error


def report(message: str, code: int, as_json: bool, error: Json | None = None) -> None:
    """The message on standard error and, if asked, the document on standard output."""
    terminal.say(f"augment: error: {message}", prose=True)
    if as_json:
        print_document(error or {"type": "Error", "exit_code": code, "message": message})


def print_document(error: Json) -> None:
    """`{"schema": …, "error": …}` on standard output; a reader who has gone is no new failure."""
    with suppress(OSError, ValueError):
        print(json.dumps({"schema": SCHEMA, "error": error}, ensure_ascii=True, indent=2))
        sys.stdout.flush()


def usage(message: str, command: str) -> UsageError:
    """What typer says of a command line, in our words, on one line."""
    message = " ".join(message.replace(": Value error, ", ": ").split())
    sentence = message if message.endswith((".", "?")) else f"{message}."
    return UsageError(f"{sentence} See: {command} --help")
