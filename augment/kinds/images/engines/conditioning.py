"""What a generator of pictures is told: class and words as numbers, and what to draw unasked."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from augment.core.errors import UsageError, near_name
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Job, Json, Model, Scalar
from augment.kinds.images.data.attributes import attribute
from augment.kinds.images.data.captions import Lexicon, spoken, words_of
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.data.schema import ImageSchema

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABEL, PROMPT = "label", "prompt"  # the columns that a condition may name
WHERE = "--where"  # the option that a condition comes from, unless another is named
BLOCK_ROWS = 100


@dataclass(frozen=True)
class PictureKind:
    """Pictures of one class and one caption, and how many of them the training set has."""

    code: int
    caption: str
    rows: int


@dataclass(frozen=True)
class PictureConditions:
    """Per picture to be made: its class, its caption, and what the network is told of both."""

    codes: NDArray[np.int64]  # (n,)
    captions: list[str]
    matrix: NDArray[np.float32]  # (n, condition_width)

    def take(self, rows: NDArray[np.int64]) -> PictureConditions:
        captions = [self.captions[row] for row in rows.tolist()]
        return PictureConditions(self.codes[rows], captions, self.matrix[rows])


@dataclass(frozen=True)
class Conditioning:
    """Turns classes and captions into rows of numbers.

    A row holds a one for its class, 1/√k for each of its k known words, and a constant one.
    `kinds` are what is drawn where nothing is asked for, as often as the training set has them;
    `lexicon` says which classes the words go with.
    """

    schema: ImageSchema
    kinds: tuple[PictureKind, ...]
    lexicon: Lexicon

    @staticmethod
    def of(data: Images, protect: bool) -> Conditioning:
        """The conditioning of a training set; rare captions lose words under protection."""
        texts = spoken(data, protect)
        counts = Counter(zip(data.label_codes.tolist(), texts, strict=True))
        kinds = [PictureKind(code, text, rows) for (code, text), rows in counts.items()]
        kinds.sort(key=lambda kind: (kind.code, kind.caption))
        return Conditioning(data.schema, tuple(kinds), Lexicon.of(data, protect))

    @staticmethod
    def alone(schema: ImageSchema) -> Conditioning:
        """For pictures that no training set stands behind."""
        return Conditioning(schema, (PictureKind(UNLABELLED, "", 1),), Lexicon(schema, {}))

    def opened(self) -> Conditioning:
        """The same with every word allowed: the model learnt its language elsewhere."""
        return dataclasses.replace(self, lexicon=dataclasses.replace(self.lexicon, open=True))

    @property
    def condition_width(self) -> int:
        return len(self.schema.classes) + len(self.schema.vocabulary) + 1

    @property
    def word_columns(self) -> slice:
        """The columns of the words."""
        return slice(len(self.schema.classes), self.condition_width - 1)

    def matrix(self, codes: NDArray[np.int64], captions: Sequence[str]) -> NDArray[np.float32]:
        """(n, condition_width) for n classes (or -1) and n captions."""
        classes = len(self.schema.classes)
        places = {word: classes + i for i, word in enumerate(self.schema.vocabulary)}
        matrix = np.zeros((len(codes), self.condition_width), np.float32)
        matrix[:, -1] = 1.0
        named = np.flatnonzero(codes != UNLABELLED)
        matrix[named, codes[named]] = 1.0
        for row, caption in enumerate(captions):
            known = sorted({places[word] for word in words_of(caption) if word in places})
            if known:
                matrix[row, known] = len(known) ** -0.5
        return matrix

    def matrix_of(self, data: Images) -> NDArray[np.float32]:
        return self.matrix(data.label_codes, data.captions or [""] * len(data))

    def new_together(self, matrix: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(n,) whether no kind of picture in the training set has the class and all the words of a
        row of `matrix`. Under protection rare captions have lost words, and count without them."""
        rows, place = np.unique(matrix > 0, axis=0, return_inverse=True)
        shown = [[self._kinds_with[j] for j in np.flatnonzero(row)] for row in rows]
        new = np.array([not frozenset.intersection(*sorted(kinds, key=len)) for kinds in shown])
        return new[place.reshape(-1)]

    @cached_property
    def _kinds_with(self) -> list[frozenset[int]]:
        """Per column of a row, the numbers of the kinds of picture that have it."""
        codes = np.array([kind.code for kind in self.kinds])
        known = self.matrix(codes, [kind.caption for kind in self.kinds]) > 0
        return [frozenset(np.flatnonzero(column).tolist()) for column in known.T]

    def wanted(self, n: int, seed: Seed, given: Condition | None) -> PictureConditions:
        """What `n` pictures shall show: as asked for, and for the rest as the training set is.

        Several prompts take turns. A prompt draws the classes that its words go with. Raises
        `UsageError` for an unknown class, word or column.
        """
        asked = Condition() if given is None else given
        self.check(asked)
        prompts, allowed = _prompts(asked), self._allowed(asked)
        rng = seed.rng()
        made = np.empty(n, np.int64)
        texts = [prompts[row % len(prompts)] if prompts else "" for row in range(n)]
        for turn in range(max(1, len(prompts))):
            rows = np.arange(turn, n, max(1, len(prompts)))
            kinds = self._weighed(allowed, prompts[turn] if prompts else None)
            shares = np.array([share for _, share in kinds], np.float64)
            drawn = rng.choice(len(kinds), len(rows), p=shares / shares.sum())
            for row, pick in zip(rows.tolist(), drawn.tolist(), strict=True):
                made[row] = kinds[pick][0].code
                texts[row] = texts[row] or kinds[pick][0].caption
        return PictureConditions(made, texts, self.matrix(made, texts))

    def _weighed(
        self, kinds: list[PictureKind], prompt: str | None
    ) -> list[tuple[PictureKind, float]]:
        """How often these kinds of picture are to be drawn against one another."""
        if prompt is None:
            return [(kind, float(kind.rows)) for kind in kinds]
        rows = Counter[int]()
        for kind in kinds:
            rows[kind.code] += kind.rows
        weights = self.lexicon.classes_of(prompt, rows)
        return [(PictureKind(code, prompt, rows[code]), weight) for code, weight in weights.items()]

    def _allowed(self, given: Condition) -> list[PictureKind]:
        """The kinds of picture on which the condition holds; a class that is asked for and that
        no picture of the training set has is one, too."""
        kinds = list(self.kinds)
        if LABEL in given.columns:
            unseen = set(range(len(self.schema.classes))) - {kind.code for kind in kinds}
            kinds += [PictureKind(code, "", 1) for code in sorted(unseen)]
        columns = {name: self._column(name, kinds) for name in given.columns - {PROMPT}}

        def holds(place: int, clauses: tuple[Clause, ...]) -> bool:
            return all(
                _holds(columns[clause.column][place], clause)
                for clause in clauses
                if clause.column != PROMPT
            )

        return [
            kind
            for place, kind in enumerate(kinds)
            if holds(place, given.clauses)
            and (not given.branches or any(holds(place, branch) for branch in given.branches))
        ]

    def _column(self, name: str, kinds: Sequence[PictureKind], option: str = WHERE) -> list[Scalar]:
        """Per kind of picture its class name (None: without one), or what its caption says."""
        if name == LABEL:
            classes = (*self.schema.classes, None)  # UNLABELLED is -1: as a position, the last
            return [classes[kind.code] for kind in kinds]
        found = attribute(name, [kind.caption for kind in kinds])
        if found is None:
            near = near_name(name, [LABEL, PROMPT, *self.schema.vocabulary])
            raise UsageError(
                f"{option}: there is no column {name!r}. {near + ' ' if near else ''}Images have "
                f"{LABEL!r}, {PROMPT!r} and the words of their captions."
            )
        return found

    def values_of(self, name: str, option: str) -> list[Scalar]:
        """The values of an attribute, sorted. Raises `UsageError` where no caption names it."""
        found = set(self._column(name, self.kinds, option)) - {None}
        return sorted(found, key=str)

    def has(self, given: Condition, name: str, value: Scalar) -> bool:
        """Whether pictures of this value may be drawn under the condition."""
        more = (*given.clauses, Clause(name, "in", (value,)))
        return bool(self._allowed(dataclasses.replace(given, clauses=more)))

    def check(self, given: Condition, option: str = WHERE) -> None:
        """Raise `UsageError` for what cannot be asked, by `option`, of such a model."""
        for clause in given.clauses:
            if clause.column == LABEL and clause.op == "in":
                for value in clause.values:
                    self.schema.code_of(str(value), f"{option} {LABEL}")
        prompts, others = _prompts(given), given.columns - {LABEL, PROMPT}
        if prompts and others:
            raise UsageError(
                f"{option}: a prompt says what images show, so {min(others)!r} cannot be asked "
                "for beside it. Say it in the prompt."
            )
        if not self._allowed(given):
            what = "class" if given.columns <= {LABEL, PROMPT} else "kind of image"
            raise UsageError(f"{option}: no {what} is left. Ask for at least one.")
        for prompt in prompts:
            self.lexicon.require_known(prompt)
        described = self.schema.classes or any(kind.caption for kind in self.kinds)
        if self.lexicon.open and not prompts and not described:
            raise UsageError("Nothing says what to draw: pass --prompt WORDS or --prompts FILE.")

    def to_json(self) -> Json:
        kinds = [[kind.code, kind.caption, kind.rows] for kind in self.kinds]
        lexicon = self.lexicon.to_json()
        return {"schema": self.schema.to_json(), "kinds": kinds, "words": lexicon}

    @staticmethod
    def from_json(document: Any) -> Conditioning:
        """Undo `to_json`. Raises `BadInput`, `KeyError`, `TypeError` or `ValueError`."""
        schema = ImageSchema.from_json(document["schema"])
        kinds = tuple(
            PictureKind(int(code), str(text), int(rows)) for code, text, rows in document["kinds"]
        )
        for kind in kinds:
            if not UNLABELLED <= kind.code < len(schema.classes) or kind.rows < 1:
                raise ValueError("a kind of picture names no class of the schema")
        if not kinds:
            raise ValueError("there are no kinds of pictures")
        return Conditioning(schema, kinds, Lexicon.from_json(schema, document["words"]))


def _prompts(given: Condition) -> tuple[str, ...]:
    found = (clause.values for clause in given.clauses if clause.column == PROMPT)
    return tuple(str(value) for value in next(found, ()))


def _holds(value: Scalar, clause: Clause) -> bool:
    if clause.op == "null":
        return (value is None) != clause.negate
    return (value is not None and value in clause.values) != clause.negate


class ConditionedModel(Model[Images]):
    """A generator of pictures that says what it can be asked for, before anything is drawn."""

    conditioning: Conditioning

    @classmethod
    def older(cls, job: Job, data: Images) -> Self | None:
        """The model that the job goes on from, of pictures like `data`.

        Raises `UsageError` where canvas, channels, classes or words are not the same, since then
        its network has no place for them.
        """
        if job.start is None:
            return None
        model = job.start.model
        if not isinstance(model, cls) or model.conditioning.schema != data.schema:
            raise UsageError(
                "The older model is of other pictures (canvas, channels, classes or words), or of "
                "another engine. Fit one anew: augment fit without --from."
            )
        return model

    @property
    @abstractmethod
    def block_rows(self) -> int:
        """How many pictures are made at a time: few, since a killed run loses as many."""
