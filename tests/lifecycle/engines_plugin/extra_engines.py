"""A plugin for lines of text: engines that memorise, pause, raise and crash, and a metric that
finds copies."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from lines_kind import Lines

from augment.core import types
from augment.core.parameters import Between, parameter
from augment.evaluation.limits import fixed
from augment.evaluation.metric import Measure, Metric


@dataclass(frozen=True)
class Repeated(types.Model):
    line: str

    def sample(self, n, seed, given=None, tick=types.silent):
        return Lines((self.line,) * n)

    def state(self):
        return types.State({"line": self.line}, {})

    @classmethod
    def from_state(cls, state):
        return cls(state.config["line"])


def about(name):
    return types.About(name, "lines", f"for tests: {name}", "MIT")


def noted(name):
    """Count the fits of this name in the file that the environment names."""
    if "EXTRA_FITS" in os.environ:
        with Path(os.environ["EXTRA_FITS"]).open("a") as stream:
            stream.write(name + "\n")


@dataclass(frozen=True)
class Constant(types.Engine):
    """One line, again and again."""

    about = about("constant")
    model = Repeated
    characters: int = parameter(200, "of the line", least=1, most=200, search=Between(1, 200))

    def fit(self, data, job):
        noted("constant")
        return Repeated("x" * self.characters)


@dataclass(frozen=True)
class Pausing(types.Engine):
    about = about("pausing")
    model = Repeated

    def fit(self, data, job):
        noted("pausing")
        time.sleep(float(os.environ.get("EXTRA_PAUSE", 0)))
        return Repeated(data.text[0])


@dataclass(frozen=True)
class Raising(types.Engine):
    about = about("raising")
    model = Repeated

    def fit(self, data, job):
        raise ValueError(f"cannot convert {data.text[0]!r}")


@dataclass(frozen=True)
class Crashing(types.Engine):
    about = about("crashing")
    model = Repeated

    def fit(self, data, job):
        os._exit(3)


@dataclass(frozen=True)
class Memorised(types.Model):
    lines: tuple[str, ...]

    def sample(self, n, seed, given=None, tick=types.silent):
        return Lines(tuple(self.lines[row % len(self.lines)] for row in range(n)))

    def state(self):
        return types.State({"lines": list(self.lines)}, {})

    @classmethod
    def from_state(cls, state):
        return cls(tuple(state.config["lines"]))


@dataclass(frozen=True)
class Memorising(types.Engine):
    about = about("memorising")
    model = Memorised

    def fit(self, data, job):
        return Memorised(data.text)


class Copied(Metric):
    """`copied`: the share of made lines that a generator saw."""

    kind, name, group = "lines", "copied", "privacy"
    measures = (Measure("copied", "Copied", "share of copies", better="lower", limit=fixed(0.5)),)

    def score(self, real, fake, seed):
        seen, _ = real
        share = sum(line in set(seen.text) for line in fake.text) / len(fake)
        return [types.Score("copied", share, "lower", "privacy")]
