"""What a generator of pictures is told: class and words as numbers, and what to draw unasked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augment.base.errors import UsageError, did_you_mean
from augment.base.seeds import Seed
from augment.base.types import Clause, Condition, Json
from augment.images.dataset import UNLABELLED, Images
from augment.images.manifest import words_of
from augment.images.schema import ImageSchema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LABEL, PROMPT = "label", "prompt"  # the columns that a condition may name
LEAST_ROWS = 5  # a caption that fewer pictures share is not repeated under protection


@dataclass(frozen=True)
class Kind:
    """Pictures of one class and one caption, and how many of them the training set has."""

    code: int
    caption: str
    rows: int


@dataclass(frozen=True)
class Wanted:
    """Per picture to be made: its class, its caption, and what the network is told of both."""

    codes: NDArray[np.int64]  # (n,)
    captions: list[str]
    matrix: NDArray[np.float32]  # (n, wishes)

    def take(self, rows: NDArray[np.int64]) -> Wanted:
        captions = [self.captions[row] for row in rows.tolist()]
        return Wanted(self.codes[rows], captions, self.matrix[rows])


@dataclass(frozen=True)
class Conditioning:
    """Turns classes and captions into rows of numbers.

    A row holds a one for its class, 1/√k for each of its k known words, and a constant one.
    `kinds` are what is drawn where nothing is asked for, as often as the training set has them.
    """

    schema: ImageSchema
    kinds: tuple[Kind, ...]

    @staticmethod
    def of(data: Images, protect: bool) -> Conditioning:
        """The conditioning of a training set; rare captions are left out under protection."""
        spoken = data.captions if data.captions and data.schema.vocabulary else [""] * len(data)
        counts = Counter(zip(data.label_codes.tolist(), spoken, strict=True))
        fewest = LEAST_ROWS if protect else 1
        kinds = [Kind(k, text, n) for (k, text), n in counts.items() if not text or n >= fewest]
        told = {kind.code for kind in kinds}
        rest = Counter(k for k, _ in counts.elements() if k not in told)
        kinds += [Kind(code, "", rows) for code, rows in rest.items()]
        return Conditioning(data.schema, tuple(sorted(kinds, key=lambda k: (k.code, k.caption))))

    @property
    def wishes(self) -> int:
        return len(self.schema.classes) + len(self.schema.vocabulary) + 1

    def matrix(self, codes: NDArray[np.int64], captions: Sequence[str]) -> NDArray[np.float32]:
        """(n, wishes) for n classes (or -1) and n captions."""
        import numpy as np

        classes = len(self.schema.classes)
        places = {word: classes + i for i, word in enumerate(self.schema.vocabulary)}
        told = np.zeros((len(codes), self.wishes), np.float32)
        told[:, -1] = 1.0
        named = np.flatnonzero(codes != UNLABELLED)
        told[named, codes[named]] = 1.0
        for row, caption in enumerate(captions):
            known = sorted({places[word] for word in words_of(caption) if word in places})
            if known:
                told[row, known] = len(known) ** -0.5
        return told

    def matrix_of(self, data: Images) -> NDArray[np.float32]:
        return self.matrix(data.label_codes, data.captions or [""] * len(data))

    def wanted(self, n: int, seed: Seed, given: Condition | None) -> Wanted:
        """What `n` pictures shall show: as asked for, and for the rest as the training set is.

        Raises `UsageError` for an unknown class, word or column.
        """
        import numpy as np

        clauses = given.clauses if given else ()
        codes, prompt = self._asked(clauses)
        kinds = [kind for kind in self.kinds if codes is None or kind.code in codes]
        if codes is not None:
            present = {kind.code for kind in kinds}
            kinds += [Kind(code, "", 1) for code in sorted(codes - present)]
        shares = np.array([kind.rows for kind in kinds], np.float64)
        drawn = seed.rng().choice(len(kinds), n, p=shares / shares.sum())
        made = np.array([kind.code for kind in kinds], np.int64)[drawn]
        spoken = [kinds[i].caption if prompt is None else prompt for i in drawn.tolist()]
        return Wanted(made, spoken, self.matrix(made, spoken))

    def _asked(self, clauses: tuple[Clause, ...]) -> tuple[set[int] | None, str | None]:
        """The classes that every clause allows (None: any), and the prompt."""
        codes: set[int] | None = None
        prompt: str | None = None
        for clause in clauses:
            if clause.column not in (LABEL, PROMPT) or clause.op != "in":
                raise UsageError(
                    f"--where {clause.column}: pictures are asked for by class, as in "
                    "--where label=NAME, or by words, with --prompt."
                )
            if clause.column == PROMPT:
                prompt = self._known_words(" ".join(str(value) for value in clause.values))
                continue
            named = {self.schema.code_of(str(value)) for value in clause.values}
            if clause.negate:
                named = set(range(len(self.schema.classes))) - named
            codes = named if codes is None else codes & named
        if codes is not None and not codes:
            raise UsageError("--where: no class is left. Ask for at least one.")
        return codes, prompt

    def _known_words(self, prompt: str) -> str:
        known = list(self.schema.vocabulary)
        if not known:
            raise UsageError(
                "--prompt: this model was fitted on pictures without captions, so it knows no "
                "words. Give captions in metadata.csv (file_name, text) and fit again."
            )
        for word in words_of(prompt):
            if word not in known:
                near = did_you_mean(word, known) if len(known) <= 40 else _near(word, known)
                raise UsageError(f"--prompt: the model knows no word {word!r}. {near}")
        return prompt

    def to_json(self) -> Json:
        kinds = [[kind.code, kind.caption, kind.rows] for kind in self.kinds]
        return {"schema": self.schema.to_json(), "kinds": kinds}

    @staticmethod
    def from_json(document: Any) -> Conditioning:
        """Undo `to_json`. Raises `BadInput`, `KeyError`, `TypeError` or `ValueError`."""
        schema = ImageSchema.from_json(document["schema"])
        kinds = tuple(
            Kind(int(code), str(text), int(rows)) for code, text, rows in document["kinds"]
        )
        for kind in kinds:
            if not UNLABELLED <= kind.code < len(schema.classes) or kind.rows < 1:
                raise ValueError("a kind of picture names no class of the schema")
        if not kinds:
            raise ValueError("there are no kinds of pictures")
        return Conditioning(schema, kinds)


def _near(word: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(word, known, n=5, cutoff=0.5)
    words = ", ".join(near) if near else f"{', '.join(known[:10])} and {len(known) - 10} more"
    return f"Words near it: {words}." if near else f"It knows {words}."
