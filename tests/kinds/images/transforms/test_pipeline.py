"""Pipelines: only listed transforms, every value checked, fit for the modes they are listed for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import AugmentError, UsageError
from augment.kinds.images.transforms.application import apply
from augment.kinds.images.transforms.capability import CAPABILITIES, EVERY, Mode
from augment.kinds.images.transforms.pipeline import Pipeline, compose, preset
from augment.kinds.images.transforms.pipeline_file import read_pipeline
from augment.kinds.images.transforms.presets import PRESETS

NEEDED = {
    "CenterCrop": {"height": 16, "width": 16},
    "CropAndPad": {"px": 2},
    "LongestMaxSize": {"max_size": 20},
    "SmallestMaxSize": {"max_size": 20},
    "Pad": {"padding": 2},
    "PadIfNeeded": {"min_height": 60, "min_width": 60},
    "RandomCrop": {"height": 16, "width": 16},
    "RandomResizedCrop": {"size": [16, 16]},
    "Resize": {"height": 16, "width": 16},
}


def picture(mode: Mode) -> np.ndarray:
    rng = np.random.default_rng(1)
    if mode == "gray16":
        return rng.integers(20_000, 60_000, (32, 48), dtype=np.uint16)
    channels = {"gray": (), "rgb": (3,), "rgba": (4,)}[mode]
    return rng.integers(60, 200, (32, 48, *channels), dtype=np.uint8)


@pytest.mark.parametrize("name", CAPABILITIES)
def test_every_transform_takes_every_mode_that_it_is_listed_for(name: str) -> None:
    step = {"name": name, "p": 1.0, **NEEDED.get(name, {})}
    runner = compose(Pipeline("one", (step,)), boxes=False, points=False)
    for mode in CAPABILITIES[name].modes:
        pixels = picture(mode)
        made = apply(runner, pixels, (), (), 3).pixels
        assert made.dtype == pixels.dtype and made.shape[2:] == pixels.shape[2:]
        assert made.ndim == pixels.ndim


@pytest.mark.parametrize("mode", EVERY)
@pytest.mark.parametrize("name", PRESETS)
def test_presets_keep_size_and_type_and_change_something(name: str, mode: Mode) -> None:
    runner = compose(preset(name).fitted(mode), boxes=False, points=False)
    pixels = picture(mode)
    made = apply(runner, pixels, (), (), 5)
    assert made.pixels.shape == pixels.shape and made.pixels.dtype == pixels.dtype
    assert not np.array_equal(made.pixels, pixels) and made.applied
    json.dumps(made.applied, allow_nan=False)


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    runner, pixels = compose(preset("strong"), boxes=False, points=False), picture("rgb")
    first, second, third = (apply(runner, pixels, (), (), seed).pixels for seed in (1, 2, 1))
    assert np.array_equal(first, third) and not np.array_equal(first, second)


def test_only_mirroring_steps_count_as_mirroring() -> None:
    assert preset("digits").mirroring() == [] and preset("light").mirroring() == ["HorizontalFlip"]
    assert Pipeline("x", ({"name": "Rotate"},)).mirroring() == ["Rotate"]
    assert Pipeline("x", ({"name": "Rotate", "limit": [-20, 20]},)).mirroring() == []
    assert Pipeline("x", ({"name": "Affine", "rotate": 180},)).mirroring() == ["Affine"]


def test_a_user_pipeline_is_read_from_yaml_and_json(tmp_path: Path) -> None:
    steps = [
        {"name": "Affine", "rotate": [-9, 9], "border_mode": "reflect", "p": 0.8},
        {"one_of": [{"name": "Blur", "blur_limit": [3, 5]}, {"name": "NoOp"}], "p": 0.5},
    ]
    (tmp_path / "mine.json").write_text(json.dumps({"transforms": steps}))
    (tmp_path / "mine.yaml").write_text(
        "transforms:\n"
        "  - {name: Affine, rotate: [-9, 9], border_mode: reflect, p: 0.8}\n"
        "  - one_of: [{name: Blur, blur_limit: [3, 5]}, {name: NoOp}]\n    p: 0.5\n"
    )
    first, second = read_pipeline(tmp_path / "mine.json"), read_pipeline(tmp_path / "mine.yaml")
    assert first == second == Pipeline("mine", tuple(steps))
    assert first.without({"Blur"}).names() == ["Affine", "NoOp"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[{name: Lambda}]", "no transform that a pipeline may use"),
        ("[{name: os.system}]", "no transform"),
        ("[{name: Affin}]", "Did you mean 'Affine'"),
        ("[{name: Affine, rotat: 3}]", "Did you mean 'rotate'"),
        ("[{name: Affine, border_mode: 77}]", "must be one of"),
        ("[{name: Affine, p: 3}]", "from 0 to 1"),
        ("[{name: GaussianBlur, blur_limit: [3, what]}]", "GaussianBlur"),
        ("[{one_of: []}]", "one_of"),
        ("[3]", "a step is an object"),
        ("{}", "list of transforms"),
        ("[!!python/object/apply:os.system ['x']]", "neither YAML nor JSON"),
        ("[", "neither YAML nor JSON"),
    ],
)
def test_what_is_no_pipeline_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(AugmentError, match=says):
        read_pipeline(path)


def test_an_unknown_preset_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="medium"):
        preset("meduim")
