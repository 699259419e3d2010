"""What a person reads of folders of images that a command has filled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.cli.output import line, size
from augment.core.types import Json

if TYPE_CHECKING:
    from rich.console import Console


def of_transform(console: Console, document: Json, verbose: bool) -> None:
    """What was read, what was made of it, and where it is."""
    what = f"{document['images']:,} images, {size(document['bytes'])}, {document['layout']}"
    line(console, f"Read {document['source']} ({what}).", style="bold")
    line(console, f"Pipeline {document['pipeline']}: {', '.join(document['steps'])}.")
    for note in document["notes"]:
        line(console, f"  Note: {note}")
    if document.get("dry_run"):
        line(console, f"Dry run: {document['planned']:,} images would be made; none was.")
    elif document.get("up_to_date"):
        line(console, "Up to date: these images are made already.", style="green")
    else:
        made, seed = document["made"], document["seed"]
        line(console, f"Wrote {made:,} images to {document['output']} (seed {seed}).", style="bold")
        if document["preview"]:
            line(
                console,
                f"Preview of some, marks drawn on: {document['output']}/{document['preview']}.",
            )


def of_edit(console: Console, document: Json, verbose: bool) -> None:
    """What was read, how many edits passed, and where they are."""
    line(console, f"Read {document['source']}: {document['images']:,} images.", style="bold")
    line(console, f"Engine {document['engine']}, strength {document['strength']:g}.")
    for note in document["notes"]:
        line(console, f"  Note: {note}")
    if document.get("dry_run"):
        line(console, f"Dry run: {document['planned']:,} edits would be made; none was.")
        return
    if document.get("up_to_date"):
        line(console, "Up to date: these edits are made already.", style="green")
    if document["rejection_rate"] is not None:
        _judged(console, document)
    made, seed = document["made"], document["seed"]
    line(console, f"{made:,} edits are in {document['output']} (seed {seed}).", style="bold")


def _judged(console: Console, document: Json) -> None:
    accuracy = document["judge_accuracy"]
    right = "" if accuracy is None else f"; it is right on {accuracy:.1%} of unedited images"
    line(console, f"The judge rejected {document['rejection_rate']:.1%} of the draws{right}.")
    if document["unjudged"]:
        line(console, f"  {document['unjudged']:,} edits are kept unjudged: the judge does not")
        line(console, "  know their class.")
    if document["missing"]:
        missing = f"{document['missing']:,} of {document['planned']:,} edits are missing: no draw"
        line(console, f"{missing} kept the label.", style="yellow")
