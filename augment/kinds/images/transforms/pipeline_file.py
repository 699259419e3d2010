"""A user's pipeline: a YAML or JSON file, every step and value of which is checked.

transforms:
  - {name: Mosaic, p: 0.3}
  - {name: Affine, rotate: [-10, 10], border_mode: replicate, p: 0.8}
  - one_of:
      - {name: GaussianBlur, blur_limit: [3, 5]}
      - {name: GaussNoise, std_range: [0.01, 0.05]}
    p: 0.5
"""

from __future__ import annotations

from inspect import signature
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

from augment.core.errors import BadInput, UsageError, did_you_mean
from augment.core.types import Json
from augment.kinds.images.transforms.capability import CAPABILITIES
from augment.kinds.images.transforms.mixing import MIXINGS, mixing_of
from augment.kinds.images.transforms.pipeline import NAMED, Pipeline, class_of, compose, leaves

MOST_BYTES = 1 << 20


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
    checked = [_checked(step, f"{path}, step") for step in steps]
    first = list(takewhile(_mixes, checked))
    for step in checked[len(first) :]:
        for leaf in leaves((step,)):
            if leaf["name"] in MIXINGS:
                raise UsageError(
                    f"{path}, step {leaf['name']}: what mixes several images comes before all that "
                    "changes one, in steps of its own."
                )
    pipeline = Pipeline(path.stem, tuple(checked[len(first) :]), tuple(first))
    compose(pipeline, boxes=False, points=False)  # its own checks of every value, before any work
    return pipeline


def _mixes(step: Json) -> bool:
    return all(leaf["name"] in MIXINGS for leaf in leaves((step,)))


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
    if name in MIXINGS:
        try:
            mixing_of(step)
        except UsageError as error:
            raise UsageError(f"{where} {name}: {error}") from None
        return step
    if name not in CAPABILITIES:
        near = did_you_mean(name, [*CAPABILITIES, *MIXINGS])
        raise UsageError(f"{where}: {name!r} is no transform that a pipeline may use. {near}")
    _check_fields(name, step, f"{where} {name}")
    return step


def _check_fields(name: str, step: Json, where: str) -> None:
    known = [field for field in signature(class_of(name)).parameters if field != "kwargs"]
    for field in step:
        if field not in (*known, "name"):
            raise UsageError(f"{where}: no parameter {field!r}. {did_you_mean(field, known)}")
        choices = NAMED.get(field)
        if choices is not None and step[field] not in (*choices, *choices.values()):
            raise UsageError(f"{where}: {field!r} must be one of {', '.join(choices)}.")
