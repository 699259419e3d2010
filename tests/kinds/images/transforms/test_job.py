"""`augment transform`: counts, names, formats, resuming, and refusals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from augment.cli.app import app
from augment.core.errors import BadInput, UsageError
from augment.core.types import Tick, silent
from augment.kinds.images.io.layouts.found import layout_of
from augment.kinds.images.io.layouts.yolo import in_pixels
from augment.kinds.images.transforms import job
from augment.lifecycle.transform import transform
from augment.work.executors import processes
from tests.kinds.images import pictures

LIGHT = {"preset": "light"}
REFLECTED = {"name": "Affine", "rotate": [-9, 9], "border_mode": "reflect", "p": 1.0}


def classes(root: Path, ant: int = 5, bee: int = 2) -> Path:
    for label, count in (("ant", ant), ("bee", bee)):
        for number in range(count):
            pictures.saved(root / label / f"{number}.png", number)
    return root


def made(source: Path, out: Path, given: dict[str, Any], **more: Any) -> dict[str, Any]:
    how = {"workers": 1, "seed": 7, "force": False, "dry_run": False, "tell": silent}
    how |= {name: more.pop(name) for name in [*more] if name in how}
    return transform(str(source), out, given | more, **how)


def piped(folder: Path, *steps: dict[str, Any], name: str = "mine") -> dict[str, Any]:
    """A pipeline of a user's own, in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps({"transforms": steps}))
    return {"pipeline": str(folder / f"{name}.json")}


@pytest.fixture
def flip(tmp_path: Path) -> dict[str, Any]:
    return piped(tmp_path / "pipelines", {"name": "HorizontalFlip", "p": 1.0}, name="flip")


def contents(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def images_of(out: Path) -> list[Path]:
    """The images that were made: all but the sheet that shows some of them."""
    return [path for path in out.rglob("*.png") if path != out / "preview.png"]


@pytest.mark.slow  # processes take seconds to start
def test_the_same_bytes_for_any_number_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.0)
    source = classes(tmp_path / "in", 40, 40)
    made(source, tmp_path / "one", LIGHT, workers=1)
    made(source, tmp_path / "two", LIGHT, workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert len(images_of(tmp_path / "one")) == 80


def test_per_image_and_originals_count(tmp_path: Path) -> None:
    source = classes(tmp_path / "in")
    document = made(source, tmp_path / "out", LIGHT, per_image=3, originals=True)
    assert document["made"] == document["planned"] == 7 * 4
    first = tmp_path / "out" / "ant" / "0__light__000000.png"
    assert np.array_equal(np.asarray(Image.open(first)), pictures.noise(0))


def test_balance_makes_what_each_class_lacks(tmp_path: Path) -> None:
    made(classes(tmp_path / "in", 7, 2), tmp_path / "out", LIGHT, balance=True)
    files = images_of(tmp_path / "out")
    assert len(files) == 5 and {file.parent.name for file in files} == {"bee"}
    assert sorted(file.name[0] for file in files) == ["0", "0", "0", "1", "1"]


def test_a_killed_run_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "CHUNK", 2)
    source, out = classes(tmp_path / "in"), tmp_path / "out"
    (source / "ant" / "9.png").write_bytes(pictures.file_of(pictures.noise(1, 64, 64))[:900])
    made(source, tmp_path / "whole", LIGHT, on_error="skip")

    def killed(tick: Tick) -> None:
        if tick.phase == "write" and tick.step >= 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(source, out, LIGHT, on_error="skip", tell=killed)
    done = out / ".partial" / "done.jsonl"
    assert len(done.read_text().splitlines()) == 3
    with done.open("a") as stream:
        stream.write(done.read_text()[:40])  # the next line, torn
    next((out / ".partial" / "ant").glob("1__*.png")).unlink()
    document = made(source, out, LIGHT, on_error="skip", seed=None)
    assert document["seed"] == 7 and document["fresh"] == 4
    assert contents(out) == contents(tmp_path / "whole")
    assert sum("9.png" in note for note in document["notes"]) == 1


def test_another_request_needs_force_and_foreign_files_are_safe(
    tmp_path: Path, flip: dict[str, Any]
) -> None:
    source = classes(tmp_path / "in")
    made(source, tmp_path / "out", LIGHT)
    with pytest.raises(UsageError, match="--force"):
        made(source, tmp_path / "out", LIGHT, per_image=2)
    own = tmp_path / "out" / "ant" / "own.txt"
    own.write_text("mine")
    made(source, tmp_path / "out", flip, force=True)
    assert own.exists() and len(images_of(tmp_path / "out")) == 7
    with pytest.raises(UsageError, match="other files"):
        made(source, source, LIGHT, force=True)


