"""Laws of `Images`: taking composes, joining undoes splitting, digests see what counts."""

from __future__ import annotations

import numpy as np
import pytest

from augment.core.errors import BadInput, UsageError
from augment.kinds.images.data import pixels as room_of
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import ImageSchema

SCHEMA = ImageSchema(8, 10, "rgb", ("ant", "bee"), ("dark", "small"))


def made(n: int = 7) -> Images:
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (n, 8, 10, 3), dtype=np.uint8)
    codes = rng.integers(-1, 2, n)
    return Images.of_arrays(pixels, codes, SCHEMA, [f"dark {row}" for row in range(n)])


def test_taking_twice_is_taking_the_composition() -> None:
    images = made()
    first, second = np.array([6, 0, 0, 3]), np.array([3, 1])
    assert images.take(first).take(second).digest() == images.take(first[second]).digest()
    assert images.take(first).sources == ("000006", "000000", "000000", "000003")


def test_joining_undoes_splitting() -> None:
    images = made()
    parts = [images.take(np.arange(3)), images.take(np.arange(3, 7))]
    assert Images.join(parts).digest() == images.digest()


def test_large_sets_lie_on_disk_and_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    images = made()
    monkeypatch.setattr(room_of, "IN_MEMORY_BYTES", 100)
    monkeypatch.setattr(room_of, "CHUNK_BYTES", 500)
    taken = images.take(np.arange(7))
    assert isinstance(taken.pixels, np.memmap)
    assert taken.digest() == images.digest()


def test_the_digest_sees_a_pixel_a_label_and_a_caption() -> None:
    images = made()
    pixel = images.pixels.copy()
    pixel[2, 3, 4, 1] ^= 1
    other = [
        Images.of_arrays(pixel, images.label_codes, SCHEMA, images.captions),
        Images.of_arrays(images.pixels, 1 - images.label_codes, SCHEMA, images.captions),
        Images.of_arrays(images.pixels, images.label_codes, SCHEMA),
    ]
    assert len({images.digest(), *(each.digest() for each in other)}) == 4


def test_labels_are_names_or_none() -> None:
    images = Images.of_arrays(made(3).pixels, np.array([1, -1, 0]), SCHEMA)
    assert images.labels() == ["bee", None, "ant"]
    bare = Images.of_arrays(images.pixels, None, ImageSchema(8, 10, "rgb"))
    assert bare.labels() is None


def test_a_class_of_pictures_without_labels_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError, match=r"label=ant: .* no labels"):
        ImageSchema(8, 8, "gray").code_of("ant", "--where label=ant")


def test_a_schema_survives_json() -> None:
    assert ImageSchema.from_json(SCHEMA.to_json()) == SCHEMA


@pytest.mark.parametrize("side", [7, 4097])
def test_pictures_of_a_size_out_of_range_are_refused(side: int) -> None:
    with pytest.raises(UsageError, match="height"):
        ImageSchema(side, 32, "gray")


@pytest.mark.parametrize(
    "document", [[], {}, {"height": True, "width": 8, "mode": "gray"}, {"height": 8, "width": 8}]
)
def test_a_broken_schema_is_refused(document: object) -> None:
    with pytest.raises(BadInput):
        ImageSchema.from_json(document)
