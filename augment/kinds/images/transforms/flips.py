"""Whether a pipeline may mirror pictures, by what they show."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from augment.core.errors import UsageError
from augment.kinds.images.io.layouts import Entry
from augment.kinds.images.transforms.application import MIRRORS
from augment.kinds.images.transforms.pipeline import Pipeline

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Points(Enum):
    """Whether keypoints are marked, and if so, whether all of them know what they become in a
    mirrored picture."""

    NONE = "none"
    PAIRED = "paired"
    SIDED = "sided"


def points_of(entries: Iterable[Entry]) -> Points:
    found = Points.NONE
    for entry in entries:
        for mark in entry.annotation.marks if entry.annotation is not None else ():
            if mark.points and not mark.counterparts:
                return Points.SIDED
            found = Points.PAIRED if mark.points else found
    return found


def permitted(
    pipeline: Pipeline, user_made: bool, flips: bool | None, classes: set[str], points: Points
) -> tuple[Pipeline, list[str]]:
    """The pipeline without flips where they would change what an image shows, and a note on it.

    With `flips` they are kept or left out as asked; None: off for digits, letters and keypoints.
    """
    mirroring = pipeline.mirroring()
    legible = bool(classes) and all(_is_sign(name) for name in classes)
    if points is Points.PAIRED and flips is None and not legible:
        mirroring = [name for name in mirroring if name not in MIRRORS]
    if not mirroring or flips is True:
        return pipeline, []
    if flips is None and not legible and points is Points.NONE:
        return pipeline, []
    sided = "the keypoints have a left and a right"
    why = "the classes are digits or letters" if points is Points.NONE else sided
    named = ", ".join(dict.fromkeys(mirroring))
    if user_made and flips is None:
        raise UsageError(
            f"The pipeline mirrors or turns ({named}), and {why}. "
            "Take these steps out, or pass --flips to keep them or --no-flips to pass over them."
        )
    note = f"Left out: {named} ({'asked for' if flips is False else why})."
    return pipeline.without(set(mirroring)), [note]


def _is_sign(name: str) -> bool:
    """Whether a class is called like a digit or a letter: 7, seven, B, digit_7, letter-b."""
    last = name.replace("-", "_").rpartition("_")[2]
    return (len(last) == 1 and last.isalnum()) or last.lower() in DIGITS
