"""Does an edit still show what it should: classifiers that never saw the picture it came from."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.kinds.images.data.dataset import UNLABELLED, Images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.kinds.images.metrics.classifier import Judge

FEWEST_OF_CLASS = 6  # pictures, below which no judge learns what a class looks like
MOST_ROWS = 5_000  # pictures that a judge learns from
MOST_BYTES = 2**28  # of them, as a pipeline's pictures are large
STEPS = 600


@dataclass(frozen=True)
class LabelJudge:
    """One judge who learnt from other pictures, or two who learnt from half of these each.

    A judge that learnt from a picture would know slight edits of it by heart; so with two,
    `turns` (n,) says for each picture which judge is a stranger to it. `known` are the classes
    that can be judged. `accuracy` is that of the judges on unedited pictures that they never
    saw, None where none of those is of a known class.
    """

    classes: tuple[str, ...]
    known: frozenset[str]
    judges: tuple[Judge, ...]
    turns: NDArray[np.int64]
    accuracy: float | None

    @property
    def digest(self) -> str:
        return "+".join(judge.digest[:12] for judge in self.judges)

    def verdicts(
        self, pixels: NDArray[np.uint8], rows: NDArray[np.int64], labels: list[str | None]
    ) -> list[bool | None]:
        """Whether each edit of the picture `rows[i]` shows `labels[i]`; None: cannot be judged."""
        found = self._classes_of(pixels, rows)
        return [
            seen == label if label in self.known else None
            for seen, label in zip(found, labels, strict=True)
        ]

    def _classes_of(self, pixels: NDArray[np.uint8], rows: NDArray[np.int64]) -> list[str]:
        found = np.empty(len(pixels), np.int64)
        for turn, judge in enumerate(self.judges):
            mine = np.flatnonzero(self.turns[rows] == turn)
            if len(mine):
                found[mine] = judge.classes_of(pixels[mine])
        return [self.classes[code] for code in found.tolist()]


def known_classes(pictures: Images) -> frozenset[str]:
    """Classes with enough pictures to be judged; none where fewer than two are left."""
    counts = Counter(pictures.labels() or ())
    named = {
        label for label, n in counts.items() if isinstance(label, str) and n >= FEWEST_OF_CLASS
    }
    return frozenset(named) if len(named) > 1 else frozenset()


def of_strangers(learnt: Images, edited: Images, seed: Seed) -> LabelJudge:
    """A single judge, who learnt from `learnt` alone."""
    known = known_classes(learnt)
    judge = _judge(learnt, _rows_of(learnt, known), seed)
    turns = np.zeros(len(edited), np.int64)
    label_judge = LabelJudge(learnt.schema.classes, known, (judge,), turns, None)
    return _measured(label_judge, edited)


def of_halves(edited: Images, seed: Seed) -> LabelJudge:
    """Two judges; each class is dealt to both of them in turn."""
    known = known_classes(edited)
    turns = np.zeros(len(edited), np.int64)
    for code, label in enumerate(edited.schema.classes):
        mine = np.flatnonzero(edited.label_codes == code)
        turns[seed.child("halves", label).rng().permutation(mine)] = np.arange(len(mine)) % 2
    rows = _rows_of(edited, known)
    judges = tuple(
        _judge(edited, rows[turns[rows] != turn], seed.child("judge", turn)) for turn in (0, 1)
    )
    return _measured(LabelJudge(edited.schema.classes, known, judges, turns, None), edited)


def _rows_of(pictures: Images, known: frozenset[str]) -> NDArray[np.int64]:
    codes = [pictures.schema.classes.index(label) for label in known]
    return np.flatnonzero(np.isin(pictures.label_codes, codes))


def _most(pictures: Images) -> int:
    return min(MOST_ROWS, max(1, MOST_BYTES // math.prod(pictures.schema.shape)))


def _judge(pictures: Images, rows: NDArray[np.int64], seed: Seed) -> Judge:
    from augment.kinds.images.metrics.classifier import trained_judge

    drawn = np.sort(seed.child("rows").rng().permutation(rows)[: _most(pictures)])
    pixels, codes = np.array(pictures.pixels[drawn]), pictures.label_codes[drawn]
    classes = len(pictures.schema.classes)
    return trained_judge(pixels, codes, classes, seed.child("judge"), STEPS, classical=True)


def _measured(label_judge: LabelJudge, pictures: Images) -> LabelJudge:
    """The judge with its accuracy on the pictures as they are."""
    labels = pictures.labels() or [None] * len(pictures)
    rows = np.flatnonzero(pictures.label_codes != UNLABELLED)[: _most(pictures)]
    known = [label if isinstance(label, str) else None for label in (labels[row] for row in rows)]
    found = label_judge.verdicts(np.array(pictures.pixels[rows]), rows, known) if len(rows) else []
    judged = [verdict for verdict in found if verdict is not None]
    accuracy = sum(judged) / len(judged) if judged else None
    return dataclasses.replace(label_judge, accuracy=accuracy)
