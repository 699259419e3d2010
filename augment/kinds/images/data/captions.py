"""The words of captions: which are kept, what is said unasked, and which classes they go with."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from augment.core.errors import UsageError, did_you_mean, listed
from augment.core.types import Json
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.data.schema import ImageSchema

LEAST_ROWS = 5  # a word or caption that fewer pictures share is not kept under protection
MOST_WORDS = 1_000  # the most frequent ones; each is a number that every network is told
MOST_LISTED = 40


def with_kept_words(data: Images, protect: bool) -> tuple[Images, list[str]]:
    """The images with a vocabulary of words that may be learnt, and what the user should know."""
    counts = Counter(word for text in data.captions or () for word in set(words_of(text)))
    fewest = LEAST_ROWS if protect else 1
    common = [word for word, rows in counts.most_common() if rows >= fewest][:MOST_WORDS]
    notes = []
    if len(common) < len(counts):
        why = f"in fewer than {LEAST_ROWS} captions, or not among the {MOST_WORDS:,} most frequent"
        notes.append(f"{len(counts) - len(common):,} words were not learnt ({why})")
    schema = dataclasses.replace(data.schema, vocabulary=tuple(sorted(common)))
    return dataclasses.replace(data, schema=schema), notes


def spoken(data: Images, protect: bool) -> list[str]:
    """What may be said again of each picture: its caption, or what is left of it.

    Under protection a caption that fewer than `LEAST_ROWS` pictures of its class share loses its
    rarest word, until enough of them share what is left; at the last that is nothing.
    """
    texts = list(data.captions or [""] * len(data))
    if not data.schema.vocabulary:
        return [""] * len(data)
    if not protect:
        return texts
    codes = data.label_codes.tolist()
    counts = Counter(zip(codes, texts, strict=True))
    known = set(data.schema.vocabulary)
    rows = Counter(word for text in texts for word in set(words_of(text)) if word in known)
    left: dict[int, list[str]] = {
        row: [word for word in dict.fromkeys(words_of(text)) if word in known]
        for row, text in enumerate(texts)
        if text and counts[codes[row], text] < LEAST_ROWS
    }
    while left:
        shared = Counter((codes[row], " ".join(words)) for row, words in left.items())
        for row, words in list(left.items()):
            if not words or shared[codes[row], " ".join(words)] >= LEAST_ROWS:
                texts[row] = ", ".join(words)
                del left[row]
            else:
                words.remove(min(words, key=lambda word: (rows[word], word)))
    return texts


@dataclass(frozen=True)
class Lexicon:
    """The words that a prompt may use, those of class names among them, and on how many pictures
    of each class each word of a caption was found (the code -1: on pictures without one)."""

    schema: ImageSchema
    rows: Mapping[str, Mapping[int, int]]
    open: bool = False  # any word may be used: the model learnt its language elsewhere

    @staticmethod
    def of(data: Images, protect: bool) -> Lexicon:
        """The lexicon of a training set; rare pairs are left out under protection."""
        known = set(data.schema.vocabulary)
        counts: dict[str, Counter[int]] = defaultdict(Counter)
        for code, text in zip(data.label_codes.tolist(), data.captions or (), strict=False):
            for word in set(words_of(text)) & known:
                counts[word][code] += 1
        fewest = LEAST_ROWS if protect else 1
        kept = {
            word: {code: rows for code, rows in sorted(found.items()) if rows >= fewest}
            for word, found in sorted(counts.items())
        }
        return Lexicon(data.schema, kept)

    def words(self) -> list[str]:
        """Every word that a prompt may use."""
        named = {word for name in self.schema.classes for word in words_of(name)}
        return sorted(named.union(self.schema.vocabulary))

    def require_known(self, prompt: str) -> None:
        """Raise `UsageError` with near words for a word that says nothing to the model."""
        if self.open:
            return
        known = self.words()
        if not known:
            raise UsageError(
                f"The prompt {prompt!r} cannot be followed: this model was fitted on pictures "
                "without captions and classes, so it knows no words. Give captions in metadata.csv "
                "(file_name, text) and fit again."
            )
        said = words_of(prompt)
        if not said:
            raise UsageError(f"The prompt {prompt!r} cannot be followed: there is no word in it.")
        for word in said:
            if word not in known:
                near = (
                    did_you_mean(word, known) if len(known) <= MOST_LISTED else _near(word, known)
                )
                raise UsageError(f"The prompt {prompt!r}: the model knows no word {word!r}. {near}")

    def named(self, prompt: str) -> list[str]:
        """The classes that a prompt names in full."""
        said = set(words_of(prompt))
        codes = range(len(self.schema.classes))
        return [self.schema.classes[code] for code in codes if self._names(code, said)]

    def classes_of(self, prompt: str, rows: Mapping[int, int]) -> dict[int, float]:
        """Which classes of `rows` (code to pictures) a prompt means, and how likely each.

        Classes that it names in full come first. Then each word, the one that tells most of the
        class (least entropy) before others, leaves the classes that it was found with; a word
        that was found with none of those left is new to them and leaves them all.
        """
        said = set(words_of(prompt))
        weights = {code: float(n) for code, n in rows.items()}
        named = {code: len(words_of(self._name(code))) for code in rows if self._names(code, said)}
        if named:
            longest = max(named.values())
            weights = {c: w for c, w in weights.items() if named.get(c) == longest}
        for word in sorted(said, key=lambda word: (_entropy(self._found(word, rows)), word)):
            found = self._found(word, rows)
            fitting = {c: w * found[c] / rows[c] for c, w in weights.items() if found.get(c)}
            weights = fitting or weights
        return weights

    def _name(self, code: int) -> str:
        return "" if code == UNLABELLED else self.schema.classes[code]

    def _names(self, code: int, said: set[str]) -> bool:
        """Whether all words of the class' name were said."""
        words = words_of(self._name(code))
        return bool(words) and said.issuperset(words)

    def _found(self, word: str, rows: Mapping[int, int]) -> dict[int, int]:
        """On how many pictures of each class of `rows` a word was found; its name counts."""
        found = {code: n for code, n in self.rows.get(word, {}).items() if code in rows}
        named = {code: n for code, n in rows.items() if word in words_of(self._name(code))}
        return found | named

    def to_json(self) -> Json:
        return {word: [list(pair) for pair in rows.items()] for word, rows in self.rows.items()}

    @staticmethod
    def from_json(schema: ImageSchema, document: Any) -> Lexicon:
        """Undo `to_json`. Raises `TypeError` or `ValueError`."""
        rows: dict[str, dict[int, int]] = {}
        for word, pairs in dict(document).items():
            rows[str(word)] = {int(code): int(n) for code, n in pairs}
            if any(not UNLABELLED <= code < len(schema.classes) for code in rows[str(word)]):
                raise ValueError("a word goes with no class of the schema")
        return Lexicon(schema, rows)


def _entropy(found: Mapping[int, int]) -> float:
    """In nats; infinite for a word that tells nothing."""
    total = sum(found.values())
    if not total:
        return math.inf
    return -sum(n / total * math.log(n / total) for n in found.values() if n)


def _near(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=5, cutoff=0.5)
    return f"Words near it: {', '.join(near)}." if near else f"It knows {listed(known)}."


def words_of(caption: str) -> list[str]:
    """The words of a caption in order, lower case, without punctuation.

    >>> words_of("Ankle boot, dark-brown!")
    ['ankle', 'boot', 'dark-brown']
    """
    bare = (word.strip(".,;:!?\"'()[]{}") for word in caption.casefold().split())
    return [word for word in bare if word]
