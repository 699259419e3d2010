"""`augment report`: the pages of a report again, from its `report.json` alone."""

from __future__ import annotations

from pathlib import Path

from augment.core.errors import BadInput, UsageError, did_you_mean
from augment.core.files import read_json
from augment.core.types import Json
from augment.report import facts, html, junit, markdown
from augment.report.judged import Judged

REPORT = "report.json"
SUFFIXES = {".html": "html", ".htm": "html", ".md": "markdown", ".xml": "junit"}
FORMATS = ("text", "html", "markdown", "junit")


def load(place: Path) -> Json:
    """The report of a run or evaluation folder, or of a report.json.

    Raises `BadInput` where there is none, and for one of another version.
    """
    path = place / REPORT if place.is_dir() else place
    if not path.is_file():
        raise BadInput(
            f"there is no {REPORT} here.",
            where=str(place),
            hint="Give a folder that `augment run` or `augment evaluate -o` wrote.",
        )
    report = read_json(path)
    if report.get("schema") != facts.SCHEMA:
        raise BadInput(
            f"this is no report of this version of augment, whose reports are {facts.SCHEMA}.",
            where=str(path),
            hint="Run or evaluate again.",
        )
    return report


def format_for(asked: str | None, out: Path | None) -> str:
    """What is asked for, or what the file's name says; text where there is no file."""
    if asked is not None:
        if asked not in FORMATS:
            raise UsageError(f"--format {asked}: {did_you_mean(asked, list(FORMATS))}")
        if asked == "text" and out is not None:
            raise UsageError("--format text is for the terminal. Choose html, markdown or junit.")
        return asked
    if out is None:
        return "text"
    if out.suffix.lower() not in SUFFIXES:
        raise UsageError(f"-o {out}: name it .html, .md or .xml, or say --format.")
    return SUFFIXES[out.suffix.lower()]


def render(report: Json, format: str, place: Path) -> str:
    """The page in a format other than text. Raises `BadInput` for a report that lacks parts."""
    try:
        if format == "html":
            return html.render(report)
        if format == "markdown":
            return markdown.render(report)
        return junit.render([Judged(str(place), report)])
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise BadInput(
            f"the report is incomplete ({type(error).__name__}).",
            where=str(place),
            hint="Restore it, or run again with --force.",
        ) from error
