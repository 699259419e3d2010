"""What the scores of a table mean: which checks pass, why, and where it is worst.

Every limit is relative to what fresh real rows reach (the ceiling) and, where that helps, to what
independent columns reach (the floor), so that it fits small and large, easy and hard tables.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import get_args

from augment.base.types import Group, Json, Score

Pass = bool | None  # None: not enough evidence to say


@dataclass(frozen=True)
class Rule:
    """A value passes within `margin`, or `share` of the way from ceiling to floor, of the ceiling.

    `end` is the end of the interval that is held against the limit, so that noise alone does not
    fail a table ("value" where there is none). `at_most` replaces the sum by a fixed limit.
    """

    metric: str
    words: str  # what the metric says, for a sentence
    margin: float = 0.0
    share: float = 0.0
    at_most: float | None = None


# Why these limits:
# - shapes: 0.05 is what a reader sees as a different histogram; the floor has perfect shapes, so
#   only a margin makes sense.
# - trends, detection, coverage: two thirds of what independent columns lose must be won back.
#   The margins cover the difference between two real samples of some hundred rows.
# - utility: at most a quarter of the predictive power over the floor may be lost.
# - rows_per_id, autocorrelation: a difference that a reader sees in a histogram or a plot.
# - copies: twice the natural rate and half a per cent on top; where the natural rate is high
#   (coarse tables), a quarter of what is left above it. See `_copies_limit`.
# - nndr: half of what unseen rows have. Below that, rows hug single training rows.
# - membership: an attack that finds three times as many members as others at a thousandth of
#   false accusations (twice at a hundredth), or ranks members above others in 55% of pairs.
# - validity: one value in a hundred beyond unseen rows' own rate; structure has no tolerance.
RULES = (
    Rule("shapes", "column shapes match real ones", margin=0.05),
    Rule("trends", "pairs of columns move together as in real rows", margin=0.03, share=1 / 3),
    Rule("detection", "AUC of telling made rows from real", margin=0.05, share=1 / 3),
    Rule("rows_per_id", "as many rows an id as real ones have", margin=0.05),
    Rule("rows_per_id.constant", "one value within an id where real ids have one", margin=0.05),
    Rule("autocorrelation", "likeness of rows that follow one another", margin=0.1),
    Rule("neighbours.coverage", "real neighbourhoods reached", margin=0.1, share=1 / 3),
    Rule("utility", "predictive quality when trained on made rows", margin=0.03, share=0.25),
    Rule("copies", "exact copies of training rows"),
    Rule("nndr", "distance ratio to the nearest training rows (5th percentile)"),
    Rule("membership.auc", "AUC of telling members from others", at_most=0.55),
    Rule("membership.tpr@0.001", "members found at 0.1% false accusations", at_most=0.003),
    Rule("membership.tpr@0.01", "members found at 1% false accusations", at_most=0.02),
    Rule("validity.missing", "difference of missing rates", margin=0.05),
    Rule("validity.range", "numbers outside the real range", margin=0.01),
    Rule("validity.unknown", "categories that the real table lacks", margin=0.01),
    Rule("validity.missing_columns", "columns that are missing", at_most=0.0),
    Rule("validity.unfit_values", "values of a wrong type", at_most=0.0),
    Rule("keys", "rows whose key stands there already", at_most=0.0),
    Rule("validity.repeated_ids", "ids that stand there twice", at_most=0.0),
)

WORST = 5  # columns and pairs that are named
WORTH_NAMING = 0.02  # gap to the ceiling below which nothing is called bad


@dataclass(frozen=True)
class Check:
    """One rule applied to one score."""

    metric: str
    group: Group
    where: str
    value: float | None
    limit: float | None
    passed: Pass
    sentence: str


@dataclass(frozen=True)
class Gap:
    """A column (shapes) or a pair (trends), and how far it stays below fresh real rows."""

    where: str
    metric: str
    value: float
    ceiling: float


@dataclass(frozen=True)
class Verdict:
    """`groups` says per group whether all its checks pass; None where none could be made.

    `enough_evidence` is False where a privacy check could not be made for want of rows: then a
    pass says only that nothing was found.
    """

    groups: dict[Group, Pass]
    checks: tuple[Check, ...]
    worst_columns: tuple[Gap, ...]
    worst_pairs: tuple[Gap, ...]
    enough_evidence: bool
    sentences: tuple[str, ...]

    def failed(self, group: Group) -> list[Check]:
        return [check for check in self.checks if check.group == group and check.passed is False]

    def to_json(self) -> Json:
        """As `report.json` holds it: `passed` maps each group to true, false or null."""
        document = dataclasses.asdict(self)
        return {"passed": document.pop("groups"), **document}


def verdict(scores: list[Score]) -> Verdict:
    """Apply every rule to the scores of a whole table; per-column scores name the worst places."""
    checks = tuple(
        _check(rule, score)
        for rule in RULES
        for score in scores
        if score.metric == rule.metric and (score.where == "" or rule.metric == "utility")
    )
    groups: dict[Group, Pass] = {}
    for group in get_args(Group):
        found = [check.passed for check in checks if check.group == group]
        decided = [passed for passed in found if passed is not None]
        groups[group] = all(decided) if decided else None
    evidence = all(c.passed is not None for c in checks if c.group == "privacy")
    columns, pairs = _worst(scores, "shapes"), _worst(scores, "trends")
    return Verdict(
        groups,
        checks,
        columns,
        pairs,
        evidence and any(check.group == "privacy" for check in checks),
        (
            *_sentences(groups, checks, evidence),
            *_named("columns", columns),
            *_named("pairs", pairs),
        ),
    )


def _check(rule: Rule, score: Score) -> Check:
    limit = _limit(rule, score)
    if score.value is None or limit is None:
        sentence = f"{rule.words}: not known. {score.note}".strip()
        return Check(score.metric, score.group, score.where, score.value, limit, None, sentence)
    lower = score.better == "lower"
    kindest = score.value
    if score.interval is not None:
        kindest = score.interval.low if lower else score.interval.high
    slack = 1e-9
    passed = kindest <= limit + slack if lower else kindest >= limit - slack
    bound = "at most" if lower else "at least"
    beside = [f"{bound} {_number(limit)} passes"]
    if score.ceiling is not None:
        beside.append(f"fresh real rows {_number(score.ceiling)}")
    if score.floor is not None:
        beside.append(f"independent columns {_number(score.floor)}")
    sentence = f"{rule.words}: {_number(score.value)} ({', '.join(beside)})"
    return Check(score.metric, score.group, score.where, score.value, limit, passed, sentence)


def _limit(rule: Rule, score: Score) -> float | None:
    """The value that just passes, before noise is allowed for."""
    if rule.at_most is not None:
        return rule.at_most
    if score.ceiling is None:
        return None
    if rule.metric == "copies":
        return _copies_limit(score.ceiling)
    if rule.metric == "nndr":
        return score.ceiling / 2
    gap = abs(score.ceiling - score.floor) if score.floor is not None else 0.0
    allowed = max(rule.margin, rule.share * gap)
    return score.ceiling + allowed if score.better == "lower" else score.ceiling - allowed


def _copies_limit(natural: float) -> float:
    return 0.005 + min(2 * natural, natural + (1 - natural) / 4)


def _worst(scores: list[Score], metric: str) -> tuple[Gap, ...]:
    gaps = [
        Gap(score.where, metric, score.value, score.ceiling)
        for score in scores
        if score.metric == metric
        and score.where
        and score.value is not None
        and score.ceiling is not None
        and score.ceiling - score.value > WORTH_NAMING
    ]
    gaps.sort(key=lambda gap: gap.value - gap.ceiling)
    return tuple(gaps[:WORST])


def _sentences(
    groups: dict[Group, Pass], checks: tuple[Check, ...], evidence: bool
) -> tuple[str, ...]:
    """One sentence per group that was judged, with the checks that failed."""
    lines = []
    for group, passed in groups.items():
        failed = [c.sentence for c in checks if c.group == group and c.passed is False]
        if failed:
            lines.append(f"{group.capitalize()} fails: {'; '.join(failed)}.")
        elif passed and group == "privacy" and not evidence:
            lines.append("Privacy: nothing was found, but there is not enough evidence for all.")
        elif passed:
            lines.append(f"{group.capitalize()} passes.")
        elif any(check.group == group for check in checks):
            lines.append(f"{group.capitalize()} could not be judged.")
    return tuple(lines)


def _named(what: str, gaps: tuple[Gap, ...]) -> list[str]:
    """A sentence that names the worst places, or none."""
    if not gaps:
        return []
    places = ", ".join(
        f"{gap.where} ({_number(gap.value)}, fresh real rows {_number(gap.ceiling)})"
        for gap in gaps
    )
    return [f"Worst {what}: {places}."]


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 0.1 else f"{value:.3f}"
