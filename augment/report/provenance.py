"""Where a result comes from: eight facts that a reader needs, and all the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from augment.core.types import Json
from augment.report import summary

MOST_FACTS = 2_000
SHOWN_APART = ("privacy", "relations", "rounds", "training")


def main_facts(document: Json) -> list[tuple[str, str]]:
    """At most eight, those that are known: what, by what, how much, and how to do it again."""
    about, words = document["about"], summary.words(document)
    plan = about.get("plan", {})
    named = [
        ("Source", _source(about, plan)),
        ("Made by", _engine(about, plan)),
        (words["rows"].capitalize(), _rows(about.get("rows", {}))),
        ("Target", str(document.get("target", {}).get("column") or "")),
        ("Protection of rare values", {True: "on", False: "off"}.get(plan.get("protect"), "")),
        ("Seed", str(about.get("seed", plan.get("seed", "")))),
        ("Computed on", str(plan.get("device", ""))),
        ("Version of augment", str(about.get("augment", ""))),
    ]
    return [(name, text) for name, text in named if text]


def _source(about: Json, plan: Json) -> str:
    source = about.get("source") or plan.get("source")
    if not source:
        return ""
    digests = [file.get("sha256", "")[:12] for file in about.get("files", [])]
    told = f", SHA-256 {digests[0]}…" if len(digests) == 1 else ""
    told = f", {len(digests):,} files" if len(digests) > 1 else told
    return f"{source}{told}"


def _engine(about: Json, plan: Json) -> str:
    if about.get("synthetic"):
        return f"another tool: {about['synthetic']}"
    engine, reason = plan.get("engine", ""), plan.get("engine_reason", "")
    return f"{engine} ({reason})" if engine and reason else engine


def _rows(rows: Json) -> str:
    names = {"train": "to fit on", "real": "real", "unseen": "unseen, for the scores",
             "synthetic": "synthetic"}  # fmt: skip
    return ", ".join(f"{count:,} {names.get(name, name)}" for name, count in rows.items())


def all_facts(document: Json) -> list[tuple[str, str]]:
    """The caller's plain facts, one line each, nested ones joined by a dot; what has a section of
    its own is shown there."""
    data = {k: v for k, v in document["about"].get("data", {}).items() if k != "caveats"}
    about: Json = {
        **{k: v for k, v in document["about"].items() if k not in SHOWN_APART},
        "data": data,
        "target": document.get("target", {}).get("column"),
    }
    lines = [(name, text) for name, text in _flat("", about) if text]
    if len(lines) <= MOST_FACTS:
        return lines
    more = f"{len(lines) - MOST_FACTS:,} further lines stand in report.json."
    return [*lines[:MOST_FACTS], ("…", more)]


def title(document: Json) -> str:
    about = document["about"]
    source = about.get("source") or about.get("plan", {}).get("source")
    return f"Synthetic data for {Path(str(source)).name}" if source else "Synthetic data"


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, (list, tuple)):
        if all(not isinstance(inner, (dict, list, tuple)) for inner in value):
            yield prefix, ", ".join(str(inner) for inner in value)
        else:
            for number, inner in enumerate(value, start=1):
                yield from _flat(f"{prefix}.{number}", inner)
    elif value is not None:
        yield prefix, f"{value:,}" if isinstance(value, int) and prefix != "seed" else str(value)
