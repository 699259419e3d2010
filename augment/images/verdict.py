"""What the scores of pictures mean: which checks pass, and why.

Limits are relative to what fresh real pictures reach (the ceiling) and to what shuffled pixels
reach (the floor), so that they fit easy and hard sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from augment.base.types import Group, Json, Score


@dataclass(frozen=True)
class Rule:
    """A value passes within `margin`, or `share` of the way to the floor, of the ceiling."""

    metric: str
    words: str
    margin: float = 0.0
    share: float = 0.0


# Why these limits:
# - distances: a third of the way to shuffled pixels, as for tables: two real samples of some
#   hundred pictures already differ by a fifth of it.
# - agreement: one picture in twenty may show another class than real ones do.
# - utility: at most a quarter of what shuffled pixels lose may be lost, 3 points in any case.
# - copies: as for tables, twice the natural rate and half a per cent on top.
# - nearer: two thirds of the room that unseen pictures leave. Training pictures moved by up to 9
#   degrees and a pixel use 69% of it on MNIST and 84% on digits.
# - distance: a fifth nearer to training pictures than unseen pictures are, no more.
RULES = (
    Rule("frechet.random", "Fréchet distance under random convolutions", share=1 / 3),
    Rule("frechet.encoder", "Fréchet distance in the encoder's space", share=1 / 3),
    Rule("neighbours.coverage", "real neighbourhoods reached", margin=0.1, share=1 / 3),
    Rule("agreement", "pictures that show their label", margin=0.05),
    Rule("utility", "accuracy when trained on made pictures", margin=0.03, share=0.25),
    Rule("copies", "exact copies of training pictures"),
    Rule("copies.near", "near copies by perceptual hash"),
    Rule("copies.hugging", "pictures that hug a single training picture"),
    Rule("copies.nearer", "pictures nearer to a training picture than to any unseen one"),
    Rule("copies.distance", "distance to training over unseen pictures"),
)
LIFT = "lift.both"
WORST = 5


def verdict(scores: list[Score]) -> Json:
    """As `report.json` holds it: `passed` maps each group to true, false or null."""
    rules = {rule.metric: rule for rule in RULES}
    checks = [
        _check(rules[score.metric], score)
        for score in scores
        if score.metric in rules and not score.where
    ]
    passed: dict[str, bool | None] = {}
    for group in get_args(Group):
        decided = [c["passed"] for c in checks if c["group"] == group and c["passed"] is not None]
        if any(check["group"] == group for check in checks):
            passed[group] = all(decided) if decided else None
    evidence = [check["passed"] for check in checks if check["group"] == "privacy"]
    return {
        "passed": passed,
        "checks": checks,
        "worst_columns": _worst(scores),
        "worst_pairs": [],
        "enough_evidence": bool(evidence) and None not in evidence,
        "sentences": [*_sentences(passed, checks), *_lift(scores)],
    }


def _check(rule: Rule, score: Score) -> Json:
    limit = _limit(rule, score)
    passed, sentence = None, f"{rule.words}: not known. {score.note}".strip()
    if score.value is not None and limit is not None:
        lower = score.better == "lower"
        passed = score.value <= limit + 1e-9 if lower else score.value >= limit - 1e-9
        bound = "at most" if lower else "at least"
        sentence = f"{rule.words}: {score.value:.3g} ({bound} {limit:.3g} passes"
        sentence += f", fresh real pictures {score.ceiling:.3g})"
    return {
        "metric": score.metric,
        "group": score.group,
        "where": score.where,
        "value": score.value,
        "limit": limit,
        "passed": passed,
        "sentence": sentence,
    }


def _limit(rule: Rule, score: Score) -> float | None:
    """The value that just passes."""
    if score.ceiling is None:
        return None
    if rule.metric == "copies.distance":
        return 0.8 * score.ceiling
    if rule.metric == "copies.nearer":
        return score.ceiling + 2 * (1 - score.ceiling) / 3
    if rule.metric.startswith("copies"):
        return 0.005 + min(2 * score.ceiling, score.ceiling + (1 - score.ceiling) / 4)
    gap = abs(score.ceiling - score.floor) if score.floor is not None else 0.0
    allowed = max(rule.margin, rule.share * gap)
    return score.ceiling + allowed if score.better == "lower" else score.ceiling - allowed


def _worst(scores: list[Score]) -> list[Json]:
    """The classes that lie farthest from their unseen pictures, beside what real ones do."""
    found = [
        {"where": s.where, "metric": s.metric, "value": s.value, "ceiling": s.ceiling}
        for s in scores
        if s.metric == "class.frechet" and s.value is not None and s.ceiling is not None
    ]
    found.sort(key=lambda gap: gap["ceiling"] - gap["value"])  # type: ignore[operator]
    return found[:WORST]


def _sentences(passed: dict[str, bool | None], checks: list[Json]) -> list[str]:
    lines = []
    for group, ok in passed.items():
        failed = [c["sentence"] for c in checks if c["group"] == group and c["passed"] is False]
        if failed:
            lines.append(f"{group.capitalize()} fails: {'; '.join(failed)}.")
        else:
            lines.append(
                f"{group.capitalize()} passes." if ok else f"{group.capitalize()} was not judged."
            )
    return lines


def _lift(scores: list[Score]) -> list[str]:
    """Whether the made pictures add anything to real ones, in plain words."""
    for score in scores:
        if score.metric == LIFT and score.value is not None and score.interval is not None:
            low, high = score.interval.low, score.interval.high
            span = f"{100 * score.value:+.1f} points (95%: {100 * low:+.1f} to {100 * high:+.1f})"
            if low > 0:
                return [f"Added to classically augmented real pictures they gain {span}."]
            return [
                f"Added to classically augmented real pictures they gain nothing certain: {span}."
            ]
    return []