@pytest.mark.parametrize("labels", ["12", "aB", ("digit_1", "digit_2"), ("six", "Nine")])
def test_flips_are_off_for_digits_and_refused_in_a_users_pipeline(
    tmp_path: Path, flip: dict[str, Any], labels: Sequence[str]
) -> None:
    for label in labels:
        pictures.saved(tmp_path / "in" / label / "a.png")
    document = made(tmp_path / "in", tmp_path / "out", LIGHT)
    assert "HorizontalFlip" not in document["steps"] and "digits" in document["notes"][0]
    with pytest.raises(UsageError, match="--no-flips"):
        made(tmp_path / "in", tmp_path / "b", flip)
    assert made(tmp_path / "in", tmp_path / "c", flip, flips=True)["steps"] == ["HorizontalFlip"]


def test_an_unfit_transform_of_a_user_is_refused_and_of_a_preset_left_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    deep = np.full((12, 16), 40_000, np.uint16)
    (tmp_path / "in" / "a.png").write_bytes(pictures.file_of(deep))
    hue = piped(tmp_path, {"name": "HueSaturationValue"})
    with pytest.raises(UsageError, match="HueSaturationValue cannot take gray16"):
        made(tmp_path / "in", tmp_path / "x", hue)
    made(tmp_path / "in", tmp_path / "out", LIGHT, per_image=1)
    (file,) = images_of(tmp_path / "out")
    assert np.asarray(Image.open(file)).dtype == np.uint16


