"""`augment config`."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from augment.cli import options as o
from augment.cli import output, settings_summary
from augment.cli.flags import warn
from augment.core.errors import UsageError
from augment.core.folders import home_folder, working_folder
from augment.core.types import Json
from augment.settings.jobs import listed
from augment.settings.names import dotted
from augment.settings.resolution import BadSettings, Resolved, resolve


class Action(StrEnum):
    """What `augment config` does."""

    SHOW = "show"
    CHECK = "check"
    SCHEMA = "schema"


def config(
    *,
    action: Annotated[
        Action,
        typer.Argument(
            help="show each setting, check a file and the environment, or print the JSON Schema.",
        ),
    ],
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="To check. Default: augment.toml here or above, and AUGMENT_*."
        ),
    ] = None,
    origin: Annotated[
        bool, typer.Option("--origin", help="show: where each value comes from.")
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE", help="A settings file. Default: augment.toml here or above."
        ),
    ] = None,
    screen: o.Screen,
) -> None:
    """Show or check the settings of file and environment, or print their JSON Schema."""
    if path is not None and action is not Action.CHECK:
        raise UsageError(f"config {action} takes no FILE. Name a settings file with --config.")
    if path is not None and file is not None:
        raise UsageError("config check takes FILE or --config, not both.")
    if origin and action is not Action.SHOW:
        raise UsageError(f"--origin goes with config show, not with config {action}.")
    if action is Action.SCHEMA:
        from augment.settings.tree import json_schema

        print(json.dumps(json_schema(), ensure_ascii=True, indent=2))
        return
    # a file that is named is checked alone
    environment = os.environ if path is None else {}
    try:
        folder = working_folder()
        found = resolve(path or file, environment, folder, home_folder())
        jobs = () if found.path is None else listed(found.path, folder)
    except BadSettings as error:
        if action is not Action.CHECK:
            raise
        document: Json = {"schema": "augment.config/1", "problems": error.problems}
        count = len(error.problems)
        failure = UsageError(f"{count} setting{'s' if count > 1 else ''} cannot be followed.")
        output.show(document, screen, settings_summary.of_problems, loud=True, failure=failure)
        return
    document = {
        "schema": "augment.config/1",
        "file": None if found.path is None else str(found.path),
    }
    if action is Action.CHECK:
        document |= {"settings": len(found.origins), "jobs": [each.job.name for each in jobs]}
        output.show(document, screen, settings_summary.of_check, loud=True)
    else:
        document["settings"] = _settings(found, origin)
        output.show(document, screen, settings_summary.of_settings, loud=True)
    warn(found)


def _settings(found: Resolved, origin: bool) -> list[dict[str, Any]]:
    """Each setting with its value, and where that comes from if asked."""
    return [
        {
            "name": dotted(name),
            "value": str(value) if isinstance(value, Path) else value,
            **({"origin": place} if origin else {}),
        }
        for name, value, place in found.rows()
    ]
