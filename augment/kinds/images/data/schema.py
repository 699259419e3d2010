"""What every image of a set has in common: its canvas, its mode, its classes and its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from augment.core.errors import BadInput, UsageError, did_you_mean
from augment.core.types import Json

Mode = Literal["gray", "rgb"]
CHANNELS: dict[Mode, int] = {"gray": 1, "rgb": 3}
LEAST_SIDE, MOST_SIDE = 8, 128  # pixels; what the generators are built for
LARGEST = 4_096  # pixels; what pictures of other generators may have


@dataclass(frozen=True)
class ImageSchema:
    """The canvas in pixels, and the names behind the codes.

    `classes` are in the order of the label codes, empty where nothing is labelled. `vocabulary`
    holds the words of the captions, sorted, empty where there are none.
    """

    height: int
    width: int
    mode: Mode
    classes: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for side, pixels in (("height", self.height), ("width", self.width)):
            if not LEAST_SIDE <= pixels <= LARGEST:
                raise UsageError(
                    f"The pictures' {side} is {pixels} px; it must lie between "
                    f"{LEAST_SIDE} and {LARGEST}."
                )
        if self.mode not in CHANNELS:
            raise UsageError(f"{self.mode!r} is no mode of a canvas. Known: gray, rgb.")
        if len(set(self.classes)) != len(self.classes):
            raise BadInput("a class name stands twice in the schema.")

    @property
    def channels(self) -> int:
        return CHANNELS[self.mode]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of one image."""
        return self.height, self.width, self.channels

    def code_of(self, name: str, asked: str) -> int:
        """The label code of a class that was named by `asked`, an option and what it says.

        Raises `UsageError` with the nearest name.
        """
        if not self.classes:
            raise UsageError(f"{asked}: there is no class {name!r}: these pictures have no labels.")
        if name not in self.classes:
            near = did_you_mean(name, list(self.classes))
            raise UsageError(f"{asked}: there is no class {name!r}. {near}")
        return self.classes.index(name)

    def to_json(self) -> Json:
        return {
            "schema": "augment.image-schema/1",
            "height": self.height,
            "width": self.width,
            "mode": self.mode,
            "classes": list(self.classes),
            "vocabulary": list(self.vocabulary),
        }

    @staticmethod
    def from_json(document: Any) -> ImageSchema:
        """Undo `to_json`. Raises `BadInput` that names the entry."""
        if not isinstance(document, dict):
            raise BadInput("this is no schema of images: it needs an object.")
        for name in ("height", "width"):
            value = document.get(name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise BadInput(f"the schema of images needs a whole number in {name!r}.")
        if document.get("mode") not in get_args(Mode):
            raise BadInput("the schema of images needs 'gray' or 'rgb' in 'mode'.")
        return ImageSchema(
            document["height"],
            document["width"],
            document["mode"],
            _texts(document, "classes"),
            _texts(document, "vocabulary"),
        )


def _texts(document: Json, name: str) -> tuple[str, ...]:
    values = document.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadInput(f"the schema of images needs a list of texts in {name!r}.")
    return tuple(values)
