"""What is marked moves with the pixels: boxes, outlines, runs, keypoints and masks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from augment.kinds.images.data.annotations import Mark
from augment.kinds.images.data.outlines import drawn, of_runs, runs_of, traced
from augment.kinds.images.io.decoding import Undecodable, decode
from augment.kinds.images.io.layouts.voc import read_xml
from augment.kinds.images.transforms import annotated
from augment.kinds.images.transforms.application import apply
from augment.kinds.images.transforms.pipeline import Pipeline, compose, preset
from tests.kinds.images import pictures

HEIGHT, WIDTH = 96, 128
GEOMETRY = [
    {"name": "HorizontalFlip"},
    {"name": "VerticalFlip"},
    {"name": "Transpose"},
    {"name": "D4"},
    {"name": "RandomRotate90"},
    {"name": "Affine", "rotate": [-20, 20], "scale": [0.8, 1.2], "translate_percent": [-0.1, 0.1]},
    {"name": "Affine", "shear": [-12, 12], "border_mode": "replicate"},
    {"name": "Rotate", "limit": [-30, 30]},
    {"name": "Perspective", "scale": [0.03, 0.08]},
    {"name": "ElasticTransform", "alpha": 30, "sigma": 8},
    {"name": "GridDistortion"},
    {"name": "OpticalDistortion"},
    {"name": "RandomResizedCrop", "size": [60, 80], "scale": [0.5, 0.9]},
    {"name": "Resize", "height": 48, "width": 200},
    {"name": "CropAndPad", "px": [-9, 9]},
]
NAMES = [f"{number} {step['name']}" for number, step in enumerate(GEOMETRY)]


def runner(step: dict, points: bool = True):
    return compose(Pipeline("one", (step | {"p": 1.0},)), boxes=True, points=points)


def ellipses() -> tuple[np.ndarray, tuple[Mark, ...]]:
    """Three ellipses of gray 100, 150 and 250 on black, each marked in every way."""
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    marks = []
    for gray, cx, cy, rx, ry in ((100, 30, 30, 14, 9), (150, 85, 40, 20, 12), (250, 55, 70, 9, 14)):
        inside = ((x + 0.5 - cx) / rx) ** 2 + ((y + 0.5 - cy) / ry) ** 2 <= 1
        pixels[inside] = gray
        mask = inside.astype(np.uint8)
        box = (float(cx - rx), float(cy - ry), float(cx + rx), float(cy + ry))
        marks.append(Mark(str(gray), box, points=((cx, cy, 2),)))
        marks.append(Mark(str(gray), box, outline=traced(mask)))
        marks.append(Mark(str(gray), None, runs=runs_of(mask)))
    return pixels, tuple(marks)


@pytest.mark.parametrize("step", GEOMETRY, ids=NAMES)
def test_marks_stay_on_their_ellipses(step: dict) -> None:
    pixels, marks = ellipses()
    run = runner(step | {"interpolation": "nearest"} if _resamples(step) else step)
    for seed in range(6):
        made = apply(run, pixels, marks, (pixels,), seed)
        height, width = made.pixels.shape
        assert made.masks[0].shape == made.pixels.shape
        assert (made.masks[0] != made.pixels).mean() < 0.04
        for mark in made.marks:
            there = made.pixels == int(mark.label)
            if there.sum() < 60:
                continue
            if mark.runs or mark.outline:
                shape = drawn(mark, width, height).astype(bool)
                overlap = (shape & there).sum() / (shape | there).sum()
                assert overlap > 0.75, (mark.label, seed, overlap)
            if mark.points:
                x, y, seen = mark.points[0]
                near = there[max(0, int(y) - 3) : int(y) + 4, max(0, int(x) - 3) : int(x) + 4]
                assert not seen or near.any()
            if mark.box is not None:
                _assert_boxed(there, mark)


def _resamples(step: dict) -> bool:
    plain = ("HorizontalFlip", "VerticalFlip", "Transpose", "D4", "RandomRotate90")
    return step["name"] not in plain


def _assert_boxed(there: np.ndarray, mark: Mark) -> None:
    """The box holds its ellipse (but for a pixel or two) and is not much larger than it."""
    assert mark.box is not None
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    left, top, right, bottom = mark.box
    assert 0 <= left < right <= there.shape[1] and 0 <= top < bottom <= there.shape[0]
    slack = 2.5
    assert left <= columns[0] + slack and right >= columns[-1] + 1 - slack
    assert top <= rows[0] + slack and bottom >= rows[-1] + 1 - slack
    area = (right - left) * (bottom - top)
    around = (columns[-1] + 1 - columns[0]) * (rows[-1] + 1 - rows[0])
    assert area <= 2.2 * around + 60


def test_a_mark_that_leaves_the_picture_goes_and_edges_are_clipped() -> None:
    crop = runner({"name": "RandomCropFromBorders", "crop_left": 0.99, "crop_right": 0.01})
    made = apply(crop, np.zeros((50, 100), np.uint8), (Mark("a", (0, 0, 3, 50)),), (), 1)
    assert made.marks == () or made.marks[0].box is not None
    flip = runner({"name": "HorizontalFlip"})
    marks = (Mark("a", (-0.0004, 10, 20, 50.0004)), Mark("out", (200, 3, 300, 5)))
    made = apply(flip, np.zeros((50, 100), np.uint8), marks, (), 1)
    (mark,) = made.marks
    assert mark.box == pytest.approx((80, 10, 100, 50), abs=1e-3)


def test_keypoints_keep_their_places_when_some_leave() -> None:
    crop = runner({"name": "CropAndPad", "px": [-20, 0, 0, 0]})
    marks = (Mark("hand", (0, 0, 60, 60), points=((30, 30, 2), (30, 5, 2), (0, 0, 0))),)
    step = {"name": "CropAndPad", "px": [-20, 0, 0, 0], "keep_size": False, "p": 1.0}
    crop = compose(Pipeline("one", (step,)), boxes=True, points=True)
    made = apply(crop, np.zeros((60, 60), np.uint8), marks, (), 1)
    assert made.marks[0].points == ((30, 10, 2), (0, 0, 0), (0, 0, 0))


def test_runs_and_masks_undo_each_other() -> None:
    mask = (np.random.default_rng(1).random((7, 9)) < 0.4).astype(np.uint8)
    for each in (mask, 1 - mask, mask * 0, mask * 0 + 1):
        assert np.array_equal(of_runs(runs_of(each), 9, 7), each)


def test_drawing_an_outline_undoes_tracing() -> None:
    pixels, _ = ellipses()
    mask = (pixels == 150).astype(np.uint8)
    again = drawn(Mark("x", outline=traced(mask)), WIDTH, HEIGHT)
    assert (again != mask).sum() <= 0.03 * mask.sum()


@pytest.mark.parametrize("step", GEOMETRY, ids=NAMES)
def test_boxes_of_blood_cells_stay_on_their_cells(shared: Path, step: dict) -> None:
    """White cells are the violet ones: inside their box red exceeds green more than outside."""
    folder = shared / "data" / "images" / "bccd"
    run, kept, total = runner(step, points=False), 0, 0
    for name in ("BloodImage_00000", "BloodImage_00001", "BloodImage_00007"):
        pixels = decode((folder / "images" / f"{name}.jpg").read_bytes()).pixels
        marks = read_xml(folder / "annotations" / f"{name}.xml").marks
        for seed in range(2):
            made = apply(run, pixels, marks, (), seed)
            for mark in made.marks:
                if mark.label != "WBC":
                    continue
                inside, outside = _violet(made.pixels, mark)
                total, kept = total + 1, kept + (inside > outside + 4)
    assert total and kept == total


def _violet(pixels: np.ndarray, mark: Mark) -> tuple[float, float]:
    """Mean of blue minus green inside the box and outside it."""
    assert mark.box is not None
    left, top, right, bottom = (round(edge) for edge in mark.box)
    violet = pixels[..., 2].astype(float) - pixels[..., 1]
    inside = np.zeros(violet.shape, bool)
    inside[top:bottom, left:right] = True
    return float(violet[inside].mean()), float(violet[~inside].mean())


def test_a_shifted_box_fails_the_same_check(shared: Path) -> None:
    folder = shared / "data" / "images" / "bccd"
    pixels = decode((folder / "images" / "BloodImage_00000.jpg").read_bytes()).pixels
    marks = read_xml(folder / "annotations" / "BloodImage_00000.xml").marks
    (white,) = (mark for mark in marks if mark.label == "WBC")
    inside, outside = _violet(pixels, white)
    assert inside > outside + 4
    wrong, rest = _violet(pixels, Mark("WBC", (0, 0, 200, 170)))
    assert wrong < rest + 4


def test_what_was_applied_is_plain_json() -> None:
    pixels, marks = ellipses()
    made = apply(compose(preset("strong").fitted("gray"), True, True), pixels, marks, (), 4)
    assert json.loads(json.dumps(list(made.applied), allow_nan=False)) == list(made.applied)
    assert {step["name"] for step in made.applied} <= set(preset("strong").names())


def test_no_bit_of_a_mask_can_flip_unseen(tmp_path: Path) -> None:
    path, numbers = tmp_path / "1.png", np.repeat(np.arange(16, dtype=np.uint8), 12).reshape(12, 16)
    data = pictures.file_of(numbers)
    path.write_bytes(data)
    assert (annotated._mask("masks", path, 16, 12).pixels == numbers).all()
    for bit in range(0, 8 * len(data), 3):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(Undecodable, match="mask in masks"):
            annotated._mask("masks", path, 16, 12)
