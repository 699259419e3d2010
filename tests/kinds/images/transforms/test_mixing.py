"""Several images in one: what is marked stays on what it marks, and classes have their shares."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augment.core.errors import BadInput, UsageError
from augment.core.seeds import Seed
from augment.kinds.images.data.annotations import Mark
from augment.kinds.images.data.outlines import drawn, runs_of, traced
from augment.kinds.images.io.layouts.found import layout_of
from augment.kinds.images.transforms.annotated import Annotated, Mask
from augment.kinds.images.transforms.capability import EVERY
from augment.kinds.images.transforms.mixing import (
    MIXINGS,
    CopyPaste,
    CutMix,
    Mixing,
    MixUp,
    Mosaic,
)
from augment.kinds.images.transforms.pipeline_file import read_pipeline
from augment.work.executors import processes
from tests.cli.in_process import augment
from tests.kinds.images import pictures
from tests.kinds.images.transforms.test_job import classes, coco, contents, made, yolo
from tests.kinds.images.transforms.test_pipeline import picture

HEIGHT, WIDTH = 72, 96
CUTTING = [Mosaic(), Mosaic(grid_yx=(2, 3)), CutMix(), CopyPaste(scale=(0.6, 0.9))]


def ellipses(first: int, height: int = HEIGHT, width: int = WIDTH) -> Annotated:
    """Two ellipses of grays of their own, each marked in every way, with masks of both sorts."""
    pixels = np.zeros((height, width), np.uint8)
    y, x = np.mgrid[:height, :width]
    marks = []
    for gray, cx, cy, rx, ry in ((first, 0.25, 0.3, 14, 9), (first + 20, 0.7, 0.65, 16, 12)):
        cx, cy = round(cx * width), round(cy * height)
        inside = ((x + 0.5 - cx) / rx) ** 2 + ((y + 0.5 - cy) / ry) ** 2 <= 1
        pixels[inside] = gray
        mask = inside.astype(np.uint8)
        box = (float(cx - rx), float(cy - ry), float(cx + rx), float(cy + ry))
        marks.append(Mark(str(gray), box, points=((cx, cy, 2), (0, 0, 0))))
        marks.append(Mark(str(gray), box, outline=traced(mask)))
        marks.append(Mark(str(gray), None, runs=runs_of(mask)))
    numbers = (pixels > 0).astype(np.uint8) + (pixels == first + 20)
    masks = (Mask("SegmentationClass", pixels, b""), Mask("SegmentationObject", numbers, b""))
    return Annotated(str(first), pixels, "gray", tuple(marks), masks, {str(first): 1.0})


def others() -> Iterator[Annotated]:
    yield from (ellipses(100), ellipses(150, 100, 100), ellipses(200, 60, 110), ellipses(220))
    yield from others()


@pytest.mark.parametrize("mixing", CUTTING, ids=lambda each: type(each).__name__)
def test_marks_masks_and_points_stay_on_their_things(mixing: Mixing) -> None:
    brought = 0
    for seed in range(8):
        partners = others()
        image, done = mixing.mix(ellipses(50), lambda p=partners: next(p), Seed(seed))
        assert image.pixels.shape == (HEIGHT, WIDTH)
        assert (image.masks[0].pixels != image.pixels).mean() < 0.06, "masks follow the pixels"
        objects = image.masks[1].pixels
        for number in np.unique(objects[objects > 0]):
            grays = np.unique(image.masks[0].pixels[objects == number])
            assert len(grays) == 1, "a number is of one thing"
        for mark in image.marks:
            there = np.abs(image.pixels.astype(int) - int(mark.label)) < 6  # edges are resampled
            brought += mark.label not in ("50", "70")
            assert there.any(), (mark.label, seed)
            if mark.runs or mark.outline:
                shape = drawn(mark, WIDTH, HEIGHT).astype(bool)
                assert (shape & there).sum() > 0.65 * shape.sum(), (mark, seed)
            elif mark.box is not None:
                left, top, right, bottom = mark.box
                assert 0 <= left < right <= WIDTH and 0 <= top < bottom <= HEIGHT
                part = there[int(top) : int(bottom + 0.99), int(left) : int(right + 0.99)]
                assert part.mean() > 0.3, (mark, seed)
            for x, y, seen in mark.points:
                near = there[max(0, int(y) - 3) : int(y) + 4, max(0, int(x) - 3) : int(x) + 4]
                assert seen < 2 or near.any()
        assert sum(image.shares.values()) == pytest.approx(1)
        assert len(done["with"]) <= mixing.partners
    assert brought > 20, "the partners bring what is marked in them"


def test_what_is_covered_goes_and_a_point_below_is_hidden() -> None:
    base = Annotated("a", np.zeros((40, 40), np.uint8), "gray", (
        Mark("whole", (0, 0, 40, 40), points=((20, 20, 2),)),
    ))  # fmt: skip
    over = Annotated("b", np.full((40, 40), 9, np.uint8), "gray", (Mark("over", (0, 0, 40, 40)),))
    image, done = CutMix(alpha=100).mix(base, lambda: over, Seed(1))
    left, top, right, bottom = done["box"]
    assert (image.pixels == 9).sum() == (right - left) * (bottom - top)
    whole, cut = image.marks
    assert whole.label == "whole" and cut.box == (left, top, right, bottom)
    inside = left <= 20 < right and top <= 20 < bottom
    assert inside and whole.points == ((20, 20, 1),)


def test_mixup_is_the_weighted_mean_and_holds_the_marks_of_both() -> None:
    base, other = ellipses(50), ellipses(150)
    image, done = MixUp(alpha=1.0).mix(base, lambda: other, Seed(2))
    weight = done["weight"]
    assert 0.5 <= weight < 1 and image.shares == pytest.approx({"50": weight, "150": 1 - weight})
    mean = weight * base.pixels.astype(float) + (1 - weight) * other.pixels
    assert np.abs(image.pixels - mean).max() <= 0.51
    assert image.marks == (*base.marks, *other.marks)


@pytest.mark.parametrize("mode", EVERY)
@pytest.mark.parametrize("name", MIXINGS)
def test_every_mixing_takes_every_mode_and_partners_of_another(name: str, mode: Any) -> None:
    pixels, mixing = picture(mode), MIXINGS[name]()
    box = (Mark("a", (4.0, 4.0, 24.0, 20.0)),)
    other = "gray" if mode == "rgb" else "rgb"
    partner = Annotated("b", picture(other)[:24], other, box)
    made, _ = mixing.mix(Annotated("a", pixels, mode), lambda: partner.in_mode(mode), Seed(3))
    assert made.pixels.shape == pixels.shape and made.pixels.dtype == pixels.dtype
    assert not np.array_equal(made.pixels, pixels)


def boxed_coco(root: Path) -> Path:
    """Six images, each with a bright square that has an outline, a box and a keypoint."""
    images, marks = [], []
    for number in range(6):
        pixels = np.zeros((40, 50), np.uint8)
        left, top = 4 + 3 * number, 6 + 2 * number
        pixels[top : top + 12, left : left + 14] = 40 + 30 * number
        path = root / "images" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pictures.file_of(pixels))
        images.append({"id": number, "file_name": f"{number}.png", "width": 50, "height": 40})
        ring = [left, top, left + 14, top, left + 14, top + 12, left, top + 12]
        marks.append(
            {"id": number, "image_id": number, "category_id": 1, "bbox": [left, top, 14, 12]}
            | {"segmentation": [ring], "keypoints": [left + 7, top + 6, 2]}
        )
    categories = [{"id": 1, "name": "square", "keypoints": ["middle"]}]
    document = {"images": images, "annotations": marks, "categories": categories}
    (root / "annotations.json").write_text(json.dumps(document))
    return root


def test_a_mixed_set_does_not_depend_on_processes_and_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.0)
    source = boxed_coco(tmp_path / "in")
    mix = {"mix": ("mosaic", "copy-paste", "cutmix", "mixup"), "preset": "light"}
    document = made(source, tmp_path / "one", mix, per_image=3, workers=1)
    made(source, tmp_path / "two", mix, per_image=3, workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert document["steps"][:4] == ["Mosaic", "CopyPaste", "CutMix", "MixUp"]
    lines = [json.loads(x) for x in (tmp_path / "one" / "manifest.jsonl").read_text().splitlines()]
    mixed = {line["applied"][0]["name"] for line in lines}
    assert mixed == {"Mosaic", "CopyPaste", "CutMix", "MixUp"} and len(lines) == 18
    for line in lines:
        partners = line["applied"][0]["with"]
        assert partners and line["source"] not in partners and len(set(partners)) == len(partners)
    entries = list(layout_of(str(tmp_path / "one")).entries(tmp_path / "one", print))
    found = [entry.annotation.marks for entry in entries if entry.annotation]
    assert len(found) == 18 and any(len(marks) > 1 for marks in found)
    assert all(mark.outline and mark.box for marks in found for mark in marks)
    with Image.open(tmp_path / "one" / "preview.png") as sheet:
        colours = np.asarray(sheet.convert("RGB")).reshape(-1, 3)
        assert sheet.width > 900 and (np.ptp(colours, axis=1) > 150).any(), "marks are drawn"


def test_yolo_sets_are_mixed_in_shares_of_the_image(tmp_path: Path) -> None:
    source = yolo(tmp_path / "in")
    pictures.saved(source / "images" / "2.png", 2)
    (source / "labels" / "2.txt").write_text("1 0.5 0.5 0.5 0.5\n")
    made(source, tmp_path / "out", {"mix": ("mosaic",)})
    texts = [path.read_text() for path in sorted((tmp_path / "out" / "labels").glob("*.txt"))]
    numbers = [float(n) for text in texts for row in text.splitlines() for n in row.split()[1:]]
    assert len(texts) == 2 and numbers and min(numbers) >= 0 and max(numbers) <= 1


@pytest.mark.parametrize("kind", ["folders", "csv", "jsonl"])
def test_classes_that_are_mixed_have_soft_labels_where_the_layout_can_hold_them(
    tmp_path: Path, kind: str
) -> None:
    source = classes(tmp_path / "in", 3, 3)
    rows = [(f"{name}/{n}.png", name, "") for name in ("ant", "bee") for n in range(3)]
    if kind == "csv":
        with (source / "metadata.csv").open("w") as stream:
            csv.writer(stream).writerows([("file_name", "label", "text"), *rows])
    if kind == "jsonl":
        lines = [json.dumps({"file_name": file, "label": label}) for file, label, _ in rows]
        (source / "metadata.jsonl").write_text("\n".join(lines))
    document = made(source, tmp_path / "out", {"mix": ("mixup", "cutmix")})
    assert any("soft_label" in note for note in document["notes"])
    if kind == "csv":
        with (tmp_path / "out" / "metadata.csv").open() as stream:
            found = [row | {"soft_label": json.loads(row["soft_label"])}
                     for row in csv.DictReader(stream)]  # fmt: skip
    else:
        text = (tmp_path / "out" / "metadata.jsonl").read_text()
        found = [json.loads(line) for line in text.splitlines()]
    assert len(found) == 6 and any(len(row["soft_label"]) == 2 for row in found)
    for row in found:
        shares = row["soft_label"]
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert row["label"] == max(shares, key=lambda name: shares[name])
        assert row["file_name"].startswith(f"{row['label']}/")
    plain = made(source, tmp_path / "plain", {"preset": "light"})
    assert not plain["notes"] and not (
        kind == "folders" and (tmp_path / "plain" / "metadata.jsonl").exists()
    )


def test_what_cannot_be_mixed_is_refused_with_the_way_out(tmp_path: Path) -> None:
    def refused(source: Path, given: dict[str, Any], why: str) -> None:
        with pytest.raises(UsageError, match=why):
            made(source, tmp_path / "out", given)

    source = classes(tmp_path / "in")
    refused(source, {"mix": ("mosiac",)}, "Did you mean 'mosaic'")
    refused(source, {"mix": ("copy-paste",)}, "nothing is marked in class folders")
    refused(classes(tmp_path / "one", 1, 0), {"mix": ("mixup",)}, "at least two images")
    for name in ("1", "2"):
        pictures.saved(tmp_path / "m" / "images" / f"{name}.png")
        mask = np.zeros((12, 16), np.uint8)
        mask[3:9, 2:12] = 1
        path = tmp_path / "m" / "masks" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pictures.file_of(mask))
    refused(tmp_path / "m", {"mix": ("mixup",)}, "of two classes")
    document = made(tmp_path / "m", tmp_path / "pasted", {"mix": ("copy-paste",)}, seed=1)
    assert document["made"] == 2, "what a mask marks can be pasted"
    (tmp_path / "p.yaml").write_text("[{name: Mosaic}]")
    given = {"mix": ("cutmix",), "pipeline": str(tmp_path / "p.yaml")}
    refused(source, given, "leave out --mix")


def test_a_partner_that_is_damaged_is_passed_over_and_named_once(tmp_path: Path) -> None:
    source = classes(tmp_path / "in", 6, 1)
    late = pictures.file_of(pictures.noise(1, 64, 64))
    (source / "ant" / "late.png").write_bytes(late[: len(late) // 2])  # its header is whole
    given = {"mix": ("mosaic",), "on_error": "skip"}
    document = made(source, tmp_path / "out", given, per_image=4)
    assert document["made"] == 28
    (note,) = (note for note in document["notes"] if "left out" in note)
    assert "1 images" in note and note.count("late.png") == 1
    with pytest.raises(BadInput, match=r"late\.png"):
        made(source, tmp_path / "fail", {"mix": ("mosaic",)})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[{name: Blur}, {name: MixUp}]", "comes before all"),
        ("[{one_of: [{name: Blur}, {name: MixUp}]}]", "in steps of its own"),
        ("[{name: MixUp, alpha: 0}]", "above 0"),
        ("[{name: MixUp, alfa: 1}]", "Did you mean 'alpha'"),
        ("[{name: Mosaic, grid_yx: [1, 1]}]", "at least two cells"),
        ("[{name: Mosaic, grid_yx: [9, 9]}]", "at most 16 cells"),
        ("[{name: Mosaic, center_range: [0.8, 0.2]}]", "rise"),
        ("[{name: CopyPaste, most: 1.5}]", "whole number"),
        ("[{name: CopyPaste, scale: 2}]", "two numbers"),
        ("[{name: CutMiks}]", "Did you mean 'CutMix'"),
    ],
)
def test_mixing_steps_of_a_file_are_checked(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(UsageError, match=says):
        read_pipeline(tmp_path / "p.yaml")


def test_a_file_mixes_first_and_then_changes_one(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        "[{name: Mosaic, p: 1.0}, {one_of: [{name: MixUp}, {name: CutMix}], p: 0.5}, {name: Blur}]"
    )
    pipeline = read_pipeline(tmp_path / "p.yaml")
    assert len(pipeline.mixing) == 2 and [s["name"] for s in pipeline.steps] == ["Blur"]
    assert pipeline.names() == ["Mosaic", "MixUp", "CutMix", "Blur"]
    source = coco(tmp_path / "in")
    with pytest.raises(UsageError, match="at least two images"):
        made(source, tmp_path / "out", {"pipeline": str(tmp_path / "p.yaml")})


def test_what_is_mixed_is_a_setting_too_and_gives_way_to_a_pipeline(tmp_path: Path) -> None:
    source, config = classes(tmp_path / "in"), tmp_path / "c.toml"
    config.write_text('[transform]\nmix = ["mixup", "cutmix"]\n')
    (tmp_path / "p.yaml").write_text("[{name: Mosaic, p: 1.0}]")
    for more, steps in (
        ((), ["MixUp", "CutMix"]),
        (("--mix", "mosaic"), ["Mosaic"]),
        (("--pipeline", tmp_path / "p.yaml"), ["Mosaic"]),
    ):
        words = ("transform", source, "-o", tmp_path / "out", "--config", config, "--dry-run")
        done = augment(*words, "--json", *more)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["steps"] == steps
    config.write_text('[transform]\nmix = ["mixop"]\n')
    done = augment("transform", source, "-o", tmp_path / "out", "--config", config)
    assert done.returncode == 2 and b"mosaic, mixup, cutmix or copy-paste" in done.stderr
