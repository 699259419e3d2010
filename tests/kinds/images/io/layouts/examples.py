"""A small set of images in each layout, with all that the layout can hold."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml

from tests.kinds.images import pictures

CLASSES = ("ant", "bee")
NAMES = ("1", "2")


def class_folders(folder: Path) -> Path:
    for seed, name in enumerate(("ant/1", "bee/2", "%2Dcat/3")):
        pictures.saved(folder / f"{name}.png", seed)
    return folder


def flat_folder(folder: Path) -> Path:
    for seed, name in enumerate(NAMES):
        pictures.saved(folder / f"{name}.png", seed)
    return folder


def file_list(folder: Path) -> Path:
    rows = [
        {"file_name": "1.png", "label": "ant", "text": "dark, small"},
        {"file_name": "2.png", "label": "bee"},
    ]
    (folder / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return flat_folder(folder)


def webdataset(folder: Path) -> Path:
    members = {
        "1.png": pictures.file_of(pictures.noise(1)),
        "1.cls": b"ant",
        "1.txt": b"dark",
        "2.png": pictures.file_of(pictures.noise(2)),
        "2.json": b'{"label": "bee", "caption": "pale"}',
    }
    with tarfile.open(folder / "shard.tar", "w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return folder / "shard.tar"


def coco(folder: Path) -> Path:
    common = {"category_id": 3, "iscrowd": 0}
    keypoints = {"keypoints": [4, 5, 2, 0, 0, 0], "num_keypoints": 1}
    document = {
        "images": [
            {"id": 7, "file_name": "1.png", "width": 16, "height": 12, "license": 1},
            {"id": 9, "file_name": "2.png", "width": 16, "height": 12},
        ],
        "categories": [{"id": 3, "name": "bee"}],
        "annotations": [
            common | {"id": 1, "image_id": 7, "bbox": [2, 1, 7, 7]} | keypoints,
            common | {"id": 2, "image_id": 7, "segmentation": [[2, 1, 9, 1, 9, 8]]},
            common
            | {"id": 3, "image_id": 9, "segmentation": {"size": [12, 16], "counts": [13, 5, 174]}},
        ],
    }
    flat_folder(folder / "images")
    (folder / "annotations.json").write_text(json.dumps(document))
    return folder


def voc(folder: Path) -> Path:
    flat_folder(folder / "JPEGImages")
    box = "<bndbox><xmin>3</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax></bndbox>"
    text = f"<annotation><object><name>bee</name><pose>Left</pose>{box}</object></annotation>"
    (folder / "Annotations").mkdir()
    (folder / "Annotations" / "1.xml").write_text(text)
    mask(folder / "SegmentationClass" / "1.png")
    return folder


def yolo(folder: Path) -> Path:
    flat_folder(folder / "images")
    (folder / "labels").mkdir()
    (folder / "labels" / "1.txt").write_text("1 0.5 0.5 0.25 0.5 0.5 0.25 2\n")
    (folder / "labels" / "2.txt").write_text("0 0.5 0.5 0.5 0.5 0.25 0.5 1\n")
    (folder / "data.yaml").write_text(yaml.safe_dump({"names": [*CLASSES], "kpt_shape": [1, 3]}))
    return folder


def masks(folder: Path) -> Path:
    flat_folder(folder / "images")
    for name in NAMES:
        mask(folder / "masks" / f"{name}.png")
    return folder


def mask(path: Path) -> None:
    numbers = np.zeros((12, 16), np.uint8)
    numbers[3:9, 2:6] = 7
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pictures.file_of(numbers))


EXAMPLES: dict[str, Callable[[Path], Path]] = {  # by the name that the layout is registered under
    "class_folders": class_folders,
    "coco": coco,
    "flat_folder": flat_folder,
    "list": file_list,
    "masks": masks,
    "voc": voc,
    "webdataset": webdataset,
    "yolo": yolo,
}
