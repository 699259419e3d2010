"""What pictures show, in a model's classes and words, and what their edits shall show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.core.errors import BadInput, did_you_mean
from augment.core.seeds import Seed
from augment.core.types import Condition
from augment.kinds.images.data.captions import Lexicon
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.engines.conditioning import LABEL, Conditioning, PictureConditions
from augment.kinds.images.generator.conditions import in_turn
from augment.kinds.images.io.rejects import printed

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Aims:
    """`target` holds what is to change, None where an edit shall show what its picture shows."""

    conditioning: Conditioning
    pictures: Images
    codes: NDArray[np.int64]  # (n,) of the pictures' classes, by the model's schema
    target: Condition | None

    @staticmethod
    def of(pictures: Images, conditioning: Conditioning, target: Condition | None) -> Aims:
        """Raises `BadInput` where a picture's class is none of the model's, or not told."""
        known, own = conditioning.schema.classes, pictures.schema.classes
        strange = [name for name in own if name not in known] if known else []
        if strange:
            raise BadInput(
                f"the model knows no class {printed(strange[0])!r}.",
                hint=did_you_mean(printed(strange[0]), list(known)),
            )
        places = [known.index(name) if known else UNLABELLED for name in own]
        # UNLABELLED is -1: as a position, the last one.
        codes = np.array([*places, UNLABELLED], np.int64)[pictures.label_codes]
        aims = Aims(conditioning, pictures, codes, target)
        aims._require_words()
        untold = int((codes == UNLABELLED).sum())
        if untold and aims._needs_class() and not aims._asks(LABEL):
            raise BadInput(
                f"{untold:,} of {len(pictures):,} images have no label, and the model learnt from "
                "labelled ones.",
                hint="Put them into class folders, or say what they shall become: --to label=NAME.",
            )
        return aims

    def drawn(
        self, rows: NDArray[np.int64], first: int, seed: Seed
    ) -> tuple[PictureConditions, PictureConditions]:
        """What these pictures show and what their edits, numbered from `first`, shall show.

        A picture without a class, where the model learnt with classes, is taken for what it
        shall become.
        """
        shown = self._conditions(self.codes[rows], self._captions(rows))
        if self.target is None:
            return shown, shown
        found = self.conditioning.wanted(len(rows), seed, in_turn(self.target, first, len(rows)))
        codes = found.codes if self._asks(LABEL) else self._by_words(shown, found)
        wanted = self._conditions(codes, found.captions)
        if not self._needs_class():
            return shown, wanted
        seen = np.where(shown.codes == UNLABELLED, codes, shown.codes)
        return self._conditions(seen, shown.captions), wanted

    def labels(self, rows: NDArray[np.int64], wanted: PictureConditions) -> list[str | None]:
        """The class names of edits. Where the model knows no classes: their pictures' own, unless
        the prompt names another class of the pictures."""
        known = self.conditioning.schema.classes
        if not known:
            pairs = zip(rows.tolist(), wanted.captions, strict=True)
            return [self._named_or_own(row, prompt) for row, prompt in pairs]
        return [None if k == UNLABELLED else known[k] for k in wanted.codes.tolist()]

    def _named_or_own(self, row: int, prompt: str) -> str | None:
        own = self.label_of(row)
        named = Lexicon(self.pictures.schema, {}).named(prompt) if self.target is not None else []
        return own if not named or own in named else named[0]

    def _by_words(self, shown: PictureConditions, found: PictureConditions) -> NDArray[np.int64]:
        """The pictures' own classes where the words go with them, else those the words mean."""
        rows = Counter[int]()
        for kind in self.conditioning.kinds:
            rows[kind.code] += kind.rows
        lexicon = self.conditioning.lexicon
        meant = {prompt: lexicon.classes_of(prompt, rows) for prompt in set(found.captions)}
        own = zip(shown.codes.tolist(), found.captions, strict=True)
        return np.where([code in meant[prompt] for code, prompt in own], shown.codes, found.codes)

    def label_of(self, row: int) -> str | None:
        """The class name that a picture came with."""
        code = int(self.pictures.label_codes[row])
        return None if code == UNLABELLED else self.pictures.schema.classes[code]

    def _captions(self, rows: NDArray[np.int64]) -> list[str]:
        spoken = self.pictures.captions or [""] * len(self.pictures)
        if self.conditioning.schema.classes or not self.conditioning.lexicon.open:
            return [spoken[row] for row in rows.tolist()]
        # What knows every word and no class is told the class in words.
        return [spoken[row] or self.label_of(row) or "" for row in rows.tolist()]

    def _conditions(self, codes: NDArray[np.int64], captions: list[str]) -> PictureConditions:
        return PictureConditions(codes, captions, self.conditioning.matrix(codes, captions))

    def _asks(self, column: str) -> bool:
        return self.target is not None and column in self.target.columns

    def _require_words(self) -> None:
        """Raise `BadInput` where a pipeline that draws by words is told none for a picture."""
        if not self.conditioning.lexicon.open or self.target is not None:
            return
        rows = np.flatnonzero(self.codes == UNLABELLED)
        silent = sum(not caption for caption in self._captions(rows))
        if silent:
            raise BadInput(
                f"nothing says what {silent:,} of {len(self.pictures):,} images show.",
                hint="Pass --prompt WORDS, or keep them in class folders or with captions.",
            )

    def _needs_class(self) -> bool:
        """Whether the model never saw a picture without a class."""
        return all(kind.code != UNLABELLED for kind in self.conditioning.kinds)
