"""A set of 32 × 32 colour pictures for benchmarks: blood cells, and digits on photographs.

Both come of pictures that others took: cells are cut out of photographs by their boxes, and each
handwritten digit is coloured and laid over a piece of such a photograph. What tests is cut out
of photographs, and made of digits, that the training set has nothing of.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import ImageSchema

SIDE = 32
CELLS = ("Platelets", "RBC", "WBC")
CUTS = {"Platelets": 16, "RBC": 2, "WBC": 20}  # out of each box, turned and mirrored
TESTED = 8  # photographs that no training picture is cut out of
DIGITS = tuple("0123456789")
SCHEMA = ImageSchema(SIDE, SIDE, "rgb", (*DIGITS, *CELLS))
FURTHER = 110.0  # of a digit's colour from its ground's mean


def colour_pictures(digits: Path, photographs: Path, seed: int = 0) -> tuple[Images, Images]:
    """A training and a test set: `digits` holds `train` and `test` with a folder of each class,
    `photographs` the folders `images` and `annotations` (Pascal VOC)."""
    rng = np.random.default_rng(seed)
    names = sorted((photographs / "images").iterdir())
    order = rng.permutation(len(names))
    sides = []
    for part, places in (("test", order[:TESTED]), ("train", order[TESTED:])):
        chosen = [names[place] for place in sorted(places.tolist())]
        pictures, codes = _cells(chosen, photographs / "annotations", rng)
        more, told = _digits(digits / part, chosen, rng)
        pixels, labels = np.stack(pictures + more), np.array(codes + told)
        mixed = rng.permutation(len(pixels))
        sides.append(Images.of_arrays(pixels[mixed], labels[mixed], SCHEMA))
    return sides[1], sides[0]


def _cells(names: list[Path], boxes: Path, rng: Any) -> tuple[list[Any], list[int]]:
    pictures, codes = [], []
    for name in names:
        whole = np.asarray(Image.open(name).convert("RGB"))
        for each in ElementTree.parse(boxes / f"{name.stem}.xml").iter("object"):
            kind = str(each.findtext("name"))
            left, top, right, bottom = (
                int(str(each.findtext(f"bndbox/{end}"))) for end in ("xmin", "ymin", "xmax", "ymax")
            )
            if right - left < 8 or bottom - top < 8:
                continue
            for _ in range(CUTS[kind]):
                side = max(right - left, bottom - top) * rng.uniform(1.0, 1.25)
                shift = rng.uniform(-0.06, 0.06, 2) * side
                across, down = (left + right) / 2 + shift[0], (top + bottom) / 2 + shift[1]
                pictures.append(_turned(_cut(whole, across, down, side), rng))
                codes.append(len(DIGITS) + CELLS.index(kind))
    return pictures, codes


def _digits(folder: Path, names: list[Path], rng: Any) -> tuple[list[Any], list[int]]:
    grounds = [np.asarray(Image.open(name).convert("RGB")) for name in names]
    pictures, codes = [], []
    for code, kind in enumerate(DIGITS):
        for path in sorted((folder / kind).iterdir()):
            ink = np.asarray(Image.open(path).convert("L").resize((SIDE, SIDE), 1)) / 255.0
            ground = _ground(grounds[rng.integers(len(grounds))], rng)
            colour = rng.uniform(0, 255, 3)
            while np.abs(colour - ground.mean((0, 1))).sum() < FURTHER:
                colour = rng.uniform(0, 255, 3)
            shown = ground + ink[:, :, None] * (colour - ground)
            pictures.append(shown.round().astype(np.uint8))
            codes.append(code)
    return pictures, codes


def _ground(photograph: Any, rng: Any) -> Any:
    side = rng.uniform(48, 160)
    high, wide = photograph.shape[:2]
    middle = rng.uniform(side / 2, wide - side / 2), rng.uniform(side / 2, high - side / 2)
    piece = _turned(_cut(photograph, *middle, side), rng)[:, :, rng.permutation(3)]
    return np.clip(piece * rng.uniform(0.4, 1.1, 3), 0, 255)


def _cut(whole: Any, across: float, down: float, side: float) -> Any:
    """The square around a place, whose edges repeat where it leaves the photograph."""
    size = max(8, round(side))
    rows = np.clip(np.arange(size) + round(down - size / 2), 0, whole.shape[0] - 1)
    columns = np.clip(np.arange(size) + round(across - size / 2), 0, whole.shape[1] - 1)
    piece = Image.fromarray(whole[np.ix_(rows, columns)])
    return np.asarray(piece.resize((SIDE, SIDE), Image.Resampling.BOX))


def _turned(piece: Any, rng: Any) -> Any:
    turned = np.rot90(piece, rng.integers(4))
    return turned[:, ::-1] if rng.integers(2) else turned
