"""Likely causes of checks that fail or are not shown, and the option that would change each.

All of it follows from the documents that a run (or an evaluation) leaves, and from what its engine
declares: nothing is measured again. What a kind of data knows of its own measures is in them
(`Measure.remedy`, `Measure.evidence`).
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from augment.core.condition import Comparison
from augment.core.errors import listed
from augment.core.types import Json
from augment.evaluation.figures import figure
from augment.evaluation.scoring import OUT_OF_TIME

FEW_ROWS = 1_000  # to learn from
MOST_HELD_OUT = 0.5
LIKELY = 0.05  # chance of a false failure from which a limit asks for too much
FAR_BEHIND = 0.05  # of a column or pair, from which it is named as a cause
MOST_NAMED = 3
LEARNT = ("fidelity", "utility")  # groups that get better with a better fit


@dataclass(frozen=True)
class Cause:
    """A likely reason, the option that would change it, and the same as settings by their dotted
    names, where a value follows from what is known."""

    why: str
    change: str = ""
    settings: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What is known of a result: its report, what `run.json` says beside it ({} for an evaluation),
    and its engine as `registry.described` has it (None where it is not known here)."""

    report: Json
    run: Json
    engine: Json | None

    @property
    def plan(self) -> Json:
        found: Json = self.run.get("plan", {})
        return found

    @property
    def source(self) -> str:
        return shlex.quote(str(self.plan.get("source", "SRC")))


def too_strict(tree: Comparison, gate: Json, score: Json, measure: Json) -> Iterator[Cause]:
    """A limit that fresh real rows miss often, too."""
    if gate["chance"] is None or gate["chance"] < LIKELY:
        return
    reached = figure(score["ceiling"], measure.get("unit", "number"))
    sign = "<= 1.1" if score["better"] == "lower" else ">= 0.9"
    yield Cause(
        f"the gate asks for much: fresh real rows, which reach {reached}, would fail it by chance "
        f"in about {gate['chance']:.0%} of runs",
        f"a limit that goes by them: --gate '{tree.column} {sign} * real'",
    )


def failing(result: Result, group: str, measure: Json) -> Iterator[Cause]:
    """Why a check of a group fails, the likeliest cause first."""
    engine, plan = result.engine, result.plan
    if engine is not None and engine["control"]:
        yield Cause(
            f"the engine {engine['name']!r} is a yardstick ({engine['summary']})",
            "another engine: -e auto",
            {"fitting.engine": "auto"},
        )
    if group == "privacy" and plan.get("protect") is False:
        yield Cause(
            "--no-protect lets rare categories and exact extremes into the model",
            "leave it out: --protect",
            {"fitting.no_protect": False},
        )
    if group in LEARNT:
        yield from _too_short(result)
        yield from _asked_for(plan)
    if measure.get("remedy"):
        yield Cause(*_parted(measure["remedy"]))
    if group == "fidelity":
        yield from _worst(result)
        yield from _protected(result)
    train = result.run.get("rows", {}).get("train")
    if train is not None and train < FEW_ROWS:
        yield Cause(f"there are only {train:,} rows to learn from", "more rows")
    if group in LEARNT and plan and not (engine is not None and engine["control"]):
        yield Cause(
            f"the engine {plan['engine']!r} with these parameters does not catch it",
            "--rounds 3 tries other ways by itself; `augment compare "
            f"{result.source} -o race/` finds a better engine, `augment tune {result.source} "
            f"-o tuned/ -e {plan['engine']} --objective {group} --apply` better parameters",
        )


def _too_short(result: Result) -> Iterator[Cause]:
    """A fit that ended before its time, and parameters that let it learn less than any search
    would try."""
    plan, shortened = result.plan, result.run.get("shortened", [])
    if shortened and plan.get("max_seconds"):
        yield _more_time(plan, f"time was short: {shortened[0]}")
    for parameter in (result.engine or {}).get("parameters", []):
        search, name = parameter["search"] or {}, parameter["name"]
        value, least = plan.get("parameters", {}).get(name), search.get("low")
        if isinstance(value, int | float) and least is not None and value < least:
            default = parameter["default"]
            said = "the engine's own choice" if default is None else default
            yield Cause(
                f"{name}={value} is less than a search for good values would try "
                f"({search['low']:g} to {search['high']:g})",
                f"its default, {said}: leave out -p {name}",
                {f"engines.{plan['engine']}.{name}": default},
            )


def _more_time(plan: Json, why: str) -> Cause:
    seconds = math.ceil(2 * plan["max_seconds"])
    return Cause(why, f"more of it: --max-time {seconds}s", {"fitting.max_time": f"{seconds}s"})


def _asked_for(plan: Json) -> Iterator[Cause]:
    """A sample that is not meant to be like the source."""
    asked = [option for option in ("where", "balance", "prompts") if plan.get(option)]
    if asked:
        options = listed(f"--{'prompt' if name == 'prompts' else name}" for name in asked)
        yield Cause(
            f"synthetic rows are as {options} asks, and the unseen rows beside them are not",
            f"score a sample without {options}",
        )


def _worst(result: Result) -> Iterator[Cause]:
    """The columns, or else the pairs, that stay farthest behind."""
    verdict = result.report["verdict"]
    for name in ("worst_columns", "worst_pairs"):
        gaps = [gap for gap in verdict[name] if abs(gap["ceiling"] - gap["value"]) > FAR_BEHIND]
        if gaps:
            shown = listed(
                f"{each['where']} ({each['value']:.2f} of {each['ceiling']:.2f})"
                for each in gaps[:MOST_NAMED]
            )
            inspected = (
                f"`augment inspect {result.source}` says what each column is taken for, and "
            )
            yield Cause(f"most is lost in {shown}", f"{inspected}--column NAME=ROLE overrules it")
            return


def _protected(result: Result) -> Iterator[Cause]:
    """Columns that are far behind and of which protection left rare values out."""
    notes = result.run.get("model_notes", [])
    gaps = result.report["verdict"]["worst_columns"]
    names = [gap["where"] for gap in gaps if any(repr(gap["where"]) in note for note in notes)]
    if names:
        yield Cause(
            f"rare values of {listed(names, MOST_NAMED)} are protected, and not made",
            "--no-protect makes them, for less privacy",
        )


def unshown(result: Result, reason: str, measure: Json) -> Iterator[Cause]:
    """Why a check shows nothing, and what would."""
    plan, why = result.plan, reason.removesuffix(".") or "it has no value"
    if reason == OUT_OF_TIME and plan.get("max_seconds"):
        yield _more_time(plan, why)
        return
    holdout = plan.get("holdout")
    if measure.get("evidence"):
        yield Cause(why, measure["evidence"])
    elif holdout is not None and holdout < MOST_HELD_OUT:
        share = min(MOST_HELD_OUT, round(2 * holdout, 2))
        change = f"more rows, or more of them kept unseen: --holdout {share:g}"
        yield Cause(why, change, {"scoring.holdout": share})
    else:
        yield Cause(why, "more rows")


def since_baseline(result: Result) -> Iterator[Cause]:
    """What is different from the baseline's run."""
    changed = result.report["gates"]["baseline"]["changed"]
    if changed:
        yield Cause(f"since the baseline changed: {'; '.join(changed)}", "change it back")
    elif result.report["gates"]["baseline"]["compared"]:
        yield Cause("nothing but the seed and the version may have changed", "another --seed")


def _parted(remedy: str) -> tuple[str, str]:
    """A remedy is `why: change`."""
    why, _, change = remedy.partition(": ")
    return why, change
