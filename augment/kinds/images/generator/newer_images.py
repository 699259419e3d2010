"""Newer images that a fit goes on with: by the older model's classes and words."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np

from augment.core.errors import BadInput, near_name
from augment.core.schema_drift import SchemaDrift
from augment.kinds.images.data.captions import words_of
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.io.rejects import printed


def placed(images: Images, schema: ImageSchema) -> tuple[Images, tuple[SchemaDrift, ...]]:
    """The images under the older model's schema, and how they differ from what it knows.

    Raises `BadInput` for a class that it has not: its network has no place for one.
    """
    old, new = schema.classes, images.schema.classes
    unknown = [name for name in new if name not in old]
    if unknown:
        near = near_name(printed(unknown[0]), list(old))
        raise BadInput(
            f"{len(unknown):,} of the {len(new):,} classes are not among the {len(old):,} that the "
            f"older model has. {near}".strip(),
            hint="Rename them, leave their images out, or fit a model anew, without --from.",
        )
    places = np.array([*(old.index(name) for name in new), UNLABELLED], np.int64)
    codes = places[images.label_codes]  # UNLABELLED is -1: as a position, the last
    known = dataclasses.replace(images, label_codes=codes, schema=schema)
    return known, tuple(_drift(known))


def _drift(images: Images) -> list[SchemaDrift]:
    schema, found = images.schema, []
    there = set(images.label_codes.tolist())
    gone = tuple(name for code, name in enumerate(schema.classes) if code not in there)
    if gone:
        sentence = f"No image shows {len(gone):,} of the {len(schema.classes):,} classes of the "
        found.append(
            SchemaDrift(
                "label", "gone", f"{sentence}model: they are made only where asked for.", gone
            )
        )
    if schema.classes and UNLABELLED in there:
        rows = int((images.label_codes == UNLABELLED).sum())
        found.append(
            SchemaDrift("label", "nulls", f"{rows:,} of {len(images):,} images have no label.")
        )
    counts = Counter(word for text in images.captions or () for word in set(words_of(text)))
    unseen = tuple(sorted(counts.keys() - set(schema.vocabulary)))
    if unseen:
        sentence = f"{len(unseen):,} of {len(counts):,} words of the captions are none that the "
        sentence += "model knows: they are not learnt."
        found.append(SchemaDrift("prompt", "unseen values", sentence, unseen))
    return found
