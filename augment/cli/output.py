"""What a command prints: the document for a program, or lines and tables for a person."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from augment.cli import failures
from augment.cli.options import Screen
from augment.cli.terminal import printable, say, shortened
from augment.core.errors import AugmentError
from augment.core.json_numbers import finite
from augment.core.types import Json

if TYPE_CHECKING:
    from rich.console import Console

# A count, a share, a mean with its interval, a time or a size; not a name with its place: "1 gan".
NUMBER = re.compile(r"-?\d[\d,.:]*(e[-+]?\d+)?( ?(±[\d.]+|%|[mµ]?s|min|h|d|[kMGT]?B))*")
NOTHING = ("", "–")


def show(
    document: Json,
    screen: Screen,
    tell: Callable[[Console, Json, bool], None],
    *,
    loud: bool = False,
    warnings: Sequence[str] = (),
    failure: AugmentError | None = None,
) -> None:
    """Print the document for a program (`--json`, standard output) or a person (standard error).

    `loud` commands exist to be read: their text goes to standard output. `warnings` come last, on
    standard error, whatever else is kept quiet. A `failure` that the
    document tells of becomes a part of it, and is raised as `Failed` once all is printed.
    """
    if screen.as_json:
        whole = document if failure is None else {**document, "error": failures.document(failure)}
        print(json.dumps(finite(whole), ensure_ascii=True, indent=2, allow_nan=False))
    elif loud or not screen.quiet:
        _print(document, screen, tell, loud)
    for warning in warnings:
        say(f"augment: warning: {warning}.", prose=True)
    if failure is not None:
        sys.stdout.flush()
        raise failures.Failed(failure)


def _print(
    document: Json, screen: Screen, tell: Callable[[Console, Json, bool], None], loud: bool
) -> None:
    """The text of a document, on the stream that suits."""
    from rich.console import Console

    stream = sys.stdout if loud else sys.stderr
    held = io.BytesIO()
    page = io.TextIOWrapper(held, stream.encoding or "ascii", "backslashreplace", newline="")
    console = Console(
        file=page,  # written below: rich answers a closed pipe with exit 1, a full disk by raising
        force_terminal=stream.isatty(),  # FORCE_COLOR would put codes into files and pipes
        no_color=screen.no_color,
        highlight=False,
        soft_wrap=False,
    )
    tell(console, document, screen.verbose)
    page.flush()
    with suppress(*(() if loud else (OSError,))):
        stream.write(held.getvalue().decode(page.encoding))
        stream.flush()


def as_listed(count: int) -> str:
    """
    >>> as_listed(1)
    '1 file is as the manifest says.'
    """
    return f"{count} {'file is' if count == 1 else 'files are'} as the manifest says."


def table(
    console: Console, head: Sequence[str], rows: Iterable[Sequence[Any]], short: int | None = None
) -> None:
    """Rows under a head; right-aligned where every cell of a column is a number. All columns but
    the last have at most `short` characters."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    cells = [[_cell(value) for value in row] for row in rows]
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    for number, title in enumerate(head):
        digits = all(NUMBER.fullmatch(row[number]) or row[number] in NOTHING for row in cells)
        right = digits and any(row[number] not in NOTHING for row in cells)
        grid.add_column(
            Text(title),
            justify="right" if right else "left",
            overflow="fold",
            max_width=short if number < len(head) - 1 else None,
        )
    for row in cells:
        grid.add_row(*(Text(cell) for cell in row))
    console.print(grid)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return shortened(printable(str(value)))


def line(console: Console, *parts: str, style: str = "") -> None:
    """One line of text, taken literally; what an indented one wraps to stands further in."""
    from rich.text import Text

    text = shortened(printable(" ".join(part for part in parts if part)))
    body = text.lstrip(" ")
    indent = text[: len(text) - len(body)]
    if not indent or len(text) <= console.width // 2:
        console.print(Text(text, style=style))
        return
    hanging = f"{indent}  "
    for number, part in enumerate(Text(body).wrap(console, console.width - len(hanging))):
        console.print(Text(f"{hanging if number else indent}{part.plain.rstrip()}", style=style))


def command(console: Console, text: str, style: str = "") -> None:
    """A line that holds a command to copy: it is not broken, so that what is copied is whole."""
    from rich.text import Text

    console.print(Text(printable(text), style=style), soft_wrap=True)


def applied(console: Console, found: Json) -> None:
    """What `--apply` wrote to a settings file, or why it did not."""
    if found["file"] is None:
        line(console, f"augment.toml was left as it is: {found['reason']}", style="yellow")
        return
    kept = f"; as it was: {found['backup']}" if found["backup"] else ""
    line(console, f"Written: {found['file']}{kept}", style="bold")


def clock(seconds: float) -> str:
    """`under a second`, `42 s`, `7 min`, `2.5 h`."""
    if seconds < 1:
        return "under a second"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3600:.1f} h"


def size(count: int) -> str:
    """`3.1 MB`."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} bytes"
