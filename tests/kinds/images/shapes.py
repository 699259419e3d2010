"""Discs, crosses and bars in three colours with captions, and a judge that reads them off again."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from tests.kinds.images.pictures import file_of

COLOURS = {"red": (230, 40, 40), "green": (40, 220, 50), "blue": (40, 60, 240)}
SHAPES = ("disc", "cross", "bar")
SIDE = 12
UNSEEN = ("disc", "red")


def drawn(shape: str, colour: str, rng: np.random.Generator) -> np.ndarray:
    """(12, 12, 3), a little off the middle; crosses and bars reach the edges."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    y, x = y - rng.uniform(-1, 1), x - rng.uniform(-1, 1)
    arms = {"cross": np.minimum(abs(x), abs(y)), "bar": abs(y)}
    inside = x**2 + y**2 < 16 if shape == "disc" else arms[shape] < 1.1
    pixels = rng.normal(15, 5, (SIDE, SIDE, 3))
    pixels[inside] = np.array(COLOURS[colour]) + rng.normal(0, 10, 3)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def listed(root: Path, rows: int, labelled: bool = True) -> Path:
    """A folder with metadata.csv in which every pair is found but `UNSEEN`."""
    rng = np.random.default_rng(4)
    root.mkdir(parents=True)
    pairs = [(s, c) for s in SHAPES for c in COLOURS if (s, c) != UNSEEN]
    with (root / "metadata.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("file_name", "label", "text"))
        for row in range(rows):
            shape, colour = pairs[row % len(pairs)]
            (root / f"{row}.png").write_bytes(file_of(drawn(shape, colour, rng)))
            writer.writerow((f"{row}.png", shape if labelled else "", f"A {colour} {shape}."))
    return root


def read_off(pixels: np.ndarray) -> tuple[str, str]:
    """The shape and the colour of one picture."""
    bright = pixels.max(2) > 90
    colour = list(COLOURS)[int(pixels[bright].mean(0).argmax())]
    edges = (bright[0], bright[-1], bright[:, 0], bright[:, -1])
    reached = sum(bool(edge.any()) for edge in edges)
    shape = "disc" if reached < 1 else "bar" if reached < 3 else "cross"
    return shape, colour


def read_file(path: Path) -> tuple[str, str]:
    return read_off(np.asarray(Image.open(path).convert("RGB")))
