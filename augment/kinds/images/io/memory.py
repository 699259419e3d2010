"""Images that are in memory already: arrays of pixels with labels, and images that were read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from augment.core.errors import BadInput, UsageError
from augment.core.source import External, Source, parts_of
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.io import canvas as canvases
from augment.kinds.images.io.canvas import Fit
from augment.kinds.images.io.manifest import Census

if TYPE_CHECKING:
    from numpy.typing import NDArray

WANTED = "Give pixels as uint8 of shape (n, height, width) or (n, height, width, 3)"


def recognised(source: Source) -> bool:
    """Whether the source is images in memory: an array, or a pair of pixels and labels."""
    if not isinstance(source, External):
        return bool(parts_of(source, Images))
    content = source.content
    if isinstance(content, tuple) and len(content) == 2:
        content = content[0]
    return isinstance(content, np.ndarray)


def images(source: Source) -> Images:
    """The images as they are. Raises `BadInput` for arrays that hold none."""
    parts = parts_of(source, Images)
    if parts:
        return parts[0] if len(parts) == 1 else Images.join(parts)
    if not recognised(source) or not isinstance(source, External):
        raise UsageError(f"{source} is no array of pixels. {WANTED}.")
    content = source.content
    pixels, labels = content if isinstance(content, tuple) else (content, None)
    return _of_arrays(pixels, labels, str(source))


def _of_arrays(pixels: NDArray[Any], labels: Any, where: str) -> Images:
    shape = pixels.shape
    wide = pixels[..., None] if pixels.ndim == 3 else pixels
    if pixels.dtype != np.uint8 or wide.ndim != 4 or wide.shape[3] not in (1, 3):
        raise BadInput(
            f"these are no pixels of images: {pixels.dtype} of shape {shape}.",
            where=where,
            hint=f"{WANTED}, 0 to 255.",
        )
    if not len(wide):
        raise BadInput("there is no image in it.", where=where)
    names = None if labels is None else _class_names(labels, len(wide), where)
    classes = () if names is None else tuple(sorted({name for name in names if name is not None}))
    mode = "gray" if wide.shape[3] == 1 else "rgb"
    schema = ImageSchema(wide.shape[1], wide.shape[2], "gray" if mode == "gray" else "rgb", classes)
    codes = None if names is None else _coded(names, classes)
    return Images.of_arrays(np.ascontiguousarray(wide), codes, schema)


def _class_names(labels: Any, rows: int, where: str) -> list[str | None]:
    """Class names of texts or whole numbers; None stays None."""
    found = np.asarray(labels, dtype=object).reshape(-1).tolist()
    if len(found) != rows:
        raise BadInput(f"there are {rows:,} images and {len(found):,} labels.", where=where)
    for label in found:
        if not (label is None or isinstance(label, (str, int, np.integer))):
            raise BadInput(
                f"a label is a {type(label).__name__}.",
                where=where,
                hint="Labels are texts or whole numbers, one of each image, or None.",
            )
    return [None if label is None else str(label) for label in found]


def _coded(names: Sequence[str | None], classes: tuple[str, ...]) -> NDArray[np.int64]:
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(classes)}
    return np.array([code_of.get(name, UNLABELLED) for name in names], np.int64)


def placed(found: Images, schema: ImageSchema, fit: Fit) -> Images:
    """The images on the canvas of `schema` and with its class codes."""
    labels = found.labels() or [None] * len(found)
    codes = _coded([None if label is None else str(label) for label in labels], schema.classes)
    same = found.schema.shape == schema.shape
    pixels = found.pixels if same else _resized(found, schema, fit)
    return Images(pixels, codes, schema, found.sources, found.captions)


def _resized(found: Images, schema: ImageSchema, fit: Fit) -> NDArray[np.uint8]:
    gray = found.schema.mode == "gray"
    flat = (picture[..., 0] if gray else picture for picture in found.pixels)
    width, height, mode = schema.width, schema.height, schema.mode
    return np.stack([canvases.placed(each, width, height, mode, fit) for each in flat])


def census(found: Images) -> Census:
    """What a canvas and a schema are chosen by."""
    schema, images = found.schema, len(found)
    return Census(
        images=images,
        gray=images if schema.mode == "gray" else 0,
        labelled=int((found.label_codes != UNLABELLED).sum()),
        captioned=0 if found.captions is None else images,
        sizes=Counter({(schema.width, schema.height): images}),
        classes=set(schema.classes),
        vocabulary=set(schema.vocabulary),
    )


def to_arrow(parts: Sequence[Images]) -> pa.Table:
    """One row per image: its pixels as a tensor (height, width, channels), its label and prompt."""
    whole = parts[0] if len(parts) == 1 else Images.join(parts)
    pixels = np.ascontiguousarray(whole.pixels)
    flat = pa.array(pixels.reshape(-1), pa.uint8())
    shape = whole.schema.shape
    kind = pa.fixed_shape_tensor(pa.uint8(), shape)
    lists = pa.FixedSizeListArray.from_arrays(flat, int(np.prod(shape)))
    columns = {"image": pa.ExtensionArray.from_storage(kind, lists)}
    labels = whole.labels()
    if labels is not None:
        columns["label"] = pa.array(labels, pa.string())
    if whole.captions is not None:
        columns["prompt"] = pa.array(whole.captions, pa.string())
    return pa.table(columns)
