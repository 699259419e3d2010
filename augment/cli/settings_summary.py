"""What a person reads of `augment config`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from augment.cli.output import line, table
from augment.cli.terminal import printable
from augment.core.types import Json

if TYPE_CHECKING:
    from rich.console import Console


def of_settings(console: Console, document: Json, verbose: bool) -> None:
    """Each setting with its value and, where asked, its origin; what is not set has no value."""
    settings = document["settings"]
    head = ["setting", "value", *(["from"] if settings and "origin" in settings[0] else [])]
    rows = [
        [each["name"], _settled(each["value"]), *([each["origin"]] if len(head) > 2 else [])]
        for each in settings
    ]
    table(console, head, rows)


def _settled(value: Any) -> str:
    """As a settings file spells a value."""
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def of_problems(console: Console, document: Json, verbose: bool) -> None:
    """What is wrong with settings: a line each, however long, so that tools can follow it."""
    from rich.text import Text

    for problem in document["problems"]:
        console.print(Text(printable(problem)), soft_wrap=True)


def of_check(console: Console, document: Json, verbose: bool) -> None:
    """Which file was found good, and how much it settles."""
    where = document["file"] or "No augment.toml here or above; the environment"
    settled = document["settings"]
    noun = "setting" if settled == 1 else "settings"
    line(console, f"{where}: {settled} {noun}, all of them known and in range.", style="green")
    if document["jobs"]:
        line(console, f"Jobs: {', '.join(document['jobs'])}.")
