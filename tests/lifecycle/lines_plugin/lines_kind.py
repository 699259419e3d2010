"""Lines of text with an n-gram engine: a whole kind of data, as a plugin would bring it."""

import hashlib
import os
import time
from collections import Counter, defaultdict
from dataclasses import dataclass

import pyarrow as pa

from augment.core import kind, types
from augment.core.engine_model import EngineGenerator
from augment.core.files import atomic
from augment.core.source import parts_of
from augment.evaluation.evaluator import MetricEvaluator, Words
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.sources.files import content

END = "\n"


@dataclass(frozen=True)
class Lines(types.Dataset):
    kind = "lines"
    text: tuple[str, ...]

    def __len__(self):
        return len(self.text)

    def take(self, rows):
        return Lines(tuple(self.text[row] for row in rows))

    def digest(self):
        return hashlib.sha256(END.join(self.text).encode()).hexdigest()


class Reader(kind.Reader):
    def recognises(self, source):
        return bool(parts_of(source, Lines)) or str(source).endswith(".lines")

    def read(self, source, options):
        if parts := parts_of(source, Lines):
            return kind.Loaded(_joined(parts), source.files)
        held, entry = content(source)
        return kind.Loaded(Lines(tuple(held.decode().splitlines())), (entry,))

    def describe(self, data, show_values):
        line = kind.column("line", "text", "string", 0, len(set(data.text)))
        return {"schema": {"schema": "lines/1"}, "columns": [line]}


class Writer(kind.Writer):
    def write(self, parts, path, format, force, options, origin):
        made = _joined([part.data for part in parts])
        with atomic(path, force=force) as stream:
            stream.write("".join(line + END for line in made.text).encode())
        return kind.Written(len(made))

    def to_arrow(self, parts):
        return pa.table({"line": _joined(parts).text})


def _joined(parts):
    return Lines(tuple(line for part in parts for line in part.text))


@dataclass(frozen=True)
class Bigrams(types.Model):
    following: dict[str, dict[str, int]]  # of each two characters, how often which follows

    def sample(self, n, seed, given=None, tick=types.silent):
        time.sleep(float(os.environ.get("LINES_PAUSE", 0)))
        rng = seed.rng()
        return Lines(tuple(self._line(rng) for _ in range(n)))

    def _line(self, rng):
        line = ""
        while not line.endswith(END) and len(line) < 200:
            counts = self.following[("  " + line)[-2:]]
            total = sum(counts.values())
            line += rng.choice(list(counts), p=[count / total for count in counts.values()])
        return line.rstrip(END)

    def state(self):
        return types.State({"following": self.following}, {})

    @classmethod
    def from_state(cls, state):
        return cls(state.config["following"])


@dataclass(frozen=True)
class Bigram(types.Engine):
    about = types.About("bigram", "lines", "characters by the two before them", "MIT")
    model = Bigrams

    def fit(self, data, job):
        counts = defaultdict(Counter)
        for line in data.text:
            for place, character in enumerate(line + END):
                counts[("  " + line)[place : place + 2]][character] += 1
        return Bigrams({key: dict(found) for key, found in counts.items()})


class Lengths(Metric):
    """`length`: difference of the mean lengths, in characters."""

    kind, name, group = "lines", "length", "fidelity"
    measures = (Measure("length", "Length", "mean length", better="lower", limit=near_ceiling(5)),)

    def score(self, real, fake, seed):
        _, unseen = real
        return [types.Score("length", abs(_mean(unseen) - _mean(fake)), "lower", "fidelity")]

    def ceiling(self, real, n, seed):
        return self.score(real, real[0], seed)


def _mean(lines):
    return sum(map(len, lines.text)) / len(lines)


GENERATOR = EngineGenerator("lines", "bigram", "the only one")
EVALUATOR = MetricEvaluator("lines", Words(rows="lines"))
LINES = kind.Kind("lines", "lines", Reader(), Writer(), GENERATOR, EVALUATOR)
