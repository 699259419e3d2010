"""`augment runs`."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augment.cli import options as o
from augment.cli import output
from augment.cli.output import as_listed, line, size, table
from augment.cli.parsing import age
from augment.core.errors import BadInput, UsageError
from augment.core.types import Json

if TYPE_CHECKING:
    from rich.console import Console

OLDER = "30d"
DAY = 86_400
STYLES = {"finished": "", "unfinished": "yellow", "rejected": "yellow", "damaged": "red"}


class Action(StrEnum):
    """What `augment runs` does."""

    LIST = "list"
    SHOW = "show"
    CLEAN = "clean"


def runs(
    *,
    action: Annotated[
        Action,
        typer.Argument(
            help="list the runs below DIR, show the one in DIR, or clean: remove those that were "
            "never finished or failed a gate.",
        ),
    ],
    place: Annotated[Path, typer.Argument(metavar="DIR", help="Where to look.")] = Path(),
    older: Annotated[
        str | None,
        typer.Option("--older", help="clean: only what was not touched for so long. Default: 30d."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="clean: remove without asking.")] = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """List runs with age, size and verdict; show one; or remove unfinished and rejected ones."""
    from augment.lifecycle import run_folders

    if action is not Action.CLEAN and (yes or older is not None):
        raise UsageError(f"--older and --yes go with runs clean, not with runs {action}.")
    if action is Action.SHOW:
        output.show(
            {"schema": "augment.runs/1", **run_folders.shown(place)}, screen, _one, loud=True
        )
        return
    found = run_folders.found(place)
    document: Json = {"schema": "augment.runs/1", "folder": str(place)}
    if action is Action.LIST:
        document["runs"] = [each.to_json() for each in found]
        output.show(document, screen, _list, loud=True)
        return
    seconds = age(OLDER if older is None else older, "--older")
    chosen = run_folders.removable(found, seconds)
    document |= {"runs": [each.to_json() for each in chosen], "removed": []}
    watched = not yes and bool(chosen) and _watched(screen)
    agreed = yes or (watched and _asked(document, screen))
    if agreed:
        document["removed"] = [each.path for each in run_folders.remove(chosen, seconds)]
    document["dry_run"] = not agreed
    output.show(document, screen, _declined if watched and not agreed else _cleaned, loud=True)


def _watched(screen: o.Screen) -> bool:
    """Whether somebody is there to be asked."""
    silent = screen.as_json or screen.quiet
    return not silent and sys.stdin.isatty() and sys.stdout.isatty()


def _asked(document: Json, screen: o.Screen) -> bool:
    """Whether somebody who sees the list says yes."""
    output.show(document, screen, _list, loud=True)
    return typer.confirm("Remove these?", default=False)


def _declined(console: Console, document: Json, verbose: bool) -> None:
    line(console, "Nothing was removed.")


def _list(console: Console, document: Json, verbose: bool) -> None:
    if not document["runs"]:
        line(console, f"{document['folder']}: no runs in it or below.")
        return
    table(
        console,
        ["run", "state", "age", "size", "made", "verdict"],
        [
            [
                os.path.relpath(each["path"], document["folder"]),
                each["state"] + (", running" if each["locked"] else ""),
                _age(each["seconds"]),
                size(each["bytes"]),
                each["rows"],
                each["why"] or _verdict(each["verdict"]),
            ]
            for each in document["runs"]
        ],
    )


def _one(console: Console, document: Json, verbose: bool) -> None:
    running = ", running" if document["locked"] else ""
    style = STYLES[document["state"]]
    line(
        console,
        f"{document['path']}: {document['state']}{running}{':' if document['why'] else '.'}",
        f"{document['why']}." if document["why"] else "",
        style=style,
    )
    line(console, f"Last written {_age(document['seconds'])} ago, {size(document['bytes'])}.")
    run = document["run"]
    if run is None:
        if document["state"] == "unfinished":
            line(console, "The command that began it goes on with it when it is given again.")
        return
    try:
        said = _record(run)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BadInput(
            f"{document['path']}: run.json is damaged.",
            hint="`augment verify` says which files are not as they were written.",
        ) from None
    for each in said:
        line(console, each)
    line(console, f"Verdict: {_verdict(document['verdict']) or 'nothing was scored'}.")
    files = document["files"]
    line(console, as_listed(len(files["whole"])))
    for name in ("changed", "missing"):
        for file in files[name]:
            line(console, f"{name}: {file}", style="red")


def _record(run: Json) -> list[str]:
    """What `run.json` says. Raises one of four errors where it was damaged."""
    plan, rows, noun = run["plan"], run["rows"], run["data"]["noun"]
    said = [
        f"Source: {plan['source']} ({run['data']['rows']:,} {noun}).",
        f"Engine {plan['engine']} ({plan['engine_reason']}), seed {run['seed']}.",
        f"Made: {rows['synthetic']:,} {noun}; fitted on {rows['train']:,}.",
        f"augment {run['augment']}, torch {run['versions'].get('torch', '?')}.",
    ]
    if run.get("refit"):
        said.append(f"It replaced another, since {'; '.join(run['refit']['reasons'])}.")
    return said


def _cleaned(console: Console, document: Json, verbose: bool) -> None:
    if not document["runs"]:
        line(console, f"{document['folder']}: nothing to remove.")
    elif document["dry_run"]:
        _list(console, document, verbose)
        line(console, "Nothing was removed; --yes removes these.")
    else:
        removed = document["removed"]
        bytes_gone = sum(each["bytes"] for each in document["runs"] if each["path"] in removed)
        line(console, f"Removed {len(removed)} of {len(document['runs'])}, {size(bytes_gone)}.")
        for path in removed:
            line(console, f"  {path}")


def _age(seconds: float) -> str:
    """`12 s`, `7 min`, `3 h`, `12 days`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3_600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.0f} h" if seconds < 2 * DAY else f"{seconds / DAY:.0f} days"


def _verdict(groups: dict[str, str] | None) -> str:
    """The groups that fail, else those that are not shown, else that all pass."""
    for state, words in (("fail", "fails"), ("not shown", "not shown:")):
        named = [name for name, found in (groups or {}).items() if found == state]
        if named:
            return f"{words} {', '.join(named)}"
    return "passes" if groups else ""
