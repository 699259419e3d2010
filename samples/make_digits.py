"""Write scikit-learn's handwritten digits as class folders of PNG: `digits/<class>/<number>.png`.

Gray, 8 x 8 pixels, the 17 levels of the source spread evenly over 0 to 255 (level 16 is 255), so
that they can be told apart again: level = round(pixel * 16 / 255).

    python samples/make_digits.py [OUT_FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

LEVELS = 16


def main(folder: Path) -> None:
    digits = load_digits()
    for number, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        pixels = np.rint(image * 255 / LEVELS).astype(np.uint8)  # (8, 8)
        place = folder / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place / f"{number:04d}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("digits"))
