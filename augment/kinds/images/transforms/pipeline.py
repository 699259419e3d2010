"""A pipeline as data: from a preset or a YAML/JSON file, checked, and turned into a Compose.

transforms:
  - {name: Affine, rotate: [-10, 10], border_mode: replicate, p: 0.8}
  - one_of:
      - {name: GaussianBlur, blur_limit: [3, 5]}
      - {name: GaussNoise, std_range: [0.01, 0.05]}
    p: 0.5
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from augment.core.errors import BadInput, UsageError, did_you_mean
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
MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Pipeline:
    """Steps in order, each `{"name": ..., ...}` or `{"one_of": [...], "p": ...}`."""

    name: str
    steps: tuple[Json, ...]

    def names(self) -> list[str]:
        """Every transform that may be applied."""
        return [leaf["name"] for leaf in _leaves(self.steps)]

    def unfit(self, mode: str) -> list[str]:
        """The transforms that cannot take images of this mode."""
        return [name for name in self.names() if mode not in capability(name).modes]

    def mirroring(self) -> list[str]:
        """The transforms that may turn one digit, letter or hand into another."""
        return [leaf["name"] for leaf in _leaves(self.steps) if _mirrors(leaf)]

    def reflecting(self) -> list[str]:
        """The transforms that show a part of the picture twice, beyond its border."""
        twice = ("reflect", "reflect_101", "wrap", 2, 3, 4)
        return [leaf["name"] for leaf in _leaves(self.steps) if leaf.get("border_mode") in twice]

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


def read_pipeline(path: Path) -> Pipeline:
    """A user's pipeline. Raises `UsageError` that names the step and the field."""
    try:
        data = path.read_bytes()
        if len(data) > MOST_BYTES:
            raise BadInput("the file is too large for a pipeline.", where=str(path))
        document = yaml.safe_load(data)  # JSON is YAML
    except OSError as error:
        raise BadInput(f"the file cannot be read ({error.strerror}).", where=str(path)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        place = str(error).partition("\n")[0]
        raise BadInput(f"the file is neither YAML nor JSON ({place}).", where=str(path)) from None
    steps = document.get("transforms") if isinstance(document, dict) else document
    if not isinstance(steps, list) or not steps:
        raise UsageError(f"{path}: a pipeline is a list of transforms under 'transforms:'.")
    pipeline = Pipeline(path.stem, tuple(_checked(step, f"{path}, step") for step in steps))
    compose(pipeline, boxes=False, points=False)  # its own checks of every value, before any work
    return pipeline


def _checked(step: Any, where: str, nested: bool = False) -> Json:
    if not isinstance(step, dict) or not all(isinstance(key, str) for key in step):
        raise UsageError(f"{where}: a step is an object with a 'name', or with 'one_of'.")
    chance = step.get("p", 0.5)
    if isinstance(chance, bool) or not isinstance(chance, (int, float)) or not 0 <= chance <= 1:
        raise UsageError(f"{where}: 'p' must be a number from 0 to 1.")
    if "one_of" in step and not nested:
        inner = step["one_of"]
        unknown = sorted(step.keys() - {"one_of", "p"})
        if unknown or not isinstance(inner, list) or not inner:
            raise UsageError(f"{where}: 'one_of' is a list of steps, with only 'p' beside it.")
        return {"one_of": [_checked(each, where, nested=True) for each in inner], "p": chance}
    name = step.get("name")
    if not isinstance(name, str):
        raise UsageError(f"{where}: the step has no 'name'.")
    try:
        capability(name)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    _check_fields(name, step, f"{where} {name}")
    return step


def _check_fields(name: str, step: Json, where: str) -> None:
    from inspect import signature

    known = [field for field in signature(_class(name)).parameters if field != "kwargs"]
    for field in step:
        if field not in (*known, "name"):
            raise UsageError(f"{where}: no parameter {field!r}. {did_you_mean(field, known)}")
        choices = NAMED.get(field)
        if choices is not None and step[field] not in (*choices, *choices.values()):
            raise UsageError(f"{where}: {field!r} must be one of {', '.join(choices)}.")


def _leaves(steps: tuple[Json, ...]) -> Iterator[Json]:
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


def _class(name: str) -> Any:
    environment.stay_offline()  # it asks the network for a newer version
    import albumentations

    capability(name)  # nothing that is not on the list is ever reached
    return getattr(albumentations, name)


def compose(pipeline: Pipeline, boxes: bool, points: bool) -> Any:
    """The albumentations pipeline. Boxes are in pixels with `rows` beside them, points `spots`."""
    environment.stay_offline()  # it asks the network for a newer version
    import albumentations

    steps = []
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
        return _class(leaf["name"])(**parameters)
    except (ValueError, TypeError) as error:  # pydantic's ValidationError is a ValueError
        first = str(error).strip().splitlines()
        reason = " ".join(line.strip() for line in first[1:3]) or first[0]
        raise UsageError(f"{leaf['name']}: a value does not fit ({reason}).") from None


def _plain(value: Any) -> Any:
    return tuple(map(_plain, value)) if isinstance(value, list) else value
