"""What is kept of a set of images, to tell later how far new ones have moved."""

from __future__ import annotations

import numpy as np

from augment.evaluation import drift
from augment.evaluation.drift import Profile
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.data.pixels import chunks


def profiles(images: Images) -> tuple[Profile, ...]:
    """The shares of the classes, and the mean brightness of the pictures (0 to 255)."""
    light = np.empty(len(images))
    for part in chunks(len(images), images.schema.shape):
        light[part] = images.pixels[part].mean(axis=(1, 2, 3))
    found = [drift.of_numbers("brightness", light)]
    if images.schema.classes:
        codes = images.label_codes
        counts = np.bincount(codes[codes != UNLABELLED], minlength=len(images.schema.classes))
        named = dict(zip(images.schema.classes, counts.tolist(), strict=True))
        found.append(drift.of_categories("label", named, int((codes == UNLABELLED).sum())))
    return tuple(found)
