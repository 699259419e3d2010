"""Sets as Ultralytics, Roboflow, COCO and segmentation tools keep them: nothing is lost unsaid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from augment.core.errors import BadInput
from augment.core.types import silent
from augment.kinds.images.io import reading as sources
from augment.kinds.images.io.layouts import Entry
from augment.kinds.images.io.layouts.found import layout_of, recognises
from augment.kinds.images.transforms.pipeline import preset
from augment.lifecycle.transform import transform
from tests.kinds.images import pictures

FLIP = {"name": "HorizontalFlip", "p": 1.0}
AWAY = {
    "name": "Affine",
    "translate_percent": [-0.9, 0.9],
    "border_mode": "constant",
    "p": 1.0,
}
BOX = "1 0.25 0.5 0.25 0.5\n"


def labelled(root: Path, images: str, labels: str, text: str = BOX) -> None:
    pictures.saved(root / images / "1.png")
    (root / labels).mkdir(parents=True, exist_ok=True)
    (root / labels / "1.txt").write_text(text)


def declared(root: Path, **more: object) -> None:
    (root / "data.yaml").write_text(yaml.safe_dump({"names": ["ant", "bee"], **more}))


def listed(source: Path) -> tuple[str, list[Entry]]:
    layout = layout_of(str(source))
    assert recognises(str(source))
    return layout.name, list(layout.entries(source, lambda name: None))


def made(source: Path, out: Path, step: dict[str, Any] | None = FLIP, **given: Any) -> list[dict]:
    """The lines on images that went through one step, or through a preset."""
    if step is not None:
        given["pipeline"] = str(out.with_suffix(".json"))
        Path(given["pipeline"]).write_text(json.dumps({"transforms": [step]}))
    transform(str(source), out, given, workers=1, seed=1, force=False, dry_run=False, tell=silent)
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("images", "labels", "given"),
    [
        ("images/train", "labels/train", "."),
        ("images/train", "labels/train", "images/train"),
        ("images/train", "labels/train", "images"),
        ("train/images", "train/labels", "."),
        ("train/images", "train/labels", "train"),
        ("images/deep/er", "labels/deep/er", "."),
    ],
)
def test_boxes_and_class_names_are_found_wherever_a_yolo_set_keeps_them(
    tmp_path: Path, images: str, labels: str, given: str
) -> None:
    labelled(tmp_path, images, labels)
    declared(tmp_path)
    name, (entry,) = listed(tmp_path / given)
    assert name == "YOLO"
    assert entry.annotation is not None
    (mark,) = entry.annotation.marks
    assert (mark.label, mark.box) == ("bee", (0.125, 0.25, 0.375, 0.75))


@pytest.mark.parametrize("kept", ["{what}/{part}", "{part}/{what}"])
def test_of_several_parts_one_must_be_named(tmp_path: Path, kept: str) -> None:
    for part in ("train", "val"):
        labelled(
            tmp_path,
            kept.format(what="images", part=part),
            kept.format(what="labels", part=part),
        )
    with pytest.raises(BadInput, match="parts of a data set") as refused:
        layout_of(str(tmp_path))
    assert recognises(str(tmp_path)), "else the message would be of another kind of data"
    named = Path(refused.value.hint.removeprefix("Give one of them, such as ").rstrip("."))
    assert listed(named)[0] == "YOLO"


def test_a_made_yolo_set_keeps_its_declaration_and_names_its_images(tmp_path: Path) -> None:
    labelled(tmp_path / "set", "train/images", "train/labels")
    declared(tmp_path / "set", train="../train/images", val="../valid/images", nc=2)
    made(tmp_path / "set" / "train", tmp_path / "out")
    written = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())
    assert written == {"names": ["ant", "bee"], "nc": 2, "train": "images"}
    name, (entry,) = listed(tmp_path / "out")
    assert name == "YOLO" and entry.annotation is not None
    (mark,) = entry.annotation.marks
    assert mark.label == "bee"
    assert mark.box == pytest.approx((0.625, 0.25, 0.875, 0.75), abs=1e-4)


POINTS = "0 0.5 0.5 1 1 0.25 0.25 2 0.75 0.25 2\n"  # a left and a right eye


def test_mirrored_keypoints_change_sides_as_flip_idx_says(tmp_path: Path) -> None:
    labelled(tmp_path / "set", "images", "labels", POINTS)
    declared(tmp_path / "set", kpt_shape=[2, 3], flip_idx=[1, 0])
    (line,) = made(tmp_path / "set", tmp_path / "out")
    assert [step["name"] for step in line["applied"]] == ["HorizontalFlip"]
    left, right = line["marks"][0]["points"]
    assert left[0] == pytest.approx(4, abs=1.1) and right[0] == pytest.approx(12, abs=1.1)


def test_without_flip_idx_nothing_is_mirrored(tmp_path: Path) -> None:
    labelled(tmp_path / "set", "images", "labels", POINTS)
    declared(tmp_path / "set", kpt_shape=[2, 3])
    flips = {"HorizontalFlip"}
    assert flips <= set(preset("medium").names())
    lines = made(tmp_path / "set", tmp_path / "out", None, preset="medium", per_image=8)
    applied = {step["name"] for line in lines for step in line["applied"]}
    assert applied and not applied & flips


def test_a_flip_idx_that_is_none_is_refused(tmp_path: Path) -> None:
    labelled(tmp_path, "images", "labels", POINTS)
    declared(tmp_path, kpt_shape=[2, 3], flip_idx=[1, 1])
    with pytest.raises(BadInput, match="flip_idx"):
        listed(tmp_path)


def masked(root: Path, name: str = "1.png", mask: str = "1.png") -> None:
    pictures.saved(root / "images" / name)
    numbers = np.zeros((12, 16), np.uint8)
    numbers[3:9, 2:6] = 7
    path = root / "masks" / mask
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pictures.file_of(numbers))


@pytest.mark.parametrize("mask", ["1.png", "1_mask.png"])
def test_masks_move_with_their_images_and_are_no_class(tmp_path: Path, mask: str) -> None:
    from PIL import Image

    masked(tmp_path / "set", mask=mask)
    name, (entry,) = listed(tmp_path / "set")
    assert name == "images with masks" and entry.label is None
    (line,) = made(tmp_path / "set", tmp_path / "out")
    ((folder, file),) = line["masks"]
    assert folder == "masks"
    with Image.open(tmp_path / "out" / file) as image:
        moved = np.asarray(image)
    assert set(np.unique(moved)) == {0, 7}
    assert np.flatnonzero(moved.any(axis=0)).tolist() == [10, 11, 12, 13]
    assert listed(tmp_path / "out")[0] == "images with masks"


def test_an_image_without_its_mask_is_named(tmp_path: Path) -> None:
    masked(tmp_path)
    masked(tmp_path, "2.png", "2.png")
    pictures.saved(tmp_path / "images" / "3.png")
    errors = {entry.name: entry.error for entry in listed(tmp_path)[1]}
    assert errors == {
        "images/1.png": "",
        "images/2.png": "",
        "images/3.png": "has no mask in masks/",
    }


def test_fitting_says_that_marks_are_not_made(tmp_path: Path) -> None:
    masked(tmp_path)
    loaded = sources.read(str(tmp_path), sources.ReadOptions())
    assert any("without masks" in note for note in loaded.notes)
    assert loaded.data.schema.classes == ()


def coco(root: Path, part: str) -> Path:
    pictures.saved(root / part / "1.png")
    document = {
        "images": [{"id": 1, "file_name": "1.png"}],
        "categories": [{"id": 3, "name": "bee"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [2, 1, 7, 7]}],
    }
    path = root / "annotations" / f"instances_{Path(part).name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("below", ["", "images/"])
def test_cocos_own_hint_can_be_followed(tmp_path: Path, below: str) -> None:
    for part in ("train2017", "val2017"):
        coco(tmp_path, f"{below}{part}")
    with pytest.raises(BadInput, match="2 COCO documents") as refused:
        layout_of(str(tmp_path))
    named = Path(refused.value.hint.removeprefix("Name one of them, such as ").rstrip("."))
    name, (entry,) = listed(named)
    assert (name, entry.error) == ("COCO", "")
    assert entry.path == tmp_path / f"{below}train2017" / "1.png"
    other = named.with_name("instances_val2017.json")
    assert listed(other)[1][0].path.parent.name == "val2017"


def test_a_mark_is_kept_where_that_is_asked(tmp_path: Path) -> None:
    labelled(tmp_path / "set", "images", "labels")
    declared(tmp_path / "set")
    lost = made(tmp_path / "set", tmp_path / "lost", AWAY, per_image=30)
    kept = made(tmp_path / "set", tmp_path / "kept", AWAY, per_image=30, keep_marks=True)
    assert 0 < sum(not line["marks"] for line in lost) < 30
    assert all(line["marks"] for line in kept)
    same = [(a, b) for a, b in zip(lost, kept, strict=True) if a["marks"]]
    assert all(a["sha256"] == b["sha256"] for a, b in same), "what had a mark is drawn as before"
