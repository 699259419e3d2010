"""What scores mean, for every kind of data: which checks pass, which fail, and what is not shown.

A value is held against exactly the limit that is printed beside it. Where sampling noise is
allowed for, the limit contains it, and the sentence says how much. Whoever passes has shown it:
where there is too little evidence, or nothing there to score, the state is "not shown".

Two things are allowed for. Noise that is likely in one check (half a 95% interval) is added to its
limit, for the benefit of the doubt. And whatever the limit, fresh real rows in the place of made
ones are to fail by noise in at most `FALSE_FAILURES` of reports, by all checks of a report
together: a limit that is nearer to the ceiling than that is moved away from it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from augment.core.errors import listed
from augment.core.types import Group, Json, Score
from augment.evaluation.figures import apart, figure, shows
from augment.evaluation.metric import Measure, Places
from augment.evaluation.noise import FALSE_FAILURES, exceeding, one_sided, widened
from augment.evaluation.worst_places import WorstPlace, sentences_on, worst_places

State = Literal["pass", "fail", "not shown"]

ROUNDING = 1e-9  # by which a value may miss its limit
NO_CEILING = "there is nothing real to compare it with."
NOTHING = "nothing of it could be scored"


@dataclass(frozen=True)
class Check:
    """One measure held against its limit; `noise` is how much of the limit is for noise.

    `reason` says why the check shows nothing, and is empty otherwise. `chance` is about how often
    noise alone makes fresh real rows fail it.
    """

    metric: str
    title: str
    group: Group
    value: float | None
    limit: float | None
    noise: float
    state: State
    essential: bool
    sentence: str
    reason: str = ""
    chance: float = 0.0


@dataclass(frozen=True)
class GroupVerdict:
    """The state of a group of scores; `reason` says why it did not pass."""

    state: State
    reason: str = ""


@dataclass(frozen=True)
class Unscored:
    """What no score says anything about, by name, and why."""

    what: tuple[str, ...]
    because: str
    kind: Literal["data", "measures"] = "data"

    def sentence(self) -> str:
        return f"Not scored: {listed(self.what)}, because {lowered(self.because)}."


@dataclass(frozen=True)
class Verdict:
    """A state for each group that has a limit, the checks behind it, and what was not scored."""

    groups: dict[Group, GroupVerdict]
    checks: tuple[Check, ...]
    not_scored: tuple[Unscored, ...]
    worst_columns: tuple[WorstPlace, ...]
    worst_pairs: tuple[WorstPlace, ...]
    sentences: tuple[str, ...]
    remarks: tuple[str, ...] = ()  # those of the sentences that the kind of data adds

    def state(self, group: Group) -> State:
        found = self.groups.get(group)
        return "not shown" if found is None else found.state

    def failed(self) -> set[str]:
        """The names of the measures that failed."""
        return {check.metric for check in self.checks if check.state == "fail"}

    def to_json(self) -> Json:
        """As `report.json` holds it."""
        return dataclasses.asdict(self)


def verdict(
    scores: Sequence[Score],
    measures: Sequence[Measure],
    unscored: Sequence[Unscored] = (),
    remarks: Sequence[str] = (),
) -> Verdict:
    """Hold the scores of a whole data set against the limits that its measures declare.

    A group fails if any of its checks fails, and passes if each essential measure was shown to
    pass (any measure, where none is essential); else it is not shown. `unscored` and `remarks`
    are what the kind of data adds: columns that no metric looks at, and sentences of its own.
    """
    declared = {measure.name: measure for measure in measures}
    whole = [score for score in scores if not score.where and score.metric in declared]
    judged = [(declared[each.metric], each) for each in whole if declared[each.metric].limit]
    noisy = sum(_spread(measure, score) > 0 for measure, score in judged)
    z = one_sided(FALSE_FAILURES / max(1, noisy))
    checks = tuple(_check(measure, score, z) for measure, score in judged)
    groups = {}
    for group in get_args(Group):
        mine = [check for check in checks if check.group == group]
        if mine:
            groups[group] = _conclusion(mine)
    missing = (*unscored, *_without_value(whole, declared))
    columns, pairs = (worst_places(scores, declared, places) for places in get_args(Places))
    sentences = (
        *(_sentence(group, found) for group, found in groups.items()),
        *(each.sentence() for each in missing),
        *sentences_on("columns", columns),
        *sentences_on("pairs", pairs),
        *remarks,
    )
    return Verdict(groups, checks, missing, columns, pairs, sentences, tuple(remarks))


def _check(measure: Measure, score: Score, z: float) -> Check:
    """`z` is by how many deviations fresh real rows may lie off their ceiling."""
    assert measure.limit is not None
    made = Check(
        measure.name, measure.title, score.group, score.value, None, 0.0, "not shown",
        measure.essential, "",
    )  # fmt: skip
    base = measure.limit(score)
    if score.value is None or base is None:
        why = score.note or f"{measure.title}: {NO_CEILING}"
        return replace(made, reason=why, sentence=f"{measure.meaning}: not known. {why}".strip())
    sign = 1 if measure.better == "lower" else -1
    half, spread = _noise(measure, score, base), _spread(measure, score)
    good = base if score.ceiling is None else score.ceiling
    noise = max(half, sign * (good - base) + _widened(measure, score, z)) if spread else half
    if _beyond(measure, base + sign * noise) and not _beyond(measure, base + sign * half):
        noise = half  # a check that nothing could fail shows nothing
    limit = base + sign * noise
    missed = sign * (score.value - limit) > ROUNDING
    why = "" if missed else _unshown(measure, score, limit, half)
    state: State = "fail" if missed else "not shown" if why else "pass"
    sentence = f"{measure.meaning}: {_figures(measure, score, limit, noise)}"
    sentence += f". {why}" if why else ""
    return replace(
        made,
        limit=limit,
        noise=noise,
        state=state,
        sentence=sentence,
        reason=why,
        chance=exceeding(sign * (limit - good), spread) if spread else 0.0,
    )


def _noise(measure: Measure, score: Score, base: float) -> float:
    """How far the limit is moved, so that likely noise fails nobody: half a 95% interval.

    Of the value and, where the ceiling has noise of its own, of the limit that follows from it;
    independent deviations add as squares.
    """
    assert measure.limit is not None
    of_ceiling = 0.0
    if measure.ceiling_noise and score.ceiling_interval is not None:
        lower = measure.better == "lower"
        kindest = score.ceiling_interval.high if lower else score.ceiling_interval.low
        moved = measure.limit(replace(score, ceiling=kindest))
        of_ceiling = abs(moved - base) if moved is not None else 0.0
    return math.hypot(_worse(measure, score), of_ceiling)


def _worse(measure: Measure, score: Score) -> float:
    """By how much noise is likely to have made a value worse than the true one."""
    if score.interval is None or score.value is None:
        return 0.0
    if measure.better == "lower":
        return max(0.0, score.value - score.interval.low)
    return max(0.0, score.interval.high - score.value)


def _spread(measure: Measure, score: Score) -> float:
    """Half a 95% interval of how much worse than their ceiling fresh real rows come out; 0 where
    nothing tells, or nothing is judged."""
    assert measure.limit is not None
    if score.value is None or measure.limit(score) is None:
        return 0.0
    return math.hypot(_worse(measure, score), _of_ceiling(measure, score))


def _widened(measure: Measure, score: Score, z: float) -> float:
    """The same with `z` deviations for half of a 95% interval."""
    share = score.value if measure.unit == "share" and measure.better == "lower" else None
    of_value = widened(_worse(measure, score), z, share)
    return math.hypot(of_value, widened(_of_ceiling(measure, score), z))


def _of_ceiling(measure: Measure, score: Score) -> float:
    """By how much noise is likely to have made the ceiling better than the true one."""
    ends = score.ceiling_interval
    if score.ceiling is None or ends is None:
        return 0.0
    lower = measure.better == "lower"
    return max(0.0, ends.high - score.ceiling if lower else score.ceiling - ends.low)


def _beyond(measure: Measure, limit: float) -> bool:
    """Whether a limit reaches the worst value there is, so that nothing misses it."""
    worst = measure.worst
    return worst is not None and (limit >= worst if measure.better == "lower" else limit <= worst)


def _unshown(measure: Measure, score: Score, limit: float, noise: float) -> str:
    """Why a value within its limit says nothing, empty where it says something; `noise` is half
    a 95% interval, which tells how much evidence there is."""
    lower, floor = measure.better == "lower", score.floor
    if _beyond(measure, limit):
        why = "noise" if noise > measure.most_noise else "what is natural here"
        return f"The worst value there is lies within {why}."
    if noise > measure.most_noise:
        return f"Not enough evidence (noise alone makes up to {figure(noise, measure.unit)})."
    if measure.above_floor and floor is not None and (floor <= limit if lower else floor >= limit):
        return "Real rows hardly do better than rows without structure, so there is little to lose."
    return ""


def _figures(measure: Measure, score: Score, limit: float, noise: float) -> str:
    assert score.value is not None
    value, most = apart(score.value, limit, measure.unit)
    bound = "at most" if measure.better == "lower" else "at least"
    of_it = f", {figure(noise, measure.unit)} of it for sampling noise" * shows(noise, measure.unit)
    beside = [f"{bound} {most} passes{of_it}"]
    for name, number in (("fresh real", score.ceiling), ("independent", score.floor)):
        if number is not None:
            beside.append(f"{name} {figure(number, measure.unit)}")
    return f"{value} ({'; '.join(beside)})"


def _conclusion(checks: list[Check]) -> GroupVerdict:
    """The state of a group, from all its checks."""
    failed = [check for check in checks if check.state == "fail"]
    if failed:
        return GroupVerdict("fail", "; ".join(check.sentence for check in failed))
    needed = [check for check in checks if check.essential]
    unshown = [check for check in needed if check.state == "not shown"]
    if not needed and all(check.state == "not shown" for check in checks):
        unshown = checks
    return GroupVerdict("not shown", _reasons(unshown)) if unshown else GroupVerdict("pass")


def _reasons(unshown: list[Check]) -> str:
    """`Title, title: reason; title: reason`, each reason once."""
    by_reason: dict[str, list[str]] = {}
    for check in unshown:
        by_reason.setdefault(lowered(check.reason) or NOTHING, []).append(check.title)
    return "; ".join(f"{', '.join(titles)}: {why}" for why, titles in by_reason.items())


def _without_value(whole: list[Score], declared: dict[str, Measure]) -> list[Unscored]:
    """Measures without a value; essential ones are left out, whose group says so itself."""
    by_note: dict[str, list[str]] = {}
    for score in whole:
        measure = declared[score.metric]
        if score.value is None and not measure.essential:
            by_note.setdefault(score.note or NOTHING, []).append(measure.title)
    return [Unscored(tuple(titles), note, "measures") for note, titles in by_note.items()]


def _sentence(group: Group, found: GroupVerdict) -> str:
    verb = {"pass": "passes", "fail": "fails", "not shown": "is not shown"}[found.state]
    why = f": {found.reason.removesuffix('.')}" if found.reason else ""
    return f"{group.capitalize()} {verb}{why}."


def anything_scored(report: Json) -> bool:
    """Whether any measure that has a limit has a value in this `report.json`."""
    return any(check["value"] is not None for check in report["verdict"]["checks"])


def lowered(sentence: str) -> str:
    """A sentence as the end of another.

    >>> lowered("There are too few rows."), lowered("AUC is not known.")
    ('there are too few rows', 'AUC is not known')
    """
    text = sentence.strip().removesuffix(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
