"""One block of edits: drawn, judged, drawn again where they fail, written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.core.types import Json
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.edits.label_judge import LabelJudge
from augment.kinds.images.edits.targets import Aims
from augment.kinds.images.engines.conditioning import PictureConditions
from augment.kinds.images.engines.editor import Blender, Editor
from augment.kinds.images.io.file_names import escaped
from augment.kinds.images.io.image_files import encoded, put
from augment.kinds.images.io.layouts.folders import class_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Partners:
    """For each picture the others of its class; `rows` has each class's in order."""

    codes: NDArray[np.int64]
    rows: dict[int, NDArray[np.int64]]

    @staticmethod
    def of(pictures: Images) -> Partners:
        codes = pictures.label_codes
        return Partners(codes, {int(k): np.flatnonzero(codes == k) for k in np.unique(codes)})

    def lonely(self) -> set[int]:
        """Rows of pictures that are the only one of their class."""
        return {int(rows[0]) for rows in self.rows.values() if len(rows) == 1}

    def drawn(self, row: int, seed: Seed) -> int:
        """The row of another picture of the class."""
        mine = self.rows[int(self.codes[row])]
        place = int(seed.rng().integers(len(mine) - 1))
        return int(mine[place if mine[place] < row else place + 1])


@dataclass(frozen=True)
class Edits:
    """What all blocks share. An edit is drawn at most `tries` times."""

    out: Path
    engine: str
    editor: Editor
    aims: Aims
    partners: Partners | None
    label_judge: LabelJudge | None
    per_image: int
    strength: float
    tries: int
    seed: Seed


@dataclass(frozen=True)
class Kept:
    """An edit that passed, after `tries` draws."""

    number: int
    row: int
    pixels: NDArray[np.uint8]
    label: str | None
    caption: str
    tries: int
    partner: int | None
    judged: bool


def made(block: list[int], edits: Edits) -> Iterator[Kept]:
    """The edits of a block that pass; each is drawn at most `tries` times."""
    numbers = np.array(block)
    rows = numbers // edits.per_image
    shown, wanted = edits.aims.drawn(rows, block[0], edits.seed.child("aims", block[0]))
    labels = edits.aims.labels(rows, wanted)
    left = np.arange(len(block))
    for attempt in range(edits.tries):
        if not len(left):
            return
        seeds = [edits.seed.child("draw", number, attempt) for number in numbers[left].tolist()]
        pixels, partners = _drawn(edits, rows[left], shown.take(left), wanted.take(left), seeds)
        wanted_labels = [labels[place] for place in left.tolist()]
        verdicts: list[bool | None] = [None] * len(left)
        if edits.label_judge is not None:
            verdicts = edits.label_judge.verdicts(pixels, rows[left], wanted_labels)
        for i, place in enumerate(left.tolist()):
            if verdicts[i] is not False:
                yield Kept(
                    block[place],
                    int(rows[place]),
                    pixels[i],
                    labels[place],
                    wanted.captions[place],
                    attempt + 1,
                    partners[i],
                    verdicts[i] is not None,
                )
        left = left[[verdict is False for verdict in verdicts]]


def _drawn(
    edits: Edits,
    rows: NDArray[np.int64],
    shown: PictureConditions,
    wanted: PictureConditions,
    seeds: list[Seed],
) -> tuple[NDArray[np.uint8], list[int | None]]:
    """One draw for each of the pictures `rows`, and the picture it went towards, if any."""
    pictures, strength = edits.aims.pictures, edits.strength
    pixels = np.ascontiguousarray(pictures.pixels[rows])
    if edits.partners is None or not isinstance(edits.editor, Blender):
        return edits.editor.edited(pixels, shown, wanted, strength, seeds), [None] * len(rows)
    pairs = zip(rows.tolist(), seeds, strict=True)
    partners = [edits.partners.drawn(row, seed.child("partner")) for row, seed in pairs]
    others = np.ascontiguousarray(pictures.pixels[np.array(partners)])
    return edits.editor.between(pixels, others, shown, strength), [*partners]


def written(kept: Kept, edits: Edits) -> Json:
    """Write one edit; its line of the manifest."""
    pictures = edits.aims.pictures
    name = pictures.sources[kept.row]
    stem = f"{escaped(Path(name).stem)}__{edits.engine}__{kept.number:06d}"
    labelled = bool(edits.editor.conditioning.schema.classes or pictures.schema.classes)
    file = f"{class_folder(kept.label) if labelled else ''}{stem}.png"
    data = encoded(kept.pixels)
    put(edits.out / file, data)
    return {
        "number": kept.number,
        "file": file,
        "sha256": hashlib.sha256(data).hexdigest(),
        "label": kept.label,
        "caption": kept.caption or None,
        "source": name,
        "source_label": edits.aims.label_of(kept.row),
        "engine": f"edit:{edits.engine}",
        "seed": edits.seed.value,
        "strength": edits.strength,
        "towards": None if kept.partner is None else pictures.sources[kept.partner],
        "tries": kept.tries,
        "judged": kept.judged,
        "masks": [],
    }
