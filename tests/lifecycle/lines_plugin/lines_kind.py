"""Lines of text with an n-gram engine: a whole kind of data, as a plugin would bring it."""

import hashlib
import os
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

import augment.core.kind as k
from augment.core.errors import BadInput
from augment.core.files import atomic
from augment.core.model_folder import Stored
from augment.core.source import parts_of
from augment.core.types import UNLIMITED, About, Condition, Costs, Engine, Score, State
from augment.evaluation import scoring
from augment.evaluation.limits import near_ceiling
from augment.evaluation.metric import Measure, Metric
from augment.evaluation.verdict import verdict

END = "\n"


@dataclass(frozen=True)
class Lines:
    kind: ClassVar[str] = "lines"
    text: tuple[str, ...]

    def __len__(self):
        return len(self.text)

    def take(self, rows):
        return Lines(tuple(self.text[row] for row in rows))

    def entities(self):
        return None


class Reader(k.Reader):
    def recognises(self, source):
        return bool(parts_of(source, Lines)) or str(source).endswith(".lines")

    def read(self, source, options, reserved=None):
        k.require_known(options, [], "lines")
        if parts := parts_of(source, Lines):
            text = tuple(line for part in parts for line in part.text)
            return k.Loaded(Lines(text), source.files)
        try:
            content = Path(source).read_bytes()
        except OSError as error:
            raise BadInput(f"{source}: {error.strerror}.") from None
        digest = hashlib.sha256(content).hexdigest()
        file = {"path": source, "sha256": digest, "bytes": len(content)}
        return k.Loaded(Lines(tuple(content.decode().splitlines())), (file,))

    def read_like(self, source, data, options):
        return self.read(source, options)

    def describe(self, data, show_values):
        column = {"name": "line", "role": "text", "storage": "string", "nulls": 0, "note": ""}
        column["distinct"] = len(set(data.text))
        schema = {"schema": "lines/1"}
        return {"rows": len(data), "noun": "lines", "schema": schema, "columns": [column]}


class Writer(k.Writer):
    folders = False

    def name(self, source):
        return "synthetic.lines"

    def write(self, parts, path, format, force, options, origin):
        made = [line for part in parts for line in part.data.text]
        with atomic(path) as stream:
            stream.write("".join(line + END for line in made).encode())
        return k.Written(len(made))

    def to_arrow(self, parts):
        return pa.table({"line": [line for part in parts for line in part.text]})


@dataclass(frozen=True)
class Fitted(k.Fitted):
    rows: int
    counts: dict  # of each two characters, how often which follows
    facts: dict
    engine: str = "bigram"
    block_rows: ClassVar[int] = 50

    def on(self, device):
        return self

    def condition(self, ask):
        return Condition()

    def sample(self, start, n, seed, given, tick):
        rng = seed.rng()
        time.sleep(float(os.environ.get("LINES_PAUSE", 0)))
        return Lines(tuple(self._line(rng) for _ in range(n)))

    def _line(self, rng):
        line = ""
        while not line.endswith(END) and len(line) < 200:
            following = self.counts[("  " + line)[-2:]]
            weights = list(following.values())
            line += rng.choice(list(following), p=[w / sum(weights) for w in weights])
        return line.rstrip(END)

    def notes(self, rows, given):
        return ()

    def stored(self):
        return Stored(
            "lines", self.engine, State({"rows": self.rows, "n": self.counts}, {}), self.facts
        )


class Generator(k.Generator):
    def choose(self, data):
        return "bigram", "the only one"

    def foresee(self, data, wanted):
        return k.Forecast(0.1, 0.1, 0.1, 1000)

    def fit(self, engine, data, job, protect, whole):
        return Fitted(len(whole), engine.fit(data, job), {"parameters": asdict(engine)})

    def restore(self, stored):
        config = stored.state.config
        return Fitted(config["rows"], config["n"], stored.facts)


@dataclass(frozen=True)
class Bigram(Engine):
    about: ClassVar[About] = About("bigram", "lines", "characters by the two before them", "MIT")

    def fit(self, data, job):
        counts = defaultdict(Counter)
        for line in data.text:
            for place, character in enumerate(line + END):
                counts[("  " + line)[place : place + 2]][character] += 1
        return {key: dict(found) for key, found in counts.items()}

    def costs(self, data, device):
        return Costs(0.1, 0.001)


class Lengths(Metric):
    """`length`: difference of the mean lengths, in characters."""

    name = "length"
    group = "fidelity"
    floored = False
    measures = (Measure("length", "Length", "mean length", near_ceiling(5.0), essential=True),)

    def score(self, real, fake, seed):
        return [Score("length", abs(_mean(real[1]) - _mean(fake)), "lower", "fidelity")]

    def ceiling(self, real, n, seed):
        return self.score(real, real[0], seed)


def _mean(lines):
    return sum(map(len, lines.text)) / len(lines)


class Evaluator(k.Evaluator):
    options = frozenset()

    def names(self):
        return ("length",)

    def score(self, train, test, fake, seed, tick, options, budget=UNLIMITED):
        unseen = train if test is None else test
        sides = scoring.Sides((train, unseen), fake, fake, len(fake))
        scores = scoring.scored([Lengths()], lambda: sides, seed, tick, budget)
        found = verdict(scores, Lengths.measures, [], [])
        document = {
            "verdict": found.to_json(),
            "measures": [measure.to_json() for measure in Lengths.measures],
            "compared": scoring.compared(len(train), len(unseen), len(fake)),
            "words": {"rows": "lines", "columns": "", "floor": ""},
        }
        return k.Scored(tuple(scores), document)


LINES = k.Kind("lines", Reader(), Writer(), Generator(), Evaluator())
