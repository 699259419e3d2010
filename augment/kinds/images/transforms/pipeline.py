"""A pipeline as data, and turned into a Compose."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from augment.core.errors import UsageError, did_you_mean
from augment.core.types import Json
from augment.kinds.images.transforms.capability import MOST_DEGREES, capability
from augment.kinds.images.transforms.presets import PRESETS
from augment.work import environment

# OpenCV's numbers by the names that people know.
BORDERS = {"constant": 0, "replicate": 1, "reflect": 2, "wrap": 3, "reflect_101": 4}
INTERPOLATIONS = {"nearest": 0, "linear": 1, "cubic": 2, "area": 3, "lanczos4": 4}
NAMED: dict[str, dict[str, int]] = {
    "border_mode": BORDERS,
    "interpolation": INTERPOLATIONS,
    "mask_interpolation": INTERPOLATIONS,
}
TURNS = {"rotate", "limit", "rotate_limit"}
LEAST_VISIBLE = 0.1  # share of a box that must stay in the picture, else the box goes


@dataclass(frozen=True)
class Pipeline:
    """Steps in order, each `{"name": ..., ...}` or `{"one_of": [...], "p": ...}`; those that mix
    several pictures come first and stand in `mixing` (see `mixing.py`)."""

    name: str
    steps: tuple[Json, ...]
    mixing: tuple[Json, ...] = ()

    def names(self) -> list[str]:
        """Every transform that may be applied."""
        return [leaf["name"] for leaf in leaves((*self.mixing, *self.steps))]

    def unfit(self, mode: str) -> list[str]:
        """The transforms that cannot take images of this mode."""
        names = (leaf["name"] for leaf in leaves(self.steps))
        return [name for name in names if mode not in capability(name).modes]

    def mirroring(self) -> list[str]:
        """The transforms that may turn one digit, letter or hand into another."""
        return [leaf["name"] for leaf in leaves(self.steps) if _mirrors(leaf)]

    def reflecting(self) -> list[str]:
        """The transforms that show a part of the picture twice, beyond its border."""
        twice = ("reflect", "reflect_101", "wrap", 2, 3, 4)
        return [leaf["name"] for leaf in leaves(self.steps) if leaf.get("border_mode") in twice]

    def fitted(self, mode: str) -> Pipeline:
        """The same without what this mode cannot take."""
        return self.without(set(self.unfit(mode)))

    def without(self, names: set[str]) -> Pipeline:
        """The same without these transforms; an empty choice goes too."""
        steps: list[Json] = []
        for step in self.steps:
            if "one_of" in step:
                inner = [leaf for leaf in step["one_of"] if leaf["name"] not in names]
                steps += [step | {"one_of": inner}] if inner else []
            elif step["name"] not in names:
                steps.append(step)
        return dataclasses.replace(self, steps=tuple(steps))


def preset(name: str) -> Pipeline:
    """A ready-made pipeline. Raises `UsageError` with the nearest name."""
    if name not in PRESETS:
        raise UsageError(f"There is no preset {name!r}. {did_you_mean(name, list(PRESETS))}")
    return Pipeline(name, tuple(PRESETS[name]))


def leaves(steps: tuple[Json, ...]) -> Iterator[Json]:
    """The transforms of steps, one by one."""
    for step in steps:
        yield from step.get("one_of", (step,))


def _mirrors(leaf: Json) -> bool:
    if capability(leaf["name"]).mirrors:
        return True
    default = [-90, 90] if leaf["name"] in ("Rotate", "SafeRotate") else 0
    for field in TURNS:
        degrees = leaf.get(field, default if field == "limit" else 0)
        ends = degrees if isinstance(degrees, (list, tuple)) else [degrees]
        if any(isinstance(end, (int, float)) and abs(end) > MOST_DEGREES for end in ends):
            return True
    return False


def library() -> Any:
    """The module `albumentations`."""
    environment.stay_offline()  # it asks the network for a newer version
    import albumentations

    return albumentations


def class_of(name: str) -> Any:
    """The albumentations class of that name. Raises `UsageError` for one that is not allowed."""
    capability(name)  # nothing that is not on the list is ever reached
    return getattr(library(), name)


def compose(pipeline: Pipeline, boxes: bool, points: bool) -> Any:
    """The albumentations pipeline. Boxes are in pixels with `rows` beside them, points `spots`."""
    albumentations, steps = library(), []
    for step in pipeline.steps:
        if "one_of" in step:
            inner = [_built(leaf | {"p": leaf.get("p", 1.0)}) for leaf in step["one_of"]]
            steps.append(albumentations.OneOf(inner, p=step["p"]))
        else:
            steps.append(_built(step))
    box_parameters = albumentations.BboxParams(
        format="pascal_voc",
        label_fields=["rows"],
        min_visibility=LEAST_VISIBLE,
        clip=True,
        filter_invalid_bboxes=True,
    )
    point_parameters = albumentations.KeypointParams(
        format="xy", label_fields=["spots"], remove_invisible=False
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return albumentations.Compose(
            steps,
            bbox_params=box_parameters if boxes else None,
            keypoint_params=point_parameters if points else None,
            save_applied_params=True,
        )


def _built(leaf: Json) -> Any:
    parameters = {
        field: NAMED[field].get(value, value) if field in NAMED else _plain(value)
        for field, value in leaf.items()
        if field != "name"
    }
    try:
        return class_of(leaf["name"])(**parameters)
    except (ValueError, TypeError) as error:  # pydantic's ValidationError is a ValueError
        first = str(error).strip().splitlines()
        reason = " ".join(line.strip() for line in first[1:3]) or first[0]
        raise UsageError(f"{leaf['name']}: a value does not fit ({reason}).") from None


def _plain(value: Any) -> Any:
    return tuple(map(_plain, value)) if isinstance(value, list) else value
