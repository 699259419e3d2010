"""Newer images by the classes and words of an older model."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from augment.core.errors import BadInput, UsageError
from augment.core.source import External
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.generator.newer_images import placed
from augment.kinds.images.io.reading import ReadOptions, read_newer

KNOWN = ImageSchema(8, 8, "gray", ("ant", "bee", "cat"), ("red", "small"))


def images(classes: tuple[str, ...], codes: list[int], captions: list[str] | None = None) -> Images:
    pixels = np.zeros((len(codes), 8, 8, 1), np.uint8)
    schema = dataclasses.replace(KNOWN, classes=classes, vocabulary=())
    return Images.of_arrays(pixels, np.array(codes), schema, captions)


def test_classes_get_the_older_codes_and_what_differs_is_told() -> None:
    newer = images(("ant", "cat"), [0, 1, 1, -1], ["red", "red, huge", "small", ""])
    known, drift = placed(newer, KNOWN)
    assert known.schema == KNOWN
    assert known.labels() == ["ant", "cat", "cat", None]
    assert {each.change: each.values for each in drift} == {
        "gone": ("bee",),
        "nulls": (),
        "unseen values": ("huge",),
    }
    assert not any("bee" in each.sentence or "huge" in each.sentence for each in drift)


def test_the_same_classes_and_words_have_not_drifted() -> None:
    assert placed(images(KNOWN.classes, [0, 1, 2], ["red", "small", ""]), KNOWN)[1] == ()


def test_a_class_that_the_model_lacks_is_refused_with_the_way_out() -> None:
    with pytest.raises(BadInput, match="1 of the 2 classes are not among the 3") as raised:
        placed(images(("ant", "dog"), [0, 1]), KNOWN)
    assert "without --from" in str(raised.value)


def test_newer_images_come_onto_the_older_canvas_and_no_other() -> None:
    source = External((np.zeros((3, 16, 16), np.uint8), ["ant", "bee", "ant"]))
    loaded = read_newer(source, KNOWN, ReadOptions())
    assert loaded.data.schema.shape == KNOWN.shape and len(loaded.data) == 3
    for options in (ReadOptions(canvas="16"), ReadOptions(channels="rgb")):
        with pytest.raises(UsageError, match="older model"):
            read_newer(source, KNOWN, options)
