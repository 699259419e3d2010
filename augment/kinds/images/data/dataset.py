"""`Images`: immutable pictures of one canvas with their labels, captions and sources."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from augment.core.types import Dataset, Scalar
from augment.kinds.images.data.pixels import chunks, room
from augment.kinds.images.data.schema import ImageSchema

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNLABELLED = -1


@dataclass(frozen=True, eq=False)
class Images(Dataset):
    """Pictures on one canvas. `pixels` may lie on disk: index it in batches, never as a whole."""

    kind: ClassVar[str] = "images"
    pixels: NDArray[np.uint8]  # (n, height, width, channels)
    label_codes: NDArray[np.int64]  # (n,) positions in schema.classes, or UNLABELLED
    schema: ImageSchema
    sources: tuple[str, ...]  # (n,) what each image was called where it came from
    captions: tuple[str, ...] | None = None  # (n,)

    def __post_init__(self) -> None:
        n = len(self.pixels)
        assert self.pixels.shape[1:] == self.schema.shape, "pixels and schema disagree"
        assert len(self.label_codes) == len(self.sources) == n, "rows disagree"
        assert self.captions is None or len(self.captions) == n, "rows disagree"

    @staticmethod
    def of_arrays(
        pixels: NDArray[np.uint8],
        label_codes: NDArray[np.int64] | None,
        schema: ImageSchema,
        captions: Sequence[str] | None = None,
        sources: Sequence[str] | None = None,
    ) -> Images:
        """Images that were made or given; unnamed ones are called by their number."""
        n = len(pixels)
        codes = np.full(n, UNLABELLED) if label_codes is None else label_codes
        named = tuple(f"{row:06d}" for row in range(n)) if sources is None else tuple(sources)
        spoken = None if captions is None else tuple(captions)
        return Images(pixels, codes.astype(np.int64), schema, named, spoken)

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, rows: NDArray[np.int64]) -> Self:
        """A copy of these rows, in memory or on disk by its size."""
        taken = room((len(rows), *self.schema.shape))
        for part in chunks(len(rows), self.schema.shape):
            taken[part] = self.pixels[rows[part]]
        places = rows.tolist()
        captions = None if self.captions is None else tuple(self.captions[row] for row in places)
        sources = tuple(self.sources[row] for row in places)
        return type(self)(taken, self.label_codes[rows], self.schema, sources, captions)

    def labels(self) -> list[Scalar] | None:
        """The class name of each image, None for one without; None where there are no classes."""
        if not self.schema.classes:
            return None
        classes = self.schema.classes
        return [None if code == UNLABELLED else classes[code] for code in self.label_codes.tolist()]

    def entities(self) -> None:
        """None: every image stands alone."""

    def digest(self) -> str:
        """SHA-256 over schema, labels, captions and pixels; names of files do not count."""
        digest = hashlib.sha256(repr(self.schema.to_json()).encode("utf-8", "surrogatepass"))
        digest.update(self.label_codes.astype("<i8").tobytes())
        digest.update(repr(self.captions).encode("utf-8", "surrogatepass"))
        for part in chunks(len(self), self.schema.shape):
            digest.update(self.pixels[part].tobytes())
        return digest.hexdigest()

    @staticmethod
    def join(parts: Sequence[Images]) -> Images:
        """The parts one after another; they share one schema."""
        assert parts and all(part.schema == parts[0].schema for part in parts), "schemas differ"
        pixels = room((sum(map(len, parts)), *parts[0].schema.shape))
        filled = 0
        for part in parts:
            for piece in chunks(len(part), part.schema.shape):
                block = part.pixels[piece]
                pixels[filled : filled + len(block)] = block
                filled += len(block)
        spoken = [part.captions for part in parts]
        captions = tuple(text for texts in spoken for text in texts or ())
        return Images(
            pixels,
            np.concatenate([part.label_codes for part in parts]),
            parts[0].schema,
            tuple(name for part in parts for name in part.sources),
            None if None in spoken else captions,
        )
