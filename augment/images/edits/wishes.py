"""What pictures show, in a model's classes and words, and what their edits shall show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.base.errors import BadInput, did_you_mean
from augment.base.seeds import Seed
from augment.base.types import Condition
from augment.images.dataset import UNLABELLED, Images
from augment.images.engines.conditioning import LABEL, Conditioning, Wanted
from augment.images.rejects import printed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Wishes:
    """`target` holds what is to change, None where an edit shall show what its picture shows."""

    conditioning: Conditioning
    pictures: Images
    shown: Wanted  # (n,)
    target: Condition | None

    @staticmethod
    def of(pictures: Images, conditioning: Conditioning, target: Condition | None) -> Wishes:
        """Raises `BadInput` where a picture's class is none of the model's, or not told."""
        import numpy as np

        known, labels = conditioning.schema.classes, pictures.labels()
        codes = np.full(len(pictures), UNLABELLED, np.int64)
        if known and labels is not None:
            code_of: dict[object, int] = {name: code for code, name in enumerate(known)}
            strange = [name for name in pictures.schema.classes if name not in code_of]
            if strange:
                raise BadInput(
                    f"the model knows no class {printed(strange[0])!r}.",
                    hint=did_you_mean(printed(strange[0]), list(known)),
                )
            codes[:] = [code_of.get(label, UNLABELLED) for label in labels]
        captions = [*(pictures.captions or [""] * len(pictures))]
        wishes = Wishes(
            conditioning,
            pictures,
            Wanted(codes, captions, conditioning.matrix(codes, captions)),
            target,
        )
        untold = int((codes == UNLABELLED).sum())
        if untold and wishes._needs_class() and not wishes._asks(LABEL):
            raise BadInput(
                f"{untold:,} of {len(pictures):,} images have no label, and the model learnt from "
                "labelled ones.",
                hint="Put them into class folders, or say what they shall become: --to label=NAME.",
            )
        return wishes

    def drawn(self, rows: NDArray[np.int64], seed: Seed) -> tuple[Wanted, Wanted]:
        """What these pictures show and what their edits shall show.

        A picture without a class, where the model learnt with classes, is taken for what it
        shall become.
        """
        shown = self.shown.take(rows)
        if self.target is None:
            return shown, shown
        found = self.conditioning.wanted(len(rows), seed, self.target)
        codes = found.codes if self._asks(LABEL) else shown.codes
        wanted = Wanted(codes, found.captions, self.conditioning.matrix(codes, found.captions))
        if not self._needs_class():
            return shown, wanted
        told = shown.codes.copy()
        told[told == UNLABELLED] = codes[told == UNLABELLED]
        return Wanted(told, shown.captions, self.conditioning.matrix(told, shown.captions)), wanted

    def labels(self, rows: NDArray[np.int64], wanted: Wanted) -> list[str | None]:
        """The class names of edits; their pictures' own where the model knows no classes."""
        known, own = self.conditioning.schema.classes, self.pictures.labels()
        if known:
            return [None if k == UNLABELLED else known[k] for k in wanted.codes.tolist()]
        found = [None if own is None else own[row] for row in rows.tolist()]
        return [label if isinstance(label, str) else None for label in found]

    def _asks(self, column: str) -> bool:
        return self.target is not None and any(c.column == column for c in self.target.clauses)

    def _needs_class(self) -> bool:
        """Whether the model never saw a picture without a class."""
        return all(kind.code != UNLABELLED for kind in self.conditioning.kinds)