def test_bad_images_fail_by_name_or_are_left_out(tmp_path: Path) -> None:
    source = classes(tmp_path / "in")
    late = pictures.file_of(pictures.noise(1, 64, 64))
    (source / "bee" / "late.png").write_bytes(late[: len(late) // 2])  # its header is whole
    with pytest.raises(BadInput, match=r"bee/late\.png"):
        made(source, tmp_path / "a", LIGHT)
    document = made(source, tmp_path / "b", LIGHT, on_error="skip")
    assert document["made"] == document["images"] == 7 and "late.png" in document["notes"][-1]
    (source / "bee" / "early.png").write_bytes(b"no image at all")
    document = made(source, tmp_path / "c", LIGHT, on_error="skip")
    (note,) = (note for note in document["notes"] if "left out:" in note)
    assert "2 images" in note and "late.png" in note and "early.png" in note


def yolo(root: Path) -> Path:
    pictures.saved(root / "images" / "1.png")
    (root / "labels").mkdir()
    (root / "labels" / "1.txt").write_text("1 0.25 0.5 0.500001 1.000001\n0 0 0 0.5 0 0.5 0.5\n")
    (root / "classes.txt").write_text("ant\nbee\n")
    return root


def voc(root: Path) -> Path:
    pictures.saved(root / "images" / "1.png")
    (root / "annotations").mkdir()
    (root / "annotations" / "1.xml").write_text(
        "<annotation><size><width>16</width><height>12</height></size><object><name>bee</name>"
        "<pose>Left</pose><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>8</xmax><ymax>12</ymax></bndbox>"
        "</object></annotation>"
    )
    mask = Image.fromarray(np.tile(np.arange(16, dtype=np.uint8), (12, 1))).convert("P")
    mask.putpalette([value for step in range(256) for value in (step, 255 - step, 7)])
    (root / "SegmentationClass").mkdir()
    mask.save(root / "SegmentationClass" / "1.png")
    return root


def coco(root: Path) -> Path:
    pictures.saved(root / "images" / "1.png")
    document = {
        "images": [{"id": 4, "file_name": "1.png", "width": 16, "height": 12, "license": 3}],
        "categories": [{"id": 9, "name": "bee", "supercategory": "insect"}],
        "annotations": [
            {"id": 1, "image_id": 4, "category_id": 9, "iscrowd": 0, "bbox": [0, 0, 8, 12]},
            {
                "id": 2,
                "image_id": 4,
                "category_id": 9,
                "iscrowd": 1,
                "segmentation": {"size": [12, 16], "counts": [0, 96, 96]},
            },
        ],
    }
    (root / "all.json").write_text(json.dumps(document))
    return root


@pytest.mark.parametrize("layout", [yolo, voc, coco])
def test_marks_are_rewritten_in_their_own_format(
    tmp_path: Path, flip: dict[str, Any], layout: Any
) -> None:
    source, out = layout(tmp_path / "in"), tmp_path / "out"
    made(source, out, flip)
    found = layout_of(str(out))
    assert found.name == layout_of(str(source)).name
    (entry,) = found.entries(out, print)
    assert entry.annotation is not None and not entry.error
    marks = in_pixels(entry.annotation, 16, 12).marks
    assert marks[0].label == "bee" and marks[0].box == pytest.approx((8, 0, 16, 12), abs=1e-4)
    assert np.array_equal(np.asarray(Image.open(entry.path)), pictures.noise(0)[:, ::-1])
    if layout is voc:
        assert marks[0].extra == {"pose": "Left"}
        ((_, path),) = entry.annotation.masks
        with Image.open(path) as mask, Image.open(source / "SegmentationClass" / "1.png") as old:
            assert np.array_equal(np.asarray(mask), np.asarray(old)[:, ::-1])
            assert mask.getpalette() == old.getpalette()
    if layout is coco:
        document = json.loads((out / "annotations.json").read_text())
        assert document["categories"][0]["supercategory"] == "insect"
        assert document["images"][0]["license"] == 3 and marks[1].runs == (96, 96)
    again = tmp_path / "again"
    made(out, again, flip)
    (back,) = found.entries(again, print)
    assert back.annotation is not None
    assert in_pixels(back.annotation, 16, 12).marks[0].box == pytest.approx((0, 0, 8, 12), abs=1e-4)


def test_a_border_that_reflects_shows_a_box_twice_and_keypoints_are_refused(tmp_path: Path) -> None:
    given = piped(tmp_path / "pipelines", REFLECTED)
    assert made(voc(tmp_path / "voc"), tmp_path / "a", given)["made"] == 1
    source = yolo(tmp_path / "yolo")
    (source / "classes.txt").unlink()
    (source / "data.yaml").write_text("names: [ant, bee]\nkpt_shape: [1, 2]\n")
    (source / "labels" / "1.txt").write_text("1 0.5 0.5 0.25 0.5 0.5 0.25\n")
    with pytest.raises(UsageError, match="twice"):
        made(source, tmp_path / "b", given)


def test_an_annotation_of_another_size_is_refused(tmp_path: Path, flip: dict[str, Any]) -> None:
    source = voc(tmp_path / "in")
    (source / "images" / "1.png").write_bytes(pictures.file_of(pictures.noise(1, 10, 10)))
    with pytest.raises(BadInput, match="speaks of 16x12"):
        made(source, tmp_path / "out", flip)


def test_hostile_names_stay_inside_and_are_kept_in_the_manifest(tmp_path: Path) -> None:
    root = tmp_path / "in"
    names = ["%2E%2E%2Fup/a\nb.png", "-rf/😀.png", "c/-x.png"]
    for name in names:
        pictures.saved(root / name)
    out = tmp_path / "o" / "out"
    made(root, out, LIGHT)
    assert len(images_of(out)) == 3 == len(list(tmp_path.glob("o/**/*.png"))) - 1
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert {line["label"] for line in lines} == {"../up", "-rf", "c"}
    assert {line["source"] for line in lines} == set(names)


def test_the_command_makes_images_that_verify(tmp_path: Path) -> None:
    source, out = classes(tmp_path / "in"), str(tmp_path / "out")
    run = CliRunner().invoke
    first = run(app, ["transform", str(source), "-o", out, "--seed", "3", "--json"])
    assert first.exit_code == 0 and json.loads(first.stdout)["made"] == 7
    assert run(app, ["verify", out]).exit_code == 0
    again = run(app, ["transform", str(source), "-o", out, "--json"])
    assert json.loads(again.stdout)["up_to_date"] is True
    dry = run(app, ["transform", str(source), "-o", out + "2", "--dry-run", "--json"])
    assert json.loads(dry.stdout)["planned"] == 7 and not Path(out + "2").exists()
    assert run(app, ["transform", str(source), "-o", out, "--preset", "no"]).exit_code == 2
    assert run(app, ["transform", str(tmp_path / "none"), "-o", out]).exit_code == 4
