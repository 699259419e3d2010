"""Text to a terminal, a pipe or nowhere: names that cannot move the cursor, streams that may go."""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
import textwrap
from contextlib import suppress
from typing import TextIO

ENDLESS = re.compile(r"(\S{100})\S{900,}")  # no word and no path: a name that fills the screen


def printable(text: str) -> str:
    """The text with control characters escaped, so that a name cannot move the cursor.

    >>> printable("a\\x1b[2Jb\\n")
    'a\\\\x1b[2Jb\\\\n'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str) -> str:
    """The text without the ends of endless words.

    >>> len(shortened("L" * 10_000)), shortened("age and sex")
    (101, 'age and sex')
    """
    return ENDLESS.sub(r"\1…", text)


def say(text: str, *, whole: bool = False, prose: bool = False) -> None:
    """A line on standard error. A reader who has gone is no reason to stop the work.

    `whole` keeps the text's own line ends (a traceback's); `prose` is broken between words where a
    terminal would break it within one, without the ends of endless names.
    """
    shown = "\n".join(map(printable, text.splitlines())) if whole else printable(text)
    encoding = sys.stderr.encoding or "ascii"
    shown = shortened(shown) if prose else shown
    with suppress(OSError, ValueError):
        if prose and sys.stderr.isatty():
            columns = os.get_terminal_size(sys.stderr.fileno()).columns
            shown = wrapped(shown, columns)
        print(shown.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr)
        sys.stderr.flush()


def wrapped(text: str, columns: int) -> str:
    """The text in lines of at most so many columns, where no word is longer.

    >>> wrapped("See them with: augment runs", 20)
    'See them with:\\naugment runs'
    """
    if columns <= 0:  # a terminal that does not say
        return text
    lines = textwrap.wrap(text, columns, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def command_line(arguments: list[str]) -> str:
    """The words as a shell reads them, on one line whatever they hold."""
    return " ".join(
        shlex.quote(word) if word.isprintable() else f"$'{_ansi_c(word)}'" for word in arguments
    )


def _ansi_c(word: str) -> str:
    """The inside of `$'…'`: bytes as the shell would pass them."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b"'\\" else f"\\x{byte:02x}"
        for byte in os.fsencode(word)
    )


def discard(stream: TextIO) -> None:
    """Let what is still buffered for a stream that nobody reads go nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def spell_what_an_encoding_lacks() -> None:
    """Let standard streams write characters that their encoding has not as `\\u2026`: typer's help
    would end in an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def reopen_closed_streams() -> None:
    """Put something in the place of standard streams that the caller closed.

    Else the next file opened would take their numbers and receive our messages. Reading gives
    nothing, messages go nowhere; output that was asked for fails, since its stream is read-only.
    """
    while True:
        number = os.open(os.devnull, os.O_RDONLY)
        if number > 2:
            os.close(number)
            break
        os.set_inheritable(number, True)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, "r", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
