"""Whether a run is good enough after a round, and what the next round tries: a pure policy.

It looks at what the rounds came to and never at the clock or the disk, so that the same history
always gives the same decision.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from augment.core.remedy import Symptom
from augment.core.types import Engine, Group, Json
from augment.lifecycle.halving import ranked

PATIENCE = 2  # rounds with one engine that better nothing, before another engine's turn comes
CURED_BY_LESS: tuple[Group, ...] = ("privacy",)  # groups that a closer fit makes worse


@dataclass(frozen=True)
class Recipe:
    """An engine with its parameters, and why it is tried."""

    engine: Engine[Any]
    reason: str

    @property
    def name(self) -> str:
        return self.engine.about.name

    @property
    def key(self) -> str:
        return f"{self.name} {dataclasses.asdict(self.engine)}"


@dataclass(frozen=True)
class Round:
    """What was tried and what it came to; `row` is as a leaderboard has it (see `halving`)."""

    recipe: Recipe
    row: Json
    unmet: tuple[str, ...] = ()  # parts of the goal that failed
    ailing: frozenset[Group] = frozenset()  # the groups of scores that those parts are about
    unshown: tuple[str, ...] = ()  # parts of the goal that neither failed nor passed

    @property
    def failed(self) -> bool:
        return bool(self.row["state"] == "failed")


@dataclass(frozen=True)
class Decision:
    """What comes after a round. `next` is what is tried, or would be if rounds or time were left;
    None where nothing is left to try."""

    action: Literal["accept", "stop", "again"]
    reason: str
    next: Recipe | None = None


@dataclass(frozen=True)
class Chances:
    """What is left: rounds, and seconds by what a recipe is thought to take (None: unknown)."""

    rounds: int
    seconds: float
    takes: Callable[[Engine[Any]], float | None]


def decide(
    history: Sequence[Round],
    remedies: Callable[[Engine[Any], Symptom], Iterator[Recipe]],
    engines: Sequence[Recipe],
    chances: Chances,
) -> Decision:
    """What to do after the last of the rounds; there is at least one.

    `remedies` are an engine's own, `engines` those of the kind of data, the likeliest first. The
    best round is bettered until `PATIENCE` rounds with its engine came to nothing; then comes the
    turn of an engine that had none, and at last of remedies for the others.
    """
    last = history[-1]
    if not last.failed and not last.unmet:
        met = f"round {len(history)} meets the goal"
        if last.unshown:
            met = f"{met} in all that could be shown (not shown: {', '.join(last.unshown)})"
        return Decision("accept", met)
    left = list(_untried(history, remedies, engines))
    following = left[0] if left else None
    unmet = "; ".join((best(history) or last).unmet)
    so_far = f"the goal is not met ({unmet})" if unmet else "no round got to its end"
    if following is None:
        return Decision("stop", f"{so_far}, and nothing is left to try")
    if chances.rounds == 0:
        return Decision("stop", f"{so_far} after {_counted(len(history))}", following)
    for recipe in left:
        seconds = chances.takes(recipe.engine)
        if seconds is None or seconds <= chances.seconds:
            return Decision("again", so_far, recipe)
    return Decision("stop", f"{so_far}, and no time is left for another round", following)


def best(history: Sequence[Round]) -> Round | None:
    """The round whose result is taken: the first that meets the goal, else one that fails fewest
    parts of it, and of those the one that a leaderboard would rank first."""
    done = [each for each in history if not each.failed]
    if not done:
        return None
    fewest = min(len(each.unmet) for each in done)
    equal = [each for each in done if len(each.unmet) == fewest]
    if not fewest:
        return equal[0]
    first = ranked([{**each.row, "place": place} for place, each in enumerate(equal)])[0]
    return equal[first["place"]]


def _untried(
    history: Sequence[Round],
    remedies: Callable[[Engine[Any], Symptom], Iterator[Recipe]],
    engines: Sequence[Recipe],
) -> Iterator[Recipe]:
    """Recipes that no round had, each once, the likeliest first."""
    seen = {each.recipe.key for each in history}
    for recipe in _ordered(history, remedies, engines):
        if recipe.key not in seen:
            seen.add(recipe.key)
            yield recipe


def _ordered(
    history: Sequence[Round],
    remedies: Callable[[Engine[Any], Symptom], Iterator[Recipe]],
    engines: Sequence[Recipe],
) -> Iterator[Recipe]:
    top = best(history)
    had = {each.recipe.name for each in history}
    if top is not None and not _stuck(history, top):
        yield from remedies(top.recipe.engine, _symptom(top))
    yield from (recipe for recipe in engines if recipe.name not in had)
    for each in sorted(history, key=lambda each: each is not top):
        if not each.failed:
            yield from remedies(each.recipe.engine, _symptom(each))


def _stuck(history: Sequence[Round], top: Round) -> bool:
    """Whether the last rounds had the best one's engine, and did not better it."""
    since = history[history.index(top) + 1 :][-PATIENCE:]
    return len(since) == PATIENCE and all(each.recipe.name == top.recipe.name for each in since)


def _symptom(round: Round) -> Symptom:
    return "memorised" if round.ailing & set(CURED_BY_LESS) else "underfit"


def _counted(rounds: int) -> str:
    return "one round" if rounds == 1 else f"{rounds} rounds"
